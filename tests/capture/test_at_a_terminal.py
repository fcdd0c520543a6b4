"""Scanning from the glass with a person at the terminal."""

from __future__ import annotations

import sys

import pikepdf
import pytest

pexpect = pytest.importorskip("pexpect", reason="pexpect is not installed")

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="needs a POSIX terminal")


def test_pages_are_added_until_the_person_says_no(sane, tmp_path):
    output = tmp_path / "o.pdf"
    arguments = ["scan", "capture", "-o", str(output), "--device", "test:0", "--source", "flatbed"]
    person = pexpect.spawn(
        sys.executable,
        ["-m", "dvc_cli", *arguments, "--resolution", "75", "--lang", "vi"],
        env=sane,
        encoding="utf-8",
        timeout=20,
        dimensions=(30, 110),
    )
    for answer in ("c", "có", "k"):
        person.expect("Thêm trang nữa")
        person.sendline(answer)
    person.expect(pexpect.EOF)
    person.close()
    assert person.exitstatus == 0
    with pikepdf.open(output) as pdf:
        assert len(pdf.pages) == 3

"""`make demo`'s command: two dossiers end to end, judged by the sandbox's database, pdfsig and openssl."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.timeout(180)


def dvc(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "dvc_cli", *arguments],
        capture_output=True,
        encoding="utf-8",
        env={**os.environ, **environment},
    )


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    """The demo's report; its sandbox runs until the last test here, so that OCSP answers."""
    if not (shutil.which("softhsm2-util")):
        pytest.skip("softhsm2 is not installed")
    folder = tmp_path_factory.mktemp("demo")
    done = dvc("demo", "--json", "--no-input", "--folder", str(folder), DVC_LANG="vi")
    assert done.returncode == 0, done.stderr
    yield json.loads(done.stdout), done.stderr, folder
    assert dvc("sandbox", "down", "--state", str(folder / "sandbox")).returncode == 0
    assert dvc("sandbox", "status", "--state", str(folder / "sandbox")).returncode == 9


def test_it_ends_with_codes_and_files(demo):
    report, talk, _ = demo
    assert len(report["codes"]) == 2
    assert all(re.fullmatch(r"000\.00\.17\.H54-\d{6}-\d{7}", code) for code in report["codes"])
    assert report["verdict"] == "valid"
    assert report["token_used"] is True
    assert report["sandbox"] is True
    assert report["seconds"] < 90
    for name in ("pdf", "signed", "receipt"):
        assert Path(report[name]).read_bytes().startswith(b"%PDF-")
    assert "Bước 7" in talk
    assert "Traceback" not in talk


def test_the_database_holds_the_signed_bytes(demo):
    report, _, folder = demo
    database = sqlite3.connect(folder / "sandbox" / "sandbox.sqlite3")
    stored = [row[0] for row in database.execute("SELECT content FROM blob")]
    database.close()
    signed = Path(report["signed"]).read_bytes()
    assert hashlib.sha256(signed).hexdigest() in {hashlib.sha256(bytes(content)).hexdigest() for content in stored}
    # the scans' PDF went up first, and the signed file begins with its bytes
    assert signed.startswith(Path(report["pdf"]).read_bytes())


def test_the_official_has_accepted(demo):
    report, _, folder = demo
    database = sqlite3.connect(folder / "sandbox" / "sandbox.sqlite3")
    states = dict(database.execute("SELECT code, status FROM dossier"))
    database.close()
    assert states == dict.fromkeys(report["codes"], 2)


def test_pdfsig_and_openssl_find_it_valid(demo, tmp_path):
    for tool in ("pdfsig", "certutil", "openssl"):
        if not shutil.which(tool):
            pytest.skip(f"{tool} is not installed")
    report, _, folder = demo
    root = folder / "sandbox" / "pki" / "certs" / "root.pem"
    nss = f"sql:{tmp_path}"
    subprocess.run(["certutil", "-N", "-d", nss, "--empty-password"], check=True)
    subprocess.run(["certutil", "-A", "-d", nss, "-n", "root", "-t", "C,C,C", "-i", root], check=True)
    told = subprocess.run(["pdfsig", "-nssdir", nss, report["signed"]], capture_output=True, text=True).stdout
    assert "Signature is Valid" in told
    assert "Certificate is Trusted" in told
    assert "Total document signed" in told

    content = Path(report["signed"]).read_bytes()
    start, first, second, rest = map(int, re.findall(rb"/ByteRange ?\[ ?(\d+) (\d+) (\d+) (\d+)", content)[-1])
    padded = bytes.fromhex(content[first + 1 : second - 1].decode())
    (tmp_path / "x.cms").write_bytes(padded[: 4 + int.from_bytes(padded[2:4], "big")])
    (tmp_path / "x.data").write_bytes(content[start:first] + content[second : second + rest])
    command = [
        "openssl",
        "cms",
        "-verify",
        "-cades",
        "-binary",
        "-inform",
        "DER",
        "-purpose",
        "any",
        "-out",
        os.devnull,
    ]
    command += ["-in", tmp_path / "x.cms", "-content", tmp_path / "x.data", "-CAfile", root]
    judged = subprocess.run(command, capture_output=True, text=True)
    assert judged.returncode == 0, judged.stderr


def test_no_secret_is_left_and_the_receipt_is_marked(demo):
    report, talk, folder = demo
    assert not (folder / "password.txt").exists()
    assert not [line for line in talk.splitlines() if line.startswith("$") and "CongDan@123" in line]
    receipt = subprocess.run(["pdftotext", report["receipt"], "-"], capture_output=True, text=True).stdout
    assert "THỬ NGHIỆM" in receipt
    assert report["codes"][0] in receipt

"""Names given by a server never become a path outside the folder (security.md)."""

from __future__ import annotations

import ntpath
import unicodedata
from pathlib import Path, PureWindowsPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dvc_cli.model.file_names import MAX_BYTES, inside, safe_file_name
from dvc_cli.model.folding import contains_words, fold

EVIL = st.text(max_size=300) | st.lists(
    st.sampled_from(
        [
            "..",
            "/",
            "\\",
            "C:",
            "con",
            "NUL",
            ".",
            " ",
            "a",
            ".pdf",
            "\x00",
            "\n",
            "\u202e",
            "đ",
            "e\u0301",
            "-",
            "|",
            "com¹",
        ]
    ),
    max_size=12,
).map("".join)


def reserved_on_windows(name: str) -> bool:
    newer = getattr(ntpath, "isreserved", None)
    return newer(name) if newer else PureWindowsPath(name).is_reserved()


@given(EVIL)
def test_any_name_stays_in_the_folder(name):
    folder = Path("folder")
    path = inside(folder, name)
    assert path.parent == folder
    safe = path.name
    assert safe not in ("", ".", "..")
    assert len(safe.encode()) <= MAX_BYTES
    assert not set(safe) & set('/\\<>:"|?*\x00')
    assert not any(unicodedata.category(char) in ("Cc", "Cf", "Cs") for char in safe)
    assert not safe.endswith((".", " "))
    assert not safe.startswith("-")
    assert not reserved_on_windows(safe)
    assert unicodedata.is_normalized("NFC", safe)


@given(EVIL)
def test_a_safe_name_is_already_safe(name):
    once = safe_file_name(name)
    assert safe_file_name(once) == once


@pytest.mark.parametrize(
    ("given_name", "expected"),
    [
        ("../../etc/passwd", "passwd"),
        (r"C:\Windows\system32\đơn.pdf", "đơn.pdf"),
        ("C:don.pdf", "C_don.pdf"),
        ("NUL.pdf", "_NUL.pdf"),
        ("\u202efdp.exe", "fdp.exe"),
        ("", "file"),
        ("...", "file"),
        ("Đơn đề nghị.pdf", "Đơn đề nghị.pdf"),
        ("x" * 300 + ".pdf", "x" * 196 + ".pdf"),
    ],
)
def test_known_names(given_name, expected):
    assert safe_file_name(given_name) == expected


@given(st.text(max_size=60))
def test_folding_is_stable_and_finds_itself(text):
    assert fold(fold(text)) == fold(text)
    assert contains_words(text, text)


def test_folding_leaves_out_every_vietnamese_accent():
    assert fold("  Đăng  KÝ khẩn cấp, thỏa ước ") == "dang ky khan cap, thoa uoc"

"""The one door for foreign text: control and direction characters become visible (design/security.md)."""

from __future__ import annotations

import re

# C0 without \n and \t, DEL, C1, bidi controls and marks, zero-width joiners, line/paragraph separators, BOM
_UNSAFE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb]")


def safe(text: str) -> str:
    """`text` with every control character as a visible `\\x1b`-like escape; newlines and tabs stay."""
    cleaned = text.encode("utf-8", "backslashreplace").decode("utf-8")
    return _UNSAFE.sub(_escape, cleaned)


def safe_cell(text: str) -> str:
    """As `safe`, on one line: newlines and tabs become spaces, so that a row stays a row."""
    return re.sub(r"[\n\t]+", " ", safe(text))


def _escape(match: re.Match[str]) -> str:
    code = ord(match.group())
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"

"""What the MySign app may show: unaccented letters, digits, `_`, `-` and blanks, in base64 shorter than 100 characters."""

from __future__ import annotations

import base64
import re
import unicodedata
from collections.abc import Sequence

LONGEST = 72  # raw characters; 96 in base64
_OTHER = re.compile(r"[^A-Za-z0-9_\- ]+")


def showable(text: str, most: int = LONGEST) -> str:
    """`text` without accents, other characters as `_`."""
    plain = unicodedata.normalize("NFD", text.replace("đ", "d").replace("Đ", "D"))
    letters = "".join(char for char in plain if not unicodedata.combining(char))
    return " ".join(_OTHER.sub("_", letters).split())[:most].strip(" _") or "document"


def distinct(texts: Sequence[str]) -> list[str]:
    """Showable names, made different by a number at the end."""
    names: list[str] = []
    for text in texts:
        name, number = showable(text), 1
        while name in names:
            number += 1
            ending = f" {number}"
            name = showable(text, LONGEST - len(ending)) + ending
        names.append(name)
    return names


def in_base64(text: str) -> str:
    """The form in which the app's texts are sent."""
    return base64.b64encode(showable(text).encode()).decode()

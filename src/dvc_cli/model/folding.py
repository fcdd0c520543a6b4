"""Folding: comparing Vietnamese text without regard to accents, case and spaces."""

from __future__ import annotations

import unicodedata


def fold(text: str) -> str:
    """`text` in lower case, without diacritics (`đ` becomes `d`), with single spaces; for comparing only, never for showing."""
    decomposed = unicodedata.normalize("NFD", text.casefold())
    bare = "".join(char for char in decomposed if not unicodedata.combining(char))
    return " ".join(bare.replace("đ", "d").split())


def contains_words(text: str, query: str) -> bool:
    """Whether every word of `query` stands in `text`, both folded; an empty query fits everything."""
    folded = fold(text)
    return all(word in folded for word in fold(query).split())

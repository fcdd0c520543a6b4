"""A string that does not show itself."""

from __future__ import annotations

from typing import NoReturn


class Secret:
    """A password, PIN, token or transaction id: `str` and `repr` are `***`, pickling and JSON are refused.

    Only `reveal()` gives the text, at the one place that sends it.
    """

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """The text itself; never log or store the result."""
        return self._text

    def __bool__(self) -> bool:
        return bool(self._text)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._text == self._text

    def __hash__(self) -> int:
        return hash((Secret, self._text))

    def __str__(self) -> str:
        return "***"

    __repr__ = __str__

    def __format__(self, spec: str) -> str:
        return format("***", spec)

    def __reduce__(self) -> NoReturn:
        raise TypeError("a Secret cannot be pickled")

"""Pages of long lists: page size of 50 at most, and the pager's numbers."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlencode

MAX_SIZE = 50
SIZES = (10, 20, 50)


@dataclass(frozen=True, slots=True)
class Pager:
    """Where one is in a list: ``links`` are page number and address, with None for a gap."""

    page: int
    size: int
    total: int
    links: tuple[tuple[int, str] | None, ...]

    @property
    def pages(self) -> int:
        """Number of pages; at least one."""
        return max(1, -(-self.total // self.size))


def number(text: str, default: int, highest: int) -> int:
    """Read a whole number of an address between 1 and ``highest``; nonsense gives the default."""
    return min(max(int(text), 1), highest) if text.isascii() and text.isdigit() and len(text) < 9 else default


def pager(path: str, parameters: dict[str, str], page: int, size: int, total: int) -> Pager:
    """Build the pager of a list whose filters are ``parameters``."""
    last = max(1, -(-total // size))
    near = sorted({1, last, *range(max(1, page - 2), min(last, page + 2) + 1)})
    links: list[tuple[int, str] | None] = []
    for position, shown in enumerate(near):
        if position and shown - near[position - 1] > 1:
            links.append(None)
        query = urlencode({**parameters, "per_page": str(size), "page": str(shown)})
        links.append((shown, f"{path}?{query}"))
    return Pager(page, size, total, tuple(links))

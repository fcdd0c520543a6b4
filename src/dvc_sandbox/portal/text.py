"""Small conversions of text and moments that every page of the portal needs."""

from __future__ import annotations

import re
import unicodedata
from datetime import UTC, date, datetime

from dvc_sandbox.clock import LOCAL


def to_iso(moment: datetime) -> str:
    """Write an aware moment as ISO 8601 in UTC, as the database keeps it."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds")


def from_iso(text: str) -> datetime:
    """Read a moment of the database; it is aware."""
    return datetime.fromisoformat(text)


def show_moment(moment: datetime) -> str:
    """Write a moment for people: ``dd/MM/yyyy HH:mm:ss`` in Vietnam's time."""
    return moment.astimezone(LOCAL).strftime("%d/%m/%Y %H:%M:%S")


def show_day(day: date | str) -> str:
    """Write a day for people: ``dd/MM/yyyy``; an empty text stays empty."""
    if isinstance(day, str):
        if not day:
            return ""
        day = date.fromisoformat(day)
    return day.strftime("%d/%m/%Y")


def show_money(amount: int) -> str:
    """Write a sum in đồng as Vietnamese pages do: ``15.000 đ``."""
    return f"{amount:,}".replace(",", ".") + " đ"


def show_size(size: int) -> str:
    """Write a size in decimal units, as the limits are decimal (MB = 10^6 bytes)."""
    if size < 1000:
        return f"{size} byte"
    if size < 1_000_000:
        return f"{size / 1000:.1f}".replace(".", ",") + " KB"
    return f"{size / 1_000_000:.1f}".replace(".", ",") + " MB"


def parse_day(text: str) -> date | None:
    """Read ``dd/MM/yyyy`` (or a browser's ISO date); None when it is neither."""
    text = text.strip()
    if match := re.fullmatch(r"(\d{1,2})/(\d{1,2})/(\d{4})", text):
        text = f"{match[3]}-{int(match[2]):02d}-{int(match[1]):02d}"
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def fold(text: str) -> str:
    """Lower-case a text and drop its diacritics, so that a search works without them."""
    plain = unicodedata.normalize("NFD", text.casefold()).replace("đ", "d")
    return "".join(character for character in plain if not unicodedata.combining(character))

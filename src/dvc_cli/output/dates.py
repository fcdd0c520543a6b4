"""Dates and amounts as people in Vietnam read them: dd/MM/yyyy, zone Asia/Ho_Chi_Minh, MB = 10^6 bytes."""

from __future__ import annotations

from datetime import date, datetime
from functools import cache
from zoneinfo import ZoneInfo

from dvc_cli.i18n import active_language


@cache
def local_zone() -> ZoneInfo:
    """The zone times are shown in (decisions.md)."""
    return ZoneInfo("Asia/Ho_Chi_Minh")


def show_date(day: date | None) -> str:
    """`05/11/2026`, or nothing."""
    if isinstance(day, datetime):
        day = day.astimezone(local_zone()).date()
    return day.strftime("%d/%m/%Y") if day else ""


def show_time(moment: datetime | None) -> str:
    """`05/11/2026 08:30:00` in Vietnam's zone, or nothing."""
    return moment.astimezone(local_zone()).strftime("%d/%m/%Y %H:%M:%S") if moment else ""


def show_size(size: int) -> str:
    """`831 B`, `12.3 kB`, `4.5 MB`; in Vietnamese with the decimal comma."""
    if size < 1000:
        return f"{size} B"
    text = f"{size / 1000:.1f} kB" if size < 1_000_000 else f"{size / 1_000_000:.1f} MB"
    return text.replace(".", ",") if active_language() == "vi" else text

"""The few facts of an EXIF block that a page needs: which way is up, the resolution, when it was taken.

Read by hand so that a folder of photographs needs no picture library. Source: EXIF 2.32 (CIPA DC-008) §4.6, TIFF 6.0.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

_ORIENTATION, _X_RESOLUTION, _Y_RESOLUTION, _UNIT, _EXIF_IFD, _TAKEN = 0x0112, 0x011A, 0x011B, 0x0128, 0x8769, 0x9003
_SHORT, _LONG, _RATIONAL, _ASCII = 3, 4, 5, 2
_MAX_ENTRIES = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Exif:
    """`orientation` 1–8; `dpi` horizontally and vertically, or None; `taken` as `YYYY:MM:DD HH:MM:SS`, or empty."""

    orientation: int = 1
    dpi: tuple[float, float] | None = None
    taken: str = ""


def read_exif(block: bytes) -> Exif:
    """Facts of a TIFF structure (without the `Exif\\0\\0` in front); what is damaged in it counts as missing."""
    try:
        order = {b"II*\0": "<", b"MM\0*": ">"}[block[:4]]
        entries = _entries(block, order, struct.unpack_from(order + "I", block, 4)[0])
        taken = _taken(block, order, entries)
    except (KeyError, struct.error):
        return Exif()
    orientation = _number(block, order, entries.get(_ORIENTATION))
    return Exif(
        orientation=int(orientation) if orientation in range(1, 9) else 1, dpi=_dpi(block, order, entries), taken=taken
    )


def _entries(block: bytes, order: str, offset: int) -> dict[int, tuple[int, int, int]]:
    (count,) = struct.unpack_from(order + "H", block, offset)
    found = {}
    for number in range(min(count, _MAX_ENTRIES)):
        at = offset + 2 + 12 * number
        tag, kind, amount = struct.unpack_from(order + "HHI", block, at)
        found[tag] = (kind, amount, at + 8)
    return found


def _number(block: bytes, order: str, entry: tuple[int, int, int] | None) -> float:
    if entry is None:
        return 0
    kind, _amount, at = entry
    try:
        if kind == _SHORT:
            return int(struct.unpack_from(order + "H", block, at)[0])
        if kind == _LONG:
            return int(struct.unpack_from(order + "I", block, at)[0])
        if kind == _RATIONAL:
            (place,) = struct.unpack_from(order + "I", block, at)
            above, below = struct.unpack_from(order + "II", block, place)
            return above / below if below else 0.0
    except struct.error:
        return 0
    return 0


def _dpi(block: bytes, order: str, entries: dict[int, tuple[int, int, int]]) -> tuple[float, float] | None:
    across = _number(block, order, entries.get(_X_RESOLUTION))
    down = _number(block, order, entries.get(_Y_RESOLUTION)) or across
    if across <= 0:
        return None
    centimetre = _number(block, order, entries.get(_UNIT)) == 3
    return (across * 2.54, down * 2.54) if centimetre else (across, down)


def _taken(block: bytes, order: str, entries: dict[int, tuple[int, int, int]]) -> str:
    if _EXIF_IFD not in entries:
        return ""
    inner = _entries(block, order, int(_number(block, order, entries[_EXIF_IFD])))
    kind, amount, at = inner.get(_TAKEN, (0, 0, 0))
    if kind != _ASCII or not 4 < amount <= 64:
        return ""
    (place,) = struct.unpack_from(order + "I", block, at)
    return block[place : place + amount].rstrip(b"\0 ").decode("ascii", "replace")

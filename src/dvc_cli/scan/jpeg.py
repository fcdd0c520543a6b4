"""A JPEG file as a PDF holds it: its head is read, its picture is copied untouched and proved to be whole.

EXIF, XMP and IPTC blocks stay behind: they hold the place and time a photograph was taken, and thumbnails. Source: ITU-T T.81
annex B; Adobe TN 5116; ICC.1 §B.4.
"""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from dvc_cli.scan.exif import Exif, read_exif
from dvc_cli.scan.images import Picture, broken, check_pixels

_FRAMES = {0xC0, 0xC1, 0xC2}  # baseline, extended, progressive: what /DCTDecode understands
_OTHER_FRAMES = {0xC3, *range(0xC5, 0xC8), *range(0xC9, 0xCC), *range(0xCD, 0xD0)}
_BETWEEN_SCANS = {0xC4, 0xDB, 0xDC, 0xDD, 0xFE, *range(0xE0, 0xF0)}
_MARKER = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")
_ICC = b"ICC_PROFILE\0"
_ICC_SPACES = {1: b"GRAY", 3: b"RGB ", 4: b"CMYK"}
_PIECE = 131_072
_MAX_HEAD = 64_000_000


@dataclass(slots=True)
class _Head:
    """What the segments before the first scan told."""

    size: tuple[int, int] = (0, 0)
    components: int = 0
    component_ids: bytes = b""
    progressive: bool = False
    quantizers: bytes = b""
    tables: set[int] = field(default_factory=set)
    bits: int = 8
    density: tuple[float, float] | None = None
    exif: Exif = field(default_factory=Exif)
    adobe: bool = False
    icc: dict[int, bytes] = field(default_factory=dict)
    kept: list[tuple[int, int]] = field(default_factory=list)
    scan: int = 0

    @property
    def profile(self) -> bytes:
        """The colour profile, when it is whole and of the picture's kind."""
        data = b"".join(self.icc[number] for number in sorted(self.icc))
        return data if data[16:20] == _ICC_SPACES[self.components] and data[36:40] == b"acsp" else b""


def read_jpeg(path: Path, name: Path | str | None = None, *, quick: bool = False) -> Picture | None:
    """The picture in a JPEG file, or None when it is of a kind of JPEG that PDF does not know (lossless, arithmetic, 12 bits).

    Args:
        path: the file. name: what messages call it.
        quick: also None for other files, and when only decoding could tell whether it is sound (progressive, no tables).

    Raises:
        BrokenImage (cut short, no picture), ImageTooLarge. OSError when it cannot be read.
    """
    name = name or path
    with path.open("rb") as file:
        if quick and file.read(3) != b"\xff\xd8\xff":
            return None
        file.seek(0)
        try:
            head = _read_head(file, name)
            if head is None or head.bits != 8 or head.components not in _ICC_SPACES:
                return None
            if quick and head.progressive:
                return None
            end = _end_of_picture(file, head)
            if quick and end is not None and not _has_tables(head):
                return None
        except (struct.error, IndexError) as error:
            raise broken(name) from error
    if end is None:
        raise broken(name)
    check_pixels(name, *head.size)
    plain_rgb = head.component_ids == b"RGB" and not head.adobe
    return Picture(
        path=path,
        spans=_merged([*head.kept, (head.scan, end - head.scan)]),
        format="jpeg",
        width=head.size[0],
        height=head.size[1],
        colour={1: "/DeviceGray", 3: "/DeviceRGB", 4: "/DeviceCMYK"}[head.components],
        components=head.components,
        bits=8,
        filter="/DCTDecode",
        parameters="<< /ColorTransform 0 >>" if plain_rgb else "",
        # Adobe's programs store CMYK inverted, and say so by their marker
        decode="[1 0 1 0 1 0 1 0]" if head.components == 4 and head.adobe else "",
        icc=head.profile,
        dpi=head.density or head.exif.dpi,
        orientation=head.exif.orientation,
    )


def date_taken(path: Path) -> str:
    """When a photograph was taken (`YYYY:MM:DD HH:MM:SS`), or empty. Raises OSError."""
    try:
        with path.open("rb") as file:
            head = _read_head(file, path)
    except (struct.error, IndexError):
        return ""
    return head.exif.taken if head else ""


def _read_head(file: BinaryIO, name: Path | str) -> _Head | None:
    if file.read(2) != b"\xff\xd8":
        raise broken(name)
    head = _Head(kept=[(0, 2)])
    while True:
        start = file.tell()
        marker = _next_marker(file)
        if marker is None or marker == 0xD9 or start > _MAX_HEAD:
            raise broken(name)
        (length,) = struct.unpack(">H", file.read(2))
        body = file.read(length - 2) if length >= 2 else b""
        if length < 2 or len(body) < length - 2:
            raise broken(name)
        if marker in _OTHER_FRAMES:
            return None
        keep = _note(head, marker, body)
        if not _is_sound(head, marker, body):
            raise broken(name)
        if marker == 0xDA:
            if not head.components or 0 in head.size:
                raise broken(name)
            head.scan = start
            return head
        _note_tables(head, marker, body)
        if keep:
            head.kept.append((start, file.tell() - start))


def _next_marker(file: BinaryIO) -> int | None:
    if file.read(1) != b"\xff":
        return None
    byte = file.read(1)
    while byte == b"\xff":  # fill bytes
        byte = file.read(1)
    return byte[0] if byte else None


def _note(head: _Head, marker: int, body: bytes) -> bool:
    """Remember what a segment tells; whether it belongs into the PDF."""
    if marker in _FRAMES:
        head.bits, height, width, head.components = struct.unpack_from(">BHHB", body)
        head.size = (width, height)
        head.component_ids = body[6::3][: head.components]
        head.quantizers = body[8::3]
        head.progressive = marker == 0xC2
    elif marker == 0xE0 and body.startswith(b"JFIF\0"):
        unit, across, down = struct.unpack_from(">BHH", body, 7)
        factor = {1: 1.0, 2: 2.54}.get(unit, 0.0)
        if factor and across and down:
            head.density = (across * factor, down * factor)
    elif marker == 0xE1:
        if body.startswith(b"Exif\0\0"):
            head.exif = read_exif(body[6:])
        return False
    elif marker == 0xE2:
        if body.startswith(_ICC):
            head.icc[body[12]] = body[14:]
        return False
    elif marker == 0xEE and body.startswith(b"Adobe"):
        head.adobe = True
    return marker not in (0xED, 0xFE)


def _note_tables(head: _Head, marker: int, body: bytes) -> None:
    """Remember which tables are there (quantizers as 32 + number) and which the scans need (as 64 + number)."""
    while marker in (0xC4, 0xDB) and body:
        if marker == 0xC4:
            head.tables.add(body[0])
            body = body[17 + sum(body[1:17]) :]
        else:
            head.tables.add(32 + (body[0] & 15))
            body = body[129 if body[0] >> 4 else 65 :]
    if marker == 0xDA:
        for choice in body[2 : 1 + 2 * body[0] : 2]:
            head.tables |= {64 + (choice >> 4), 64 + 16 + (choice & 15)}


def _has_tables(head: _Head) -> bool:
    needed = {number - 64 for number in head.tables if number >= 64} | {32 + number for number in head.quantizers}
    return needed <= head.tables


def _end_of_picture(file: BinaryIO, head: _Head) -> int | None:
    """The offset behind the picture's end marker; None when the file was cut short or holds what no scan can."""
    position, drawn = head.scan, b""
    while (place := _next_in_scan(file, position)) is not None:
        file.seek(place)
        marker = file.read(2)[1]
        if marker == 0xD9:
            return place + 2 if set(head.component_ids) <= set(drawn) else None
        if marker not in _BETWEEN_SCANS and marker != 0xDA:
            return None
        (length,) = struct.unpack(">H", file.read(2))
        body = file.read(max(length - 2, 0))
        if length < 2 or len(body) != length - 2 or not _is_sound(head, marker, body):
            return None
        _note_tables(head, marker, body)
        if marker == 0xDA:
            named = body[1 : 1 + 2 * body[0] : 2]
            if not head.progressive and set(named) & set(drawn):
                return None  # a scan of its own components a second time: two files run together
            drawn += named
        position = place + 2 + length
    return None


def _next_in_scan(file: BinaryIO, position: int) -> int | None:
    """The offset of the next marker that is none of a scan's own, read in pieces that the allocator keeps at hand."""
    file.seek(position)
    piece = file.read(_PIECE)
    while len(piece) > 1:
        if match := _MARKER.search(piece):
            return position + match.start()
        position += len(piece) - 1
        piece = piece[-1:] + file.read(_PIECE)
    return None


def _is_sound(head: _Head, marker: int, body: bytes) -> bool:
    """Whether a decoder can use a table or scan header (T.81 §B.2)."""
    if marker == 0xC4:
        return _are_huffman_tables(body)
    if marker == 0xDB:
        while body:
            size = 129 if body[0] >> 4 else 65
            if body[0] >> 4 > 1 or body[0] & 15 > 3 or len(body) < size:
                return False
            body = body[size:]
        return True
    if marker == 0xDA:
        named = body[1::2][: body[0]] if body else b""
        return 1 <= len(named) <= 4 and len(body) == 4 + 2 * body[0] and all(one in head.component_ids for one in named)
    return marker not in _FRAMES or (
        len(body) == 6 + 3 * head.components
        and len(set(head.component_ids)) == head.components
        and all(1 <= factor >> 4 <= 4 and 1 <= factor & 15 <= 4 for factor in body[7::3])
    )


def _are_huffman_tables(body: bytes) -> bool:
    while body:
        lengths = body[1:17]
        codes, room = sum(lengths), 1
        for count in lengths:
            room = 2 * room - count
            if room < 0:
                return False
        if body[0] >> 4 > 1 or body[0] & 15 > 3 or len(lengths) < 16 or not codes or len(body) < 17 + codes:
            return False
        body = body[17 + codes :]
    return True


def _merged(spans: list[tuple[int, int]]) -> tuple[tuple[int, int], ...]:
    """Neighbouring spans as one."""
    joined: list[tuple[int, int]] = []
    for offset, length in spans:
        if joined and sum(joined[-1]) == offset:
            joined[-1] = (joined[-1][0], joined[-1][1] + length)
        else:
            joined.append((offset, length))
    return tuple(joined)

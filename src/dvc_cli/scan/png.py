"""A PNG file as a PDF holds it: the compressed rows are copied untouched, after checksums and row count have been proved.

Source: PNG (third edition) §5, §7; ISO 32000-1 §7.4.4.4: PDF has the same predictors.
"""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from dvc_cli.scan.exif import read_exif
from dvc_cli.scan.images import Picture, broken, check_pixels

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_GRAY, _RGB, _INDEXED = 0, 2, 3
_DEPTHS = {_GRAY: (1, 2, 4, 8, 16), _RGB: (8, 16), _INDEXED: (1, 2, 4, 8), 4: (8, 16), 6: (8, 16)}
_SMALL = 4_000_000  # no chunk but the picture's rows needs more
_PIECE = 131_072  # larger ones cost a page fault every 4 kB


@dataclass(slots=True)
class _Chunks:
    """What the chunks told."""

    header: bytes = b""
    palette: bytes = b""
    transparent: bool = False
    dpi: tuple[float, float] | None = None
    icc: bytes = b""
    orientation: int = 1
    rows: list[tuple[int, int]] = field(default_factory=list)


def read_png(path: Path, name: Path | str | None = None, *, trusted: bool = False) -> Picture | None:
    """The picture in a PNG file, or None when PDF cannot hold it as it is (transparent, interlaced).

    Args:
        path: the file. name: what messages call it. trusted: we wrote it ourselves, so its rows need not be proved.

    Raises:
        BrokenImage (cut short, a wrong checksum, too few or too many rows), ImageTooLarge. OSError when it cannot be read.
    """
    name = name or path
    with path.open("rb") as file:
        try:
            chunks = _read_chunks(file, name, trusted=trusted)
            width, height, bits, kind, _method, _filter, interlaced = struct.unpack(">IIBBBBB", chunks.header)
        except (struct.error, zlib.error) as error:
            raise broken(name) from error
        if bits not in _DEPTHS.get(kind, ()) or (kind == _INDEXED and not 3 <= len(chunks.palette) <= 768):
            raise broken(name)
        check_pixels(name, width, height)
        if interlaced or chunks.transparent or kind not in (_GRAY, _RGB, _INDEXED):
            return None
        components = 3 if kind == _RGB else 1
        if not trusted and not _has_rows(file, chunks.rows, height, (width * components * bits + 7) // 8 + 1):
            raise broken(name)
    space = b"GRAY" if kind == _GRAY else b"RGB "
    return Picture(
        path=path,
        spans=tuple(chunks.rows),
        format="png",
        width=width,
        height=height,
        colour=_colour(kind, chunks.palette),
        components=components,
        bits=bits,
        filter="/FlateDecode",
        parameters=f"<< /Predictor 15 /Colors {components} /BitsPerComponent {bits} /Columns {width} >>",
        icc=chunks.icc if kind != _INDEXED and chunks.icc[16:20] == space else b"",
        dpi=chunks.dpi,
        orientation=chunks.orientation,
    )


def _colour(kind: int, palette: bytes) -> str:
    if kind == _INDEXED:
        return f"[/Indexed /DeviceRGB {len(palette) // 3 - 1} <{palette.hex()}>]"
    return "/DeviceRGB" if kind == _RGB else "/DeviceGray"


def _read_chunks(file: BinaryIO, name: Path | str, *, trusted: bool) -> _Chunks:
    if file.read(8) != _SIGNATURE:
        raise broken(name)
    chunks = _Chunks()
    while True:
        length, kind = struct.unpack(">I4s", file.read(8))
        offset = file.tell()
        if kind == b"IEND":
            break
        if kind == b"IDAT":
            chunks.rows.append((offset, length))
            if trusted:
                file.seek(length + 4, 1)
            elif not _passes(file, kind, length):
                raise broken(name)
            continue
        if length > _SMALL:
            raise broken(name)
        body = file.read(length)
        (checksum,) = struct.unpack(">I", file.read(4))
        if zlib.crc32(body, zlib.crc32(kind)) != checksum:
            raise broken(name)
        _note(chunks, kind, body)
    if not chunks.rows or not chunks.header:
        raise broken(name)
    return chunks


def _passes(file: BinaryIO, kind: bytes, length: int) -> bool:
    checksum = zlib.crc32(kind)
    while length > 0:
        piece = file.read(min(length, _PIECE))
        if not piece:
            return False
        checksum = zlib.crc32(piece, checksum)
        length -= len(piece)
    return bool(struct.unpack(">I", file.read(4))[0] == checksum)


def _note(chunks: _Chunks, kind: bytes, body: bytes) -> None:
    match kind:
        case b"IHDR":
            chunks.header = body
        case b"PLTE":
            chunks.palette = body[: len(body) // 3 * 3]
        case b"tRNS":
            chunks.transparent = True
        case b"pHYs":
            across, down, unit = struct.unpack(">IIB", body)
            if unit == 1 and across and down:
                chunks.dpi = (round(across * 0.0254, 2), round(down * 0.0254, 2))
        case b"iCCP":
            packed = body.partition(b"\0")[2][1:]
            chunks.icc = zlib.decompressobj().decompress(packed, _SMALL)
        case b"eXIf":
            chunks.orientation = read_exif(body).orientation


def _has_rows(file: BinaryIO, spans: list[tuple[int, int]], height: int, row: int) -> bool:
    """Whether the compressed rows are exactly as many as the head says; never unpacks more than a piece at a time."""
    unpacker = zlib.decompressobj()
    left = height * row
    try:
        for offset, length in spans:
            file.seek(offset)
            while length > 0:
                packed = file.read(min(length, _PIECE))
                length -= len(packed)
                while packed and left >= 0:
                    left -= len(unpacker.decompress(packed, _PIECE))
                    packed = unpacker.unconsumed_tail
                if left < 0 or unpacker.eof:
                    return left == 0 and unpacker.eof
        left -= len(unpacker.flush())
    except zlib.error:
        return False
    return left == 0 and unpacker.eof

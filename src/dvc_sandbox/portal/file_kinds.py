"""Which files the portal takes, decided by their content: doc, docx, pdf, jpg and archives; PNG is not one of them."""

from __future__ import annotations

import io
import struct
import unicodedata
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import IO

ACCEPT = ".doc,.docx,.pdf,.jpg,.jpeg,.zip,.rar,.7z"
_TEST_LIMIT = 200_000_000


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of file: the extension it is stored under and its media type."""

    extension: str
    media_type: str


PDF = Kind("pdf", "application/pdf")
DOC = Kind("doc", "application/msword")
DOCX = Kind("docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document")
JPG = Kind("jpg", "image/jpeg")
ZIP = Kind("zip", "application/zip")
RAR = Kind("rar", "application/vnd.rar")
SEVEN_ZIP = Kind("7z", "application/x-7z-compressed")


class WrongType(Exception):
    """The content is of no kind the portal takes, or its extension claims another kind."""


class BrokenFile(Exception):
    """The content claims to be of a known kind but cannot be opened."""


def kind_of(file: IO[bytes], name: str) -> Kind:
    """Find the kind of a file and check that it opens; raises ``WrongType`` or ``BrokenFile``."""
    kind = _sniff(file)
    if kind is None:
        raise WrongType
    _, dot, extension = name.lower().rpartition(".")
    if not dot or ("jpg" if extension == "jpeg" else extension) != kind.extension:
        raise WrongType
    if not _CHECKS[kind](file):
        raise BrokenFile
    file.seek(0)
    return kind


def _sniff(file: IO[bytes]) -> Kind | None:
    file.seek(0)
    head = file.read(1024)
    file.seek(0)
    signatures = (
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", DOC),
        (b"\xff\xd8\xff", JPG),
        (b"Rar!\x1a\x07", RAR),
        (b"7z\xbc\xaf\x27\x1c", SEVEN_ZIP),
    )
    for start, kind in signatures:
        if head.startswith(start):
            return kind
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return DOCX if b"[Content_Types].xml" in head or b"word/" in head else ZIP
    return PDF if b"%PDF-" in head else None


def _pdf_opens(file: IO[bytes]) -> bool:
    import pikepdf

    try:
        with pikepdf.open(file, attempt_recovery=False) as pdf:  # type: ignore[arg-type]
            return len(pdf.pages) > 0
    except (pikepdf.PdfError, pikepdf.PasswordError, ValueError, RuntimeError):
        return False


def _zip_opens(file: IO[bytes]) -> bool:
    try:
        with zipfile.ZipFile(file) as archive:
            total = sum(entry.file_size for entry in archive.infolist())
            encrypted = any(entry.flag_bits & 1 for entry in archive.infolist())
            return total > _TEST_LIMIT or encrypted or archive.testzip() is None
    except (zipfile.BadZipFile, zlib.error, EOFError, ValueError, OSError, NotImplementedError):
        return False


def _docx_opens(file: IO[bytes]) -> bool:
    if not _zip_opens(file):
        return False
    with zipfile.ZipFile(file) as archive:
        return "word/document.xml" in archive.namelist()


def _doc_opens(file: IO[bytes]) -> bool:
    file.seek(0)
    header = file.read(512)
    return len(header) == 512 and header[28:30] == b"\xfe\xff"


def _jpg_opens(file: IO[bytes]) -> bool:
    import warnings

    from PIL import Image

    try:
        file.seek(0)
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(file, formats=["JPEG"]) as image:
                image.verify()
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError, Image.DecompressionBombWarning):
        return False
    file.seek(0, 2)
    file.seek(-min(file.tell(), 4096), 2)
    return b"\xff\xd9" in file.read()


def _seven_zip_opens(file: IO[bytes]) -> bool:
    file.seek(0)
    start = file.read(32)
    if len(start) < 32 or zlib.crc32(start[12:32]) != struct.unpack("<I", start[8:12])[0]:
        return False
    offset, size, checksum = struct.unpack("<QQI", start[12:32])
    end = file.seek(0, 2)
    if offset + size + 32 > end:
        return False
    file.seek(32 + offset)
    return bool(zlib.crc32(file.read(size)) == checksum)


def _rar_opens(file: IO[bytes]) -> bool:
    file.seek(0)
    marker = file.read(8)
    walk = _rar5_blocks if marker == b"Rar!\x1a\x07\x01\x00" else _rar4_blocks
    end = file.seek(0, 2)
    file.seek(8 if walk is _rar5_blocks else 7)
    try:
        last = None
        for position, is_last in walk(file):
            if position > end:
                return False
            last = is_last
            if is_last:
                break
        return last is not None
    except (struct.error, ValueError, IndexError):
        return False


def _rar4_blocks(file: IO[bytes]) -> Iterator[tuple[int, bool]]:
    while head := file.read(7):
        checksum, kind, flags, size = struct.unpack("<HBHH", head)
        rest = file.read(size - 7)
        if size < 7 or len(rest) != size - 7 or zlib.crc32(head[2:] + rest) & 0xFFFF != checksum:
            raise ValueError("block header")
        extra = struct.unpack("<I", rest[:4])[0] if flags & 0x8000 else 0
        yield file.seek(extra, 1), kind == 0x7B


def _rar5_blocks(file: IO[bytes]) -> Iterator[tuple[int, bool]]:
    while checksum := file.read(4):
        raw_size, size = _vint(file)
        body = file.read(size)
        if len(body) != size or zlib.crc32(raw_size + body) != struct.unpack("<I", checksum)[0]:
            raise ValueError("block header")
        fields = io.BytesIO(body)
        kind, flags = _vint(fields)[1], _vint(fields)[1]
        if flags & 1:
            _vint(fields)
        extra = _vint(fields)[1] if flags & 2 else 0
        yield file.seek(extra, 1), kind == 5


def _vint(source: IO[bytes]) -> tuple[bytes, int]:
    raw, value = b"", 0
    while len(raw) < 10:
        byte = source.read(1)
        value |= (byte[0] & 0x7F) << (7 * len(raw))
        raw += byte
        if not byte[0] & 0x80:
            return raw, value
    raise ValueError("number too long")


_CHECKS: dict[Kind, Callable[[IO[bytes]], bool]] = {
    PDF: _pdf_opens,
    DOC: _doc_opens,
    DOCX: _docx_opens,
    JPG: _jpg_opens,
    ZIP: _zip_opens,
    RAR: _rar_opens,
    SEVEN_ZIP: _seven_zip_opens,
}


def display_name(name: str | None) -> str:
    """The applicant's file name without folders, control characters or excess length; never used as a path."""
    last = (name or "").replace("\\", "/").rpartition("/")[2]
    clean = "".join(c for c in unicodedata.normalize("NFC", last) if unicodedata.category(c)[0] != "C").strip()
    stem, dot, extension = clean.rpartition(".")
    return f"{stem[:180]}{dot}{extension[:10]}" if dot else clean[:180] or "tep-tin"

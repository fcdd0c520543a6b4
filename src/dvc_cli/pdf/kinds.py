"""What a file really is, by its first bytes; names and extensions are not believed."""

from __future__ import annotations

from enum import Enum
from pathlib import Path

_HEAD = 4096


class FileKind(Enum):
    """Kinds of files that people hand in, for better or worse."""

    PDF = "pdf"
    JPEG = "jpg"
    PNG = "png"
    TIFF = "tiff"
    WEBP = "webp"
    HEIC = "heic"
    AVIF = "avif"
    BMP = "bmp"
    GIF = "gif"
    JPEG2000 = "jp2"
    DOC = "doc"
    DOCX = "docx"
    XLSX = "xlsx"
    ZIP = "zip"
    RAR = "rar"
    SEVEN_ZIP = "7z"
    HTML = "html"
    TEXT = "text"
    EMPTY = "empty"
    UNKNOWN = "unknown"

    @property
    def is_image(self) -> bool:
        """A picture that can become a page."""
        return self in _IMAGES


_IMAGES = {
    FileKind.JPEG,
    FileKind.PNG,
    FileKind.TIFF,
    FileKind.WEBP,
    FileKind.HEIC,
    FileKind.AVIF,
    FileKind.BMP,
    FileKind.GIF,
    FileKind.JPEG2000,
}
_MAGIC = (
    (b"\xff\xd8\xff", FileKind.JPEG),
    (b"\x89PNG\r\n\x1a\n", FileKind.PNG),
    (b"II*\x00", FileKind.TIFF),
    (b"MM\x00*", FileKind.TIFF),
    (b"BM", FileKind.BMP),
    (b"GIF8", FileKind.GIF),
    (b"\x00\x00\x00\x0cjP  \r\n\x87\n", FileKind.JPEG2000),
    (b"\xff\x4f\xff\x51", FileKind.JPEG2000),
    (b"Rar!\x1a\x07", FileKind.RAR),
    (b"7z\xbc\xaf\x27\x1c", FileKind.SEVEN_ZIP),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", FileKind.DOC),
)
_HEIF_BRANDS = {b"heic", b"heix", b"hevc", b"heim", b"heis", b"mif1", b"msf1"}


def kind_of(path: Path) -> FileKind:
    """The kind of a file. Raises OSError when it cannot be read."""
    with path.open("rb") as file:
        head = file.read(_HEAD)
    if head.startswith(b"PK\x03\x04"):
        return _kind_of_archive(path)
    return kind_of_bytes(head)


def kind_of_bytes(head: bytes) -> FileKind:
    """The kind told by the first bytes (archives are only ZIP here; `kind_of` looks inside)."""
    if not head:
        return FileKind.EMPTY
    for magic, kind in _MAGIC:
        if head.startswith(magic):
            return kind
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return FileKind.WEBP
    if head[4:8] == b"ftyp":
        return FileKind.AVIF if head[8:12] in (b"avif", b"avis") else _heif(head[8:12])
    if b"%PDF-" in head[:1024]:
        return FileKind.PDF
    if head.startswith(b"PK\x03\x04"):
        return FileKind.ZIP
    return _kind_of_text(head)


def _heif(brand: bytes) -> FileKind:
    return FileKind.HEIC if brand in _HEIF_BRANDS else FileKind.UNKNOWN


def _kind_of_text(head: bytes) -> FileKind:
    lowered = head[:1024].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if lowered.startswith((b"<!doctype html", b"<html", b"<head", b"<body")):
        return FileKind.HTML
    if b"\0" in head:
        return FileKind.UNKNOWN
    try:
        head.decode("utf-8")
    except UnicodeDecodeError as error:
        return FileKind.TEXT if error.start > len(head) - 4 else FileKind.UNKNOWN
    return FileKind.TEXT


def _kind_of_archive(path: Path) -> FileKind:
    import zipfile

    try:
        with zipfile.ZipFile(path) as archive:
            names = set(archive.namelist()[:2000])
    except (zipfile.BadZipFile, OSError, ValueError):
        return FileKind.ZIP
    if "word/document.xml" in names:
        return FileKind.DOCX
    return FileKind.XLSX if "xl/workbook.xml" in names else FileKind.ZIP

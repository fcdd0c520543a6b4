# mypy: allow-untyped-calls
# pyHanko is typed in part only.
"""Opening a PDF leniently, and saying plainly what is wrong with one that cannot be opened (signatures.md §3)."""

from __future__ import annotations

import errno
import functools
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, BinaryIO

from dvc_cli.errors import DvcError, InvalidInput
from dvc_cli.i18n import N_, _
from dvc_cli.sign.placement import PageGeometry, Rectangle

if TYPE_CHECKING:
    from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
    from pyhanko.pdf_utils.reader import PdfFileReader

_HEADER_WINDOW = 1024
_KINDS: tuple[tuple[bytes, str, bool], ...] = (
    (b"\xff\xd8\xff", N_("a JPEG picture"), True),
    (b"\x89PNG", N_("a PNG picture"), True),
    (b"II*\0", N_("a TIFF picture"), True),
    (b"MM\0*", N_("a TIFF picture"), True),
    (b"GIF8", N_("a GIF picture"), True),
    (b"BM", N_("a BMP picture"), True),
    (b"PK\x03\x04", N_("a ZIP archive or an Office document"), False),
    (b"\xd0\xcf\x11\xe0", N_("an old Office document"), False),
    (b"Rar!", N_("a RAR archive"), False),
    (b"{\\rtf", N_("an RTF document"), False),
)


class NotAPdf(InvalidInput):
    """The file is something else than a PDF."""

    slug = "not-a-pdf"


class PdfDamaged(InvalidInput):
    """The file begins like a PDF and cannot be read as one."""

    slug = "pdf-damaged"


class PdfEncrypted(InvalidInput):
    """The PDF needs a password or a certificate to be opened."""

    slug = "pdf-encrypted"


class PdfCertified(InvalidInput):
    """The PDF is certified and its author allows no changes, so no signature can be added."""

    slug = "pdf-certified"


class NoSuchPage(InvalidInput):
    """The PDF does not have the page that was asked for."""

    slug = "no-such-page"


@dataclass(frozen=True, slots=True)
class FileKind:
    """What a file is that is no PDF: words for people, and whether `scan convert` makes a PDF of it."""

    words: str
    convertible: bool = False


def identify(head: bytes, size: int) -> FileKind | None:
    """What a file that is no PDF really is; None when it may be a PDF."""
    if size == 0:
        return FileKind(_("empty"))
    if b"%PDF-" in head:
        return None
    for magic, words, convertible in _KINDS:
        if head.startswith(magic):
            return FileKind(_(words), convertible)
    if head[4:8] == b"ftyp":
        return FileKind(_("a HEIC picture or a video"), convertible=True)
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if start.startswith((b"<!doctype html", b"<html")):
        return FileKind(_("a web page, perhaps an error page of a server"))
    if start.startswith(b"<?xml"):
        return FileKind(_("an XML file"))
    if all(byte in b"\t\r\n\f" or byte >= 0x20 for byte in head[:512]):
        return FileKind(_("a plain text file"))
    return FileKind(_("a file of unknown kind"))


def require_pdf(stream: BinaryIO, name: str) -> None:
    """Refuse what is not a PDF, by content.

    Raises:
        NotAPdf: says what it is.
    """
    size = stream.seek(0, 2)
    stream.seek(0)
    kind = identify(stream.read(_HEADER_WINDOW), size)
    stream.seek(0)
    if kind is None:
        return
    if kind.convertible:
        hint = _("Make a PDF of it with `dvc-cli scan convert`, then use that")
    else:
        hint = _("Give a PDF file; save the document as PDF first")
    raise NotAPdf(_("`{name}` is not a PDF: it is {kind}").format(name=name, kind=kind.words), hint=hint)


@contextmanager
def pdf_border(name: str) -> Iterator[None]:
    """Turn whatever the PDF library raises about a foreign file into `PdfDamaged`; our own and the system's errors pass."""
    silence_library()
    try:
        yield
    except DvcError:
        raise
    except RecursionError as error:
        raise PdfDamaged(
            _("`{name}` cannot be read: it is nested too deeply").format(name=name), hint=_damaged_hint()
        ) from error
    except Exception as error:
        if isinstance(error, OSError) and error.errno != errno.EINVAL:
            raise  # the disk's; EINVAL is the library seeking to where a damaged file points
        reason = str(error).splitlines()[0][:120] if str(error) else type(error).__name__
        raise PdfDamaged(
            _("`{name}` is damaged or cut short and cannot be read as a PDF").format(name=name),
            hint=_damaged_hint(),
            details=(reason,),
        ) from error


@functools.cache
def silence_library() -> None:
    """Keep the library's own log off the terminal; whoever wants it configures logging."""
    for name in ("pyhanko", "pyhanko_certvalidator", "fontTools"):
        logging.getLogger(name).addHandler(logging.NullHandler())


def unlock(reader: PdfFileReader, name: str) -> None:
    """Open an encrypted document that needs no password (owner password only).

    Raises:
        PdfEncrypted: a password or a certificate is needed.
    """
    from pyhanko.pdf_utils.crypt import AuthStatus, StandardSecurityHandler

    if not reader.encrypted:
        return
    hint = _("Save a copy without the password and use that")
    if not isinstance(reader.security_handler, StandardSecurityHandler):
        raise PdfEncrypted(_("`{name}` is encrypted for certain certificates").format(name=name), hint=hint)
    if reader.decrypt("").status == AuthStatus.FAILED:
        raise PdfEncrypted(_("`{name}` is protected by a password").format(name=name), hint=hint)


def forbids_changes(reader: PdfFileReader) -> bool:
    """Whether the author certified the document and allows no changes (DocMDP level 1)."""
    from pyhanko.sign.fields import MDPPerm
    from pyhanko.sign.validation import read_certification_data

    certification = read_certification_data(reader)
    return certification is not None and certification.permission == MDPPerm.NO_CHANGES


def page_count(reader: PdfFileReader) -> int:
    """Number of pages, as the page tree's root says."""
    count = reader.root["/Pages"]["/Count"]
    return int(count)


def find_page(writer: IncrementalPdfFileWriter, index: int) -> Any:
    """The page object, for a change; nodes without /Type get the one they must have (signatures.md §3)."""
    try:
        reference, _resources = writer.find_page_for_modification(index)
    except KeyError:
        _name_page_tree(writer.root["/Pages"], set())
        reference, _resources = writer.find_page_for_modification(index)
    return reference.get_object()


def _name_page_tree(node: Any, seen: set[int]) -> None:
    from pyhanko.pdf_utils.generic import NameObject

    seen.add(id(node))
    if "/Type" not in node:
        node["/Type"] = NameObject("/Pages" if "/Kids" in node else "/Page")
    for kid in entry(node, "/Kids") or ():
        child = kid.get_object()
        if id(child) not in seen:
            _name_page_tree(child, seen)


def page_index(page: int, count: int, name: str) -> int:
    """The index from 0 of `page` (from 1, or -1 for the last).

    Raises:
        NoSuchPage: out of range.
    """
    index = count + page if page < 0 else page - 1
    if 0 <= index < count:
        return index
    raise NoSuchPage(
        _("`{name}` has {count} pages, there is no page {page}").format(name=name, count=count, page=page),
        hint=_("Choose a page with `--page first`, `--page last` or a number"),
    )


def page_geometry(page: Any) -> PageGeometry:
    """The geometry of a page object, inherited entries included; unusable boxes count as A4."""
    unit = _inherited(page, "/UserUnit", depth=1)
    return PageGeometry(
        media_box=_box(_inherited(page, "/MediaBox")) or (0.0, 0.0, 595.28, 841.89),
        crop_box=_box(_inherited(page, "/CropBox")),
        rotation=_whole(_inherited(page, "/Rotate")),
        user_unit=float(unit) if _is_number(unit) and float(unit) > 0 else 1.0,
    )


def signature_boxes(page: Any) -> list[Rectangle]:
    """Rectangles (user space) of the signatures that stand on a page and are visible."""
    boxes = []
    for reference in entry(page, "/Annots") or ():
        widget = reference.get_object() if hasattr(reference, "get_object") else reference
        kind = _inherited(widget, "/FT", depth=4) if hasattr(widget, "keys") else None
        box = _box(entry(widget, "/Rect"))
        if box is not None and str(kind) == "/Sig" and _inherited(widget, "/V", depth=4) is not None:
            boxes.append(box)
    return boxes


def entry(dictionary: Any, key: str) -> Any:
    """The value of `key` with references resolved, None when it is missing or `dictionary` is none."""
    try:
        return dictionary[key]
    except (KeyError, TypeError, IndexError):
        return None


def _inherited(page: Any, key: str, depth: int = 64) -> Any:
    node = page
    for _level in range(depth):
        if key in node:
            return node[key]
        if "/Parent" not in node:
            return None
        node = node["/Parent"]
    return None


def _box(value: Any) -> Rectangle | None:
    try:
        numbers = [float(value[index]) for index in range(4)] if value is not None and len(value) == 4 else []
    except (TypeError, ValueError):
        return None
    if len(numbers) != 4 or numbers[0] == numbers[2] or numbers[1] == numbers[3]:
        return None
    return numbers[0], numbers[1], numbers[2], numbers[3]


def _is_number(value: Any) -> bool:
    try:
        float(value)
    except (TypeError, ValueError):
        return False
    return True


def _whole(value: Any) -> int:
    return int(float(value)) if _is_number(value) else 0


def _damaged_hint() -> str:
    return _("Ask for the file again, or print it to a new PDF and use that")

"""Pictures and PDFs → one PDF (`scan convert`; step 2 of the guide)."""

from __future__ import annotations

import hashlib
import re
import tempfile
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any, ClassVar

from dvc_cli.errors import InvalidInput
from dvc_cli.files import UnsafeOutput, atomic_file, check_output
from dvc_cli.i18n import _
from dvc_cli.model.ports import Progress
from dvc_cli.pdf.inspect import facts_of
from dvc_cli.pdf.kinds import FileKind, kind_of
from dvc_cli.scan.images import MILLIMETRE, ImagePage, frames_of, write_pages

LEAST_DPI = 200


class MissingInput(InvalidInput):
    """An input file or folder is missing or cannot be read."""

    slug = "missing-input"


class UnsupportedKind(InvalidInput):
    """A file is of a kind that cannot become a PDF page."""

    slug = "unsupported-kind"


class SignedInput(InvalidInput):
    """A signed or certified PDF must go up byte for byte and is never converted."""

    slug = "signed-input"


class PageSize(Enum):
    """Size of the pages made from pictures; `image` is the picture's own."""

    A4 = "A4"
    A3 = "A3"
    A5 = "A5"
    LETTER = "letter"
    IMAGE = "image"

    @property
    def points(self) -> tuple[float, float] | None:
        """Width and height of an upright page in points, None for the picture's own size."""
        sizes = {
            PageSize.A4: (210, 297),
            PageSize.A3: (297, 420),
            PageSize.A5: (148, 210),
            PageSize.LETTER: (215.9, 279.4),
        }
        if self not in sizes:
            return None
        width, height = sizes[self]
        return width * MILLIMETRE, height * MILLIMETRE


@dataclass(frozen=True, slots=True, kw_only=True)
class ConversionOptions:
    """How to convert. `overwrite` replaces an existing output."""

    page_size: PageSize = PageSize.A4
    overwrite: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ConversionReport:
    """What became of the inputs. `low_resolution` counts pages under 200 dpi (portal.md §5)."""

    schema: ClassVar[str] = "dvc.scan.conversion/1"
    output: Path
    pages: int
    size: int
    sha256: str
    images: tuple[ImagePage, ...]
    low_resolution: int


@dataclass(frozen=True, slots=True)
class _Source:
    path: Path
    kind: FileKind
    pages: int


def convert(inputs: Sequence[Path], output: Path, options: ConversionOptions, progress: Progress) -> ConversionReport:
    """Make one PDF of `inputs`, in their order (folders: their files in natural order). The output is whole or not there.

    Raises:
        MissingInput, UnsupportedKind, SignedInput, BrokenImage, ImageTooLarge, BrokenPdf, EncryptedPdf: exit code 10.
        OutputExists and the storage errors of `files`.
    """
    check_output(output, overwrite=options.overwrite)
    files = expanded(inputs)
    if any(path.resolve() == output.resolve() for path in files):
        raise UnsafeOutput(_("{path} is an input and the output at once").format(path=output))
    sources = [_checked(path) for path in files]
    if not sources:
        raise MissingInput(
            _("There is nothing to convert"), hint=_("Name pictures, PDF files or folders that hold some")
        )
    images: list[ImagePage] = []
    with tempfile.TemporaryDirectory(prefix="dvc-") as folder, progress.task(_("Converting"), len(sources)) as task:
        parts = []
        for number, source in enumerate(sources):
            task.update(_("Converting {name}").format(name=source.path.name))
            parts.append(_part(source, Path(folder) / f"{number}.pdf", options, images))
            task.advance()
        pages = _join(parts, output, overwrite=options.overwrite)
    content = output.read_bytes()
    return ConversionReport(
        output=output,
        pages=pages,
        size=len(content),
        sha256=hashlib.sha256(content).hexdigest(),
        images=tuple(images),
        low_resolution=sum(1 for page in images if page.dpi < LEAST_DPI - 1),
    )


def expanded(inputs: Sequence[Path]) -> list[Path]:
    """Files of `inputs`; a folder gives the convertible files in it, in natural order. Raises MissingInput."""
    found: list[Path] = []
    for path in inputs:
        if path.is_dir():
            found += sorted((item for item in path.iterdir() if _is_convertible(item)), key=_natural)
        elif path.is_file():
            found.append(path)
        else:
            raise MissingInput(
                _("{path} does not exist or is no file").format(path=path), hint=_("Check the name and the folder")
            )
    return found


def _is_convertible(path: Path) -> bool:
    if path.name.startswith(".") or not path.is_file():
        return False
    kind = kind_of(path)
    return kind.is_image or kind is FileKind.PDF


def _natural(path: Path) -> tuple[tuple[int, int, str], ...]:
    name = unicodedata.normalize("NFC", path.name).casefold()
    pieces = re.split(r"(\d+)", name)
    return tuple((1, 0, piece) if number % 2 == 0 else (0, int(piece), "") for number, piece in enumerate(pieces))


def _checked(path: Path) -> _Source:
    try:
        kind = kind_of(path)
    except OSError as error:
        raise MissingInput(_("{path} cannot be read").format(path=path)) from error
    if kind is FileKind.PDF:
        facts = facts_of(path)
        if facts.signed:
            raise SignedInput(
                _("{path} is signed; converting it would destroy the signature").format(path=path),
                hint=_("Upload it as it is, byte for byte"),
            )
        return _Source(path, kind, facts.pages)
    if not kind.is_image:
        raise UnsupportedKind(
            _("{path} cannot become a PDF page: it is {kind}").format(path=path, kind=_kind_name(kind)),
            hint=_("Give JPEG, PNG, TIFF, WebP, HEIC, AVIF, BMP, GIF, JPEG 2000 or PDF files"),
        )
    return _Source(path, kind, frames_of(path, kind))


def _kind_name(kind: FileKind) -> str:
    names = {
        FileKind.EMPTY: _("an empty file"),
        FileKind.HTML: _("a web page"),
        FileKind.TEXT: _("a text file"),
        FileKind.DOC: _("an Office document"),
        FileKind.DOCX: _("a Word document"),
        FileKind.XLSX: _("an Excel workbook"),
    }
    archives = (FileKind.ZIP, FileKind.RAR, FileKind.SEVEN_ZIP)
    return names.get(kind) or (_("an archive") if kind in archives else _("of an unknown kind"))


def _part(source: _Source, target: Path, options: ConversionOptions, images: list[ImagePage]) -> Path:
    if source.kind is FileKind.PDF:
        return source.path
    images += write_pages(source.path, source.kind, target, page_size=options.page_size.points)
    return target


def _join(parts: Sequence[Path], output: Path, *, overwrite: bool) -> int:
    import pikepdf

    with pikepdf.new() as whole:
        opened: list[Any] = []
        try:
            for part in parts:
                document = pikepdf.open(part)
                opened.append(document)
                whole.pages.extend(document.pages)
            with atomic_file(output, overwrite=overwrite) as file:
                whole.save(file, min_version="1.4", deterministic_id=True, linearize=False)
        finally:
            for document in opened:
                document.close()
        return len(whole.pages)

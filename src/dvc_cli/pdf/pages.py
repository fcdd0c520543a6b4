"""The pages of a PDF as they are shown (owner of pypdfium2): size, pictures and their real resolution, text, rendering.

Runs in the limited worker: foreign files are read here.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dvc_cli.i18n import _
from dvc_cli.pdf.inspect import BrokenPdf, EncryptedPdf
from dvc_cli.pdf.limits import MAX_PAGES, MAX_PIXELS

if TYPE_CHECKING:
    from PIL.Image import Image

MILLIMETRES_PER_POINT = 25.4 / 72
# A smaller part of the page is a logo or a stamp, not a scan of the page.
_SCAN_SHARE = 0.3
_WORDS = 20
# FPDF_COLORSPACE_DEVICERGB, _DEVICECMYK, _CALRGB, _LAB; _DEVICEGRAY, _CALGRAY
_COLOURED = {2, 3, 5, 6}
_GREY = {1, 4}
_PASSWORD_ERROR = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class ScanFacts:
    """The picture that makes up a scanned page. `colour` is `color`, `gray`, `bw` or empty when only its pixels tell;
    `box` is its place on the page as displayed: left, top, right, bottom, each 0 to 1."""

    dpi: float
    width_px: int
    height_px: int
    colour: str
    box: tuple[float, float, float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class PageFacts:
    """A page as displayed. Sizes in millimetres; `scan` None when it is not made of a picture; `text` tells of a text layer."""

    width_mm: float
    height_mm: float
    rotation: int
    text: bool
    scan: ScanFacts | None


def facts_and_pictures(path: Path, dpi: float) -> Iterator[tuple[PageFacts, Image]]:
    """Each page's facts with its picture at `dpi`. Raises BrokenPdf, EncryptedPdf."""
    with _opened(path) as pdf:
        for page in _pages(pdf):
            yield _facts(page), _drawn(page, dpi)


def pictures(path: Path, dpi: float, *, scans: bool = False) -> Iterator[Image]:
    """Each page's picture; with `scans` a scanned page has the resolution of its scan when that is higher (up to 600 dpi).

    Raises BrokenPdf, EncryptedPdf.
    """
    with _opened(path) as pdf:
        for page in _pages(pdf):
            scan = _scan(page) if scans else None
            yield _drawn(page, min(600.0, max(dpi, scan.dpi)) if scan else dpi)


@contextmanager
def _opened(path: Path) -> Iterator[Any]:
    import pypdfium2

    try:
        pdf = pypdfium2.PdfDocument(path)
    except pypdfium2.PdfiumError as error:
        if getattr(error, "err_code", None) == _PASSWORD_ERROR:
            raise EncryptedPdf(
                _("{path} is protected by a password").format(path=path),
                hint=_("Save a copy without the password, then use that copy"),
            ) from error
        raise _broken(path) from error
    try:
        if len(pdf) > MAX_PAGES:
            raise BrokenPdf(_("{path} has more than {limit} pages").format(path=path, limit=MAX_PAGES))
        pdf.init_forms()  # before the first page is fetched, else stamps of signatures are not drawn
        yield pdf
    except pypdfium2.PdfiumError as error:
        raise _broken(path) from error
    finally:
        pdf.close()


def _broken(path: Path) -> BrokenPdf:
    return BrokenPdf(_("{path} cannot be read as a PDF").format(path=path), hint=_("Scan or export it again"))


def _pages(pdf: Any) -> Iterator[Any]:
    for number in range(len(pdf)):
        page = pdf[number]
        try:
            yield page
        finally:
            page.close()


def _drawn(page: Any, dpi: float) -> Image:
    width, height = page.get_size()
    most = math.sqrt(MAX_PIXELS / max(1.0, width * height))
    image: Image = page.render(scale=min(dpi / 72, most), rev_byteorder=True).to_pil().convert("RGB")
    return image


def _facts(page: Any) -> PageFacts:
    width, height = page.get_size()
    text = page.get_textpage()
    try:
        has_text = text.count_chars() >= _WORDS
    finally:
        text.close()
    return PageFacts(
        width_mm=round(width * MILLIMETRES_PER_POINT, 1),
        height_mm=round(height * MILLIMETRES_PER_POINT, 1),
        rotation=page.get_rotation(),
        text=has_text,
        scan=_scan(page),
    )


def _scan(page: Any) -> ScanFacts | None:
    """The largest picture, when it covers a good part of the page."""
    import pypdfium2
    from pypdfium2 import raw

    width, height = page.get_size()
    found: tuple[float, ScanFacts] | None = None
    for image in page.get_objects(filter=[raw.FPDF_PAGEOBJ_IMAGE]):
        matrix = _matrix_of(image)
        across, down = math.hypot(matrix.a, matrix.b), math.hypot(matrix.c, matrix.d)
        share = across * down / max(1.0, width * height)
        if share < _SCAN_SHARE or (found and share <= found[0]):
            continue
        try:
            told = image.get_metadata()
        except pypdfium2.PdfiumError:
            continue
        found = (
            share,
            ScanFacts(
                dpi=round(min(told.width / across, told.height / down) * 72, 1),
                width_px=told.width,
                height_px=told.height,
                colour=_colour(told.colorspace, told.bits_per_pixel),
                box=_box(page, matrix),
            ),
        )
    return found[1] if found else None


def _matrix_of(item: Any) -> Any:
    """From the picture's unit square to the page, through the forms around it."""
    matrix = item.get_matrix()
    while (item := item.container) is not None:
        matrix = matrix.multiply(item.get_matrix())
    return matrix


def _box(page: Any, matrix: Any) -> tuple[float, float, float, float]:
    corners = [matrix.on_point(x, y) for x in (0, 1) for y in (0, 1)]
    left, bottom, right, top = page.get_bbox()
    across = [(x - left) / max(1.0, right - left) for x, _y in corners]
    down = [(top - y) / max(1.0, top - bottom) for _x, y in corners]
    for _quarter in range(page.get_rotation() // 90 % 4):
        across, down = [1 - value for value in down], across
    return _share(min(across)), _share(min(down)), _share(max(across)), _share(max(down))


def _share(value: float) -> float:
    return round(min(1.0, max(0.0, value)), 4)


def _colour(space: int, bits: int) -> str:
    if bits == 1:
        return "bw"
    if space in _COLOURED or bits >= 24:
        return "color"
    return "gray" if space in _GREY else ""

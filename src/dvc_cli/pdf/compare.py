"""Whether a file shows what an earlier revision of it showed (owner of pypdfium2). Runs in the limited worker.

Signature checks see bytes; people see pages. Every page of the signed revision is drawn beside the page of the whole file, and
only the places of signatures that were added later may differ (signatures.md §4).
"""

from __future__ import annotations

import contextlib
import ctypes
import math
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from dvc_cli.errors import InvalidInput
from dvc_cli.i18n import _
from dvc_cli.pdf.limits import MAX_PAGES

if TYPE_CHECKING:
    from PIL.Image import Image

_SCALE: Final = 1.0  # 72 dpi: a letter of 6 pt is 4 pixels high
_MOST_PIXELS: Final = 4_000_000
_NOISE: Final = 24  # of 255: rounding at edges, never a letter
_LARGEST_STAMP: Final = 0.25  # of the page; a larger "signature" could cover what was signed
_SLACK: Final = 2  # pixels

Box = tuple[int, int, int, int]


class NotComparable(InvalidInput):
    """A revision of a PDF cannot be drawn, so it cannot be compared."""

    slug = "not-comparable"


def changed_pages(path: str, covered_bytes: int) -> list[int]:
    """Pages (from 1) where the whole file shows something else than its first `covered_bytes` bytes.

    Raises:
        NotComparable: one of them cannot be drawn.
    """
    import pypdfium2

    try:
        with open(path, "rb") as file:  # noqa: PTH123 - the path comes as text over the wire
            signed = file.read(covered_bytes)
        with _opened(signed) as before, _opened(path) as now:
            count = max(len(before), len(now))
            if count > MAX_PAGES:
                raise NotComparable(_("`{path}` has more than {limit} pages").format(path=path, limit=MAX_PAGES))
            return [number + 1 for number in range(count) if not _same(before, now, number)]
    except (pypdfium2.PdfiumError, OSError) as error:
        raise NotComparable(_("`{path}` cannot be drawn").format(path=path)) from error


@contextmanager
def _opened(source: bytes | str) -> Iterator[Any]:
    import pypdfium2

    pdf = pypdfium2.PdfDocument(source)
    try:
        pdf.init_forms()  # before the first page is fetched, else stamps of signatures are not drawn
        yield pdf
    finally:
        pdf.close()


def _same(before: Any, now: Any, number: int) -> bool:
    if number >= len(before) or number >= len(now):
        return False
    with contextlib.closing(before[number]) as old, contextlib.closing(now[number]) as new:
        if old.get_size() != new.get_size():
            return False
        scale = _scale(*new.get_size())
        first, second = _drawn(old, scale), _drawn(new, scale)
        signed_before = set(_stamps(old, first.size))
        later = [box for box in _stamps(new, second.size) if box not in signed_before]
        return _equal(first, second, [box for box in later if _is_small(box, second.size)])


def _scale(width: float, height: float) -> float:
    return min(_SCALE, math.sqrt(_MOST_PIXELS / max(1.0, width * height)))


def _drawn(page: Any, scale: float) -> Image:
    picture: Image = page.render(scale=scale, rev_byteorder=True).to_pil().convert("RGB")
    return picture


def _equal(first: Image, second: Image, ignored: list[Box]) -> bool:
    from PIL import ImageChops

    if first.size != second.size:
        return False
    difference = ImageChops.difference(first, second).convert("L")
    for box in ignored:
        difference.paste(0, box)
    return not any(difference.histogram()[_NOISE + 1 :])


def _is_small(box: Box, size: tuple[int, int]) -> bool:
    return (box[2] - box[0]) * (box[3] - box[1]) <= _LARGEST_STAMP * size[0] * size[1]


def _stamps(page: Any, size: tuple[int, int]) -> Iterator[Box]:
    """Where signatures with a value stand, in pixels of the drawn page."""
    from pypdfium2 import raw

    form = page.formenv.raw if page.formenv is not None else None
    for index in range(raw.FPDFPage_GetAnnotCount(page.raw)):
        note = raw.FPDFPage_GetAnnot(page.raw, index)
        if not note:
            continue
        try:
            is_field = raw.FPDFAnnot_GetSubtype(note) == raw.FPDF_ANNOT_WIDGET
            kind = raw.FPDFAnnot_GetFormFieldType(form, note) if is_field and form else -1
            rectangle = raw.FS_RECTF()
            found = raw.FPDFAnnot_GetRect(note, rectangle)
            if kind == raw.FPDF_FORMFIELD_SIGNATURE and found and raw.FPDFAnnot_HasKey(note, b"V"):
                yield _pixels(page, rectangle, size)
        finally:
            raw.FPDFPage_CloseAnnot(note)


def _pixels(page: Any, rectangle: Any, size: tuple[int, int]) -> Box:
    from pypdfium2 import raw

    corners = []
    for x, y in ((rectangle.left, rectangle.top), (rectangle.right, rectangle.bottom)):
        across, down = ctypes.c_int(), ctypes.c_int()
        raw.FPDF_PageToDevice(page.raw, 0, 0, size[0], size[1], 0, x, y, across, down)
        corners.append((across.value, down.value))
    (left, top), (right, bottom) = corners
    return (
        max(0, min(left, right) - _SLACK),
        max(0, min(top, bottom) - _SLACK),
        min(size[0], max(left, right) + _SLACK),
        min(size[1], max(top, bottom) + _SLACK),
    )

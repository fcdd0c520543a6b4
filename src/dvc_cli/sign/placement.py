"""Where the visible signature goes: from millimetres on the displayed page to a rectangle of the PDF.

Pure geometry (ISO 32000-1 §8.3.2.3, §14.11.2): /Rotate, CropBox, UserUnit, boxes given upside down.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from dvc_cli.errors import InvalidInput
from dvc_cli.i18n import _
from dvc_cli.model.signing import Anchor, Placement

MM_PER_POINT: Final = 25.4 / 72
_SMALLEST_MM: Final = 5.0
_TOLERANCE_MM: Final = 0.01
_GAP_MM: Final = 2.0  # between two stamps
_COLUMN: Final = {
    Anchor.TOP_LEFT: 0.0,
    Anchor.LEFT: 0.0,
    Anchor.BOTTOM_LEFT: 0.0,
    Anchor.TOP: 0.5,
    Anchor.CENTRE: 0.5,
    Anchor.BOTTOM: 0.5,
    Anchor.TOP_RIGHT: 1.0,
    Anchor.RIGHT: 1.0,
    Anchor.BOTTOM_RIGHT: 1.0,
}
_ROW: Final = {
    Anchor.TOP_LEFT: 0.0,
    Anchor.TOP: 0.0,
    Anchor.TOP_RIGHT: 0.0,
    Anchor.LEFT: 0.5,
    Anchor.CENTRE: 0.5,
    Anchor.RIGHT: 0.5,
    Anchor.BOTTOM_LEFT: 1.0,
    Anchor.BOTTOM: 1.0,
    Anchor.BOTTOM_RIGHT: 1.0,
}

Rectangle = tuple[float, float, float, float]


class PlacementOutside(InvalidInput):
    """The place of the visible signature does not lie on the page."""

    slug = "placement-outside"


class PlaceTaken(InvalidInput):
    """Another signature already stands where the visible signature should go."""

    slug = "place-taken"


@dataclass(frozen=True, slots=True, kw_only=True)
class PageGeometry:
    """What decides how a page is displayed. Boxes in user space units, in any corner order; `rotation` in degrees clockwise."""

    media_box: Rectangle
    crop_box: Rectangle | None = None
    rotation: int = 0
    user_unit: float = 1.0

    @property
    def visible(self) -> Rectangle:
        """The part of user space that is shown: left, bottom, right, top."""
        media = _normal(self.media_box)
        if self.crop_box is None:
            return media
        crop = _normal(self.crop_box)
        cut = (max(media[0], crop[0]), max(media[1], crop[1]), min(media[2], crop[2]), min(media[3], crop[3]))
        return cut if cut[0] < cut[2] and cut[1] < cut[3] else media

    @property
    def turns(self) -> int:
        """Quarter turns clockwise, 0 to 3."""
        return self.rotation // 90 % 4

    @property
    def mm_per_unit(self) -> float:
        """Millimetres per user space unit."""
        return MM_PER_POINT * (self.user_unit if self.user_unit > 0 else 1.0)

    @property
    def size_mm(self) -> tuple[float, float]:
        """Displayed width and height in millimetres."""
        left, bottom, right, top = self.visible
        width, height = (right - left) * self.mm_per_unit, (top - bottom) * self.mm_per_unit
        return (height, width) if self.turns % 2 else (width, height)

    def to_user_space(self, x_mm: float, y_mm: float) -> tuple[float, float]:
        """User space coordinates of the displayed point `x_mm` from the left, `y_mm` from the top."""
        left, bottom, right, top = self.visible
        dx, dy = x_mm / self.mm_per_unit, y_mm / self.mm_per_unit
        if self.turns == 0:
            return left + dx, top - dy
        if self.turns == 1:
            return left + dy, bottom + dx
        if self.turns == 2:
            return right - dx, bottom + dy
        return right - dy, top - dx

    def to_displayed(self, rectangle: Rectangle) -> Rectangle:
        """The displayed box (x, y, width, height in mm from the top left) of a rectangle in user space."""
        left, bottom, right, top = self.visible
        low_x, low_y, high_x, high_y = _normal(rectangle)
        x, y, width, height = (
            (low_x - left, top - high_y, high_x - low_x, high_y - low_y),
            (low_y - bottom, low_x - left, high_y - low_y, high_x - low_x),
            (right - high_x, low_y - bottom, high_x - low_x, high_y - low_y),
            (top - high_y, right - high_x, high_y - low_y, high_x - low_x),
        )[self.turns]
        unit = self.mm_per_unit
        return x * unit, y * unit, width * unit, height * unit


@dataclass(frozen=True, slots=True, kw_only=True)
class PlacedBox:
    """A place on one page: the annotation's rectangle, and how its appearance is turned to stand upright."""

    rectangle: Rectangle  # user space: left, bottom, right, top
    matrix: tuple[int, int, int, int, int, int]  # /Matrix of the form XObject
    width: float  # points, as displayed
    height: float


def box_in_mm(placement: Placement, page: PageGeometry) -> Rectangle:
    """The displayed box (x, y, width, height) in millimetres from the top left.

    An anchored box is made smaller where the page is too small for it; a given box is taken as it is.

    Raises:
        PlacementOutside: a given box is empty or leaves the page.
    """
    page_width, page_height = page.size_mm
    if placement.box is not None:
        return _checked(placement.box, page_width, page_height)
    anchor = placement.anchor or Anchor.BOTTOM_RIGHT
    margin = _margin(placement, page)
    free_width, free_height = page_width - 2 * margin, page_height - 2 * margin
    width, height = min(placement.width, free_width), min(placement.height, free_height)
    x = margin + (free_width - width) * _COLUMN[anchor]
    y = margin + (free_height - height) * _ROW[anchor]
    return x, y, width, height


def free_box(placement: Placement, page: PageGeometry, taken: Sequence[Rectangle]) -> Rectangle:
    """As `box_in_mm`, clear of the `taken` boxes (mm): an anchored box moves along its column, a given one does not move.

    Raises:
        PlaceTaken: no free place there; a stamp over another's makes verifiers doubt the earlier one (signatures.md §2).
        PlacementOutside: see `box_in_mm`.
    """
    x, y, width, height = box_in_mm(placement, page)
    for top in (y,) if placement.box is not None else _rows(y, height, _margin(placement, page), page.size_mm[1]):
        if not any(_overlap((x, top, width, height), other) for other in taken):
            return x, top, width, height
    raise PlaceTaken(
        _("Another signature already stands at the place of the visible signature"),
        hint=_("Choose another place with `--at`, `--box` or `--page`, or sign with `--invisible`"),
    )


def place(placement: Placement, page: PageGeometry, taken: Sequence[Rectangle] = ()) -> PlacedBox:
    """The PDF rectangle and appearance matrix for `placement` on `page`, clear of the `taken` displayed boxes (mm).

    Raises:
        PlacementOutside, PlaceTaken: see `free_box`.
    """
    x, y, width, height = free_box(placement, page, taken)
    first = page.to_user_space(x, y)
    second = page.to_user_space(x + width, y + height)
    matrices = ((1, 0, 0, 1, 0, 0), (0, 1, -1, 0, 0, 0), (-1, 0, 0, -1, 0, 0), (0, -1, 1, 0, 0, 0))
    return PlacedBox(
        rectangle=_normal((*first, *second)),
        matrix=matrices[page.turns],
        width=width / MM_PER_POINT,
        height=height / MM_PER_POINT,
    )


def _margin(placement: Placement, page: PageGeometry) -> float:
    """The margin asked for, less on pages that are too small for it."""
    return max(0.0, min(placement.margin, *(side / 8 for side in page.size_mm)))


def _rows(start: float, height: float, margin: float, page_height: float) -> list[float]:
    """Tops of boxes of one column, the nearest to `start` first, inside the margins."""
    step = height + _GAP_MM
    count = int(page_height // step) + 1
    rows = [start, *(start + sign * number * step for number in range(1, count) for sign in (-1, 1))]
    last = page_height - margin - height
    return [row for row in rows if margin - _TOLERANCE_MM <= row <= last + _TOLERANCE_MM]


def _overlap(one: Rectangle, other: Rectangle) -> bool:
    return (
        one[0] < other[0] + other[2] - _TOLERANCE_MM
        and other[0] < one[0] + one[2] - _TOLERANCE_MM
        and one[1] < other[1] + other[3] - _TOLERANCE_MM
        and other[1] < one[1] + one[3] - _TOLERANCE_MM
    )


def _checked(box: Rectangle, page_width: float, page_height: float) -> Rectangle:
    x, y, width, height = box
    if width < _SMALLEST_MM or height < _SMALLEST_MM:
        raise PlacementOutside(
            _("The box of the visible signature is too small: {width:g} × {height:g} mm").format(
                width=width, height=height
            ),
            hint=_("Make it at least {size:g} × {size:g} mm").format(size=_SMALLEST_MM),
        )
    inside = x >= -_TOLERANCE_MM and y >= -_TOLERANCE_MM
    if not (inside and x + width <= page_width + _TOLERANCE_MM and y + height <= page_height + _TOLERANCE_MM):
        raise PlacementOutside(
            _("The box of the visible signature leaves the page, which is {width:.0f} × {height:.0f} mm").format(
                width=page_width, height=page_height
            ),
            hint=_("Give `--box x,y,width,height` in mm from the top left corner"),
        )
    return box


def _normal(box: Rectangle) -> Rectangle:
    return min(box[0], box[2]), min(box[1], box[3]), max(box[0], box[2]), max(box[1], box[3])

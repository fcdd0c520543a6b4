"""The visible part of a signature: a box with text and, for an agency, its red seal; placed as the page is displayed."""

from dataclasses import dataclass
from functools import cache
from io import BytesIO
from math import cos, pi, sin
from typing import Any

from dvc_sandbox.papers.pdf import clean, load_font

_RED = "0.80 0.05 0.08"
_SIZE = 9


@dataclass(frozen=True, slots=True)
class Stamp:
    """`rectangle` is (x0, y0, x1, y1) in points of the displayed page (rotation applied), from its lower left corner."""

    page: int
    rectangle: tuple[float, float, float, float]
    lines: tuple[str, ...]
    seal: bool = False

    @property
    def size(self) -> tuple[float, float]:
        """Width and height as displayed."""
        x0, y0, x1, y1 = self.rectangle
        return x1 - x0, y1 - y0

    def on_page(self, writer: Any) -> tuple[float, float, float, float]:
        """The rectangle in the page's own coordinates (before /Rotate, CropBox origin added)."""
        box, angle = page_frame(writer, self.page)
        left, bottom, right, top = box
        x0, y0, x1, y1 = self.rectangle
        match angle:
            case 90:
                return right - y1, bottom + x0, right - y0, bottom + x1
            case 180:
                return right - x1, top - y1, right - x0, top - y0
            case 270:
                return left + y0, top - x1, left + y1, top - x0
            case _:
                return left + x0, bottom + y0, left + x1, bottom + y1


def page_frame(writer: Any, page: int) -> tuple[tuple[float, float, float, float], int]:
    """The page's visible box (CropBox or MediaBox) in its own coordinates, and its rotation (0, 90, 180, 270)."""
    sheet: Any = writer.prev.find_page_for_modification(page)[0].get_object()
    found: dict[str, Any] = {}
    for _ in range(64):
        for name in ("/CropBox", "/MediaBox", "/Rotate"):
            if name in sheet:
                found.setdefault(name, sheet[name])
        if "/Parent" not in sheet:
            break
        sheet = sheet["/Parent"]
    raw = [float(number) for number in found.get("/CropBox", found.get("/MediaBox", (0, 0, 595.28, 841.89)))]
    box = (min(raw[0], raw[2]), min(raw[1], raw[3]), max(raw[0], raw[2]), max(raw[1], raw[3]))
    return box, int(found.get("/Rotate", 0)) % 360


def displayed_size(writer: Any, page: int) -> tuple[float, float]:
    """Width and height of the page as a reader shows it, in points."""
    (left, bottom, right, top), angle = page_frame(writer, page)
    return (top - bottom, right - left) if angle in {90, 270} else (right - left, top - bottom)


def draw(writer: Any, field: Any, stamp: Stamp) -> None:
    """Give the signature's widget its appearance."""
    from pyhanko.pdf_utils import generic
    from pyhanko.pdf_utils.layout import BoxConstraints

    width, height = stamp.size
    style = _style(stamp)
    drawn = style.create_stamp(writer, BoxConstraints(width=width, height=height), {})
    appearances = drawn.as_appearances()
    form = appearances.normal.get_object()
    _, angle = page_frame(writer, stamp.page)
    turn = {90: (0, 1, -1, 0), 180: (-1, 0, 0, -1), 270: (0, -1, 1, 0)}.get(angle)
    if turn:
        # The page will be turned clockwise when shown, so the picture is turned the other way.
        number: Any = generic.FloatObject
        form["/Matrix"] = generic.ArrayObject(number(part) for part in (*turn, 0, 0))
    field["/AP"] = appearances.as_pdf_object()


def _style(stamp: Stamp) -> Any:
    from pyhanko.pdf_utils.layout import AxisAlignment, InnerScaling, Margins, SimpleBoxLayoutRule
    from pyhanko.pdf_utils.text import TextBoxStyle
    from pyhanko.stamp import TextStampStyle

    width, height = stamp.size
    font: Any = _FontFromMemory()
    seal = height if stamp.seal else 0
    lines = [part for line in stamp.lines for part in _wrap(line, width - seal - 12)]
    return TextStampStyle(
        stamp_text="\n".join(lines).replace("%", "%%"),
        text_box_style=TextBoxStyle(font=font, font_size=_SIZE, leading=_SIZE + 3),
        inner_content_layout=SimpleBoxLayoutRule(
            x_align=AxisAlignment.ALIGN_MIN,
            y_align=AxisAlignment.ALIGN_MID,
            margins=Margins(left=round(seal + 6), right=4, top=4, bottom=4),
            inner_content_scaling=InnerScaling.SHRINK_TO_FIT,
        ),
        border_width=1,
        border_color=(0.80, 0.05, 0.08),
        background=_seal(width, height) if stamp.seal else None,
        background_layout=SimpleBoxLayoutRule(
            x_align=AxisAlignment.ALIGN_MIN, y_align=AxisAlignment.ALIGN_MIN, margins=Margins(0, 0, 0, 0)
        ),
        background_opacity=0.9,
    )


def _wrap(text: str, width: float) -> list[str]:
    """Break a line between words so that the text keeps its size instead of being shrunk."""
    font, lines = load_font("Regular"), [""]
    for word in clean(text).split():
        longer = f"{lines[-1]} {word}".strip()
        if lines[-1] and font.width(longer, _SIZE) > width:
            lines.append(word)
        else:
            lines[-1] = longer
    return lines


class _FontFromMemory:
    """A font factory for pyHanko; its own one leaves the font's file open."""

    def create_font_engine(self, writer: Any, obj_stream: Any = None) -> Any:
        """PyHanko's factory method."""
        from pyhanko.pdf_utils.font.opentype import GlyphAccumulator

        if obj_stream is None and writer.stream_xrefs:
            obj_stream = writer.prepare_object_stream()
        return GlyphAccumulator(writer, BytesIO(load_font("Regular").data), font_size=_SIZE, obj_stream=obj_stream)


def _seal(width: float, height: float) -> Any:
    from pyhanko.pdf_utils.content import RawContent
    from pyhanko.pdf_utils.layout import BoxConstraints

    return RawContent(_seal_drawing(height), box=BoxConstraints(width=width, height=height))


@cache
def _seal_drawing(height: float) -> bytes:
    """Two rings and a star, as on a round agency seal, at the left of the box; no state emblem, because nothing here is real."""
    radius, x, y = height * 0.42, height * 0.5, height * 0.5
    parts = [f"q {_RED} RG {_RED} rg {height * 0.025:.2f} w", _ring(x, y, radius), _ring(x, y, radius * 0.66)]
    points = []
    for corner in range(10):
        size = radius * (0.46 if corner % 2 == 0 else 0.18)
        angle = pi / 2 + corner * pi / 5
        points.append(f"{x + size * cos(angle):.2f} {y + size * sin(angle):.2f}")
    parts.append(f"{points[0]} m " + " ".join(f"{point} l" for point in points[1:]) + " h f")
    for tick in range(24):
        angle = tick * pi / 12
        inner, outer = radius * 0.76, radius * 0.9
        parts.append(
            f"{x + inner * cos(angle):.2f} {y + inner * sin(angle):.2f} m "
            f"{x + outer * cos(angle):.2f} {y + outer * sin(angle):.2f} l S"
        )
    return (" ".join(parts) + " Q").encode("ascii")


def _ring(x: float, y: float, radius: float) -> str:
    bend = radius * 0.5523
    return (
        f"{x + radius:.2f} {y:.2f} m "
        f"{x + radius:.2f} {y + bend:.2f} {x + bend:.2f} {y + radius:.2f} {x:.2f} {y + radius:.2f} c "
        f"{x - bend:.2f} {y + radius:.2f} {x - radius:.2f} {y + bend:.2f} {x - radius:.2f} {y:.2f} c "
        f"{x - radius:.2f} {y - bend:.2f} {x - bend:.2f} {y - radius:.2f} {x:.2f} {y - radius:.2f} c "
        f"{x + bend:.2f} {y - radius:.2f} {x + radius:.2f} {y - bend:.2f} {x + radius:.2f} {y:.2f} c h S"
    )

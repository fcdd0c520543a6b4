"""A contact sheet: every page of a file small, with its number, in one PNG."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from dvc_cli.scan.page_pictures import pictures_of

if TYPE_CHECKING:
    from PIL.Image import Image

MAX_ON_SHEET = 200
_GAP, _LABEL = 16, 34
_DRAWING_DPI = 72


def write_sheet(path: str, target: str, columns: int, width: int) -> dict[str, Any]:
    """Write the contact sheet of the file at `path` to `target` (runs in the limited worker).

    Args:
        columns: pages side by side, at most.
        width: of one page in pixels.

    Returns:
        `pages` of the file, `shown` on the sheet (at most 200), `width` and `height` of the sheet in pixels.
    """
    small: list[Image] = []
    pages = 0
    for picture in pictures_of(Path(path), dpi=_DRAWING_DPI * max(1.0, width / 600)):
        pages += 1
        if len(small) < MAX_ON_SHEET:
            picture.thumbnail((width, width * 2), reducing_gap=2.0)
            small.append(picture)
    sheet = _laid_out(small, min(columns, max(1, len(small))), width)
    sheet.save(target, "PNG", optimize=False)
    return {"pages": pages, "shown": len(small), "width": sheet.width, "height": sheet.height}


def _laid_out(small: list[Image], columns: int, width: int) -> Image:
    from PIL import Image, ImageDraw

    rows = [small[start : start + columns] for start in range(0, len(small), columns)]
    heights = [max(page.height for page in row) for row in rows]
    size = (columns * (width + _GAP) + _GAP, sum(heights) + len(rows) * (_GAP + _LABEL) + _GAP)
    sheet = Image.new("RGB", size, (226, 228, 232))
    draw = ImageDraw.Draw(sheet)
    font = _font()
    top, number = _GAP, 0
    for row, height in zip(rows, heights, strict=True):
        for column, page in enumerate(row):
            number += 1
            left = _GAP + column * (width + _GAP) + (width - page.width) // 2
            sheet.paste(page, (left, top))
            draw.rectangle((left - 1, top - 1, left + page.width, top + page.height), outline=(120, 124, 132))
            middle = _GAP + column * (width + _GAP) + width // 2
            draw.text((middle, top + height + _LABEL // 2), str(number), fill=(40, 44, 52), font=font, anchor="mm")
        top += height + _GAP + _LABEL
    return sheet


def _font() -> Any:
    import fontpkg_be_vietnam_pro
    from PIL import ImageFont

    return ImageFont.truetype(str(fontpkg_be_vietnam_pro.ROOT / "files" / "BeVietnamPro-Regular.ttf"), 18)

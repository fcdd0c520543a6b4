"""What can be done to a decoded page: find the paper, straighten, turn, clean, drop, take colour away; runs in a worker."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from dvc_cli.scan.options import Colour, Treatment


@dataclass(frozen=True, slots=True, kw_only=True)
class Treated:
    """The page afterwards. `changed`: its pixels are others now, beyond a turn by `turned` degrees."""

    image: Any
    blank: bool = False
    changed: bool = False
    turned: int = 0
    straightened: float = 0.0


def treated(image: Any, dpi: tuple[float, float] | None, wanted: Treatment) -> Treated:
    """Do what is wanted, in the order in which one helps the next. `dpi`: of the picture, when known."""
    from dvc_cli.scan.clean import cleaned, is_blank, two_colours
    from dvc_cli.scan.paper import on_paper, skew_of, straightened

    before, angle, turn = image, 0.0, 0
    if wanted.crop or wanted.deskew:
        image = on_paper(image, edges=wanted.crop, sized=dpi is not None)
    if wanted.drop_blank and is_blank(image):
        return Treated(image=image, blank=True)
    if wanted.deskew and (angle := skew_of(image)):
        image = straightened(image, angle)
    changed = image is not before
    if wanted.rotate_auto:
        from dvc_cli.scan.ocr import turn_of

        turn = turn_of(image, dpi)
        image = _turned(image, turn)
    upright = image
    if wanted.clean:
        image = cleaned(image)
    match wanted.colour:
        case Colour.GRAY:
            image = image if image.mode in ("1", "L") else image.convert("L")
        case Colour.BLACK_AND_WHITE:
            image = image if image.mode == "1" else two_colours(image)
        case Colour.AS_IS:
            pass
    return Treated(image=image, changed=changed or image is not upright, turned=turn, straightened=angle)


def _turned(image: Any, degrees: int) -> Any:
    from PIL import Image

    way = {90: Image.Transpose.ROTATE_270, 180: Image.Transpose.ROTATE_180, 270: Image.Transpose.ROTATE_90}
    return image.transpose(way[degrees]) if degrees in way else image

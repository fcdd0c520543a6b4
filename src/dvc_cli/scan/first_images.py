"""One picture → PDF pages: checked whole before it is used, lossless where its format allows."""

from __future__ import annotations

import io
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dvc_cli.errors import InvalidInput
from dvc_cli.i18n import _
from dvc_cli.pdf.kinds import FileKind

MAX_PIXELS = 178_000_000
MAX_FRAMES = 2000
MILLIMETRE = 72 / 25.4
# Cameras and screens write 72 or 96 dpi without having measured anything.
BELIEVABLE_DPI = 100
_MIRRORED = {2, 4, 5, 7}


class BrokenImage(InvalidInput):
    """A picture is damaged or cut short."""

    slug = "broken-image"


class ImageTooLarge(InvalidInput):
    """A picture has more pixels or frames than are accepted."""

    slug = "image-too-large"


@dataclass(frozen=True, slots=True, kw_only=True)
class ImagePage:
    """A page made from a picture: pixels, and the resolution it has on the page."""

    source: str
    frame: int
    width_px: int
    height_px: int
    dpi: float


@contextmanager
def _opened(path: Path) -> Iterator[Any]:
    from PIL import Image, UnidentifiedImageError

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with Image.open(path) as image:
                yield image
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, EOFError, Image.DecompressionBombError) as error:
        raise BrokenImage(
            _("{path} is a damaged picture or was cut short").format(path=path),
            hint=_("Scan or photograph the page again"),
        ) from error


def frames_of(path: Path, kind: FileKind) -> int:
    """Decode every frame once and count them; raises BrokenImage, ImageTooLarge."""
    if kind is FileKind.HEIC:
        _register_heif()
    with _opened(path) as image:
        count = min(getattr(image, "n_frames", 1), MAX_FRAMES + 1)
        if count > MAX_FRAMES:
            raise ImageTooLarge(_("{path} has more than {limit} pages").format(path=path, limit=MAX_FRAMES))
        wanted = count if kind is FileKind.TIFF else 1
        for number in range(wanted):
            image.seek(number)
            _check_pixels(path, image.width * image.height)
            image.load()
        return wanted


def _check_pixels(path: Path, pixels: int) -> None:
    if pixels > MAX_PIXELS:
        message = _("{path} has {pixels} million pixels; at most {limit} million are accepted")
        raise ImageTooLarge(
            message.format(path=path, pixels=pixels // 1_000_000, limit=MAX_PIXELS // 1_000_000),
            hint=_("Scan it again at 200 to 300 dpi"),
        )


def write_pages(path: Path, kind: FileKind, output: Path, *, page_size: tuple[float, float] | None) -> list[ImagePage]:
    """Write a PDF with the picture's pages to `output` and tell what they are.

    Args:
        path: the picture, already checked by `frames_of`.
        kind: its real kind.
        output: a temporary file.
        page_size: width and height in points for every page, or None for pages of the picture's own size.
    """
    import img2pdf

    pages: list[ImagePage] = []

    def lay_out(width: int, height: int, dpi: tuple[float, float]) -> tuple[float, float, float, float]:
        page, drawn = placed(width, height, dpi, page_size)
        pages.append(
            ImagePage(
                source=str(path),
                frame=len(pages) + 1,
                width_px=width,
                height_px=height,
                dpi=round(width / drawn[0] * 72, 1),
            )
        )
        return (*page, *drawn)

    content = _content_for(path, kind)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            with output.open("wb") as file:
                img2pdf.convert(
                    content,
                    outputstream=file,
                    layout_fun=lay_out,
                    rotation=img2pdf.Rotation.ifvalid,
                    engine=img2pdf.Engine.internal,
                    first_frame_only=kind is not FileKind.TIFF,
                    nodate=True,
                )
        except (
            img2pdf.ImageOpenError,
            img2pdf.JpegColorspaceError,
            img2pdf.AlphaChannelError,
            OSError,
            ValueError,
        ) as error:
            raise BrokenImage(_("{path} cannot become a PDF page: {reason}").format(path=path, reason=error)) from error
    return pages


def placed(
    width: int, height: int, dpi: tuple[float, float], page_size: tuple[float, float] | None
) -> tuple[tuple[float, float], tuple[float, float]]:
    """Sizes in points of the page and of the picture on it.

    Real size (100 %, the rule of portal.md §5) when the file tells a believable resolution and the page holds it; else as
    large as the page allows. The page turns with the picture.
    """
    believable = min(dpi) >= BELIEVABLE_DPI
    natural = (width / dpi[0] * 72, height / dpi[1] * 72)
    if page_size is None:
        # without a resolution, 200 dpi: the least the authorities accept
        own = natural if believable else (width / 200 * 72, height / 200 * 72)
        return own, own
    page = page_size if (width <= height) == (page_size[0] <= page_size[1]) else (page_size[1], page_size[0])
    scale = min(page[0] / natural[0], page[1] / natural[1])
    if believable:
        scale = min(1.0, scale)
    return page, (natural[0] * scale, natural[1] * scale)


def _content_for(path: Path, kind: FileKind) -> bytes:
    if kind is FileKind.JPEG and _orientation(path) not in _MIRRORED:
        return path.read_bytes()
    if kind is FileKind.TIFF:
        return path.read_bytes()
    return _redrawn(path, kind)


def _orientation(path: Path) -> int:
    with _opened(path) as image:
        return int(image.getexif().get(0x0112, 1))


def _redrawn(path: Path, kind: FileKind) -> bytes:
    """The first frame as PNG, upright and opaque: for formats a PDF cannot hold, mirrored photographs and transparency."""
    from PIL import Image, ImageOps

    if kind is FileKind.HEIC:
        _register_heif()
    if kind is FileKind.PNG and _is_opaque(path):
        return path.read_bytes()
    with _opened(path) as image:
        dpi = image.info.get("dpi")
        upright = ImageOps.exif_transpose(image)
        if upright.mode in ("RGBA", "LA", "PA") or "transparency" in upright.info:
            coloured = upright.convert("RGBA")
            paper = Image.new("RGBA", coloured.size, "white")
            upright = Image.alpha_composite(paper, coloured).convert("RGB")
        elif upright.mode not in ("1", "L", "RGB", "P", "I;16"):
            upright = upright.convert("RGB")
        buffer = io.BytesIO()
        upright.save(buffer, "PNG", compress_level=6, **({"dpi": dpi} if dpi else {}))
    return buffer.getvalue()


def _is_opaque(path: Path) -> bool:
    with _opened(path) as image:
        turned = int(image.getexif().get(0x0112, 1)) != 1
        return image.mode in ("1", "L", "RGB", "P", "I;16") and "transparency" not in image.info and not turned


def _register_heif() -> None:
    import pillow_heif

    pillow_heif.register_heif_opener()

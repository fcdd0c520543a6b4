"""The pages of a picture or PDF file as pictures to look at; runs in the limited worker."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dvc_cli.errors import InvalidInput
from dvc_cli.i18n import _
from dvc_cli.pdf.kinds import FileKind, kind_of
from dvc_cli.scan.frames import count, opened

if TYPE_CHECKING:
    from PIL.Image import Image


class NothingToSee(InvalidInput):
    """A file is neither a picture nor a PDF."""

    slug = "nothing-to-see"


def pictures_of(path: Path, *, dpi: float, scans: bool = False) -> Iterator[Image]:
    """Every page upright, as RGB: PDF pages drawn at `dpi` (with `scans` at least at the resolution of their scan), pictures
    as they are.

    Raises:
        NothingToSee, BrokenPdf, EncryptedPdf, BrokenImage, ImageTooLarge, MissingInput: exit code 10.
    """
    kind = kind_of(path)
    if kind is FileKind.PDF:
        from dvc_cli.pdf.pages import pictures

        yield from pictures(path, dpi, scans=scans)
        return
    if not kind.is_image:
        raise NothingToSee(
            _("{path} is neither a picture nor a PDF").format(path=path),
            hint=_("Give JPEG, PNG, TIFF, WebP, HEIC, AVIF, BMP, GIF, JPEG 2000 or PDF files"),
        )
    frames = count(str(path), str(path)) if kind is FileKind.TIFF else 1
    for number in range(1, frames + 1):
        with opened(path, str(path), number) as image:
            image.load()
            yield on_paper(image)


def on_paper(image: Any) -> Image:
    """The picture upright (EXIF), opaque on white, as RGB."""
    from PIL import Image as pillow  # noqa: N813 - the module
    from PIL import ImageOps

    upright = ImageOps.exif_transpose(image)
    if upright.mode in ("RGBA", "LA", "PA") or "transparency" in upright.info:
        coloured = upright.convert("RGBA")
        paper = pillow.new("RGBA", coloured.size, "white")
        upright = pillow.alpha_composite(paper, coloured)
    elif upright.mode in ("I", "I;16", "F"):
        upright = _eight_bits(upright)
    plain: Image = upright.convert("RGB")
    return plain


def _eight_bits(image: Any) -> Any:
    """Deep greys brought to 0…255; Pillow would cut them off."""
    low, high = image.getextrema()
    scale = 255 / (high - low) if high > low else 1.0
    return image.convert("F").point(lambda value: (value - low) * scale).convert("L")

"""What a page made from a picture is: the encoded picture, its place on the paper, and what is wrong with broken ones."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from dvc_cli.errors import InvalidInput
from dvc_cli.i18n import _
from dvc_cli.pdf.limits import MAX_PAGES, MAX_PIXELS
from dvc_cli.pdf.raster import Raster, RasterPage

MAX_FRAMES = MAX_PAGES
MILLIMETRE = 72 / 25.4
LEAST_DPI = 200
# Cameras and screens write 72 or 96 dpi without having measured anything.
BELIEVABLE_DPI = 100
_PIECE = 131_072  # larger ones cost a page fault every 4 kB


class BrokenImage(InvalidInput):
    """A picture is damaged or cut short."""

    slug = "broken-image"


class ImageTooLarge(InvalidInput):
    """A picture has more pixels or frames than are accepted."""

    slug = "image-too-large"


@dataclass(frozen=True, slots=True, kw_only=True)
class ImagePage:
    """A page made from a picture.

    Args:
        source, frame: the file and the page in it, from 1.
        width_px, height_px, dpi: pixels, and the resolution they have on the page.
        lossless: whether the pixels are exactly those of the file.
        turned: degrees clockwise it was turned because of its text.
        straightened: degrees of skew that were taken out.
    """

    source: str
    frame: int
    width_px: int
    height_px: int
    dpi: float
    lossless: bool = True
    turned: int = 0
    straightened: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """An encoded picture in a file that any picture program can open, and the part of it that a PDF holds as it is.

    Args:
        path: a JPEG, PNG, one-strip TIFF or JPEG 2000 file.
        spans: (offset, length) of the encoded data in it.
        dpi: as the file tells, or None.
        orientation: EXIF value, 1–8.
        lossless: whether the pixels are exactly the source's.
        format: `jpeg`, `png`, `tiff` or `jp2`; `frame`: the page in the file, from 1.
    Other fields as of `Raster`.
    """

    path: Path
    spans: tuple[tuple[int, int], ...]
    format: str
    width: int
    height: int
    colour: str
    components: int
    bits: int
    filter: str
    parameters: str = ""
    decode: str = ""
    icc: bytes = field(default=b"", repr=False)
    dpi: tuple[float, float] | None = None
    orientation: int = 1
    lossless: bool = True
    frame: int = 1

    @property
    def upright_size(self) -> tuple[int, int]:
        """Width and height in pixels as a reader sees it."""
        return (self.height, self.width) if self.orientation >= 5 else (self.width, self.height)

    @property
    def upright_dpi(self) -> tuple[float, float]:
        """Resolution across and down as a reader sees it; (0, 0) when the file does not tell."""
        across, down = self.dpi or (0.0, 0.0)
        return (down, across) if self.orientation >= 5 else (across, down)

    @property
    def length(self) -> int:
        """Bytes it takes in the PDF."""
        return sum(length for _offset, length in self.spans)

    def page(self, page_size: tuple[float, float] | None) -> RasterPage:
        """The page that shows it, on paper of `page_size` points or of its own size."""
        width, height = self.upright_size
        size, drawn = placed(width, height, self.upright_dpi, page_size)
        raster = Raster(
            width=self.width,
            height=self.height,
            colour=self.colour,
            components=self.components,
            bits=self.bits,
            filter=self.filter,
            parameters=self.parameters,
            decode=self.decode,
            icc=self.icc,
            length=self.length,
            pieces=self.pieces,
        )
        return RasterPage(raster=raster, size=size, drawn=drawn, orientation=self.orientation)

    def pieces(self) -> Iterator[bytes]:
        """The encoded data. Raises BrokenImage when the file has changed meanwhile."""
        try:
            with self.path.open("rb") as file:
                for offset, length in self.spans:
                    file.seek(offset)
                    while length > 0:
                        piece = file.read(min(length, _PIECE))
                        if not piece:
                            raise broken(self.path)
                        length -= len(piece)
                        yield piece
        except OSError as error:
            raise broken(self.path) from error

    def plain(self) -> dict[str, Any]:
        """As JSON types, for the pipe to a worker."""
        known = {name: getattr(self, name) for name in _PLAIN}
        return {**known, "path": str(self.path), "icc": base64.b64encode(self.icc).decode("ascii")}

    @classmethod
    def from_plain(cls, facts: dict[str, Any]) -> Picture:
        """The opposite of `plain`. Raises KeyError, TypeError, ValueError."""
        return cls(
            **{name: facts[name] for name in _PLAIN if name not in ("spans", "dpi")},
            path=Path(facts["path"]),
            icc=base64.b64decode(facts["icc"]),
            spans=tuple((int(offset), int(length)) for offset, length in facts["spans"]),
            dpi=(float(facts["dpi"][0]), float(facts["dpi"][1])) if facts["dpi"] else None,
        )


_PLAIN = tuple(name for name in Picture.__dataclass_fields__ if name not in ("path", "icc"))


def broken(path: Path | str, frame: int = 0) -> BrokenImage:
    """The error that names a damaged picture, and its page in a file of several."""
    if frame > 1:
        message = _("Page {number} of {path} is a damaged picture or was cut short").format(number=frame, path=path)
    else:
        message = _("{path} is a damaged picture or was cut short").format(path=path)
    return BrokenImage(message, hint=_("Scan or photograph the page again"))


def check_pixels(path: Path | str, width: int, height: int) -> None:
    """Raises ImageTooLarge, BrokenImage (no pixels at all)."""
    pixels = width * height
    if pixels <= 0:
        raise broken(path)
    if pixels > MAX_PIXELS:
        message = _("{path} has {pixels} million pixels; at most {limit} million are accepted")
        raise ImageTooLarge(
            message.format(path=path, pixels=pixels // 1_000_000, limit=MAX_PIXELS // 1_000_000),
            hint=_("Scan it again at 200 to 300 dpi"),
        )


def placed(
    width: int, height: int, dpi: tuple[float, float], page_size: tuple[float, float] | None
) -> tuple[tuple[float, float], tuple[float, float]]:
    """Sizes in points of the page and of the picture on it.

    Real size (100 %, the rule of portal.md §5) when the file tells a believable resolution and the page holds it; else as
    large as the page allows. The page turns with the picture.

    Args:
        width, height: in pixels, upright.
        dpi: across and down; (0, 0) when unknown.
        page_size: width and height in points of the paper, or None for a page of the picture's own size.
    """
    believable = min(dpi) >= BELIEVABLE_DPI
    across, down = dpi if min(dpi) > 0 else (LEAST_DPI, LEAST_DPI)
    natural = (width / across * 72, height / down * 72)
    if page_size is None:
        # without a resolution, 200 dpi: the least the authorities accept
        own = natural if believable else (width / LEAST_DPI * 72, height / LEAST_DPI * 72)
        return own, own
    page = page_size if (natural[0] <= natural[1]) == (page_size[0] <= page_size[1]) else (page_size[1], page_size[0])
    scale = min(page[0] / natural[0], page[1] / natural[1])
    if believable:
        scale = min(1.0, scale)
    return page, (natural[0] * scale, natural[1] * scale)

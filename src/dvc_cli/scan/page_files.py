"""A page as a scanner gave it → the picture that goes into the PDF: whole, with its resolution, as small as is sensible.

`prepare` runs in the limited worker: what a network device sends is foreign data.
"""

from __future__ import annotations

import struct
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

from dvc_cli.errors import InvalidInput
from dvc_cli.i18n import _
from dvc_cli.pdf.kinds import FileKind, kind_of
from dvc_cli.pdf.limits import MAX_PIXELS

if TYPE_CHECKING:
    from PIL.Image import Image

JPEG_QUALITY = 88


class DamagedPage(InvalidInput):
    """A page came damaged from the scanner."""

    slug = "damaged-page"


def prepare(path: str, target: str, dpi: int, bw: bool, lossless: bool) -> dict[str, object]:
    """Check the page at `path` and write what goes into the PDF beside `target` (a path without suffix).

    JPEG stays JPEG, with `dpi` written into it where it is missing; black and white becomes TIFF G4; anything else JPEG of
    quality 88, or stays as it is when `lossless`. Returns path and pixels, as plain data. Raises DamagedPage.
    """
    import PIL.Image

    source, kind = Path(path), kind_of(Path(path))
    if kind is FileKind.PDF:
        return {"path": path, "width": 0, "height": 0}
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with PIL.Image.open(source) as image:
                if image.width * image.height > MAX_PIXELS:
                    raise DamagedPage(_("A page has more pixels than a document can need"))
                image.load()
                ready = _written(source, kind, image, Path(target), dpi, bw=bw, lossless=lossless)
                return {"path": str(ready), "width": image.width, "height": image.height}
    except (OSError, SyntaxError, ValueError, EOFError, struct.error) as error:
        raise DamagedPage(_("A page came damaged from the scanner"), hint=_("Scan it again")) from error


def _written(source: Path, kind: FileKind, image: Image, target: Path, dpi: int, *, bw: bool, lossless: bool) -> Path:
    from PIL.Image import Dither

    if bw:
        ready = target.with_suffix(".tif")
        image.convert("1", dither=Dither.NONE).save(ready, "TIFF", compression="group4", dpi=(dpi, dpi))
        return ready
    if kind is FileKind.JPEG:
        ready = target.with_suffix(".jpg")
        ready.write_bytes(with_resolution(source.read_bytes(), dpi))
        return ready
    if lossless and image.info.get("dpi"):
        return source
    ready = target.with_suffix(".png" if lossless else ".jpg")
    page = image if image.mode in ("L", "RGB") else image.convert("RGB")
    if lossless:
        page.save(ready, "PNG", dpi=(dpi, dpi))
    else:
        page.save(ready, "JPEG", quality=JPEG_QUALITY, subsampling=0, dpi=(dpi, dpi))
    return ready


def with_resolution(jpeg: bytes, dpi: int) -> bytes:
    """The JPEG with `dpi` in its JFIF header, its picture untouched (ISO/IEC 10918-5 §10); one is added where none is."""
    density = struct.pack(">BHH", 1, dpi, dpi)
    if jpeg[2:4] == b"\xff\xe0" and jpeg[6:11] == b"JFIF\0" and len(jpeg) >= 20:
        return jpeg[:13] + density + jpeg[18:]
    header = b"\xff\xe0" + struct.pack(">H", 16) + b"JFIF\0\x01\x02" + density + b"\0\0"
    return jpeg[:2] + header + jpeg[2:]

"""Pictures inside existing PDFs: taken out of scanned pages, or made smaller where they are; runs in a worker."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from dvc_cli.scan.images import LEAST_DPI

_WORTH = 20_000  # bytes under which a picture is left alone
_LEAST_SHARE = 0.4  # of the page: smaller pictures are no scans of it


def shrink(*, path: str, output: str, quality: int, most_dpi: int) -> dict[str, int]:
    """Copy a PDF with its larger pictures as JPEG of `quality`; gives how many were `changed`.

    A picture is never scaled under 200 dpi even if it fills the whole page. Masks, two-colour pictures and what would not
    become smaller stay.
    """
    import pikepdf

    changed = 0
    with pikepdf.open(path) as pdf:
        seen: set[tuple[int, int]] = set()
        for page in pdf.pages:
            _x, _y, right, top = (float(edge) for edge in page.mediabox)
            longest = max(right - float(page.mediabox[0]), top - float(page.mediabox[1]))
            most = max(1, round(longest / 72 * max(most_dpi, LEAST_DPI)))
            for picture in page.images.values():
                if picture.objgen not in seen:
                    seen.add(picture.objgen)
                    changed += _smaller(picture, quality, most)
        pdf.save(output, object_stream_mode=pikepdf.ObjectStreamMode.generate, deterministic_id=True)
    return {"changed": changed}


def _smaller(stream: Any, quality: int, most: int) -> bool:
    import io

    import pikepdf
    from PIL import Image

    before = len(stream.read_raw_bytes())
    if (
        before < _WORTH
        or stream.get("/ImageMask")
        or int(stream.get("/BitsPerComponent", 8)) != 8
        or "/Decode" in stream
    ):
        return False
    try:
        image = pikepdf.PdfImage(stream).as_pil_image()
    except (pikepdf.PdfError, NotImplementedError, ValueError, TypeError, AttributeError, OSError, KeyError):
        return False  # of a kind that pikepdf does not decode: stays as it is
    if image.mode not in ("L", "RGB") or not _keeps_colours(stream.get("/ColorSpace")):
        return False
    if max(image.size) > most * 1.02:
        factor = most / max(image.size)
        size = (max(1, round(image.width * factor)), max(1, round(image.height * factor)))
        image = image.resize(size, Image.Resampling.LANCZOS, reducing_gap=2.0)
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=quality)
    if buffer.tell() >= before:
        return False
    stream.write(buffer.getvalue(), filter=pikepdf.Name.DCTDecode)
    stream.Width, stream.Height = image.size
    return True


def _keeps_colours(space: Any) -> bool:
    """Whether samples of this colour space mean the same in a JPEG."""
    import pikepdf

    if isinstance(space, pikepdf.Array):
        return len(space) > 0 and space[0] in ("/ICCBased", "/CalRGB", "/CalGray")
    return space in ("/DeviceRGB", "/DeviceGray")


def scans(*, path: str, target: str) -> list[dict[str, Any] | None]:
    """For each page of a PDF: the file of the one picture that covers it, or None for any other page.

    Each has `path`, `kind` (a `FileKind` value), `paper` (points, as shown), and `shown` with `turn` (degrees clockwise) and
    `dpi` (across and down the stored picture).
    """
    import pikepdf

    found: list[dict[str, Any] | None] = []
    with pikepdf.open(path) as pdf:
        for number, page in enumerate(pdf.pages):
            try:
                found.append(_scan(page, Path(f"{target}-{number}")))
            except (pikepdf.PdfError, NotImplementedError, ValueError, TypeError, AttributeError, OSError, KeyError):
                found.append(None)
    return found


def _scan(page: Any, target: Path) -> dict[str, Any] | None:
    import pikepdf

    resources = page.obj.get("/Resources", page.resources)
    if "/Font" in resources or "/Annots" in page.obj:
        return None
    things = list(resources.get("/XObject", pikepdf.Dictionary()).values())
    if (
        len(things) != 1
        or things[0].get("/Subtype") != "/Image"
        or things[0].get("/ImageMask")
        or "/SMask" in things[0]
        or "/Decode" in things[0]
    ):
        return None
    matrix = _drawn_with(page)
    if matrix is None:
        return None
    across, down, turned = matrix
    left, bottom, right, top = (float(edge) for edge in page.mediabox)
    width, height = right - left, top - bottom
    if across * down < _LEAST_SHARE * width * height:
        return None
    turn = int(page.obj.get("/Rotate", page.get("/Rotate", 0))) % 360
    if turn % 90:
        return None
    image = pikepdf.PdfImage(things[0])
    with target.open("wb") as file:
        ending = image.extract_to(stream=file)
    final = target.with_suffix(ending)
    target.rename(final)
    paper = (height, width) if turn in (90, 270) else (width, height)
    kind = {".jpg": "jpg", ".png": "png", ".tif": "tiff", ".tiff": "tiff", ".jp2": "jp2"}.get(ending)
    shown = {"turn": (turn + turned) % 360, "dpi": (image.width / across * 72, image.height / down * 72)}
    return {"path": str(final), "kind": kind, "paper": paper, "shown": shown} if kind else None


def _drawn_with(page: Any) -> tuple[float, float, int] | None:
    """Points across and down the picture, and its turn in degrees clockwise, on a page that does nothing but draw it."""
    import pikepdf

    matrix = pikepdf.Matrix()
    draws = 0
    for step in pikepdf.parse_content_stream(page):
        operands, name = step.operands, str(step.operator)
        if name == "cm":
            matrix = pikepdf.Matrix(*(float(value) for value in operands)) @ matrix
        elif name == "Do":
            draws += 1
        elif name not in ("q", "Q", "gs", "ri", "i"):
            return None
    a, b, c, d = (round(value, 3) for value in (matrix.a, matrix.b, matrix.c, matrix.d))
    if draws != 1:
        return None
    if b == c == 0 and a * d > 0:
        return abs(a), abs(d), 0 if a > 0 else 180
    if a == d == 0 and b * c < 0:
        return abs(b), abs(c), 90 if b < 0 else 270
    return None

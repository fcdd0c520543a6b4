"""Decoding and encoding of pictures; runs in a worker with limits, never in the program's own process.

Every function takes and gives JSON types, as `pdf.limited` wants it.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from dvc_cli.errors import DvcError
from dvc_cli.i18n import _
from dvc_cli.pdf.kinds import FileKind
from dvc_cli.scan.images import MAX_FRAMES, ImageTooLarge, Picture, broken, check_pixels
from dvc_cli.scan.jpeg import read_jpeg
from dvc_cli.scan.options import Colour, Treatment
from dvc_cli.scan.png import read_png

JPEG_QUALITY = 92  # of pictures that were lossy before and cannot stay what they are
_LOSSY = {FileKind.JPEG, FileKind.HEIC, FileKind.AVIF}
_COMPRESSION, _STRIP_OFFSETS, _STRIP_LENGTHS, _PHOTOMETRIC, _FILL_ORDER, _TIFF_ORIENTATION = (
    259,
    273,
    279,
    262,
    266,
    274,
)
_GROUP4 = 4
# EXIF value after a further quarter turn clockwise
_QUARTER = {1: 6, 6: 3, 3: 8, 8: 1, 2: 7, 7: 4, 4: 5, 5: 2}


@contextmanager
def opened(path: Path, name: str, frame: int = 1) -> Iterator[Any]:
    """A picture, at its page `frame` (from 1), not yet decoded, small enough. Raises BrokenImage, ImageTooLarge."""
    from PIL import Image

    Image.MAX_IMAGE_PIXELS = None  # `check_pixels` decides
    if path.suffix != ".png":
        _register_heif(path)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with Image.open(path) as image:
                if frame > 1:
                    image.seek(frame - 1)
                check_pixels(name, image.width, image.height)
                yield image
    except (DvcError, MemoryError):
        raise
    except Exception as error:
        raise broken(name, frame) from error


def count(path: str, name: str) -> int:
    """Pages of a file of several. Raises BrokenImage, ImageTooLarge."""
    with opened(Path(path), name) as image:
        pages = int(getattr(image, "n_frames", 1))
    if pages > MAX_FRAMES:
        raise ImageTooLarge(_("{path} has more than {limit} pages").format(path=name, limit=MAX_FRAMES))
    return pages


def draw(
    *,
    path: str,
    name: str,
    kind: str,
    frame: int,
    target: str,
    treatment: dict[str, Any],
    shown: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """Decode one page, treat it, and give the encoded picture (`Picture.plain`) and what was done.

    Args:
        target: path without ending for the file it is written to, if it cannot stay where it is.
        shown: how a page of a PDF shows it: `turn` in degrees clockwise, and `dpi`; its own EXIF does not count there.

    Returns:
        `picture`, or `blank` = true; `turned` and `straightened` in degrees.

    Raises:
        BrokenImage, ImageTooLarge.
    """
    wanted = Treatment.from_plain(treatment)
    source = FileKind(kind)
    with opened(Path(path), name, frame) as image:
        kept = _as_it_is(image, Path(path), name, source, frame)
        if kept is not None and shown is not None:
            kept = turned(replace(kept, orientation=1, dpi=tuple(shown["dpi"])), shown["turn"])
        image.load()
        if kept is not None and not wanted.wanted:
            return {"picture": kept.plain()}
        lossy = source in _LOSSY or (source is FileKind.WEBP and not _is_lossless_webp(Path(path)))
        upright, dpi, icc, exact = _upright(image, shown)
    done: dict[str, Any] = {"turned": 0, "straightened": 0.0}
    if wanted.wanted:
        from dvc_cli.scan.treat import treated

        outcome = treated(upright, dpi, wanted)
        if outcome.blank:
            return {"blank": True}
        done = {"turned": outcome.turned, "straightened": outcome.straightened}
        if not outcome.changed and kept is not None:
            return {"picture": turned(kept, outcome.turned).plain(), **done}
        upright, exact = outcome.image, exact and not outcome.changed
        lossy = lossy or (outcome.changed and wanted.colour is not Colour.BLACK_AND_WHITE)
    picture = encoded(upright, Path(target), dpi=dpi, icc=icc, quality=JPEG_QUALITY if lossy else None)
    return {"picture": replace(picture, lossless=exact and picture.format != "jpeg").plain(), **done}


def shrink(
    *, picture: dict[str, Any], target: str, quality: int, most_dpi: int, shown_dpi: float, name: str
) -> dict[str, Any]:
    """The picture as JPEG of `quality` with at most `most_dpi` on its page, or as it was when that is not smaller.

    Args:
        shown_dpi: the resolution it has on its page now.
    """
    known = Picture.from_plain(picture)
    if known.bits == 1:
        return picture
    image = upright_image(known, name)
    dpi = known.upright_dpi if known.dpi else None
    if shown_dpi > most_dpi * 1.02:
        from PIL import Image

        factor = most_dpi / shown_dpi
        size = (max(1, round(image.width * factor)), max(1, round(image.height * factor)))
        image = image.resize(size, Image.Resampling.LANCZOS, reducing_gap=2.0)
        dpi = (dpi[0] * factor, dpi[1] * factor) if dpi else None
    if image.mode not in ("L", "RGB", "CMYK"):
        image = image.convert("L" if image.mode.startswith(("I", "F", "1")) else "RGB")
    made = encoded(image, Path(target), dpi=dpi, icc=known.icc, quality=quality)
    return replace(made, lossless=False).plain() if made.length < known.length else picture


def upright_image(picture: Picture, name: str) -> Any:
    """The decoded picture as a reader sees it, opaque. Raises BrokenImage."""
    with opened(picture.path, name, picture.frame) as image:
        orientation = picture.orientation
        if picture.format == "tiff":  # Pillow turns these itself, as their tag says; only what we turned since is left
            tagged = image.tag_v2.get(_TIFF_ORIENTATION, 1)
            image.load()
            orientation = next(way for way, start in _turns(tagged) if start == orientation)
        return _plain_mode(_transposed(image, orientation))[0].copy()


def turned(picture: Picture, degrees: int) -> Picture:
    """The same data, shown turned clockwise by a multiple of 90 degrees."""
    return replace(picture, orientation=_turns(picture.orientation)[degrees // 90 % 4][1])


def _turns(orientation: int) -> list[tuple[int, int]]:
    """(EXIF value of the turn, EXIF value after it) for no to three quarter turns of `orientation`."""
    if orientation not in _QUARTER:
        orientation = 1
    pairs = [(1, orientation)]
    for _step in range(3):
        turn, after = pairs[-1]
        pairs.append((_QUARTER[turn], _QUARTER[after]))
    return pairs


def encoded(
    image: Any, target: Path, *, dpi: tuple[float, float] | None, icc: bytes = b"", quality: int | None = None
) -> Picture:
    """Write an upright, opaque picture and tell how a PDF holds it: G4 for two colours, JPEG at `quality`, else lossless."""
    extra: dict[str, Any] = {"dpi": dpi} if dpi else {}
    extra |= {"icc_profile": icc} if icc else {"icc_profile": None}
    if image.mode == "1":
        return _tiff(image, target.with_suffix(".tif"), "group4", extra)
    if quality is not None and image.mode in ("L", "RGB", "CMYK"):
        path = target.with_suffix(".jpg")
        image.save(path, "JPEG", quality=quality, subsampling=0 if quality >= 90 else 2, **_whole_dpi(extra))
        made = read_jpeg(path)
        return replace(_known(made, path), dpi=dpi)
    if image.mode == "CMYK":
        return _tiff(image, target.with_suffix(".tif"), "tiff_adobe_deflate", extra)
    path = target.with_suffix(".png")
    image.save(path, "PNG", compress_level=3, **extra)
    return replace(_known(read_png(path, trusted=True), path), dpi=dpi)


def _whole_dpi(extra: dict[str, Any]) -> dict[str, Any]:
    """JPEG stores the resolution as whole numbers of 16 bits."""
    if "dpi" not in extra:
        return extra
    return {**extra, "dpi": tuple(min(max(round(value), 1), 65535) for value in extra["dpi"])}


def _known(picture: Picture | None, path: Path) -> Picture:
    if picture is None:
        raise broken(path)
    return picture


def _tiff(image: Any, path: Path, compression: str, extra: dict[str, Any]) -> Picture:
    image.save(path, "TIFF", compression=compression, strip_size=2**31 - 1, **extra)
    with opened(path, str(path)) as written:
        picture = _one_strip(written, path)
    return _known(picture, path)


def _one_strip(image: Any, path: Path) -> Picture | None:
    """A TIFF page whose data a PDF holds as it is: G4, or CMYK by Deflate without predictor, in a single strip."""
    tags = image.tag_v2
    offsets, lengths = tags.get(_STRIP_OFFSETS, ()), tags.get(_STRIP_LENGTHS, ())
    compression, photometric = tags.get(_COMPRESSION), tags.get(_PHOTOMETRIC)
    if len(offsets) != 1 or len(lengths) != 1 or tags.get(_FILL_ORDER, 1) != 1:
        return None
    facts: dict[str, Any]
    width, height = int(tags[256]), int(tags[257])  # as stored; Pillow's size is upright already
    if compression == _GROUP4 and image.mode == "1" and photometric in (0, 1):
        black = "true" if photometric == 1 else "false"
        facts = {
            "colour": "/DeviceGray",
            "components": 1,
            "bits": 1,
            "filter": "/CCITTFaxDecode",
            "parameters": f"<< /K -1 /Columns {width} /Rows {height} /BlackIs1 {black} >>",
        }
    elif compression in (8, 32946) and image.mode == "CMYK" and tags.get(317, 1) == 1:
        facts = {"colour": "/DeviceCMYK", "components": 4, "bits": 8, "filter": "/FlateDecode"}
    else:
        return None
    icc = image.info.get("icc_profile") or b""
    return Picture(
        path=path,
        spans=((int(offsets[0]), int(lengths[0])),),
        format="tiff",
        width=width,
        height=height,
        icc=icc if icc[16:20] == b"CMYK" and facts["components"] == 4 else b"",
        dpi=_dpi(image),
        orientation=int(tags.get(_TIFF_ORIENTATION, 1)) if tags.get(_TIFF_ORIENTATION, 1) in range(1, 9) else 1,
        **facts,
    )


def _as_it_is(image: Any, path: Path, name: str, kind: FileKind, frame: int) -> Picture | None:
    """The picture where it lies, when a PDF can hold its data."""
    if kind is FileKind.JPEG:
        return read_jpeg(path, name)
    if kind is FileKind.PNG:
        return read_png(path, name)
    if kind is FileKind.TIFF:
        picture = _one_strip(image, path)
        return None if picture is None else replace(picture, frame=frame)
    if kind is FileKind.JPEG2000 and image.mode in ("L", "RGB") and path.read_bytes()[:4] == b"\0\0\0\x0c":
        return Picture(
            path=path,
            spans=((0, path.stat().st_size),),
            format="jp2",
            width=image.width,
            height=image.height,
            colour="",
            components=len(image.getbands()),
            bits=8,
            filter="/JPXDecode",
            dpi=_dpi(image),
        )
    return None


def _dpi(image: Any) -> tuple[float, float] | None:
    try:
        across, down = (float(value) for value in image.info["dpi"])
    except (KeyError, TypeError, ValueError, ZeroDivisionError):
        return None
    return (across, down) if 0 < across < 1e6 and 0 < down < 1e6 else None


def _upright(image: Any, shown: dict[str, Any] | None) -> tuple[Any, tuple[float, float] | None, bytes, bool]:
    """The decoded picture upright and opaque, its resolution and colour profile, whether its pixels are the file's."""
    dpi, orientation = _dpi(image), image.getexif().get(_TIFF_ORIENTATION, 1)
    if shown is not None:
        dpi, orientation = (shown["dpi"][0], shown["dpi"][1]), _turns(1)[shown["turn"] // 90 % 4][1]
    icc = image.info.get("icc_profile") or b""
    if orientation in range(5, 9) and dpi:
        dpi = (dpi[1], dpi[0])
    plain, exact = _plain_mode(_transposed(image, orientation))
    space = {"L": b"GRAY", "RGB": b"RGB ", "CMYK": b"CMYK"}.get(plain.mode, b"none")
    return plain, dpi, icc if icc[16:20] == space else b"", exact


def _transposed(image: Any, orientation: int) -> Any:
    from PIL import Image

    way = {2: "FLIP_LEFT_RIGHT", 3: "ROTATE_180", 4: "FLIP_TOP_BOTTOM", 5: "TRANSPOSE"}
    way |= {6: "ROTATE_270", 7: "TRANSVERSE", 8: "ROTATE_90"}
    return image.transpose(Image.Transpose[way[orientation]]) if orientation in way else image


def _plain_mode(image: Any) -> tuple[Any, bool]:
    """In a mode that can be encoded, on white paper where it was transparent; whether no pixel was changed."""
    from PIL import Image

    if image.mode in ("RGBA", "LA", "PA", "La", "RGBa") or "transparency" in image.info:
        coloured = image.convert("RGBA")
        paper = Image.new("RGBA", coloured.size, "white")
        return Image.alpha_composite(paper, coloured).convert("RGB"), False
    if image.mode in ("1", "L", "RGB", "P", "I;16", "CMYK"):
        return image, True
    if image.mode in ("I;16B", "I;16L"):
        return image.convert("I;16"), True
    if image.mode in ("I", "F"):
        low, high = image.getextrema()
        scale = 255 / (high - low) if high > low else 1.0
        return image.point(lambda value: (value - low) * scale).convert("L"), False
    return image.convert("RGB"), False


def _is_lossless_webp(path: Path) -> bool:
    with path.open("rb") as file:
        head = file.read(4096)
    return b"VP8L" in head


def _register_heif(path: Path) -> None:
    with path.open("rb") as file:
        head = file.read(12)
    if head[4:8] == b"ftyp" and head[8:12] not in (b"avif", b"avis"):
        import pillow_heif

        pillow_heif.register_heif_opener()

"""Even light and white paper, two colours, and whether a page is blank: all from an estimate of the bare paper."""

from __future__ import annotations

from typing import Any

_SMALL = 400  # pixels of the longer edge of the picture of the light
_PAPER = 0.94  # of the estimated paper: what counts as white
_MOST_GAIN = 2.6  # a darker place is a photograph or a stamp, no shadow
_INK = 0.74
_TILE = 16
_MARGIN = 0.04


def cleaned(image: Any) -> Any:
    """The page with its shadows and colour cast taken out and single specks removed. Colours of stamps and ink stay."""
    if image.mode == "1":
        return image
    from PIL import Image, ImageFilter

    plain = image if image.mode in ("L", "RGB") else image.convert("RGB")
    bands = [_even(band) for band in plain.split()]
    even = Image.merge(plain.mode, bands) if len(bands) > 1 else bands[0]
    calm = even.filter(ImageFilter.MedianFilter(3))
    # only lone dark dots are replaced: strokes are wider than what a median removes
    specks = calm.convert("L").point(lambda value: 255 if value > 235 else 0)
    specks = specks.filter(ImageFilter.MinFilter(5))
    even.paste(calm, mask=specks)
    return even


def two_colours(image: Any) -> Any:
    """Black ink on white paper, whatever the light was."""
    even = _even(image.convert("L"))
    return even.point(lambda value: 255 if value > _INK * 255 else 0).convert("1")


def is_blank(image: Any) -> bool:
    """Whether nothing is written on a page; noise, single specks and shadows at the edge do not count. In doubt: no."""
    import numpy as np

    gray = image.convert("L")
    factor = max(1, min(gray.size) // 560)
    small = _even(gray.reduce(factor))
    across, down = (round(edge * _MARGIN) for edge in small.size)
    ink = np.asarray(small.crop((across, down, small.width - across, small.height - down))) < _INK * 255
    height, width = (edge // _TILE * _TILE for edge in ink.shape)
    if not height or not width:
        return not bool(ink.any())
    tiles = ink[:height, :width].reshape(height // _TILE, _TILE, width // _TILE, _TILE).sum(axis=(1, 3))
    return bool((tiles < 5).all())


def _even(gray: Any) -> Any:
    """One band divided by the bare paper's light at each place."""
    import numpy as np
    from PIL import Image

    light = paper_light(gray)
    levels = np.asarray(light, dtype=np.float32)
    least = max(1.0, float(np.percentile(levels, 95)) / _MOST_GAIN)
    gain = 255.0 / (np.maximum(levels, least) * _PAPER)
    wide = Image.fromarray(gain).resize(gray.size, Image.Resampling.BILINEAR)
    made = Image.new("L", gray.size)
    rows = max(1, 8_000_000 // max(gray.width, 1))  # in strips: the whole as floats would take gigabytes
    for top in range(0, gray.height, rows):
        box = (0, top, gray.width, min(top + rows, gray.height))
        strip = np.asarray(gray.crop(box), dtype=np.float32) * np.asarray(wide.crop(box))
        made.paste(Image.fromarray(np.minimum(strip, 255).astype(np.uint8)), box[:2])
    return made


def paper_light(gray: Any) -> Any:
    """A small picture of how bright the bare paper is at each place: writing is painted over by what lies around it."""
    from PIL import ImageFilter

    factor = max(1, max(gray.size) // _SMALL)
    small = gray.reduce(factor).filter(ImageFilter.MaxFilter(9)).filter(ImageFilter.MedianFilter(9))
    return small.filter(ImageFilter.BoxBlur(6))

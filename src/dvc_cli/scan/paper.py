"""Where the paper lies in a picture, and how far its lines are from level."""

from __future__ import annotations

import math
from typing import Any

_SMALL = 500
_LEAST_AREA = 0.25
_LEAST_CROP = 0.04  # a card on the glass of an A4 scanner has 0.07
_LEAST_CONTRAST = 35
_RIM = 3.0
_CLOSE = 0.012  # of the longer edge: how near a point must be to count for a line
_MOST_ANGLE = 12.0
_LEAST_ANGLE = 0.15
_CLEAR = 1.25  # times the usual score: below, a page has no lines to go by
_A4 = math.sqrt(2)


def on_paper(image: Any, *, edges: bool, sized: bool) -> Any:
    """The paper alone, as a rectangle, when its four edges are seen against something darker; else the picture as it is.

    Args:
        edges: also cut when the paper lies straight already (`--crop`); else only to take a slant or perspective out.
        sized: the picture's resolution is known, so the paper keeps its measures; else it takes the shape of A4 when near.
    """
    from PIL import Image

    corners = paper_corners(image, _LEAST_CROP if edges else _LEAST_AREA)
    if corners is None or (not edges and _is_straight(corners)):
        return image
    top_left, top_right, bottom_right, bottom_left = corners
    width = (math.dist(top_left, top_right) + math.dist(bottom_left, bottom_right)) / 2
    height = (math.dist(top_left, bottom_left) + math.dist(top_right, bottom_right)) / 2
    if not sized:
        width, height = _like_a4(width, height)
    size = (max(1, round(width)), max(1, round(height)))
    source = image if image.mode in ("1", "L", "RGB", "CMYK") else image.convert("RGB")
    if source.mode == "1":
        source = source.convert("L")
    factors = _perspective([(0, 0), (size[0], 0), size, (0, size[1])], corners)
    return source.transform(size, Image.Transform.PERSPECTIVE, factors, Image.Resampling.BICUBIC)


def paper_corners(image: Any, least: float = _LEAST_AREA) -> list[tuple[float, float]] | None:
    """Corners of the paper in pixels, clockwise from the top left; None when its edges are not all seen.

    `least`: the share of the picture it must cover.
    """
    import numpy as np
    from PIL import ImageFilter

    factor = max(1, max(image.size) // _SMALL)
    small = image.convert("L").reduce(factor).filter(ImageFilter.MaxFilter(5)).filter(ImageFilter.MedianFilter(5))
    gray = np.asarray(small, dtype=np.float32)
    level = _otsu(gray)
    lower = _otsu(gray[gray <= level])  # paper half in shadow has two brightnesses
    for limit in (lower, level):
        corners = _corners(gray, gray > limit, least)
        if corners is not None:
            return [((x + 0.5) * factor, (y + 0.5) * factor) for x, y in corners]
    return None


def _corners(gray: Any, bright: Any, least: float) -> list[tuple[float, float]] | None:
    if not least / 2 < bright.mean() < 0.985 or _contrast(gray, bright) < _LEAST_CONTRAST:
        return None
    rows, columns = _ends(bright), _ends(bright.T)
    sides = ((rows, 1), (columns, 1), (rows, 2), (columns, 2))
    lines = [_line(ends[0], ends[end]) for ends, end in sides]
    left, top, right, bottom = lines
    if left is None or top is None or right is None or bottom is None:
        return None
    # what was painted over to hide the writing also made the paper larger
    left, top = (left[0], left[1] + _RIM), (top[0], top[1] + _RIM)
    right, bottom = (right[0], right[1] - _RIM), (bottom[0], bottom[1] - _RIM)
    corners = [_crossing(side, level) for side, level in ((left, top), (right, top), (right, bottom), (left, bottom))]
    height, width = gray.shape
    if _area(corners) < least * width * height or _outside(corners, width, height) or _at_rim(lines, width, height):
        return None
    return corners


def skew_of(image: Any) -> float:
    """Degrees by which the lines of a page fall to the right; 0 when they are level or there are none to go by."""
    import numpy as np
    from PIL import Image

    from dvc_cli.scan.clean import paper_light

    gray = image.convert("L")
    gray = gray.reduce(max(1, max(gray.size) // 1000))
    light = np.asarray(paper_light(gray).resize(gray.size), dtype=np.int16)
    ink = (light - np.asarray(gray, dtype=np.int16)) > 40
    edge = max(2, min(ink.shape) // 40)
    ink[:edge], ink[-edge:], ink[:, :edge], ink[:, -edge:] = False, False, False, False
    if ink.sum() < 200:
        return 0.0
    page = Image.fromarray((ink * 255).astype(np.uint8))

    def score(angle: float) -> float:
        turned = page.rotate(angle, resample=Image.Resampling.BILINEAR)
        sums = np.asarray(turned, dtype=np.float32).sum(axis=1)
        return float(np.square(np.diff(sums)).sum())

    scores = {float(angle): score(angle) for angle in range(-int(_MOST_ANGLE), int(_MOST_ANGLE) + 1)}
    for step in (0.5, 0.25, 0.1):
        best = max(scores, key=lambda angle: scores[angle])
        scores |= {angle: score(angle) for angle in (best - step, best + step)}
    best = max(scores, key=lambda angle: scores[angle])
    usual = float(np.median(list(scores.values())))
    if abs(best) < _LEAST_ANGLE or abs(best) > _MOST_ANGLE or scores[best] < _CLEAR * usual:
        return 0.0
    return round(best, 2)


def straightened(image: Any, angle: float) -> Any:
    """The page turned by `angle` degrees against the clock, on paper of the same size; corners are filled with its paper."""
    from PIL import Image

    source = image if image.mode in ("L", "RGB", "CMYK") else image.convert("L" if image.mode == "1" else "RGB")
    turned = source.rotate(angle, resample=Image.Resampling.BICUBIC, fillcolor=_paper_colour(source))
    return turned.point(lambda value: 255 if value > 127 else 0).convert("1") if image.mode == "1" else turned


def _paper_colour(image: Any) -> Any:
    import numpy as np

    if image.mode == "CMYK":
        return (0, 0, 0, 0)
    small = image.copy()
    small.thumbnail((200, 200))
    colour = tuple(int(np.percentile(np.asarray(band), 75)) for band in small.split())
    return colour if len(colour) > 1 else colour[0]


def _otsu(gray: Any) -> float:
    """The level that parts dark from bright best (Otsu 1979)."""
    import numpy as np

    counts, edges = np.histogram(gray, bins=64, range=(0, 256))
    weight = np.cumsum(counts)
    total = np.cumsum(counts * edges[:-1])
    below = weight / max(weight[-1], 1)
    means = total / max(weight[-1], 1)
    with np.errstate(divide="ignore", invalid="ignore"):
        between = np.square(means[-1] * below - means) / (below * (1 - below))
    if np.isnan(between).all():  # a single brightness
        return 256.0
    return float(edges[int(np.nanargmax(between)) + 1])


def _contrast(gray: Any, bright: Any) -> float:
    import numpy as np

    return float(np.median(gray[bright]) - np.median(gray[~bright]))


def _ends(bright: Any) -> tuple[Any, Any, Any]:
    """For each row with enough bright pixels: its number, and where the brightness begins and ends."""
    import numpy as np

    shares = bright.mean(axis=1)
    numbers = np.nonzero(shares > max(0.05, float(shares.max()) / 2))[0]
    chosen = bright[numbers]
    return numbers, chosen.argmax(axis=1), bright.shape[1] - 1 - chosen[:, ::-1].argmax(axis=1)


def _line(along: Any, across: Any) -> tuple[float, float] | None:
    """(slope, start) of the line through most of the points; None when there is no clear one."""
    import numpy as np

    if len(along) < 40:
        return None
    close = max(1.5, _CLOSE * float(along[-1]))
    best: Any = None
    for first in range(0, len(along) // 2, max(1, len(along) // 40)):
        second = first + len(along) // 2
        if second >= len(along):
            break
        slope = (across[second] - across[first]) / (along[second] - along[first])
        near = np.abs(across - (across[first] + slope * (along - along[first]))) < close
        if best is None or near.sum() > best.sum():
            best = near
    if best is None or best.mean() < 0.7:
        return None
    slope, start = np.polyfit(along[best], across[best], 1)
    return (float(slope), float(start)) if abs(slope) < 0.5 else None


def _crossing(side: tuple[float, float], level: tuple[float, float]) -> tuple[float, float]:
    """Where x = a·y + b meets y = c·x + d."""
    (a, b), (c, d) = side, level
    y = (c * b + d) / (1 - a * c)
    return a * y + b, y


def _area(corners: list[tuple[float, float]]) -> float:
    pairs = zip(corners, [*corners[1:], corners[0]], strict=True)
    return abs(sum(x * v - u * y for (x, y), (u, v) in pairs)) / 2


def _outside(corners: list[tuple[float, float]], width: int, height: int) -> bool:
    slack = 0.03 * max(width, height)
    return any(not -slack <= x <= width + slack or not -slack <= y <= height + slack for x, y in corners)


def _at_rim(lines: Any, width: int, height: int) -> bool:
    """Whether the paper fills the picture, so that there is nothing to cut."""
    left, top, right, bottom = lines
    middle_x, middle_y = width / 2, height / 2
    gaps = (
        (left[0] * middle_y + left[1]) / width,
        (top[0] * middle_x + top[1]) / height,
        1 - (right[0] * middle_y + right[1] + 1) / width,
        1 - (bottom[0] * middle_x + bottom[1] + 1) / height,
    )
    return bool(max(gaps) < 0.01)


def _is_straight(corners: list[tuple[float, float]]) -> bool:
    """Whether the edges are level and upright to a fifth of a degree."""
    (ax, ay), (bx, by), (cx, cy), (dx, dy) = corners
    slants = ((by - ay) / (bx - ax), (cy - dy) / (cx - dx), (dx - ax) / (dy - ay), (cx - bx) / (cy - by))
    return max(abs(slant) for slant in slants) < math.tan(math.radians(0.2))


def _like_a4(width: float, height: float) -> tuple[float, float]:
    """The shape of A4 when nearly so; perspective spoils it a little. The longer measure stays."""
    ratio = max(width, height) / min(width, height)
    if not 1.25 < ratio < 1.6:
        return width, height
    return (height / _A4, height) if height > width else (width, width / _A4)


def _perspective(target: list[tuple[float, float]], source: list[tuple[float, float]]) -> list[float]:
    """The eight factors of Pillow's perspective transform that take `target` points from `source` points."""
    import numpy as np

    rows, values = [], []
    for (x, y), (u, v) in zip(target, source, strict=True):
        rows += [[x, y, 1, 0, 0, 0, -u * x, -u * y], [0, 0, 0, x, y, 1, -v * x, -v * y]]
        values += [u, v]
    return [float(value) for value in np.linalg.solve(np.array(rows, dtype=float), np.array(values, dtype=float))]

"""`scan convert` beside its peers in one run, start-up included: img2pdf for pages, OCRmyPDF for deskew + OCR.

Runs alternate and the best of each counts, so that what else the machine does weighs little. The ratio columns are what counts.
"""

from __future__ import annotations

import io
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from PIL.Image import Image

BIN = Path(sys.executable).parent
SIZE = (1654, 2339)  # A4 at 200 dpi
BYTES = 1_000_000
TEXT = "Tôi đề nghị đăng ký thành lập hộ kinh doanh với các nội dung sau đây, phường Trần Lãm "


class Run(NamedTuple):
    """Seconds on the clock, and bytes of the largest process."""

    seconds: float
    memory: float


def measure(command: list[str], output: Path) -> Run:
    """Run once; the output must not exist before and must exist after."""
    output.unlink(missing_ok=True)
    start = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=output.parent)
    _pid, status, usage = os.wait4(process.pid, 0)
    took = time.perf_counter() - start
    if status or not output.exists():
        raise SystemExit(f"failed: {' '.join(command[:4])} …")
    return Run(took, usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024))


def best(runs: int, *commands: Callable[[], Run]) -> list[Run]:
    """The best time and the most memory of `runs` alternating runs of each command."""
    seen: list[list[Run]] = [[] for _ in commands]
    for _ in range(runs):
        for number, command in enumerate(commands):
            seen[number].append(command())
    return [Run(min(run.seconds for run in each), max(run.memory for run in each)) for each in seen]


def page(number: int) -> Image:
    """A scanned letter: text on paper with the scanner's noise."""
    import numpy as np
    from PIL import Image, ImageDraw, ImageFilter, ImageFont

    rng = np.random.default_rng(number)
    image = Image.new("RGB", SIZE, (246, 244, 238))
    pen = ImageDraw.Draw(image)
    face = ImageFont.truetype(str(_font()), 34)
    for line in range(34):
        pen.text(
            (150, 160 + line * 58), f"{line + 1}. {TEXT[: 60 + (number + line) % 20]}", font=face, fill=(30, 30, 45)
        )
    noise = rng.normal(0, 7, (SIZE[1], SIZE[0], 3))
    noisy = (np.asarray(image) + noise).clip(0, 255).astype(np.uint8)
    return Image.fromarray(noisy).filter(ImageFilter.GaussianBlur(0.4))


def _font() -> Path:
    import ocrmypdf

    return Path(ocrmypdf.__file__).parent / "data" / "NotoSans-Regular.ttf"


def one_megabyte(image: Image) -> bytes:
    """The JPEG of `image` whose quality brings it nearest to 1 MB."""
    made: dict[int, bytes] = {}
    low, high = 50, 100
    while high - low > 1:
        middle = (low + high) // 2
        buffer = io.BytesIO()
        image.save(buffer, "JPEG", quality=middle, dpi=(200, 200))
        made[middle] = buffer.getvalue()
        low, high = (middle, high) if len(made[middle]) < BYTES else (low, middle)
    return min(made.values(), key=lambda data: abs(len(data) - BYTES))


def files(folder: Path) -> dict[str, list[Path]]:
    """Pages of each kind, made by another process: a program's memory is never less than that of who started it."""
    subprocess.run([sys.executable, __file__, str(folder)], check=True)
    patterns = {"jpeg": "j*.jpg", "png": "*.png", "tiff": "*.tiff", "slanted": "s*.jpg"}
    return {kind: sorted(folder.glob(pattern)) for kind, pattern in patterns.items()}


def make_files(folder: Path) -> None:
    """Ten pages of each kind, the JPEG files forty times."""
    from PIL import Image

    for number in range(10):
        image = page(number)
        data = one_megabyte(image)
        for copy in range(40):
            (folder / f"j{copy:02d}{number}.jpg").write_bytes(data)
        image.save(folder / f"{number}.png", dpi=(200, 200))
        image.save(folder / f"{number}.tiff", dpi=(200, 200), compression="tiff_lzw")
        if number < 4:
            slanted = image.rotate(1.7 - number, resample=Image.Resampling.BICUBIC, fillcolor=(246, 244, 238))
            slanted.save(folder / f"s{number}.jpg", quality=85, dpi=(200, 200))


def ours(sources: list[Path], output: Path, *options: str) -> Callable[[], Run]:
    """A run of `dvc-cli scan convert`."""
    command = [str(BIN / "dvc-cli"), "scan", "convert", *map(str, sources), "-o", str(output), "-q", *options]
    return lambda: measure(command, output)


def peer(sources: list[Path], output: Path) -> Callable[[], Run]:
    """A run of img2pdf."""
    return lambda: measure([str(BIN / "img2pdf"), *map(str, sources), "-o", str(output)], output)


def row(name: str, mine: str, other: str, ratio: float, bar: float, *, at_most: bool = True) -> None:
    """A line of the table."""
    reached = ratio <= bar if at_most else ratio >= bar
    sign = "≤" if at_most else "≥"
    print(f"| {name} | {mine} | {other} | {ratio:.2f} | {sign} {bar} | {'yes' if reached else 'NO'} |", flush=True)


def pages(made: dict[str, list[Path]], folder: Path) -> None:
    """JPEG, PNG and TIFF pages beside img2pdf, and memory beside the number of pages."""
    out, other = folder / "ours.pdf", folder / "peer.pdf"
    forty = made["jpeg"][:40]
    mine, theirs = best(9, ours(forty, out), peer(forty, other))
    row(
        "40 JPEG pages of 1 MB, with start-up", f"{mine.seconds:.3f} s", f"img2pdf {theirs.seconds:.3f} s",
        mine.seconds / theirs.seconds, 1.3,
    )  # fmt: skip
    row("the same, memory", mb(mine), f"img2pdf {mb(theirs)}", mine.memory / theirs.memory, 1.0)
    (large,) = best(2, ours(made["jpeg"], out))
    row("400 JPEG pages, memory", mb(large), f"40 pages {mb(mine)}", large.memory / mine.memory, 1.2)
    for kind in ("png", "tiff"):
        mine, theirs = best(3, ours(made[kind], out), peer(made[kind], other))
        count = len(made[kind])
        row(
            f"{kind.upper()} pages a second", f"{count / mine.seconds:.1f}", f"img2pdf {count / theirs.seconds:.1f}",
            theirs.seconds / mine.seconds, 1.6, at_most=False,
        )  # fmt: skip


def fitted(made: dict[str, list[Path]], folder: Path) -> None:
    """`--fit` of 40 pages that are twice too large."""
    out = folder / "fit.pdf"
    (mine,) = best(2, ours(made["jpeg"][:40], out, "--fit", "20MB"))
    if out.stat().st_size > 20_000_000:
        raise SystemExit("--fit did not fit")
    row("`--fit 20MB` of 40 MB, seconds a page", f"{mine.seconds / 40:.3f} s", "–", mine.seconds / 40, 0.5)


def recognised(made: dict[str, list[Path]], folder: Path) -> None:
    """Deskew and OCR beside OCRmyPDF on the same scanned PDF, both with two processes."""
    source, out, other = folder / "scan.pdf", folder / "ocr.pdf", folder / "peer.pdf"
    ours(made["slanted"], source)()
    command = [
        str(BIN / "ocrmypdf"), "-l", "vie", "--deskew", "--output-type", "pdf", "-O0", "-j", "2", "-q", str(source), str(other),
    ]  # fmt: skip
    mine, theirs = best(2, ours([source], out, "--deskew", "--ocr"), lambda: measure(command, other))
    row(
        "4 pages, deskew + OCR",
        f"{mine.seconds:.1f} s",
        f"OCRmyPDF {theirs.seconds:.1f} s",
        mine.seconds / theirs.seconds,
        1.0,
    )


def mb(run: Run) -> str:
    """Memory for people."""
    return f"{run.memory / 1e6:.0f} MB"


def main() -> None:
    """Print the table."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        made = files(folder)
        print("| what | dvc-cli | beside | ratio | bar | reached |")
        print("| --- | ---: | ---: | ---: | ---: | --- |")
        pages(made, folder)
        fitted(made, folder)
        recognised(made, folder)


if __name__ == "__main__":
    make_files(Path(sys.argv[1])) if len(sys.argv) > 1 else main()

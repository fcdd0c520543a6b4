"""Text recognition by Tesseract: an invisible text layer for each page, and which way up a page is."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from dvc_cli.errors import ConfigurationProblem, DvcError
from dvc_cli.i18n import _
from dvc_cli.model.ports import Task
from dvc_cli.pdf.limits import WALL_SECONDS
from dvc_cli.scan.options import ConversionOptions
from dvc_cli.scan.pieces import Piece, Shop

LANGUAGE = "vie"
ORIENTATION = "osd"
_SURE = 2.0  # Tesseract's own measure; a page with a few lines reaches 5
_SMALL = 2500
_UNKNOWN_DPI = 200


class OcrMissing(ConfigurationProblem):
    """Tesseract or its data for Vietnamese is not installed."""

    slug = "ocr-missing"


def require_ocr(*languages: str) -> str:
    """The path of Tesseract, with its data for `languages`. Raises OcrMissing."""
    program = shutil.which("tesseract")
    if program is None:
        raise OcrMissing(
            _("Tesseract, which reads text in pictures, is not installed"),
            hint=_("On Debian or Ubuntu: `sudo apt install tesseract-ocr tesseract-ocr-vie`"),
        )
    listed = subprocess.run([program, "--list-langs"], capture_output=True, check=False, timeout=20)
    known = listed.stdout.decode("utf-8", "replace").split()
    if missing := [language for language in languages if language not in known]:
        raise OcrMissing(
            _("Tesseract has no data for `{language}`").format(language=missing[0]),
            hint=_("On Debian or Ubuntu: `sudo apt install tesseract-ocr tesseract-ocr-vie`"),
        )
    return program


def with_text(pieces: Sequence[Piece], options: ConversionOptions, shop: Shop, task: Task) -> list[Piece]:
    """The pages with a text layer each; pages of PDFs that hold text already are left alone.

    Raises:
        OcrMissing. TooHeavy for a page that takes too long.
    """
    program = require_ocr(LANGUAGE)
    numbers = {id(piece): number for number, piece in enumerate(pieces, 1)}

    def read(piece: Piece) -> Piece:
        target = shop.target()
        arguments: dict[str, Any] = {"program": program, "target": str(target), "name": piece.source}
        if piece.picture is not None:
            page = piece.page(options.page_size.points)
            arguments |= {"picture": piece.picture.plain(), "page": page.size, "drawn": page.drawn}
            made = shop.call("dvc_cli.scan.ocr:read_picture", arguments, piece.source)
        else:
            arguments |= {"pdf": str(piece.pdf), "index": piece.index}
            made = shop.call("dvc_cli.scan.ocr:read_page", arguments, piece.source)
        return replace(piece, text=Path(made)) if made else piece

    done = []
    for piece, outcome in shop.map(read, pieces):
        if isinstance(outcome, DvcError):
            raise outcome
        task.update(_("Reading text of page {number} of {count}").format(number=numbers[id(piece)], count=len(pieces)))
        done.append(outcome)
    return done


def read_picture(
    *, program: str, picture: dict[str, Any], page: list[float], drawn: list[float], target: str, name: str
) -> str:
    """Recognise a picture's text; gives a one-page PDF of `page` points with invisible text where the picture is `drawn`."""
    from dvc_cli.scan.frames import upright_image
    from dvc_cli.scan.images import Picture

    image = upright_image(Picture.from_plain(picture), name)
    text = _text_pdf(program, image, image.width / drawn[0] * 72, Path(target))
    return _on_page(text, page, drawn, Path(target))


def read_page(*, program: str, pdf: str, index: int, target: str, name: str) -> str:
    """As `read_picture`, for a page of a PDF; empty when the page holds text already."""
    del name
    import pypdfium2

    document = pypdfium2.PdfDocument(pdf)
    try:
        page = document[index]
        if len(page.get_textpage().get_text_range().strip()) > 20:
            return ""
        width, height = page.get_size()
        image = page.render(scale=300 / 72).to_pil().convert("RGB")
        text = _text_pdf(program, image, 300, Path(target))
        return _on_page(text, [width, height], [width, height], Path(target))
    finally:
        document.close()


def turn_of(image: Any, dpi: tuple[float, float] | None) -> int:
    """Degrees clockwise that bring the text of a page upright; 0 when that is not certain. Runs in a worker."""
    import io

    program = shutil.which("tesseract")
    if program is None:
        return 0
    small = image.convert("L")
    small.thumbnail((_SMALL, _SMALL))
    scale = small.width / image.width
    buffer = io.BytesIO()
    small.save(buffer, "PNG", compress_level=1)
    dots = max(70, round(min(dpi) * scale)) if dpi else _UNKNOWN_DPI
    command = [program, "stdin", "stdout", "--psm", "0", "-l", ORIENTATION, "--dpi", str(dots)]
    answer = subprocess.run(command, input=buffer.getvalue(), capture_output=True, check=False, timeout=WALL_SECONDS)
    told = answer.stdout.decode("utf-8", "replace")
    turn = re.search(r"^Rotate: (\d+)", told, re.MULTILINE)
    sure = re.search(r"^Orientation confidence: ([\d.]+)", told, re.MULTILINE)
    if not turn or not sure or float(sure[1]) < _SURE:
        return 0
    return int(turn[1]) % 360


def _text_pdf(program: str, image: Any, dpi: float, target: Path) -> Path:
    source = target.with_suffix(".ocr.png")
    image = image if image.mode in ("1", "L", "RGB") else image.convert("RGB")
    image.save(source, "PNG", compress_level=1, dpi=(dpi, dpi))
    # psm 3 finds columns by itself; the text stays in reading order
    command = [program, str(source), str(target), "-l", LANGUAGE, "--psm", "3", "-c", "textonly_pdf=1", "pdf"]
    ended = subprocess.run(command, capture_output=True, check=False, timeout=WALL_SECONDS)
    source.unlink()
    made = target.with_suffix(".pdf")
    if ended.returncode != 0 or not made.exists():
        raise RuntimeError(ended.stderr.decode("utf-8", "replace")[-200:])
    return made


def _on_page(text: Path, page: Sequence[float], drawn: Sequence[float], target: Path) -> str:
    """The text layer in the middle of a page of the final size."""
    import pikepdf

    output = target.with_suffix(".text.pdf")
    with pikepdf.open(text) as layer, pikepdf.new() as made:
        made.add_blank_page(page_size=(page[0], page[1]))
        x, y = (page[0] - drawn[0]) / 2, (page[1] - drawn[1]) / 2
        made.pages[0].add_overlay(layer.pages[0], pikepdf.Rectangle(x, y, x + drawn[0], y + drawn[1]))
        made.save(output)
    text.unlink()
    return str(output)

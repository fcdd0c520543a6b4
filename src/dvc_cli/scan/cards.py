"""QR codes of citizen cards in pictures and PDF pages, also turned, skewed, small or badly lit (owner of zxing-cpp)."""

from __future__ import annotations

import unicodedata
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dvc_cli.model.citizen_card import CitizenCard, parse_card
from dvc_cli.pdf.limited import Workers
from dvc_cli.scan.page_pictures import pictures_of

if TYPE_CHECKING:
    from PIL.Image import Image

# Modules of a code on a card are 0.25 to 0.4 mm; at 300 dpi they have 3 to 5 pixels, which the reader likes.
_READING_DPI = 300
_TILE = 1100


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundCard:
    """A card and where its code stands: the file, and the page from 1."""

    path: Path
    page: int
    card: CitizenCard


def find_cards(path: Path, workers: Workers) -> list[FoundCard]:
    """All cards on the pages of a picture or PDF file, each once. Raises the errors of reading it (exit code 10)."""
    rows: list[dict[str, Any]] = workers.call("dvc_cli.scan.cards:read_codes", {"path": str(path)}, about=str(path))
    found: dict[str, FoundCard] = {}
    for row in rows:
        card = parse_card(row["text"])
        if card is not None:
            found.setdefault(card.number, FoundCard(path=path, page=row["page"], card=card))
    return list(found.values())


def read_codes(path: str, thorough: bool = True) -> list[dict[str, Any]]:
    """Texts of the QR codes of a file, page by page, as plain data (runs in the limited worker)."""
    rows: list[dict[str, Any]] = []
    for number, picture in enumerate(pictures_of(Path(path), dpi=_READING_DPI, scans=True), 1):
        rows += [{"page": number, "text": text} for text in codes_in(picture, thorough=thorough)]
    return rows


def codes_in(picture: Image, *, thorough: bool = True) -> list[str]:
    """Texts of the QR codes in a picture; `thorough` tries harder when no card is found at once."""
    found: list[str] = []
    for attempt in _attempts(picture, thorough=thorough):
        found += [text for text in attempt if text not in found]
        if any(parse_card(text) for text in found):
            break
    return found


def _attempts(picture: Image, *, thorough: bool) -> Iterator[list[str]]:
    """Readings of the picture, the cheap ones first."""
    from PIL import ImageFilter

    grey = picture.convert("L")
    yield _read(grey)
    if not thorough:
        return
    import zxingcpp

    yield _read(grey, zxingcpp.Binarizer.GlobalHistogram)
    tiles = list(_tiles(grey))
    yield from (_read(_doubled(tile)) for tile in tiles)
    yield from (_read(_doubled(tile).filter(ImageFilter.UnsharpMask(3, 180, 0))) for tile in tiles)


def _read(grey: Image, binarizer: Any = None) -> list[str]:
    import zxingcpp

    options = {"binarizer": binarizer} if binarizer is not None else {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        codes = zxingcpp.read_barcodes(grey, formats=zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.QRCode), **options)
    return [_text_of(code) for code in codes if code.valid]


def _text_of(code: Any) -> str:
    """Cards hold UTF-8 without saying so; the reader guesses, so the bytes are asked first."""
    try:
        text = bytes(code.bytes).decode("utf-8")
    except (UnicodeDecodeError, ValueError):
        text = code.text
    return unicodedata.normalize("NFC", text)


def _doubled(picture: Image) -> Image:
    return picture.resize((picture.width * 2, picture.height * 2), resample=_bicubic())


def _tiles(picture: Image) -> Iterator[Image]:
    """Overlapping pieces, so that doubling stays cheap in memory and each has its own light."""
    step = _TILE * 2 // 3
    for top in range(0, max(1, picture.height - _TILE + step), step):
        for left in range(0, max(1, picture.width - _TILE + step), step):
            yield picture.crop((left, top, min(left + _TILE, picture.width), min(top + _TILE, picture.height)))


def _bicubic() -> Any:
    from PIL.Image import Resampling

    return Resampling.BICUBIC

"""Cards and pages made for tests: QR codes as on citizen cards, placed on pages, badly scanned."""

from __future__ import annotations

import io
import random
from dataclasses import dataclass
from datetime import date

import qrcode
from PIL import Image, ImageDraw

from dvc_cli.model.citizen_card import CitizenCard, format_card
from dvc_sandbox.demo.scans import FIRST_PAGE, page

APPLICANT = CitizenCard(
    number="034199000123",
    old_number="151234567",
    full_name="Nguyễn Thị Được",
    birthday=date(1999, 4, 12),
    birth_year=1999,
    gender="female",
    address="Số 8, đường Lê Lợi, phường Trần Lãm, thành phố Thái Bình, Thái Bình",
    issued_on=date(2021, 5, 10),
)
NAMES = ("Nguyễn Thị Được", "Trần Văn Hải", "Phạm Thị Thùy Dương", "Đỗ Ngọc Ánh", "Vũ Đức Thuận")
ADDRESSES = (
    "Thôn 3, Thái Thụy, Thái Bình",
    "Số 8, đường Lê Lợi, phường Trần Lãm, thành phố Thái Bình, Thái Bình",
    "Tổ dân phố số 12, Thị trấn Diêm Điền, Huyện Thái Thụy, Tỉnh Thái Bình",
)


def qr(text: str, millimetres: float, dpi: int = 200) -> Image.Image:
    """A code of that size without its white border, as UTF-8 without saying so (as cards have it)."""
    code = qrcode.QRCode(error_correction=qrcode.constants.ERROR_CORRECT_M, border=4, box_size=8)
    code.add_data(text.encode("utf-8"))
    code.make(fit=True)
    pixels = round(millimetres * (code.modules_count + 8) / code.modules_count / 25.4 * dpi)
    return code.make_image().get_image().convert("RGB").resize((pixels, pixels), Image.Resampling.LANCZOS)


def sheet_with(card: CitizenCard | None, *, millimetres: float = 18, at: tuple[int, int] = (1100, 1750)) -> Image.Image:
    """A page of a form with a copy of the card below its text."""
    sheet = page(FIRST_PAGE)
    if card is not None:
        code = qr(format_card(card), millimetres)
        left, top = at
        draw = ImageDraw.Draw(sheet)
        draw.rounded_rectangle((left - 380, top - 60, left + 260, top + 340), 24, outline=(120, 120, 140), width=3)
        sheet.paste(code, (left, top))
    return sheet


def jpeg(image: Image.Image, quality: int) -> Image.Image:
    """The picture after JPEG compression."""
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=quality)
    return Image.open(io.BytesIO(buffer.getvalue()))


def badly_scanned(image: Image.Image, source: random.Random) -> Image.Image:
    """Turned by any of four sides and some degrees, sheared, compressed."""
    angle = source.choice([0, 90, 180, 270]) + source.uniform(-15, 15)
    turned = image.rotate(angle, resample=Image.Resampling.BICUBIC, expand=True, fillcolor="white")
    shear = source.uniform(-0.08, 0.08)
    sheared = turned.transform(
        turned.size,
        Image.Transform.AFFINE,
        (1, shear, -shear * turned.height / 2, 0, 1, 0),
        resample=Image.Resampling.BICUBIC,
        fillcolor="white",
    )
    return jpeg(sheared, source.randrange(50, 86))


@dataclass(frozen=True)
class Trial:
    """A scan to be read: the text on the card, whether another reader gets it from the upright page, the bad scan."""

    text: str
    upright: Image.Image
    bad: Image.Image


def trial(seed: int) -> Trial:
    """One of an endless row of cards."""
    source = random.Random(seed)
    card = CitizenCard(
        number=f"034{source.randrange(10**9):09d}",
        old_number=source.choice(["", f"{source.randrange(10**9):09d}"]),
        full_name=source.choice(NAMES),
        birthday=date(1950 + source.randrange(60), 1 + source.randrange(12), 1 + source.randrange(28)),
        gender=source.choice(["male", "female"]),
        address=source.choice(ADDRESSES),
        issued_on=date(2022, 5, 1),
    )
    at = (source.randrange(420, 1300), source.randrange(1650, 1950))
    sheet = sheet_with(card, millimetres=source.uniform(13, 22), at=at)
    return Trial(text=format_card(card), upright=jpeg(sheet, 80), bad=badly_scanned(sheet, source))

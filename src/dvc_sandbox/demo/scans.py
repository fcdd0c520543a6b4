"""Pages that look as if they had been photographed or scanned: text in Vietnamese, slightly turned, unevenly lit."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PIL import ImageFont
    from PIL.Image import Image

_DPI = 200
_WIDTH, _HEIGHT = 1654, 2339  # A4 at 200 dpi
_MARGIN = 200


@dataclass(frozen=True, slots=True)
class Words:
    """A line of a page. `style` is "body", "bold" or "title"; `centred` lines stand in the middle."""

    text: str
    style: str = "body"
    centred: bool = False


FIRST_PAGE = (
    Words("CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM", "bold", centred=True),
    Words("Độc lập - Tự do - Hạnh phúc", "bold", centred=True),
    Words(""),
    Words("ĐƠN ĐỀ NGHỊ ĐĂNG TIN, BÀI, PHÁT BIỂU", "title", centred=True),
    Words("TRÊN PHƯƠNG TIỆN THÔNG TIN ĐẠI CHÚNG CỦA VIỆT NAM", "bold", centred=True),
    Words("(Bản THỬ NGHIỆM, không có giá trị pháp lý)", centred=True),
    Words(""),
    Words("Kính gửi: Bộ phận Tiếp nhận và Trả kết quả sở TT&TT"),
    Words(""),
    Words("Họ và tên người đề nghị: Nguyễn Thị Được"),
    Words("Số định danh cá nhân: 034199000123, cấp ngày 10/05/2021"),
    Words("Nơi cấp: Cục Cảnh sát QLHC về TTXH"),
    Words("Địa chỉ: Số 8, đường Lê Lợi, phường Trần Lãm, tỉnh Hưng Yên"),
    Words("Điện thoại: 0912 000 123      Thư điện tử: duoc.nguyen@example.vn"),
    Words(""),
    Words("Đề nghị được đăng bài phát biểu với nội dung sau:"),
    Words("1. Tên bài: “Những ngày mùa trên đồng lúa Thái Thụy”"),
    Words("2. Cơ quan báo chí dự kiến: Báo THỬ NGHIỆM"),
    Words("3. Thời gian dự kiến: tháng 12 năm 2026"),
    Words("4. Ngôn ngữ: tiếng Việt; số trang: 02 (hai) trang"),
    Words(""),
    Words("Tôi xin cam đoan những lời khai trên là đúng sự thật và"),
    Words("chịu trách nhiệm trước pháp luật về nội dung đề nghị."),
)
SECOND_PAGE = (
    Words("NỘI DUNG BÀI PHÁT BIỂU", "title", centred=True),
    Words(""),
    Words("Mùa này, những thửa ruộng ven sông Trà Lý đã ngả vàng. Bà con"),
    Words("gặt từ lúc trời còn mờ sương; tiếng máy tuốt, tiếng gọi nhau,"),
    Words("tiếng trẻ nhỏ đuổi theo đàn vịt nghe rộn cả một vùng."),
    Words(""),
    Words("Năm nay được mùa. Hạt thóc chắc, khô, thơm mùi nắng. Các cụ già"),
    Words("bảo đã lâu lắm mới thấy lúa đẹp như vậy; còn lớp trẻ thì bàn"),
    Words("chuyện đưa hạt gạo quê mình đi xa hơn, vững vàng hơn."),
    Words(""),
    Words("Thử chữ: Ấn Ẩn Ẫn Ậu Ặc Ẳng Ẵng Ằng ỡ ữ ự ỷ ỹ ỵ Đ đ"),
    Words(""),
    Words(""),
    Words("Hưng Yên, ngày 20 tháng 11 năm 2026", centred=True),
    Words("NGƯỜI ĐỀ NGHỊ", "bold", centred=True),
    Words("(Ký, ghi rõ họ tên)", centred=True),
)


def write_scans(folder: Path) -> tuple[Path, Path]:
    """Write `trang-1.jpg` (a photograph) and `trang-2.png` (a flatbed scan) to `folder`; the same bytes every time."""
    first, second = folder / "trang-1.jpg", folder / "trang-2.png"
    photographed(page(FIRST_PAGE), seed=1).save(first, "JPEG", quality=82, dpi=(_DPI, _DPI))
    scanned(page(SECOND_PAGE), seed=2).save(second, "PNG", dpi=(_DPI, _DPI))
    return first, second


def page(lines: Sequence[Words]) -> Image:
    """A clean A4 page with the lines."""
    from PIL import Image, ImageDraw

    sheet = Image.new("RGB", (_WIDTH, _HEIGHT), "white")
    draw = ImageDraw.Draw(sheet)
    fonts = _fonts()
    top = _MARGIN
    for line in lines:
        font = fonts[line.style]
        left = (_WIDTH - draw.textlength(line.text, font=font)) / 2 if line.centred else _MARGIN
        draw.text((left, top), line.text, fill=(25, 25, 45), font=font)
        top += 62
    return sheet


def photographed(sheet: Image, seed: int) -> Image:
    """As a phone sees it: turned a little, lit from one side, grainy."""
    from PIL import Image, ImageChops, ImageFilter

    turned = sheet.rotate(0.7, resample=Image.Resampling.BICUBIC, fillcolor=(236, 233, 226))
    light = (
        Image.linear_gradient("L")
        .rotate(90)
        .resize(sheet.size)
        .point([226 + value * 29 // 255 for value in range(256)])
    )
    lit = ImageChops.multiply(turned, Image.merge("RGB", (light, light, light)))
    return _grained(lit, seed, 10).filter(ImageFilter.GaussianBlur(0.6))


def scanned(sheet: Image, seed: int) -> Image:
    """As a flatbed sees it: turned a trifle, slightly grey, in few colours so that the PNG stays small."""
    from PIL import Image

    del seed
    turned = sheet.rotate(-0.3, resample=Image.Resampling.BICUBIC, fillcolor="white")
    return turned.quantize(32, dither=Image.Dither.NONE)


def _grained(image: Image, seed: int, strength: int) -> Image:
    from PIL import Image, ImageChops

    source = random.Random(seed)  # noqa: S311 - grain of a picture
    tile = Image.frombytes("L", (256, 256), bytes(source.randrange(256 - strength, 256) for _ in range(65536)))
    grain = Image.new("L", image.size)
    for left in range(0, image.width, 256):
        for top in range(0, image.height, 256):
            grain.paste(tile, (left, top))
    return ImageChops.multiply(image, Image.merge("RGB", (grain, grain, grain)))


def _fonts() -> dict[str, ImageFont.FreeTypeFont]:
    import fontpkg_be_vietnam_pro
    from PIL import ImageFont

    folder = fontpkg_be_vietnam_pro.ROOT / "files"
    body, bold = str(folder / "BeVietnamPro-Regular.ttf"), str(folder / "BeVietnamPro-Bold.ttf")
    return {
        "body": ImageFont.truetype(body, 38),
        "bold": ImageFont.truetype(bold, 40),
        "title": ImageFont.truetype(bold, 50),
    }

"""A Vietnamese letter as a clean scan, and as a photograph taken at an angle in bad light."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

TEXT = """CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM
Độc lập - Tự do - Hạnh phúc

ĐƠN ĐỀ NGHỊ ĐĂNG KÝ THÀNH LẬP HỘ KINH DOANH

Kính gửi: Ủy ban nhân dân phường Trần Lãm, tỉnh Hưng Yên

Tôi là Nguyễn Thị Được, sinh ngày 05 tháng 11 năm 1985, số định danh
cá nhân 034185000123, thường trú tại số 12 đường Lý Bôn, phường Trần
Lãm. Tôi đề nghị đăng ký thành lập hộ kinh doanh với các nội dung sau:

1. Tên hộ kinh doanh: Cửa hàng tạp hóa Thành Được
2. Địa điểm kinh doanh: số 12 đường Lý Bôn, phường Trần Lãm
3. Ngành nghề: bán lẻ lương thực, thực phẩm, đồ uống và thuốc lá
4. Số vốn kinh doanh: một trăm năm mươi triệu đồng
5. Số lao động dự kiến: ba người

Tôi xin cam kết chịu trách nhiệm trước pháp luật về tính hợp pháp,
chính xác và trung thực của nội dung đăng ký nói trên; không kinh
doanh ngành nghề bị cấm; bảo đảm điều kiện về an toàn thực phẩm,
phòng cháy chữa cháy và vệ sinh môi trường theo quy định.

Hưng Yên, ngày 23 tháng 11 năm 2026
Người làm đơn
(ký và ghi rõ họ tên)"""
INK = (25, 25, 35)
SCENE = (2400, 3200)


def font(size: int) -> ImageFont.FreeTypeFont:
    """Noto Sans, as the text recognition of another program ships it: the letters of our own font are unusual."""
    import ocrmypdf

    return ImageFont.truetype(str(Path(ocrmypdf.__file__).parent / "data" / "NotoSans-Regular.ttf"), size)


def letter(dpi: int = 200, stamp: bool = True) -> Image.Image:
    """The letter on A4."""
    page = Image.new("RGB", (round(210 / 25.4 * dpi), round(297 / 25.4 * dpi)), "white")
    pen, face, top = ImageDraw.Draw(page), font(round(dpi * 12 / 72)), dpi * 0.9
    for line in TEXT.splitlines():
        pen.text((dpi * 0.9, top), line, font=face, fill=INK)
        top += dpi * 0.3
    if stamp:
        pen.ellipse((dpi * 4.2, top - dpi * 0.6, dpi * 5.4, top + dpi * 0.6), outline=(200, 20, 20), width=8)
    return page


def photographed_corners(skew: float = 3.0) -> list[tuple[float, float]]:
    """Where the corners of the page are in `photograph`, clockwise from the top left."""
    turn, (width, height) = math.radians(skew), SCENE
    return [
        (width / 2 + x * math.cos(turn) - y * math.sin(turn), height / 2 + x * math.sin(turn) + y * math.cos(turn))
        for x, y in ((-900, -1300), (900, -1300), (1010, 1330), (-980, 1300))
    ]


def photograph(page: Image.Image, skew: float = 3.0, seed: int = 3) -> Image.Image:
    """`page` on a dark table, seen at an angle, turned by `skew` degrees, with a shadow and yellow light."""
    from dvc_cli.scan.paper import _perspective

    width, height = SCENE
    rng = np.random.default_rng(seed)
    table = rng.normal(70, 8, (height // 8, width // 8, 3)).clip(0, 255).astype(np.uint8)
    scene = Image.fromarray(table).resize((width, height))
    corners = photographed_corners(skew)
    factors = _perspective(corners, [(0, 0), (page.width, 0), page.size, (0, page.height)])
    how = Image.Transform.PERSPECTIVE
    seen = page.transform(scene.size, how, factors, Image.Resampling.BICUBIC)
    scene.paste(seen, mask=Image.new("L", page.size, 255).transform(scene.size, how, factors))
    down, across = np.mgrid[0:height, 0:width]
    shadow = 1 - 0.45 / (1 + np.exp(-(across + 0.6 * down - 2600) / 180))
    light = np.asarray(scene, dtype=np.float32) * shadow[..., None] * np.array([1, 0.97, 0.88])
    return Image.fromarray((light + rng.normal(0, 5, light.shape)).clip(0, 255).astype(np.uint8))

"""Straighten, turn, clean, crop, drop and recolour: measured on generated scans and photographs."""

from __future__ import annotations

import math
import shutil
import subprocess

import numpy as np
import pikepdf
import pytest
from PIL import Image, ImageDraw

from dvc_cli.scan.convert import Colour, ConversionOptions, Treatment, convert
from dvc_cli.scan.paper import paper_corners, skew_of
from tests.scan.hammer import Silent
from tests.scan.papers import INK, font, letter, photograph, photographed_corners

needs_tesseract = pytest.mark.skipif(shutil.which("tesseract") is None, reason="tesseract is not installed")


@pytest.fixture(scope="session")
def page():
    return letter()


@pytest.fixture(scope="session")
def photo(page):
    return photograph(page)


def run(inputs, output, **treatment):
    options = ConversionOptions(overwrite=True, treatment=Treatment(**treatment))
    return convert(inputs, output, options, Silent())


def saved(image, path, **extra):
    image.save(path, **{"quality": 88, **extra})
    return path


def drawn(pdf, folder, dpi=100) -> Image.Image:
    subprocess.run(["pdftoppm", "-r", str(dpi), "-png", "-singlefile", pdf, folder / "drawn"], check=True)
    return Image.open(folder / "drawn.png").convert("RGB")


@pytest.mark.parametrize("angle", [-7.0, -2.3, -0.6, 0.4, 3.0, 9.5])
def test_a_slanted_page_comes_out_level(tmp_path, page, angle):
    source = saved(
        page.rotate(angle, resample=Image.Resampling.BICUBIC, fillcolor="white"), tmp_path / "a.jpg", dpi=(200, 200)
    )
    report = run([source], tmp_path / "out.pdf", deskew=True)
    assert report.images[0].straightened == pytest.approx(-angle, abs=0.25)
    assert abs(skew_of(drawn(report.output, tmp_path, 150))) < 0.25
    assert report.images[0].dpi == pytest.approx(200, abs=1)


def test_a_level_page_and_a_page_without_lines_stay_the_very_file(tmp_path, page):
    level = saved(page, tmp_path / "1.jpg", dpi=(200, 200))
    rng = np.random.default_rng(1)
    picture = saved(Image.fromarray(rng.integers(0, 255, (900, 700, 3), dtype=np.uint8)), tmp_path / "2.jpg")
    report = run([level, picture], tmp_path / "out.pdf", deskew=True, crop=True)
    assert all(image.lossless for image in report.images)
    with pikepdf.open(report.output) as pdf:
        raw = [next(iter(each.get_images().values())).read_raw_bytes() for each in pdf.pages]
    assert raw == [level.read_bytes(), picture.read_bytes()]


def test_the_paper_is_found_in_a_photograph(photo):
    corners = paper_corners(photo)
    assert corners is not None
    for corner, wanted in zip(corners, photographed_corners(), strict=True):
        assert math.dist(corner, wanted) < 30, (corner, wanted)


def test_a_photograph_becomes_a_clean_level_page(tmp_path, photo):
    report = run([saved(photo, tmp_path / "photo.jpg")], tmp_path / "out.pdf", deskew=True, clean=True)
    seen = drawn(report.output, tmp_path, 150)
    assert abs(skew_of(seen)) < 0.4
    values = np.asarray(seen.convert("L"))
    height, width = values.shape
    inner = values[height // 20 : -height // 20, width // 20 : -width // 20]
    assert (inner > 245).mean() > 0.9  # white paper where the shadow was, too
    assert np.percentile(inner, 0.5) < 90  # ink is still dark
    red = np.asarray(seen, dtype=int)
    assert ((red[..., 0] - red[..., 1]) > 80).sum() > 500  # the stamp is still red
    border = np.concatenate([values[:6].ravel(), values[-6:].ravel(), values[:, :6].ravel(), values[:, -6:].ravel()])
    assert (border < 120).mean() < 0.2  # no table around the paper


@needs_tesseract
def test_pages_are_turned_by_their_text_without_loss(tmp_path, page):
    turns = (0, 90, 180, 270)
    sources = [saved(page.rotate(turn, expand=True), tmp_path / f"{turn}.jpg", dpi=(200, 200)) for turn in turns]
    report = run(sources, tmp_path / "out.pdf", rotate_auto=True)
    assert [image.turned for image in report.images] == [0, 90, 180, 270]
    assert all(image.lossless for image in report.images)
    with pikepdf.open(report.output) as pdf:
        assert [float(each.mediabox[3]) > float(each.mediabox[2]) for each in pdf.pages] == [True] * 4
    subprocess.run(["pdftoppm", "-r", "40", "-png", report.output, tmp_path / "p"], check=True)
    first, *others = (np.asarray(Image.open(path).convert("L"), dtype=int) for path in sorted(tmp_path.glob("p-*.png")))
    assert all(np.abs(first - other).mean() < 6 for other in others)


def blank(kind: str) -> Image.Image:
    rng = np.random.default_rng(5)
    paper = rng.normal(238, 7, (2339, 1654))
    if kind == "shadow":
        paper *= np.linspace(0.6, 1, 1654)[None, :]
    if kind == "dust":
        for _speck in range(15):
            y, x = rng.integers(100, 2200), rng.integers(100, 1500)
            paper[y : y + 3, x : x + 3] = 60
    if kind == "edge":
        paper[:, :40] = 40
    return Image.fromarray(paper.clip(0, 255).astype(np.uint8))


@pytest.mark.parametrize("kind", ["clean", "shadow", "dust", "edge"])
def test_blank_pages_are_dropped_and_told(tmp_path, page, kind):
    sources = [saved(page, tmp_path / "1.jpg"), saved(blank(kind), tmp_path / "2.jpg")]
    report = run(sources, tmp_path / "out.pdf", drop_blank=True)
    assert report.pages == 1
    assert [(item.source, item.why) for item in report.left_out] == [(str(sources[1]), "blank")]


@pytest.mark.parametrize("text", ["2", "Trang 2", "./."])
def test_a_page_with_little_on_it_is_kept(tmp_path, text):
    image = blank("clean")
    ImageDraw.Draw(image).text((800, 1200), text, font=font(40), fill=70)
    report = run([saved(image, tmp_path / "1.jpg")], tmp_path / "out.pdf", drop_blank=True)
    assert report.pages == 1


def test_grey_and_black_and_white(tmp_path, photo, page):
    source = saved(photo, tmp_path / "photo.jpg")
    gray = run([source], tmp_path / "gray.pdf", colour=Colour.GRAY)
    two = run([source], tmp_path / "bw.pdf", colour=Colour.BLACK_AND_WHITE, deskew=True)
    with pikepdf.open(gray.output) as pdf:
        assert next(iter(pdf.pages[0].get_images().values())).ColorSpace == "/DeviceGray"
    with pikepdf.open(two.output) as pdf:
        image = next(iter(pdf.pages[0].get_images().values()))
        assert int(image.BitsPerComponent) == 1
        assert image.Filter == "/CCITTFaxDecode"
    assert two.size < 100_000
    seen = np.asarray(drawn(two.output, tmp_path).convert("L"))
    inner = seen[40:-40, 40:-40]
    assert 0.003 < (inner < 128).mean() < 0.08  # ink, and no shadow


@pytest.mark.parametrize(("width", "height"), [(1000, 700), (674, 425), (425, 674), (1500, 2200)])
def test_crop_cuts_a_scan_to_its_paper_and_keeps_the_measure(tmp_path, width, height):
    bed = Image.new("RGB", (1654, 2339), (35, 35, 35))
    slip = Image.new("RGB", (width, height), (250, 250, 248))
    ImageDraw.Draw(slip).text((40, 200), "Giấy ủy quyền", font=font(40), fill=INK)
    bed.paste(slip, (80, 70))
    report = run([saved(bed, tmp_path / "1.png", dpi=(200, 200))], tmp_path / "out.pdf", crop=True)
    image = report.images[0]
    assert image.width_px == pytest.approx(width, abs=25)
    assert image.height_px == pytest.approx(height, abs=25)
    assert image.dpi == pytest.approx(200, abs=1)


def test_scanned_pages_of_a_pdf_are_treated_and_pages_with_text_are_not(tmp_path, page):
    slanted = page.rotate(2.5, resample=Image.Resampling.BICUBIC, fillcolor="white")
    scan = convert(
        [saved(slanted, tmp_path / "1.jpg", dpi=(300, 300))], tmp_path / "scan.pdf", ConversionOptions(), Silent()
    ).output
    with pikepdf.open(scan, allow_overwriting_input=True) as pdf:
        pdf.add_blank_page(page_size=(300, 400))
        font_of = pikepdf.Dictionary(
            F=pikepdf.Dictionary(Type=pikepdf.Name.Font, Subtype=pikepdf.Name.Type1, BaseFont=pikepdf.Name.Helvetica)
        )
        pdf.pages[1].Resources = pikepdf.Dictionary(Font=font_of)
        pdf.pages[1].Contents = pdf.make_stream(b"BT /F 20 Tf 50 300 Td (Van ban) Tj ET")
        pdf.save()
    report = run([scan], tmp_path / "out.pdf", deskew=True, colour=Colour.GRAY)
    assert report.pages == 2
    text = subprocess.run(["pdftotext", report.output, "-"], capture_output=True, text=True, check=True).stdout
    assert "Van ban" in text
    assert len(report.notes) == 1
    assert report.images[0].straightened == pytest.approx(-2.5, abs=0.3)
    with pikepdf.open(report.output) as pdf:
        assert [round(float(edge)) for edge in pdf.pages[0].mediabox][2:] == [595, 842]

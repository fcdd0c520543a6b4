"""Visible signatures as a person sees them: rendered by poppler, found where they should be, upright, readable."""

from __future__ import annotations

import shutil
import subprocess

import pytest
from PIL import Image, ImageChops

from dvc_cli.model.signing import Anchor, Placement
from dvc_cli.sign.placement import PlaceTaken
from tests.sign import pki
from tests.sign.conftest import output_of, tool

DPI = 72
PAGES = {
    "portrait": {},
    "landscape": {"media_box": (0, 0, 842, 595)},
    "rotated-90": {"page_entries": "/Rotate 90"},
    "rotated-180": {"page_entries": "/Rotate 180"},
    "rotated-270": {"page_entries": "/Rotate 270"},
    "cropped": {"page_entries": "/CropBox [100 200 500 700]"},
    "cropped-rotated": {"page_entries": "/CropBox [100 200 500 700] /Rotate 90"},
    "negative": {"media_box": (-300, -400, 295, 442)},
    "upside-down-box": {"media_box": (595, 842, 0, 0)},
    "user-unit": {"media_box": (0, 0, 297.5, 421), "page_entries": "/UserUnit 2"},
}


def rendered(path, folder, name):
    subprocess.run(
        [tool("pdftoppm"), "-r", str(DPI), "-cropbox", "-png", "-singlefile", str(path), str(folder / name)], check=True
    )
    return Image.open(folder / f"{name}.png").convert("L")


def stamp_area(source, signed, folder):
    """Where the rendered page changed, as shares of the page (left, top, right, bottom), and the page size in pixels."""
    before, after = rendered(source, folder, "before"), rendered(signed, folder, "after")
    assert before.size == after.size
    box = ImageChops.difference(before, after).getbbox()
    assert box, "the stamp is not visible"
    return box, after.size


@pytest.mark.parametrize("anchor", [Anchor.BOTTOM_RIGHT, Anchor.TOP_LEFT])
@pytest.mark.parametrize("kind", PAGES)
def test_the_stamp_is_where_the_anchor_says_on_the_displayed_page(kind, anchor, sign, write_pdf, tmp_path):
    source = write_pdf(text="", **PAGES[kind])
    signed = sign(source, placement=Placement(anchor=anchor))
    (left, top, right, bottom), (width, height) = stamp_area(source, signed, tmp_path)
    mm = DPI / 25.4 * (0.5 if kind == "user-unit" and width < 400 else 1)  # poppler may leave UserUnit out
    assert abs((right - left) - 70 * mm) <= 3, "as wide as asked: it is not turned"
    assert abs((bottom - top) - 25 * mm) <= 3
    if anchor is Anchor.BOTTOM_RIGHT:
        assert abs((width - right) - 15 * mm) <= 3
        assert abs((height - bottom) - 15 * mm) <= 3
    else:
        assert abs(left - 15 * mm) <= 3
        assert abs(top - 15 * mm) <= 3


def test_a_free_box_is_measured_from_the_top_left(sign, write_pdf, tmp_path):
    source = write_pdf(text="", page_entries="/Rotate 90")
    signed = sign(source, placement=Placement(anchor=None, box=(40, 30, 90, 20)))
    (left, top, right, bottom), _size = stamp_area(source, signed, tmp_path)
    mm = DPI / 25.4
    assert [abs(a - b * mm) <= 3 for a, b in zip((left, top, right, bottom), (40, 30, 130, 50), strict=True)] == [
        True
    ] * 4


@pytest.mark.parametrize("rotation", [0, 90, 180, 270])
def test_the_text_is_extractable_with_every_vietnamese_letter(rotation, sign, write_pdf):
    signed = sign(
        write_pdf(page_entries=f"/Rotate {rotation}"),
        pki.organisation(),
        placement=Placement(),
        reason="Nộp hồ sơ, ưỡn ẹo, nghiêng ngả, Ỷ Ỹ Ặ Ẫ Ổ",
    )
    text = " ".join(output_of(tool("pdftotext"), "-layout", signed, "-").split())
    for expected in ("Ký bởi: CÔNG TY TNHH MỘT THÀNH", "ĐƯỜNG SÔNG", "MST: 0101234567-001", "Ngày ký: ", "Ỷ Ỹ Ặ Ẫ Ổ"):
        assert expected in text


def test_a_persons_number_is_masked(sign, write_pdf):
    text = output_of(tool("pdftotext"), "-layout", sign(write_pdf(), placement=Placement()), "-")
    assert "CCCD: *********345" in text
    assert "001199012345" not in text


def test_the_page_can_be_chosen(sign, write_pdf):
    signed = sign(write_pdf(pages=3), placement=Placement(page=2))
    texts = [output_of(tool("pdftotext"), "-f", str(page), "-l", str(page), signed, "-") for page in (1, 2, 3)]
    assert ["Ký bởi" in text for text in texts] == [False, True, False]


def test_a_small_box_gets_small_text_that_stays_inside(sign, write_pdf, tmp_path):
    source = write_pdf(text="")
    signed = sign(source, pki.organisation(), placement=Placement(anchor=None, box=(20, 20, 25, 8)), reason="Nộp hồ sơ")
    (left, top, right, bottom), _size = stamp_area(source, signed, tmp_path)
    mm = DPI / 25.4
    assert left >= 20 * mm - 2
    assert top >= 20 * mm - 2
    assert right <= 45 * mm + 2
    assert bottom <= 28 * mm + 2


def test_an_invisible_signature_changes_nothing_that_is_seen(sign, write_pdf, tmp_path):
    source = write_pdf()
    before, after = rendered(source, tmp_path, "before"), rendered(sign(source), tmp_path, "after")
    assert ImageChops.difference(before, after).getbbox() is None


def test_the_font_is_embedded_as_a_subset(sign, write_pdf):
    if shutil.which("pdffonts") is None:
        pytest.skip("pdffonts is not installed")
    text = output_of("pdffonts", sign(write_pdf(), placement=Placement()))
    (line,) = [line for line in text.splitlines() if "BeVietnamPro" in line]
    assert line.split()[-5:-2] == ["yes", "yes", "yes"]  # embedded, subset, with Unicode table


@pytest.mark.parametrize("rotation", [0, 90])
def test_the_next_signer_at_the_same_place_stands_above_the_first(rotation, sign, write_pdf, tmp_path, verdict):
    source = write_pdf(text="", page_entries=f"/Rotate {rotation}")
    first = sign(source, placement=Placement())
    second = sign(first, pki.organisation(), placement=Placement(), output=tmp_path / "two.pdf")
    (left, top, right, _bottom), _size = stamp_area(source, first, tmp_path)
    (next_left, next_top, next_right, next_bottom), _size = stamp_area(first, second, tmp_path)
    assert abs(left - next_left) <= 1
    assert abs(right - next_right) <= 1
    assert next_bottom <= top
    assert next_top > 0
    assert verdict(second).verdict == "valid"
    over = (130, 260, 40, 15) if rotation == 0 else (220, 175, 40, 15)
    with pytest.raises(PlaceTaken):
        sign(first, placement=Placement(anchor=None, box=over), output=tmp_path / "x.pdf")

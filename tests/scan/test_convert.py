"""`scan convert`, judged by pikepdf's view of the output, Pillow's view of the input and pdfimages."""

from __future__ import annotations

import io
import json
import subprocess
from contextlib import contextmanager
from pathlib import Path

import pikepdf
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from dvc_cli.main import main
from dvc_cli.pdf.kinds import FileKind, kind_of
from dvc_cli.scan.convert import (
    ConversionOptions,
    MissingInput,
    PageSize,
    SignedInput,
    UnsupportedKind,
    convert,
    expanded,
)
from dvc_cli.scan.images import BrokenImage, ImageTooLarge, placed


class Quiet:
    @contextmanager
    def task(self, text, total=None):
        yield self

    def advance(self, amount=1): ...
    def update(self, text): ...
    def say(self, text): ...
    def warn(self, text): ...


def picture(path: Path, size=(400, 600), mode="RGB", **save) -> Path:
    image = Image.linear_gradient("L").resize(size).convert(mode)
    image.save(path, **save)
    return path


def run(inputs, output, **options):
    return convert(inputs, output, ConversionOptions(**options), Quiet())


def page_boxes(path: Path) -> list[tuple[float, float, int]]:
    with pikepdf.open(path) as pdf:
        boxes = []
        for page in pdf.pages:
            _, _, width, height = (float(edge) for edge in page.mediabox)
            boxes.append((round(width), round(height), int(page.get("/Rotate", 0))))
        return boxes


def image_stream(path: Path, page: int = 0) -> pikepdf.Stream:
    with pikepdf.open(path) as pdf:
        (image,) = pdf.pages[page].get_images().values()
        return image.read_raw_bytes()


def test_a_jpeg_stays_the_very_jpeg(tmp_path):
    source = picture(tmp_path / "trang.jpg", quality=80, dpi=(200, 200))
    report = run([source], tmp_path / "don.pdf")
    embedded = image_stream(report.output)
    assert embedded[-500:] == source.read_bytes()[-500:]
    assert Image.open(io.BytesIO(embedded)).size == (400, 600)


def test_many_kinds_become_one_a4_document_in_the_order_given(tmp_path):
    sources = [
        picture(tmp_path / "a.jpg"),
        picture(tmp_path / "b.png"),
        picture(tmp_path / "c.webp"),
        picture(tmp_path / "d.bmp"),
        picture(tmp_path / "e.gif"),
        picture(tmp_path / "f.tif"),
        picture(tmp_path / "g.avif"),
        picture(tmp_path / "h.jp2"),
    ]
    report = run(sources, tmp_path / "out.pdf")
    assert page_boxes(report.output) == [(595, 842, 0)] * 8
    assert [Path(page.source).name for page in report.images] == [path.name for path in sources]


def test_heic_of_a_phone(tmp_path):
    import pillow_heif

    source = tmp_path / "anh.heic"
    heif = pillow_heif.from_pillow(Image.linear_gradient("L").resize((320, 480)).convert("RGB"))
    heif.save(source)
    assert kind_of(source) is FileKind.HEIC
    assert run([source], tmp_path / "out.pdf").pages == 1


def test_multipage_tiff_keeps_every_page_and_g4_data(tmp_path):
    frames = [Image.new("1", (800, 1100), value) for value in (0, 1, 1)]
    source = tmp_path / "fax.tif"
    frames[0].save(source, save_all=True, append_images=frames[1:], compression="group4", dpi=(200, 200))
    report = run([source], tmp_path / "out.pdf")
    assert report.pages == 3
    listing = subprocess.run(["pdfimages", "-list", report.output], capture_output=True, text=True, check=True).stdout
    assert listing.count("ccitt") == 3


@pytest.mark.parametrize("orientation", range(1, 9))
def test_every_exif_orientation_shows_upright(tmp_path, orientation):
    upright = Image.new("RGB", (300, 200), "white")
    upright.paste("black", (0, 0, 60, 40))  # the mark belongs to the top left
    # the transposition that undoes what the reader will do for this orientation
    undo = {2: 0, 3: 3, 4: 1, 5: 5, 6: 2, 7: 6, 8: 4}
    stored = upright if orientation == 1 else upright.transpose(Image.Transpose(undo[orientation]))
    exif = Image.Exif()
    exif[0x0112] = orientation
    source = tmp_path / "o.jpg"
    stored.save(source, exif=exif, quality=95)
    report = run([source], tmp_path / "out.pdf", page_size=PageSize.IMAGE)
    subprocess.run(["pdftoppm", "-r", "72", "-png", report.output, tmp_path / "page"], check=True)
    shown = Image.open(next(tmp_path.glob("page*.png"))).convert("L")
    assert shown.width > shown.height
    corners = [shown.getpixel((x, y)) < 100 for x in (6, shown.width - 6) for y in (5, shown.height - 5)]
    assert corners == [True, False, False, False]


def test_transparency_becomes_white_paper(tmp_path):
    source = tmp_path / "seal.png"
    Image.new("RGBA", (100, 100), (255, 0, 0, 0)).save(source)
    report = run([source], tmp_path / "out.pdf")
    with pikepdf.open(report.output) as pdf:
        (image,) = pdf.pages[0].get_images().values()
        assert "/SMask" not in image
        assert pikepdf.PdfImage(image).as_pil_image().convert("RGB").getpixel((5, 5)) == (255, 255, 255)


def test_pdf_inputs_are_joined_and_version_is_at_least_1_4(tmp_path):
    first = run([picture(tmp_path / "1.png")], tmp_path / "1.pdf").output
    report = run([first, picture(tmp_path / "2.jpg")], tmp_path / "both.pdf")
    assert report.pages == 2
    with pikepdf.open(report.output) as pdf:
        assert pdf.pdf_version >= "1.4"
    assert subprocess.run(["qpdf", "--check", report.output], capture_output=True).returncode == 0


def test_low_resolution_is_told(tmp_path):
    source = picture(tmp_path / "small.jpg", size=(827, 1169), dpi=(100, 100))
    assert run([source], tmp_path / "out.pdf").low_resolution == 1


def test_a_folder_is_read_in_natural_order(tmp_path):
    folder = tmp_path / "quét"
    folder.mkdir()
    for number in (10, 9, 1):
        picture(folder / f"trang {number}.jpg", size=(50, 50))
    (folder / "ghi chú.txt").write_text("x", encoding="utf-8")
    assert [path.stem for path in expanded([folder])] == ["trang 1", "trang 9", "trang 10"]


@pytest.mark.parametrize("kind", ["jpg", "png", "tif", "webp"])
def test_a_picture_cut_short_is_refused_and_nothing_is_left(tmp_path, kind):
    whole = picture(tmp_path / f"whole.{kind}", size=(900, 900)).read_bytes()
    cut = tmp_path / f"cut.{kind}"
    cut.write_bytes(whole[: len(whole) * 2 // 3])
    before = sorted(tmp_path.iterdir())
    with pytest.raises(BrokenImage) as caught:
        run([cut], tmp_path / "out.pdf")
    assert "cut." in caught.value.message
    assert sorted(tmp_path.iterdir()) == before


def test_a_bomb_is_refused_before_it_is_decoded(tmp_path):
    bomb = tmp_path / "bomb.png"
    Image.new("1", (30_000, 30_000)).save(bomb)
    with pytest.raises((ImageTooLarge, BrokenImage)):
        run([bomb], tmp_path / "out.pdf")


def test_wrong_kinds_are_named(tmp_path):
    page = tmp_path / "portal.pdf"
    page.write_text("<html><body>502</body></html>", encoding="utf-8")
    with pytest.raises(UnsupportedKind, match="web page"):
        run([page], tmp_path / "out.pdf")
    with pytest.raises(MissingInput):
        run([tmp_path / "none.jpg"], tmp_path / "out.pdf")


def test_a_signed_pdf_is_never_touched(tmp_path):
    plain = run([picture(tmp_path / "1.png")], tmp_path / "1.pdf").output
    with pikepdf.open(plain) as pdf:
        signature = pdf.make_indirect(pikepdf.Dictionary(Type=pikepdf.Name.Sig, Contents=b"x"))
        field = pdf.make_indirect(pikepdf.Dictionary(FT=pikepdf.Name.Sig, T="Sig", V=signature))
        pdf.Root.AcroForm = pikepdf.Dictionary(Fields=pikepdf.Array([field]), SigFlags=3)
        pdf.save(tmp_path / "signed.pdf")
    with pytest.raises(SignedInput):
        run([tmp_path / "signed.pdf"], tmp_path / "out.pdf")


def test_an_input_is_never_the_output(tmp_path):
    source = picture(tmp_path / "1.png")
    target = run([source], tmp_path / "1.pdf").output
    before = target.read_bytes()
    assert main(["scan", "convert", str(target), "-o", str(target), "--force"]) == 10
    assert target.read_bytes() == before


def test_json_of_the_command(tmp_path, capsys):
    source = picture(tmp_path / "1.png")
    assert main(["scan", "convert", str(source), "-o", str(tmp_path / "o.pdf"), "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["schema"] == "dvc.scan.conversion/1"
    assert report["pages"] == 1
    assert report["size"] == (tmp_path / "o.pdf").stat().st_size
    assert main(["scan", "convert", str(source), "-o", str(tmp_path / "o.pdf"), "--json"]) == 10
    assert json.loads(capsys.readouterr().err)["error"] == "output-exists"


A4 = PageSize.A4.points


@given(
    width=st.integers(1, 20_000),
    height=st.integers(1, 20_000),
    dpi=st.floats(1, 2400),
    sized=st.booleans(),
)
def test_a_picture_always_fits_its_page_and_keeps_its_shape(width, height, dpi, sized):
    page, drawn = placed(width, height, (dpi, dpi), A4 if sized else None)
    assert drawn[0] <= page[0] * 1.0001
    assert drawn[1] <= page[1] * 1.0001
    assert drawn[0] / drawn[1] == pytest.approx(width / height, rel=1e-6)
    if sized:
        assert sorted(page) == pytest.approx(sorted(A4))


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    mode=st.sampled_from(["1", "L", "RGB", "P"]),
    size=st.tuples(st.integers(1, 80), st.integers(1, 80)),
    dpi=st.sampled_from([None, 72, 150, 200, 300, 600]),
    seed=st.integers(0, 2**16),
)
def test_png_pixels_arrive_bit_exact(tmp_path, mode, size, dpi, seed):
    import random

    source, target = tmp_path / "in.png", tmp_path / "out.pdf"
    noise = Image.frombytes("RGB", size, random.Random(seed).randbytes(size[0] * size[1] * 3))
    image = noise.convert(mode)
    image.save(source, **({"dpi": (dpi, dpi)} if dpi else {}))
    run([source], target, overwrite=True)
    with pikepdf.open(target) as pdf:
        (stream,) = pdf.pages[0].get_images().values()
        shown = pikepdf.PdfImage(stream).as_pil_image().convert("RGB")
    assert shown.tobytes() == image.convert("RGB").tobytes()

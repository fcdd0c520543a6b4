"""Every kind of picture arrives as it was: pixels, size, orientation and paper, judged by pikepdf, pdfimages and poppler."""

from __future__ import annotations

import random
import subprocess
from pathlib import Path

import numpy as np
import pikepdf
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image, ImageCms, ImageOps

from dvc_cli.scan.convert import BrokenImage, ConversionOptions, PageSize, convert
from dvc_cli.scan.frames import turned
from dvc_cli.scan.images import ImageTooLarge
from dvc_cli.scan.jpeg import read_jpeg
from tests.scan.hammer import Silent

A4 = (595.28, 841.89)


def run(inputs, output, **options):
    return convert(inputs, output, ConversionOptions(overwrite=True, **options), Silent())


def noise(size, mode="RGB", seed=1) -> Image.Image:
    image = Image.frombytes("RGB", size, random.Random(seed).randbytes(size[0] * size[1] * 3))
    if mode == "I;16":
        return Image.fromarray(
            np.frombuffer(random.Random(seed).randbytes(size[0] * size[1] * 2), np.uint16).reshape(size[::-1])
        )
    return image.quantize(200) if mode == "P" else image.convert(mode)


def only_image(path: Path, page: int = 0):
    pdf = pikepdf.open(path)
    (stream,) = pdf.pages[page].get_images().values()
    return pdf, stream


def listed(path: Path) -> list[dict[str, str]]:
    lines = subprocess.run(["pdfimages", "-list", path], capture_output=True, text=True, check=True).stdout.splitlines()
    heads = lines[0].split()
    return [dict(zip(heads, line.split(), strict=False)) for line in lines[2:]]


def shown(path: Path, dpi: int, folder: Path) -> list[Image.Image]:
    subprocess.run(["pdftoppm", "-r", str(dpi), "-png", path, folder / "seen"], check=True)
    return [Image.open(page).convert("RGB") for page in sorted(folder.glob("seen*.png"))]


LOSSLESS = {
    "png": ["1", "L", "RGB", "P", "I;16"],
    "tif": ["1", "L", "RGB", "P", "CMYK", "I;16"],
    "bmp": ["1", "L", "RGB", "P"],
    "gif": ["L", "P"],
    "webp": ["RGB"],
    "jp2": ["L", "RGB"],
}


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    kind_and_mode=st.sampled_from([(kind, mode) for kind, modes in LOSSLESS.items() for mode in modes]),
    size=st.tuples(st.integers(1, 90), st.integers(1, 90)),
    dpi=st.sampled_from([None, 72, 100, 150, 200, 300, 600]),
    seed=st.integers(0, 2**16),
)
def test_lossless_pictures_arrive_bit_exact_on_one_page_of_the_right_size(tmp_path, kind_and_mode, size, dpi, seed):
    kind, mode = kind_and_mode
    if kind == "jp2":
        size = (size[0] + 32, size[1] + 32)  # OpenJPEG needs room for its resolution levels
    image = noise(size, mode, seed)
    source = tmp_path / f"in.{kind}"
    extra = {"lossless": True} if kind == "webp" else {}
    image.save(source, **({"dpi": (dpi, dpi)} if dpi else {}), **extra)
    report = run([source], tmp_path / "out.pdf")
    assert report.images[0].lossless
    (row,) = listed(report.output)
    assert (int(row["width"]), int(row["height"])) == size
    pdf, stream = only_image(report.output)
    with pdf:
        assert len(pdf.pages) == 1
        assert sorted(float(edge) for edge in pdf.pages[0].mediabox)[2:] == pytest.approx(A4, abs=0.1)
        assert float(pdf.pages[0].mediabox[2]) <= float(pdf.pages[0].mediabox[3]) or size[0] > size[1]
        if mode == "I;16":
            samples = np.frombuffer(stream.read_bytes(), ">u2").reshape(size[::-1])
            assert (samples == np.asarray(image)).all()
            return
        # 16-bit and CMYK samples are compared raw: pikepdf's picture would be converted
        seen = (
            stream.read_bytes() if mode == "CMYK" else pikepdf.PdfImage(stream).as_pil_image().convert("RGB").tobytes()
        )
        with Image.open(source) as again:
            wanted = again.tobytes() if mode == "CMYK" else again.convert("RGB").tobytes()
        assert seen == wanted


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    mode=st.sampled_from(["L", "RGB", "CMYK"]),
    progressive=st.booleans(),
    size=st.tuples(st.integers(8, 200), st.integers(8, 200)),
    dpi=st.sampled_from([150, 200, 300]),
    orientation=st.integers(1, 8),
)
def test_a_jpeg_keeps_its_data_and_its_real_size(tmp_path, mode, progressive, size, dpi, orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    source = tmp_path / "in.jpg"
    noise(size, mode).save(source, quality=88, progressive=progressive, dpi=(dpi, dpi), exif=exif)
    report = run([source], tmp_path / "out.pdf", page_size=PageSize.IMAGE)
    (row,) = listed(report.output)
    assert row["enc"] == "jpeg"
    upright = size if orientation < 5 else size[::-1]
    pdf, stream = only_image(report.output)
    with pdf:
        box = [float(edge) for edge in pdf.pages[0].mediabox]
        assert box[2:] == pytest.approx([edge / dpi * 72 for edge in upright], abs=0.01)
        embedded = stream.read_raw_bytes()
    original = source.read_bytes()
    scan = original.index(b"\xff\xda")
    assert embedded.endswith(original[scan:])
    assert b"Exif" not in embedded
    assert report.images[0].dpi == pytest.approx(dpi, abs=0.2)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["jpg", "png", "tif", "webp"])
def test_orientation_is_what_a_reader_of_the_picture_sees(tmp_path, orientation, kind):
    stored = Image.new("RGB", (60, 40), "white")
    stored.paste((200, 0, 0), (0, 0, 20, 10))
    stored.paste((0, 0, 200), (45, 25, 60, 40))
    exif = Image.Exif()
    exif[0x0112] = orientation
    source = tmp_path / f"in.{kind}"
    stored.save(source, exif=exif, **({"quality": 95, "subsampling": 0} if kind == "jpg" else {}))
    wanted = ImageOps.exif_transpose(Image.open(source)).convert("RGB").resize((60, 40))
    report = run([source], tmp_path / "out.pdf", page_size=PageSize.IMAGE)
    (page,) = shown(report.output, 200, tmp_path)
    difference = np.abs(np.asarray(page.resize((60, 40)), dtype=int) - np.asarray(wanted, dtype=int))
    assert np.median(difference) < 12
    assert difference.mean() < 12


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("degrees", [0, 90, 180, 270])
def test_turning_composes_with_the_orientation_of_the_file(tmp_path, orientation, degrees):
    exif = Image.Exif()
    exif[0x0112] = orientation
    marked = Image.new("L", (40, 24), 255)
    marked.paste(0, (0, 0, 10, 6))
    marked.paste(128, (30, 18, 40, 24))
    marked.save(tmp_path / "a.jpg", exif=exif, quality=95)
    picture = turned(read_jpeg(tmp_path / "a.jpg"), degrees)
    exif[0x0112] = picture.orientation
    marked.save(tmp_path / "b.jpg", exif=exif, quality=95)
    once = ImageOps.exif_transpose(Image.open(tmp_path / "a.jpg")).rotate(-degrees, expand=True)
    both = ImageOps.exif_transpose(Image.open(tmp_path / "b.jpg"))
    assert once.size == both.size
    assert np.abs(np.asarray(once, dtype=int) - np.asarray(both, dtype=int)).max() <= 2


@pytest.mark.parametrize("polarity", [0, 1])
def test_fax_data_is_passed_through_and_black_stays_black(tmp_path, polarity):
    page = Image.new("1", (800, 1000), 1)
    page.paste(0, (100, 100, 300, 200))
    source = tmp_path / "fax.tif"
    if polarity == 0:
        page.save(source, compression="group4", tiffinfo={262: 0}, strip_size=10**9, dpi=(100, 100))
    else:
        page.save(source, compression="group4", strip_size=10**9, dpi=(100, 100))
    report = run([source], tmp_path / "out.pdf", page_size=PageSize.IMAGE)
    (row,) = listed(report.output)
    assert row["enc"] == "ccitt"
    with Image.open(source) as written:
        wanted = written.convert("L").getpixel((200, 150)), written.convert("L").getpixel((600, 600))
    (seen,) = shown(report.output, 100, tmp_path)
    assert tuple(seen.convert("L").getpixel(place) for place in ((200, 150), (600, 600))) == wanted
    pdf, stream = only_image(report.output)
    with pdf:
        assert stream.read_raw_bytes() in source.read_bytes()


def test_a_colour_profile_goes_along_and_is_stored_once(tmp_path):
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    noise((40, 40)).save(tmp_path / "1.jpg", icc_profile=profile)
    noise((40, 40)).save(tmp_path / "2.png", icc_profile=profile)
    report = run([tmp_path / "1.jpg", tmp_path / "2.png"], tmp_path / "out.pdf")
    with pikepdf.open(report.output) as pdf:
        spaces = [next(iter(page.get_images().values())).ColorSpace for page in pdf.pages]
        assert [str(space[0]) for space in spaces] == ["/ICCBased"] * 2
        assert spaces[0][1].objgen == spaces[1][1].objgen
        assert spaces[0][1].read_bytes() == profile


def test_where_a_photograph_was_taken_does_not_go_along(tmp_path):
    exif = Image.Exif()
    exif.get_ifd(0x8825)[1] = "N"
    exif[0x010F] = "SecretPhone"
    noise((64, 64)).save(tmp_path / "1.jpg", exif=exif)
    report = run([tmp_path / "1.jpg"], tmp_path / "out.pdf")
    assert b"SecretPhone" in (tmp_path / "1.jpg").read_bytes()
    assert b"SecretPhone" not in report.output.read_bytes()


def test_two_photographs_in_one_file_give_the_first(tmp_path):
    noise((64, 48), seed=1).save(tmp_path / "1.jpg")
    noise((10, 10), seed=2).save(tmp_path / "2.jpg")
    first = (tmp_path / "1.jpg").read_bytes()
    (tmp_path / "both.jpg").write_bytes(first + (tmp_path / "2.jpg").read_bytes())
    report = run([tmp_path / "both.jpg"], tmp_path / "out.pdf")
    pdf, stream = only_image(report.output)
    with pdf:
        assert stream.read_raw_bytes() == first


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9, 0.999])
@pytest.mark.parametrize("progressive", [False, True])
def test_a_jpeg_cut_anywhere_is_noticed(tmp_path, share, progressive):
    source = tmp_path / "cut.jpg"
    noise((200, 200)).save(source, progressive=progressive)
    whole = source.read_bytes()
    source.write_bytes(whole[: int(len(whole) * share)])
    with pytest.raises(BrokenImage, match=r"cut\.jpg"):
        run([source], tmp_path / "out.pdf")
    source.write_bytes(whole[: int(len(whole) * share)] + b"\0" * 5000)  # room was kept, but the rest never came
    with pytest.raises(BrokenImage, match=r"cut\.jpg"):
        run([source], tmp_path / "out.pdf")


def test_a_png_with_a_wrong_checksum_or_missing_rows_is_noticed(tmp_path):
    import struct
    import zlib

    source = tmp_path / "bad.png"
    noise((50, 50)).save(source)
    data = bytearray(source.read_bytes())
    place = data.index(b"IDAT") + 40
    data[place] ^= 1
    source.write_bytes(data)
    with pytest.raises(BrokenImage):
        run([source], tmp_path / "out.pdf")

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    head = chunk(b"IHDR", struct.pack(">IIBBBBB", 50, 50, 8, 0, 0, 0, 0))
    for rows in (49, 51, 40_000):
        body = zlib.compress(bytes(51 * rows))
        source.write_bytes(b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", body) + chunk(b"IEND", b""))
        with pytest.raises(BrokenImage):
            run([source], tmp_path / "out.pdf")


def test_a_damaged_page_of_a_tiff_is_named_and_can_be_skipped(tmp_path):
    source = tmp_path / "three.tif"
    pages = [noise((100, 100), seed=seed) for seed in (1, 2, 3)]
    pages[0].save(source, save_all=True, append_images=pages[1:], compression="tiff_lzw")
    with Image.open(source) as tiff:
        tiff.seek(1)
        offset = tiff.tag_v2[273][0]
    data = bytearray(source.read_bytes())
    data[offset : offset + 3000] = b"\xff" * 3000
    source.write_bytes(data)
    with pytest.raises(BrokenImage, match=r"Page 2 of .*three.tif"):
        run([source], tmp_path / "out.pdf")
    report = run([source], tmp_path / "out.pdf", skip_broken=True)
    assert report.pages == 2
    assert [(item.frame, item.why) for item in report.left_out] == [(2, "skipped")]


def test_a_picture_of_more_pixels_than_allowed_is_refused_unseen(tmp_path):
    import struct

    source = tmp_path / "huge.jpg"
    noise((64, 64)).save(source)
    data = bytearray(source.read_bytes())
    place = data.index(b"\xff\xc0") + 5
    data[place : place + 4] = struct.pack(">HH", 60_000, 60_000)
    source.write_bytes(data)
    with pytest.raises(ImageTooLarge, match="3600 million"):
        run([source], tmp_path / "out.pdf")


def test_the_file_is_the_same_each_time_and_reads_well_elsewhere(tmp_path):
    sources = []
    for number, kind in enumerate(("jpg", "png", "tif", "webp")):
        noise((120, 90), seed=number).save(tmp_path / f"{number}.{kind}")
        sources.append(tmp_path / f"{number}.{kind}")
    first = run(sources, tmp_path / "a.pdf")
    second = run(sources, tmp_path / "b.pdf")
    assert first.output.read_bytes() == second.output.read_bytes()
    assert first.sha256 == second.sha256
    for command in (["qpdf", "--check"], ["mutool", "info"], ["pdfinfo"]):
        done = subprocess.run([*command, first.output], capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
        assert "arning" not in done.stderr

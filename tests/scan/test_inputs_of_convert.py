"""What may be named, in which order it comes, and one PDF for each."""

from __future__ import annotations

import io
import json
import os
import sys
from pathlib import Path

import pikepdf
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from dvc_cli.main import main
from dvc_cli.scan.convert import ConversionOptions, Each, MissingInput, Order, convert, convert_each
from dvc_cli.scan.inputs import SameName, natural
from dvc_cli.scan.options import BadSize, read_size
from tests.scan.hammer import Silent


def picture(path: Path, width: int = 40, **save) -> Path:
    Image.new("RGB", (width, 50), (width, 90, 30)).save(path, **save)
    return path


def order_of(report) -> list[str]:
    return [Path(image.source).name for image in report.images]


def run(inputs, output, **options):
    return convert(inputs, output, ConversionOptions(**options), Silent())


@given(st.lists(st.integers(0, 10**6), min_size=2, max_size=8, unique=True))
def test_numbers_in_names_count_as_numbers(numbers):
    paths = [Path(f"Trang {number}.jpg") for number in numbers]
    assert sorted(paths, key=natural) == [Path(f"Trang {number}.jpg") for number in sorted(numbers)]


def test_orders(tmp_path):
    dates = {"b2.jpg": "2026:11:23 09:00:00", "a10.jpg": "2026:11:23 08:00:00", "a9.jpg": "2026:11:22 10:00:00"}
    paths = []
    for name, date in dates.items():
        exif = Image.Exif()
        exif.get_ifd(0x8769)[0x9003] = date
        paths.append(picture(tmp_path / name, exif=exif))
    orders = {
        Order.GIVEN: ["b2.jpg", "a10.jpg", "a9.jpg"],
        Order.REVERSE: ["a9.jpg", "a10.jpg", "b2.jpg"],
        Order.NAME: ["a9.jpg", "a10.jpg", "b2.jpg"],
        Order.DATE: ["a9.jpg", "a10.jpg", "b2.jpg"],
    }
    os.utime(paths[0], (1, 1))  # the date of the file does not count where the camera told one
    for order, names in orders.items():
        assert order_of(run(paths, tmp_path / f"{order.value}.pdf", order=order)) == names


def test_patterns_are_expanded_where_the_shell_does_not(tmp_path):
    (tmp_path / "sub").mkdir()
    for name in ("trang 10.jpg", "trang 2.jpg", "sub/x.png"):
        picture(tmp_path / name)
    (tmp_path / "trang 3.txt").write_text("x", encoding="utf-8")
    report = run([tmp_path / "trang*", tmp_path / "**" / "*.png"], tmp_path / "out.pdf")
    assert order_of(report) == ["trang 2.jpg", "trang 10.jpg", "x.png"]
    with pytest.raises(MissingInput):
        run([tmp_path / "nothing*.jpg"], tmp_path / "none.pdf")


def test_a_name_with_brackets_that_exists_is_a_file(tmp_path):
    report = run([picture(tmp_path / "scan[1].jpg")], tmp_path / "out.pdf")
    assert report.pages == 1


def test_standard_input(tmp_path, monkeypatch):
    content = picture(tmp_path / "a.png").read_bytes()
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content)))
    report = run([Path("-"), tmp_path / "a.png"], tmp_path / "out.pdf")
    assert [image.source for image in report.images] == ["-", str(tmp_path / "a.png")]


def test_each_file_and_each_folder(tmp_path):
    out = tmp_path / "out"
    out.mkdir()
    for name in ("A", "B/inner"):
        (tmp_path / "in" / name).mkdir(parents=True)
    for name in ("A/1.jpg", "A/2.jpg", "B/inner/3.png", "4.tif"):
        picture(tmp_path / "in" / name)
    folders = convert_each([tmp_path / "in"], out, Each.FOLDER, ConversionOptions(), Silent())
    assert {item.output.name: item.pages for item in folders.conversions} == {"in.pdf": 1, "A.pdf": 2, "inner.pdf": 1}
    files = convert_each([tmp_path / "in" / "A", tmp_path / "in"], out, Each.FILE, ConversionOptions(), Silent())
    assert [item.output.name for item in files.conversions] == ["1.pdf", "2.pdf", "4.pdf"]
    with pytest.raises(SameName):
        convert_each(
            [tmp_path / "in" / "A" / "1.jpg", tmp_path / "in" / "A"], out, Each.FILE, ConversionOptions(), Silent()
        )


def test_one_bad_file_does_not_stop_the_others_and_decides_the_status(tmp_path, capsys):
    good, bad = picture(tmp_path / "good.jpg"), tmp_path / "bad.jpg"
    bad.write_bytes(good.read_bytes()[:200])
    status = main(["scan", "convert", str(bad), str(good), "--each", "file", "--out-dir", str(tmp_path), "--json"])
    report = json.loads(capsys.readouterr().out)
    assert status == 10
    assert report["schema"] == "dvc.scan.conversions/1"
    assert [item["output"] for item in report["conversions"]] == [str(tmp_path / "good.pdf")]
    assert [item["error"] for item in report["failed"]] == ["broken-image"]
    assert not (tmp_path / "bad.pdf").exists()


def test_broken_files_are_skipped_on_request_and_named(tmp_path, capsys):
    good, bad = picture(tmp_path / "good.jpg"), tmp_path / "bad.jpg"
    bad.write_bytes(b"\xff\xd8\xff\xe0")
    empty = tmp_path / "empty.jpg"
    empty.write_bytes(b"")
    arguments = ["scan", "convert", str(bad), str(good), str(empty), "-o", str(tmp_path / "out.pdf")]
    assert main(arguments) == 10
    assert not (tmp_path / "out.pdf").exists()
    assert main([*arguments, "--skip-broken", "--lang", "vi"]) == 0
    shown = capsys.readouterr().out
    assert "bad.jpg" in shown
    assert "tệp rỗng" in shown
    assert main(["scan", "convert", str(bad), "-o", str(tmp_path / "none.pdf"), "--skip-broken"]) == 10
    assert not (tmp_path / "none.pdf").exists()


@pytest.mark.parametrize(
    "arguments",
    [["a.jpg"], ["a.jpg", "-o", "x.pdf", "--each", "file"], ["a.jpg", "-o", "x.pdf", "--out-dir", "."],
     ["a.jpg", "-o", "x.pdf", "--fit", "viel"], ["a.jpg", "-o", "x.pdf", "--split"], ["a.jpg", "-o", "x.pdf", "--gray", "--bw"]],
)  # fmt: skip
def test_what_makes_no_sense_is_refused_before_anything_is_done(tmp_path, monkeypatch, capsys, arguments):
    monkeypatch.chdir(tmp_path)
    picture(tmp_path / "a.jpg")
    assert main(["scan", "convert", *arguments]) == 2
    assert [path.name for path in tmp_path.iterdir()] == ["a.jpg"]
    assert "`" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("text", "size"),
    [("20MB", 20_000_000), ("500 kB", 500_000), ("1,5mb", 1_500_000), ("2MiB", 2_097_152), ("777", 777)],
)
def test_sizes(text, size):
    assert read_size(text) == size


@pytest.mark.parametrize("text", ["", "MB", "-3", "0", "20 TB", "1.2.3"])
def test_what_is_no_size(text):
    with pytest.raises(BadSize):
        read_size(text)


def signed(path: Path, *, certified: bool) -> Path:
    with pikepdf.new() as pdf:
        pdf.add_blank_page()
        signature = pdf.make_indirect(pikepdf.Dictionary(Type=pikepdf.Name.Sig, Contents=b"x"))
        if certified:
            pdf.Root.Perms = pikepdf.Dictionary(DocMDP=signature)
        field = pdf.make_indirect(pikepdf.Dictionary(FT=pikepdf.Name.Sig, T="Sig", V=signature))
        pdf.Root.AcroForm = pikepdf.Dictionary(Fields=pikepdf.Array([field]))
        pdf.save(path)
    return path


WAYS = [
    [],
    ["--fit", "20MB"],
    ["--fit", "1MB", "--split"],
    ["--ocr"],
    ["--pdfa"],
    ["--clean", "--deskew"],
    ["--skip-broken"],
    ["--gray"],
]


@pytest.mark.parametrize("certified", [False, True])
@pytest.mark.parametrize("way", WAYS, ids=lambda way: " ".join(way) or "plain")
def test_no_way_leads_through_a_signed_pdf(tmp_path, capsys, way, certified):
    source = signed(tmp_path / "signed.pdf", certified=certified)
    before = source.read_bytes()
    assert main(["scan", "convert", str(source), "-o", str(tmp_path / "out.pdf"), *way]) == 10
    assert "byte for byte" in capsys.readouterr().err
    assert source.read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["signed.pdf"]

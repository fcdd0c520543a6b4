"""`scan capture`: the talk with the person, what goes into the PDF, and that there is a whole PDF or none."""

from __future__ import annotations

import io
import json
import subprocess
import tempfile
from pathlib import Path

import pikepdf
import pytest
from PIL import Image

from dvc_cli.errors import DvcError
from dvc_cli.main import main
from dvc_cli.scan.options import PageSize
from dvc_cli.scan.page_files import DamagedPage, prepare, with_resolution
from dvc_cli.scan.sane import SaneScanner
from dvc_cli.scan.scanner import FeederEmpty, PaperJam, ScanMode, ScannerRefused, ScanSource
from dvc_cli.services.capture import CaptureWishes, capture
from dvc_cli.testing.talk import PreparedTalk


def scan(scanner, output, talk, **wishes):
    return capture(scanner, CaptureWishes(**{"resolution": 100, **wishes}), output, prompter=talk, progress=talk)


def images(path: Path) -> list[tuple[int, int, str]]:
    """Width, height and colour of the pictures in a PDF, told by poppler."""
    text = subprocess.run(["pdfimages", "-list", path], capture_output=True, text=True, check=True).stdout
    return [(int(row[3]), int(row[4]), row[5]) for row in map(str.split, text.splitlines()[2:])]


def test_the_feeder_becomes_one_pdf_at_full_scale(escl, tmp_path, talk):
    report = scan(escl, tmp_path / "o.pdf", talk, resolution=200)
    assert report.pages == 2
    assert report.source is ScanSource.FEEDER
    assert [(width, height) for width, height, _colour in images(report.output)] == [(1653, 2339)] * 2
    sizes = subprocess.run(["pdfimages", "-list", report.output], capture_output=True, text=True, check=True).stdout
    assert sizes.count(" 200 ") == 4
    with pikepdf.open(report.output) as pdf:
        assert [round(float(edge)) for edge in pdf.pages[0].mediabox] == [0, 0, 595, 842]


def test_what_the_device_sent_is_what_the_pdf_holds(escl, device, tmp_path, talk):
    report = scan(escl, tmp_path / "o.pdf", talk, source=ScanSource.FLATBED)
    from dvc_sandbox.scanner.device import picture

    sent = picture(device.glass, "RGB24", 100, (2480, 3508))
    with pikepdf.open(report.output) as pdf:
        (stream,) = pdf.pages[0].get_images().values()
        held = stream.read_raw_bytes()
    assert held[20:] == sent[20:]  # only the resolution in its head was written


def test_an_empty_feeder_means_the_glass(escl, device, tmp_path, talk):
    device.feeder = []
    assert scan(escl, tmp_path / "o.pdf", talk).source is ScanSource.FLATBED


def test_a_feeder_that_only_trying_tells(sane, tmp_path, talk):
    report = scan(SaneScanner("test:0", sane), tmp_path / "o.pdf", talk, pages=3)
    assert (report.source, report.pages) == (ScanSource.FEEDER, 3)
    options = {"read-return-value": "SANE_STATUS_NO_DOCS"}
    with pytest.raises(FeederEmpty):
        scan(SaneScanner("test:0", sane), tmp_path / "p.pdf", talk, options=options)
    assert any("glass" in line for line in talk.said)
    assert not (tmp_path / "p.pdf").exists()


def test_another_page_as_long_as_the_person_says_so(escl, tmp_path):
    talk = PreparedTalk(answers=[True, True, False])
    assert scan(escl, tmp_path / "o.pdf", talk, source=ScanSource.FLATBED).pages == 3
    assert talk.asked == ["Add another page?"] * 3


def test_a_number_of_pages_from_the_glass(escl, tmp_path):
    talk = PreparedTalk(answers=[True])
    assert scan(escl, tmp_path / "o.pdf", talk, source=ScanSource.FLATBED, pages=2).pages == 2
    assert talk.asked == ["Put page 2 on the glass. Ready?"]


def test_nobody_there_means_one_page_from_the_glass(escl, tmp_path, talk):
    assert scan(escl, tmp_path / "o.pdf", talk, source=ScanSource.FLATBED).pages == 1


# -- faults on the way -------------------------------------------------------------------------------------------------


def test_after_a_jam_scanning_goes_on(escl, device, sheets, tmp_path):
    device.fault, device.fault_after = "jam", 1

    class Mending(PreparedTalk):
        def choose(self, question, choices, *, flag):
            device.fault, device.feeder = "", [sheets[1].read_bytes()]
            return super().choose(question, choices, flag=flag)

    talk = Mending(answers=[0])
    report = scan(escl, tmp_path / "o.pdf", talk)
    assert report.pages == 2
    assert any("jammed" in line for line in talk.said)
    assert any("1 page is scanned so far" in line for line in talk.said)


def test_after_a_jam_the_pages_so_far_can_be_written(escl, device, tmp_path):
    device.fault, device.fault_after = "jam", 1
    assert scan(escl, tmp_path / "o.pdf", PreparedTalk(answers=[1])).pages == 1


def test_after_a_jam_one_can_give_up(escl, device, tmp_path):
    device.fault, device.fault_after = "jam", 1
    with pytest.raises(PaperJam):
        scan(escl, tmp_path / "o.pdf", PreparedTalk(answers=[2]))
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("fault", ["jam", "gone", "aborted", "multipick", "cancelled", "cut"])
def test_with_nobody_there_nothing_is_written(escl, device, tmp_path, talk, monkeypatch, fault):
    device.fault, device.fault_after = fault, 1
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with pytest.raises(DvcError):
        scan(escl, tmp_path / "o.pdf", talk)
    assert not list(tmp_path.iterdir())


def test_a_page_cut_short_on_its_way_is_noticed(escl, device, tmp_path, talk):
    device.fault = "cut"
    with pytest.raises(DamagedPage):
        scan(escl, tmp_path / "o.pdf", talk)


# -- what the scanner cannot do ----------------------------------------------------------------------------------------


def test_what_it_knows_is_told(escl, device, tmp_path, talk):
    with pytest.raises(ScannerRefused) as caught:
        scan(escl, tmp_path / "o.pdf", talk, resolution=222)
    assert "200, 300" in caught.value.hint
    assert device.settings_seen == []


def test_modes_and_sources_of_sane(sane, tmp_path, talk):
    scanner = SaneScanner("test:0", sane)
    for wishes in ({"mode": ScanMode.BW}, {"source": ScanSource.DUPLEX}):
        with pytest.raises(ScannerRefused) as caught:
            scan(scanner, tmp_path / "o.pdf", talk, **wishes)
        assert caught.value.exit_code == 10


def test_a_smaller_scanner_keeps_the_scale(sane, tmp_path, talk):
    report = scan(SaneScanner("test:0", sane), tmp_path / "o.pdf", talk, pages=1)
    assert any("200 × 200 mm" in line for line in talk.said)
    with pikepdf.open(report.output) as pdf:
        assert [round(float(edge)) for edge in pdf.pages[0].mediabox] == [0, 0, 595, 842]
    (row,) = images(report.output)
    assert row[:2] == (787, 787)


def test_colour_and_resolution_are_warned_about(escl, tmp_path, talk):
    scan(escl, tmp_path / "o.pdf", talk, mode=ScanMode.GRAY)
    assert any("colour" in line for line in talk.said)
    assert any("200 dpi" in line for line in talk.said)


# -- pages ---------------------------------------------------------------------------------------------------------------


def test_black_and_white_is_packed_as_fax(escl, tmp_path, talk):
    report = scan(escl, tmp_path / "o.pdf", talk, mode=ScanMode.BW, resolution=200)
    text = subprocess.run(["pdfimages", "-list", report.output], capture_output=True, text=True, check=True).stdout
    assert text.count("ccitt") == 2


def test_lossless_keeps_every_pixel(sane, tmp_path, talk):
    wishes = {"pages": 1, "options": {"test-picture": "Color pattern"}, "source": ScanSource.FEEDER}
    kept = scan(SaneScanner("test:0", sane), tmp_path / "a.pdf", talk, lossless=True, **wishes)
    subprocess.run(["pdfimages", "-png", kept.output, tmp_path / "kept"], check=True)
    command = ["scanimage", "-d", "test:0", "--mode", "Color", "--resolution", "100", "-x", "200", "-y", "200"]
    command += ["--source", "Automatic Document Feeder", "--test-picture", "Color pattern", "--format=png"]
    direct = subprocess.run(command, env=sane, check=True, capture_output=True).stdout
    with Image.open(next(tmp_path.glob("kept*.png"))) as ours, Image.open(io.BytesIO(direct)) as theirs:
        assert ours.convert("RGB").tobytes() == theirs.convert("RGB").tobytes()


@pytest.mark.parametrize("with_header", [True, False])
def test_the_resolution_is_written_without_touching_the_picture(with_header):
    buffer = io.BytesIO()
    Image.linear_gradient("L").save(buffer, "JPEG", **({"dpi": (72, 72)} if with_header else {}))
    jpeg = buffer.getvalue()
    if not with_header:
        jpeg = jpeg[:2] + jpeg[20:]
    marked = with_resolution(jpeg, 300)
    with Image.open(io.BytesIO(marked)) as image, Image.open(io.BytesIO(jpeg)) as before:
        assert image.info["dpi"] == (300, 300)
        assert image.tobytes() == before.tobytes()


def test_rubbish_is_a_damaged_page(tmp_path):
    page = tmp_path / "page.jpg"
    page.write_bytes(b"\xff\xd8\xff\xe0 not really")
    with pytest.raises(DamagedPage):
        prepare(str(page), str(tmp_path / "1"), 300, bw=False, lossless=False)


# -- the commands ------------------------------------------------------------------------------------------------------


def test_the_command_scans_with_json(served, tmp_path, capsys):
    output = tmp_path / "o.pdf"
    assert main(["scan", "capture", "-o", str(output), "--device", served, "--json", "--no-input"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["schema"] == "dvc.scanners.capture/1"
    assert (report["pages"], report["resolution"], report["mode"]) == (2, 300, "color")
    assert report["size"] == output.stat().st_size
    assert main(["scan", "capture", "-o", str(output), "--device", served, "--json"]) == 10
    assert json.loads(capsys.readouterr().err)["error"] == "output-exists"


@pytest.mark.parametrize(
    ("word", "code", "slug"),
    [("JAMMED", 5, "paper-jam"), ("COVER_OPEN", 5, "cover-open"), ("ACCESS_DENIED", 13, "scanner-locked")],
)
def test_faults_of_the_command(sane, tmp_path, capsys, monkeypatch, word, code, slug):
    monkeypatch.setenv("SANE_CONFIG_DIR", sane["SANE_CONFIG_DIR"])
    arguments = ["--device", "test:0", "--source", "feeder", "--option", f"read-return-value=SANE_STATUS_{word}"]
    assert main(["scan", "capture", "-o", str(tmp_path / "o.pdf"), "--no-input", "--json", *arguments]) == code
    talk, _brace, document = capsys.readouterr().err.partition("{")
    assert "200 × 200 mm" in talk
    assert json.loads("{" + document)["error"] == slug
    assert not list(tmp_path.iterdir())


def test_options_of_another_form(served, tmp_path, capsys):
    arguments = ["--device", served, "--option", "brightness"]
    assert main(["scan", "capture", "-o", str(tmp_path / "o.pdf"), *arguments]) == 2
    assert "NAME=VALUE" in capsys.readouterr().err


def test_scanners_are_listed_and_described(sane, served, capsys, monkeypatch):
    monkeypatch.setenv("SANE_CONFIG_DIR", sane["SANE_CONFIG_DIR"])
    assert main(["scan", "scanners"]) == 0
    assert capsys.readouterr().out.splitlines()[0].split("\t")[:2] == ["test:0", "Noname frontend-tester"]
    assert main(["scan", "scanners", "--json"]) == 0
    listed = json.loads(capsys.readouterr().out)
    assert [one["device"] for one in listed["scanners"]] == ["test:0", "test:1"]
    assert main(["scan", "scanners", "--device", served, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert {one["source"] for one in told["sources"]} == {"flatbed", "feeder", "duplex"}


def test_several_scanners_and_nobody_to_choose(sane, tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("SANE_CONFIG_DIR", sane["SANE_CONFIG_DIR"])
    assert main(["scan", "capture", "-o", str(tmp_path / "o.pdf"), "--no-input"]) == 2
    assert "--device" in capsys.readouterr().err


def presets(text: str) -> Path:
    from dvc_cli.context import Context

    folder = Context().paths.config
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "scanners.toml").write_text(text, encoding="utf-8")
    return folder


def test_a_preset_names_device_and_settings(served, tmp_path, capsys, sane, monkeypatch):
    monkeypatch.setenv("SANE_CONFIG_DIR", sane["SANE_CONFIG_DIR"])
    presets(f'[default]\ndevice = "{served}"\nsource = "flatbed"\nresolution = 200\n[other]\ndevice = "test:1"\n')
    arguments = ["scan", "capture", "-o", str(tmp_path / "o.pdf"), "--no-input", "--json"]
    assert main(arguments) == 0
    report = json.loads(capsys.readouterr().out)
    assert (report["device"], report["source"], report["resolution"]) == (served, "flatbed", 200)
    assert main([*arguments, "-f", "--resolution", "300"]) == 0
    assert json.loads(capsys.readouterr().out)["resolution"] == 300
    assert main([*arguments, "-f", "--preset", "nowhere"]) == 13
    capsys.readouterr()
    assert main(["scan", "scanners", "--json"]) == 0
    assert {one["preset"] for one in json.loads(capsys.readouterr().out)["scanners"]} == {"", "default", "other"}


@pytest.mark.parametrize(
    "text",
    ['[a]\ndevise = "x"\n', '[a]\nsource = "table"\n', "[a]\nresolution = 5\n", "a = 1\n", "[a]\ndevice = 1\n", "[a"],
)
def test_mistakes_in_presets_are_named_with_their_line(text, tmp_path, capsys):
    presets(text)
    assert main(["scan", "capture", "-o", str(tmp_path / "o.pdf"), "--device", "escl:127.0.0.1:9"]) == 13
    assert "scanners.toml" in capsys.readouterr().err


def test_page_sizes_have_the_same_names_in_presets():
    from dvc_cli.config.scanners import _CHOICES

    assert set(_CHOICES["page_size"]) == {size.value for size in PageSize}
    assert set(_CHOICES["mode"]) == {mode.value for mode in ScanMode}
    assert set(_CHOICES["source"]) == {source.value for source in ScanSource} | {"auto"}

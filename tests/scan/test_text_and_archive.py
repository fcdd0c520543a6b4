"""`--ocr`, `--pdfa` and Word files, with the real Tesseract and LibreOffice."""

from __future__ import annotations

import re
import shutil
import subprocess
import zipfile
from pathlib import Path

import pikepdf
import pytest
from PIL import Image

from dvc_cli.errors import ExitCode
from dvc_cli.pdf.archive import NotArchivable
from dvc_cli.scan.convert import ConversionOptions, convert
from dvc_cli.scan.ocr import OcrMissing
from dvc_cli.scan.office import BrokenDocument, OfficeMissing
from tests.scan.hammer import Silent
from tests.scan.papers import TEXT, letter

needs_tesseract = pytest.mark.skipif(shutil.which("tesseract") is None, reason="tesseract is not installed")
needs_office = pytest.mark.skipif(shutil.which("soffice") is None, reason="LibreOffice is not installed")


@pytest.fixture(scope="session")
def scan(tmp_path_factory):
    path = tmp_path_factory.mktemp("letter") / "don.jpg"
    letter(stamp=False).save(path, quality=85, dpi=(200, 200))
    return path


def run(inputs, output, **options):
    return convert(inputs, output, ConversionOptions(overwrite=True, **options), Silent())


def text_of(path: Path) -> str:
    return subprocess.run(["pdftotext", "-layout", path, "-"], capture_output=True, text=True, check=True).stdout


def words(text: str) -> list[str]:
    return re.findall(r"\w+", text)


@needs_tesseract
def test_words_of_a_clean_page_are_found_right_and_where_they_stand(tmp_path, scan):
    report = run([scan], tmp_path / "out.pdf", ocr=True)
    found = words(text_of(report.output))
    right = sum(1 for word in words(TEXT) if word in found)
    assert right / len(words(TEXT)) >= 0.98
    assert report.images[0].lossless
    boxes = subprocess.run(
        ["pdftotext", "-bbox", report.output, "-"], capture_output=True, text=True, check=True
    ).stdout
    place = re.search(r'xMin="([\d.]+)" yMin="([\d.]+)"[^>]*>CỘNG<', boxes)
    assert float(place[1]) == pytest.approx(0.9 * 72, abs=4)
    assert float(place[2]) == pytest.approx(0.9 * 72, abs=10)


@needs_tesseract
def test_the_text_is_invisible_and_the_picture_untouched(tmp_path, scan):
    plain, read = run([scan], tmp_path / "plain.pdf"), run([scan], tmp_path / "ocr.pdf", ocr=True)
    for name in ("plain", "ocr"):
        subprocess.run(
            ["pdftoppm", "-r", "60", "-png", "-singlefile", tmp_path / f"{name}.pdf", tmp_path / name], check=True
        )
    assert Image.open(tmp_path / "plain.png").tobytes() == Image.open(tmp_path / "ocr.png").tobytes()
    raw = []
    for path in (plain.output, read.output):
        with pikepdf.open(path) as pdf:
            raw.append(next(iter(pdf.pages[0].get_images().values())).read_raw_bytes())
    assert raw[0] == raw[1] == scan.read_bytes()


@needs_tesseract
def test_scanned_pdfs_get_text_and_pages_that_have_some_keep_theirs(tmp_path, scan):
    source = run([scan], tmp_path / "scan.pdf").output
    once = run([source], tmp_path / "once.pdf", ocr=True)
    assert "HỘ KINH DOANH" in text_of(once.output)
    twice = run([once.output], tmp_path / "twice.pdf", ocr=True)
    assert words(text_of(twice.output)) == words(text_of(once.output))


@needs_tesseract
def test_a_turned_page_has_its_text_where_the_reader_sees_it(tmp_path, scan):
    exif = Image.Exif()
    exif[0x0112] = 6
    turned = tmp_path / "turned.jpg"
    letter(stamp=False).rotate(90, expand=True).save(turned, exif=exif, dpi=(200, 200))
    report = run([turned], tmp_path / "out.pdf", ocr=True)
    assert "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM" in text_of(report.output)


def test_missing_tesseract_is_said_before_work_begins(tmp_path, scan, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(OcrMissing) as caught:
        run([scan], tmp_path / "out.pdf", ocr=True)
    assert caught.value.exit_code is ExitCode.CONFIGURATION
    assert "apt install" in caught.value.hint


def require_archive_form(path: Path) -> None:
    """What of ISO 19005-2 can be seen from the structure."""
    data = path.read_bytes()
    assert re.match(rb"%PDF-1\.[4-7]\n%[\x80-\xff]{4}", data)
    checked = subprocess.run(["qpdf", "--check", path], capture_output=True, text=True)
    assert checked.returncode == 0, checked.stderr
    with pikepdf.open(path) as pdf:
        assert not pdf.is_encrypted
        assert "/ID" in pdf.trailer
        assert "/Info" not in pdf.trailer
        metadata = pdf.Root.Metadata.read_bytes()
        assert b"pdfaid" in metadata
        with pdf.open_metadata() as xmp:
            assert (xmp["pdfaid:part"], xmp["pdfaid:conformance"]) == ("2", "B")
        (intent,) = pdf.Root.OutputIntents
        assert intent.S == "/GTS_PDFA1"
        profile = intent.DestOutputProfile.read_bytes()
        assert (profile[36:40], profile[16:20], profile[12:16]) == (b"acsp", b"RGB ", b"mntr")
        assert int(intent.DestOutputProfile.N) == 3
        for thing in pdf.objects:
            if isinstance(thing, pikepdf.Stream):
                assert "LZW" not in str(thing.get("/Filter", ""))
                assert "/Interpolate" not in thing
            if isinstance(thing, pikepdf.Dictionary):
                assert "/AA" not in thing
                assert thing.get("/S") not in ("/JavaScript", "/Launch")
                if thing.get("/Type") == "/FontDescriptor":
                    assert any(name in thing for name in ("/FontFile", "/FontFile2", "/FontFile3"))


@needs_tesseract
def test_pdfa_of_pictures_with_text(tmp_path, scan):
    Image.new("1", (400, 500), 1).save(tmp_path / "two.tif", compression="group4")
    Image.new("P", (40, 50)).save(tmp_path / "palette.png")
    sources = [scan, tmp_path / "two.tif", tmp_path / "palette.png"]
    report = run(sources, tmp_path / "out.pdf", pdfa=True, ocr=True)
    require_archive_form(report.output)
    assert "HỘ KINH DOANH" in text_of(report.output)
    again = run(sources, tmp_path / "again.pdf", pdfa=True, ocr=True)
    assert again.pages == report.pages == 3


def test_pdfa_takes_scripts_out(tmp_path, scan):
    source = run([scan], tmp_path / "scan.pdf").output
    with pikepdf.open(source, allow_overwriting_input=True) as pdf:
        script = pikepdf.Dictionary(S=pikepdf.Name.JavaScript, JS="app.alert(1)")
        pdf.Root.OpenAction = script
        pdf.Root.Names = pikepdf.Dictionary(JavaScript=pikepdf.Dictionary(Names=pikepdf.Array(["a", script])))
        pdf.pages[0].AA = pikepdf.Dictionary(O=script)
        pdf.save()
    report = run([source], tmp_path / "out.pdf", pdfa=True)
    require_archive_form(report.output)
    assert b"app.alert" not in b"".join(line for line in report.output.read_bytes().split(b"\n"))


@pytest.mark.parametrize("what", ["font", "attachment", "cmyk"])
def test_what_pdfa_does_not_allow_is_refused_with_the_reason(tmp_path, what):
    source = tmp_path / "in.pdf"
    with pikepdf.new() as pdf:
        pdf.add_blank_page()
        page = pdf.pages[0]
        if what == "font":
            helvetica = pikepdf.Dictionary(
                Type=pikepdf.Name.Font, Subtype=pikepdf.Name.Type1, BaseFont=pikepdf.Name.Helvetica
            )
            page.Resources = pikepdf.Dictionary(Font=pikepdf.Dictionary(F=helvetica))
        if what == "attachment":
            pdf.attachments["a.txt"] = b"x"
        if what == "cmyk":
            page.Contents = pdf.make_stream(b"0 1 0 0 k 0 0 9 9 re f")
        pdf.save(source)
    with pytest.raises(NotArchivable, match={"font": "Helvetica", "attachment": "attached", "cmyk": "CMYK"}[what]):
        run([source], tmp_path / "out.pdf", pdfa=True)
    assert not (tmp_path / "out.pdf").exists()


def docx(path: Path, text: str) -> Path:
    body = "".join(f"<w:p><w:r><w:t>{line}</w:t></w:r></w:p>" for line in text.splitlines())
    space = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
    relations = "http://schemas.openxmlformats.org/package/2006/relationships"
    office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument"
    types = "http://schemas.openxmlformats.org/package/2006/content-types"
    main = "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(
            "[Content_Types].xml",
            f'<Types xmlns="{types}"><Default Extension="rels" '
            'ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
            f'<Override PartName="/word/document.xml" ContentType="{main}"/></Types>',
        )
        archive.writestr(
            "_rels/.rels",
            f'<Relationships xmlns="{relations}"><Relationship Id="r" Type="{office}" Target="word/document.xml"/>'
            "</Relationships>",
        )
        archive.writestr("word/document.xml", f'<w:document xmlns:w="{space}"><w:body>{body}</w:body></w:document>')
    return path


@needs_office
@pytest.mark.timeout(240)
def test_word_files_become_pages_among_others(tmp_path, scan):
    source = docx(tmp_path / "-đơn; $(x) 'của tôi'.docx", TEXT)
    report = run([scan, source], tmp_path / "out.pdf", pdfa=True)
    assert report.pages == 2
    text = text_of(report.output)
    assert "ĐƠN ĐỀ NGHỊ ĐĂNG KÝ THÀNH LẬP HỘ KINH DOANH" in text
    assert sum(1 for word in words(TEXT) if word in words(text)) == len(words(TEXT))
    require_archive_form(report.output)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([source.name, "out.pdf"])


@needs_office
def test_a_damaged_word_file_is_refused(tmp_path):
    source = docx(tmp_path / "a.docx", TEXT * 20)
    data = bytearray(source.read_bytes())
    data[400:420] = b"x" * 20
    source.write_bytes(data)
    with pytest.raises(BrokenDocument, match=r"a\.docx"):
        run([source], tmp_path / "out.pdf")
    assert not (tmp_path / "out.pdf").exists()


def test_missing_office_is_told_with_a_way_out(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(OfficeMissing) as caught:
        run([docx(tmp_path / "a.docx", "x")], tmp_path / "out.pdf")
    assert caught.value.exit_code is ExitCode.CONFIGURATION

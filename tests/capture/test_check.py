"""`scan check`: facts judged by files whose truth is known, the verdict, and the right person."""

from __future__ import annotations

import io
import json
import subprocess
from dataclasses import replace
from pathlib import Path

import img2pdf
import pikepdf
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw

from dvc_cli.main import main
from dvc_cli.model.dossier import Dossier, Person
from dvc_cli.output.views.papers import page_list
from dvc_cli.pdf.limited import Workers
from dvc_cli.scan.look import FileLook, look_at
from dvc_cli.services.cards import Likeness, card_fields, compare_card
from dvc_cli.services.check_papers import PapersReport, Rules, check_papers
from dvc_cli.testing.small_pdf import small_pdf
from dvc_cli.testing.talk import PreparedTalk
from dvc_sandbox.demo.scans import SECOND_PAGE, page
from tests.capture.papers import APPLICANT, sheet_with

A4 = (img2pdf.mm_to_pt(210), img2pdf.mm_to_pt(297))


def checked(*paths: Path, **wishes) -> PapersReport:
    return check_papers(paths, Rules(**wishes), PreparedTalk())


def codes(report: PapersReport) -> tuple[set[str], set[str]]:
    problems = {one.code for file in report.files for one in file.problems}
    return problems, {one.code for file in report.files for one in file.warnings}


def picture(path: Path, image: Image.Image | None = None, dpi: int = 200, **save) -> Path:
    (image or page(SECOND_PAGE)).save(path, dpi=(dpi, dpi), **save)
    return path


def pdf_of(path: Path, *pictures: Path, size: tuple[float, float] | None = A4) -> Path:
    layout = img2pdf.get_layout_fun(size) if size else img2pdf.default_layout_fun
    with pikepdf.open(io.BytesIO(img2pdf.convert([str(one) for one in pictures], layout_fun=layout))) as pdf:
        pdf.save(path, min_version="1.4")
    return path


def test_a_good_scan_is_acceptable(tmp_path):
    report = checked(pdf_of(tmp_path / "a.pdf", picture(tmp_path / "a.jpg")))
    assert codes(report) == (set(), set())
    assert report.exit_code == 0
    (found,) = report.files[0].pages
    assert (found.width_mm, found.height_mm) == (210.0, 297.0)
    assert found.dpi == pytest.approx(200, abs=0.6)
    assert (found.colour, found.blank, found.cut, found.text) == ("color", False, (), False)


@pytest.mark.parametrize(
    ("mode", "colour", "rule"),
    [("RGB", "color", set()), ("L", "gray", {"not-in-colour"}), ("1", "bw", {"not-in-colour"})],
)
def test_colour(tmp_path, mode, colour, rule):
    source = picture(tmp_path / "a.png", page(SECOND_PAGE).convert(mode))
    for path in (source, pdf_of(tmp_path / "a.pdf", source)):
        report = checked(path)
        assert report.files[0].pages[0].colour == colour
        assert codes(report)[0] == rule


def test_a_palette_of_greys_is_not_colour(tmp_path):
    grey = page(SECOND_PAGE).convert("L").convert("P")
    assert checked(pdf_of(tmp_path / "a.pdf", picture(tmp_path / "a.png", grey))).files[0].pages[0].colour == "gray"


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    dpi=st.integers(60, 400),
    width=st.integers(60, 300),
    height=st.integers(60, 420),
    turned=st.sampled_from([0, 90, 180, 270]),
)
def test_the_resolution_is_the_one_on_the_page(tmp_path, dpi, width, height, turned):
    size = (round(width / 25.4 * dpi), round(height / 25.4 * dpi))
    source, path = tmp_path / "in.png", tmp_path / "out.pdf"
    Image.new("RGB", size, "white").save(source)
    pdf_of(path, source, size=(img2pdf.mm_to_pt(width), img2pdf.mm_to_pt(height)))
    with pikepdf.open(path, allow_overwriting_input=True) as pdf:
        pdf.pages[0].Rotate = turned
        pdf.save(path)
    (seen,) = FileLook.from_plain(look_at(str(path))).pages
    assert seen.dpi == pytest.approx(dpi, rel=0.02)
    shown = (height, width) if turned in (90, 270) else (width, height)
    assert (seen.width_mm, seen.height_mm) == pytest.approx(shown, abs=0.3)
    assert seen.blank


def test_low_resolution_counts_on_the_page_not_in_the_file(tmp_path):
    small = picture(tmp_path / "a.jpg", page(SECOND_PAGE).resize((827, 1170)), dpi=600)
    report = checked(pdf_of(tmp_path / "a.pdf", small))
    (problem,) = report.files[0].problems
    assert (problem.code, problem.pages) == ("low-resolution", (1,))
    assert "100 dpi" in problem.message
    assert report.exit_code == 10


def test_a_scan_within_a_form_object(tmp_path):
    """As OCR programs write it: the picture inside a form, drawn smaller by the page."""
    path = pdf_of(tmp_path / "a.pdf", picture(tmp_path / "a.jpg"))
    with pikepdf.open(path, allow_overwriting_input=True) as pdf:
        first = pdf.pages[0]
        form = pdf.make_stream(first.Contents.read_bytes(), Type=pikepdf.Name.XObject, Subtype=pikepdf.Name.Form)
        form.BBox, form.Resources = first.mediabox, first.Resources
        first.Contents = pdf.make_stream(b"q 0.8 0 0 0.8 0 0 cm /Fm Do Q")
        first.Resources = pikepdf.Dictionary(XObject=pikepdf.Dictionary(Fm=form))
        pdf.save(path)
    (seen,) = FileLook.from_plain(look_at(str(path))).pages
    assert seen.dpi == pytest.approx(250, rel=0.01)


def test_empty_and_cut_pages(tmp_path):
    white = picture(tmp_path / "1.png", Image.new("RGB", (1654, 2339), (250, 249, 246)))
    text = page(SECOND_PAGE)
    cut = picture(tmp_path / "2.png", text.crop((230, 0, 1654, 2339)).resize((1654, 2339)))
    shadow = text.copy()
    ImageDraw.Draw(shadow).rectangle((0, 0, 14, 2339), fill=(40, 40, 40))
    whole = picture(tmp_path / "3.png", shadow)
    report = checked(pdf_of(tmp_path / "a.pdf", white, cut, whole))
    pages = report.files[0].pages
    assert [one.blank for one in pages] == [True, False, False]
    assert [one.cut for one in pages] == [(), ("left",), ()]
    assert codes(report)[1] == {"blank-page", "cut-page"}
    assert report.exit_code == 0


def test_pages_without_scans_have_no_resolution(tmp_path):
    path = tmp_path / "text.pdf"
    path.write_bytes(small_pdf())
    (seen,) = FileLook.from_plain(look_at(str(path))).pages[:1]
    assert seen.dpi is None
    assert "low-resolution" not in codes(checked(path))[0]


def test_old_versions_scripts_and_encryption(tmp_path):
    good = pdf_of(tmp_path / "good.pdf", picture(tmp_path / "a.jpg"))
    with pikepdf.open(good) as pdf:
        pdf.save(tmp_path / "old.pdf", force_version="1.3")
    with pikepdf.open(good) as pdf:
        pdf.Root.OpenAction = pikepdf.Dictionary(S=pikepdf.Name.JavaScript, JS="app.alert(1)")
        pdf.save(tmp_path / "script.pdf")
    with pikepdf.open(good) as pdf:
        pdf.save(tmp_path / "owner.pdf", encryption=pikepdf.Encryption(owner="x", user=""))
    with pikepdf.open(good) as pdf:
        pdf.save(tmp_path / "user.pdf", encryption=pikepdf.Encryption(owner="x", user="y"))
    (tmp_path / "broken.pdf").write_bytes(good.read_bytes()[:900])
    names = ("old", "script", "owner", "user", "broken")
    report = checked(*(tmp_path / f"{name}.pdf" for name in names))
    found = {file.path.stem: {one.code for one in (*file.problems, *file.warnings)} for file in report.files}
    assert found == {
        "old": {"old-version"},
        "script": {"scripts"},
        "owner": {"encrypted"},
        "user": {"encrypted-pdf"},
        "broken": {"broken-pdf"},
    }
    assert report.exit_code == 10


def test_a_signed_file_is_never_to_be_changed(tmp_path):
    path = pdf_of(tmp_path / "a.pdf", picture(tmp_path / "a.png", page(SECOND_PAGE).convert("L")))
    with pikepdf.open(path, allow_overwriting_input=True) as pdf:
        signature = pdf.make_indirect(pikepdf.Dictionary(Type=pikepdf.Name.Sig, Contents=b"x"))
        field = pdf.make_indirect(pikepdf.Dictionary(FT=pikepdf.Name.Sig, T="Sig", V=signature))
        pdf.Root.AcroForm = pikepdf.Dictionary(Fields=pikepdf.Array([field]), SigFlags=3)
        pdf.save(path)
    (file,) = checked(path).files
    assert file.signed
    assert "issuer" in file.problems[0].advice
    assert "byte for byte" in file.warnings[0].advice


def test_sizes_and_kinds_of_a_procedure(tmp_path):
    good = pdf_of(tmp_path / "a.pdf", picture(tmp_path / "a.jpg"))
    assert codes(checked(good, limit=1000))[0] == {"too-large"}
    note = tmp_path / "ghi-chu.txt"
    note.write_text("ghi chú", encoding="utf-8")
    assert codes(checked(note, accepted=("pdf", "docx")))[0] == {"wrong-kind"}
    assert codes(checked(note))[0] == {"no-pages"}


def test_pictures_are_judged_as_the_page_they_become(tmp_path):
    phone = picture(tmp_path / "phone.jpg", page(SECOND_PAGE).resize((3000, 4242)), dpi=72)
    report = checked(phone)
    assert codes(report) == (set(), {"picture"})
    assert report.files[0].pages[0].dpi == pytest.approx(363, abs=3)


def test_a_page_of_a_phone_at_72_dpi_is_not_to_scale(tmp_path):
    phone = picture(tmp_path / "phone.jpg", page(SECOND_PAGE).resize((1654, 2339)), dpi=72)
    report = checked(pdf_of(tmp_path / "a.pdf", phone, size=None))
    assert codes(report) == ({"low-resolution"}, {"not-to-scale"})


def test_many_files_in_their_order(tmp_path):
    for number in range(6):
        picture(tmp_path / f"trang {number}.png", Image.new("RGB", (200 + number, 300), "white"))
    report = checked(tmp_path)
    assert [file.pages[0].width_px for file in report.files] == [200, 201, 202, 203, 204, 205]


# -- the right person ------------------------------------------------------------------------------------------------

PERSON = Person(full_name="NGUYỄN THỊ ĐƯỢC", identity_number="034199000123", birthday=APPLICANT.birthday)


def compared(person: Person, **changes) -> tuple[Likeness, tuple[str, ...]]:
    card = card_fields(Path("a.jpg"), 1, replace(APPLICANT, **changes))
    result = compare_card(card, Dossier(procedure="1.001612", applicant=person))
    return result.likeness, result.differs


@pytest.mark.parametrize(
    ("person", "changes", "expected"),
    [
        (PERSON, {}, (Likeness.SAME, ())),
        (replace(PERSON, identity_number="151234567"), {}, (Likeness.SAME, ())),
        (replace(PERSON, birthday=None, identity_number=""), {}, (Likeness.SAME, ())),
        (replace(PERSON, full_name="Nguyen Thi Duoc"), {}, (Likeness.SPELT_OTHERWISE, ("full_name",))),
        (PERSON, {"number": "034199000124"}, (Likeness.OTHER, ("identity_number",))),
        (PERSON, {"full_name": "Nguyễn Thị Đượm"}, (Likeness.OTHER, ("full_name",))),
        (PERSON, {"birthday": None, "birth_year": 1999}, (Likeness.SAME, ())),
        (PERSON, {"birthday": None, "birth_year": 1998}, (Likeness.OTHER, ("birthday",))),
    ],
)
def test_comparing(person, changes, expected):
    assert compared(person, **changes) == expected


def test_the_owner_counts_too():
    other = replace(APPLICANT, number="034088000456", full_name="Trần Văn Hải")
    owner = Person(full_name="Trần Văn Hải", identity_number="034088000456")
    result = compare_card(
        card_fields(Path("a.jpg"), 1, other), Dossier(procedure="1.001612", applicant=PERSON, owner=owner)
    )
    assert (result.person, result.likeness) == ("owner", Likeness.SAME)


@pytest.fixture
def folder(tmp_path):
    """A dossier with the card of the applicant and a page without a card."""
    picture(tmp_path / "cccd.jpg", sheet_with(APPLICANT), quality=80)
    picture(tmp_path / "don.png")
    (tmp_path / "dossier.toml").write_text(
        'procedure = "1.001612"\n[applicant]\nfull_name = "Nguyễn Thị Được"\nidentity_number = "034199000123"\n'
        'birthday = 1999-04-12\n[[component]]\nrow = 1\nfiles = ["don.png", "cccd.jpg"]\n',
        encoding="utf-8",
    )
    return tmp_path


def test_the_card_is_the_applicants(folder, capsys):
    assert main(["scan", "check", "--against", str(folder / "dossier.toml"), "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["schema"] == "dvc.papers.check/1"
    cards = [card for file in report["files"] for card in file["cards"]]
    assert [(card["likeness"], card["person"]) for card in cards] == [("same", "applicant")]


def test_the_wrong_persons_scan_is_caught(folder, capsys):
    picture(folder / "cccd.jpg", sheet_with(replace(APPLICANT, number="034188000777", full_name="Phạm Thị Lan")))
    assert main(["scan", "check", str(folder / "cccd.jpg"), "--against", str(folder / "dossier.toml")]) == 10
    shown = capsys.readouterr().out
    assert "Phạm Thị Lan" in shown
    assert "another person" in shown


def test_without_a_card_nothing_was_compared(folder, capsys):
    assert main(["scan", "check", str(folder / "don.png"), "--against", str(folder / "dossier.toml")]) == 0
    assert "could not be compared" in capsys.readouterr().out


# -- the command -----------------------------------------------------------------------------------------------------


def test_nothing_to_check(capsys):
    assert main(["scan", "check"]) == 2
    assert main(["scan", "check", "none.pdf"]) == 10
    capsys.readouterr()


def test_a_hostile_file_costs_only_its_worker(tmp_path):
    bomb = tmp_path / "bomb.png"
    Image.new("1", (30_000, 30_000)).save(bomb)
    good = picture(tmp_path / "good.png")
    report = checked(bomb, good)
    assert report.files[0].problems
    assert report.files[1].problems == ()
    with Workers() as workers:
        assert workers.call("dvc_cli.scan.look:look_at", {"path": str(good)}, about="good")["kind"] == "png"


@given(st.sets(st.integers(1, 60)))
def test_page_lists_say_every_page_once(pages):
    told: set[int] = set()
    for part in filter(None, page_list(pages).split(", ")):
        first, _dash, last = part.partition("-")
        told |= set(range(int(first), int(last or first) + 1))
    assert told == pages


# -- contact sheets ----------------------------------------------------------------------------------------------------


def test_a_contact_sheet_shows_every_page(tmp_path, capsys):
    colours = [(200, 30, 30), (30, 160, 60), (40, 60, 200), (220, 200, 40), (120, 40, 160)]
    pictures = [
        picture(tmp_path / f"{number}.png", Image.new("RGB", (400, 560 - 40 * number), colour))
        for number, colour in enumerate(colours)
    ]
    source = pdf_of(tmp_path / "a.pdf", *pictures, size=None)
    sheet = tmp_path / "sheet.png"
    arguments = ["scan", "preview", str(source), "-o", str(sheet), "--columns", "2", "--width", "120", "--json"]
    assert main(arguments) == 0
    report = json.loads(capsys.readouterr().out)
    assert (report["pages"], report["shown"]) == (5, 5)
    with Image.open(sheet) as image:
        assert image.size == (report["width"], report["height"])
        seen = {colour for _count, colour in image.convert("RGB").getcolors(1 << 20)}
    assert all(any(max(abs(a - b) for a, b in zip(wanted, one, strict=True)) < 3 for one in seen) for wanted in colours)
    assert main(arguments) == 10
    assert "already" in capsys.readouterr().err


def test_stamps_of_signatures_are_drawn(tmp_path):
    """A widget with an appearance shows only when forms are initialised before the page is fetched."""
    source = pdf_of(tmp_path / "a.pdf", picture(tmp_path / "a.png", Image.new("RGB", (400, 560), "white")))
    with pikepdf.open(source, allow_overwriting_input=True) as pdf:
        look = pdf.make_stream(b"1 0 0 rg 0 0 200 100 re f", Type=pikepdf.Name.XObject, Subtype=pikepdf.Name.Form)
        look.BBox = pikepdf.Array([0, 0, 200, 100])
        widget = pdf.make_indirect(
            pikepdf.Dictionary(
                Type=pikepdf.Name.Annot,
                Subtype=pikepdf.Name.Widget,
                FT=pikepdf.Name.Sig,
                T="Sig1",
                F=132,
                Rect=pikepdf.Array([100, 100, 300, 200]),
                AP=pikepdf.Dictionary(N=look),
            )
        )
        pdf.pages[0].Annots = pikepdf.Array([widget])
        pdf.Root.AcroForm = pikepdf.Dictionary(Fields=pikepdf.Array([widget]), SigFlags=3)
        pdf.save(source)
    sheet = tmp_path / "sheet.png"
    assert main(["scan", "preview", str(source), "-o", str(sheet)]) == 0
    with Image.open(sheet) as image:
        assert any(r > 200 and g < 60 and b < 60 for _n, (r, g, b) in image.convert("RGB").getcolors(1 << 20))
    again = subprocess.run(["pdftoppm", "-r", "30", "-png", source], capture_output=True, check=True).stdout
    assert again


def test_a_sheet_of_no_picture(tmp_path, capsys):
    note = tmp_path / "a.txt"
    note.write_text("x", encoding="utf-8")
    assert main(["scan", "preview", str(note), "-o", str(tmp_path / "s.png")]) == 10
    assert not (tmp_path / "s.png").exists()
    assert "neither a picture nor a PDF" in capsys.readouterr().err

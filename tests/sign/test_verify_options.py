"""`verify --strict`, `--at-time`, what is displayed, and generated forgeries through the whole command path."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from dvc_cli.errors import ExitCode, UsageProblem
from dvc_cli.model.signing import Anchor, Placement
from dvc_cli.pdf.compare import changed_pages
from dvc_cli.services.verify import VerifyOptions, verify_files
from tests.sign import pki
from tests.sign.attacks import EVIL, PAGE, appended, attacks, body, size_of, stream
from tests.sign.test_commands import dvc

__all__ = ["dvc"]


@pytest.fixture
def judge(root_pem, clock, talk):
    def run(*files, **options):
        return verify_files(files, [root_pem], clock=clock, progress=talk, options=VerifyOptions(**options))

    return run


@pytest.fixture
def signed(sign, write_pdf):
    return sign(write_pdf("don.pdf"), placement=Placement())


def test_every_generated_forgery_is_refused(signed, judge, tmp_path):
    original = signed.read_bytes()
    files = []
    for name, attack in attacks().items():
        (tmp_path / f"{name}.pdf").write_bytes(attack(original))
        files.append(tmp_path / f"{name}.pdf")
    assert len(files) > 20
    for options in ({}, {"strict": True}):
        report = judge(*files, **options)
        accepted = [one.path for one in report.documents if one.verdict not in ("broken", "unreadable")]
        assert accepted == []
        assert report.exit_code is ExitCode.FAILED


def test_forged_pages_are_named(signed, tmp_path):
    original = signed.read_bytes()
    forged = tmp_path / "forged.pdf"
    for name in ("content_replaced", "page_replaced", "catalogue_replaced", "page_added", "overlay_stamp"):
        forged.write_bytes(attacks()[name](original))
        assert changed_pages(str(forged), len(original)) == [2 if name == "page_added" else 1], name


def test_a_later_stamp_is_no_change_of_what_is_shown(signed, sign, judge, tmp_path):
    twice = sign(signed, pki.organisation(), placement=Placement(anchor=Anchor.TOP), output=tmp_path / "twice.pdf")
    (document,) = judge(twice, strict=True).documents
    assert (document.verdict, document.shown, document.changed_pages) == ("valid", "same", ())
    assert judge(signed, strict=True).documents[0].shown == "not-needed"


def test_a_later_signature_that_covers_the_text_is_told(signed, sign, judge, tmp_path):
    """A stamp of the second signer over what the first one signed."""
    wide = Placement(page=1, anchor=None, box=(1, 1, 208, 200))
    covered = sign(signed, pki.organisation(), placement=wide, output=tmp_path / "covered.pdf")
    (document,) = judge(covered).documents
    assert (document.shown, document.changed_pages) == ("differs", (1,))
    assert judge(covered, strict=True).exit_code is ExitCode.FAILED


def test_form_filling_under_a_later_signature_fails_strict_mode(sign, write_pdf, judge, tmp_path):
    """Permitted by default (ISO 32000-2 §12.8.2.2.2), though it shows something new."""
    field = b"<< /Type /Annot /Subtype /Widget /FT /Tx /T (n) /Rect [60 500 300 540] /F 4 /DA (/F1 12 Tf 0 g) %s >>"
    source = write_pdf("form.pdf", catalog_entries="/AcroForm << /Fields [] >>")
    content = source.read_bytes()
    new = size_of(content)
    page = body(content, PAGE).rstrip()[:-2] + b" /Annots [%d 0 R] >>" % new
    catalogue = b"<< /Type /Catalog /Pages 2 0 R /AcroForm << /Fields [%d 0 R] >> >>" % new
    source.write_bytes(appended(content, {1: catalogue, PAGE: page, new: field % b""}))
    signed = sign(source)
    content = signed.read_bytes()
    look = (
        b"<< /Type /XObject /Subtype /Form /BBox [0 0 240 40] /Length 23 >>\nstream\n0 0 1 rg 0 0 90 30 re f\nendstream"
    )
    filled = tmp_path / "filled.pdf"
    extra = size_of(content)
    filled.write_bytes(appended(content, {new: field % (b"/V (x) /AP << /N %d 0 R >>" % extra), extra: look}))
    twice = sign(filled, pki.organisation(), output=tmp_path / "twice.pdf")
    (document,) = judge(twice).documents
    assert (document.verdict, document.shown) == ("valid", "differs")
    assert judge(twice, strict=True).documents[0].verdict == "broken"
    assert judge(filled).documents[0].verdict == "broken"


def test_certificates_are_judged_at_the_time_asked_for(signed, judge):
    later = (datetime.now(UTC) + timedelta(days=800)).date().isoformat()
    (document,) = judge(signed, at_time=later).documents
    assert (document.verdict, document.signatures[0].time_source) == ("not-established", "given")
    (document,) = judge(signed, at_time="claimed").documents
    assert (document.verdict, document.signatures[0].time_source) == ("valid", "claimed")
    assert document.signatures[0].judged_at == document.signatures[0].claimed_time
    assert judge(signed).documents[0].signatures[0].time_source == "now"
    with pytest.raises(UsageProblem):
        VerifyOptions(at_time="yesterday")


def test_the_command_says_it_first(dvc, signed, root_pem, tmp_path):
    forged = tmp_path / "forged.pdf"
    forged.write_bytes(appended(signed.read_bytes(), {3: stream(EVIL)}))
    status, out, _err = dvc("verify", forged, "--trust", root_pem)
    assert status == 1
    assert "CHANGED AFTER SIGNING" in out.splitlines()[0]
    assert "1" in out.splitlines()[1]
    assert dvc("verify", signed, "--trust", root_pem, "--strict", "--at-time", "claimed")[0] == 0
    assert dvc("verify", signed, "--at-time", "soon")[0] == 2


def test_a_file_that_eats_time_or_memory_is_one_unreadable_line(judge, signed, tmp_path):
    bomb = tmp_path / "bomb.pdf"
    bomb.write_bytes(b"%PDF-1.4\n" + b"[" * 200_000 + b"\nstartxref\n9\n%%EOF\n")
    report = judge(bomb, signed)
    assert [one.verdict for one in report.documents] == ["unreadable", "valid"]


def test_the_printable_report_in_both_languages(dvc, sign, write_pdf, root_pem, tmp_path):
    source = write_pdf("<script>x.pdf")
    signed = sign(source)
    page = tmp_path / "report.html"
    options = ("--trust", root_pem, "--html", page)
    assert dvc("verify", signed, *options)[0] == 0
    text = page.read_text(encoding="utf-8")
    assert "NGUYỄN THỊ ĐƯỢC" in text
    assert "Report on signatures" in text
    assert "<script" not in text
    assert "001199012345" not in text
    assert dvc("verify", signed, *options)[0] == 10
    assert dvc("verify", signed, *options, "--force", "--lang", "vi")[0] == 0
    assert "Báo cáo kiểm tra chữ ký số" in page.read_text(encoding="utf-8")

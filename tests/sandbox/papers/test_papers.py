"""The agency's papers, judged by poppler, openssl and qpdf: readable Vietnamese, a valid seal, marked as a test."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from dvc_sandbox.environment import Environment
from dvc_sandbox.papers import DossierFacts, FiledComponent, national, submission_receipt
from dvc_sandbox.papers.facts import dong, long_date
from dvc_sandbox.papers.flow import Built, Paper
from dvc_sandbox.papers.national import TITLES, Issue
from dvc_sandbox.papers.seal import seal_paper
from dvc_sandbox.signatures.check import check_signed

from ..agency import openssl_verdict, pdfsig, run

MOMENT = dt.datetime(2026, 2, 4, 3, 0, tzinfo=dt.UTC)
ISSUE = Issue(7, MOMENT, "Đỗ Thị Ánh Nguyệt")
PAPERS: dict[str, Callable[[DossierFacts], Built]] = {
    "1": lambda facts: national.acceptance(facts, ISSUE, MOMENT + dt.timedelta(days=2)),
    "2": lambda facts: national.supplement_request(
        facts, ISSUE, "Bản sao căn cước\nKý số lại đơn", dt.date(2026, 2, 20)
    ),
    "3": lambda facts: national.refusal(facts, ISSUE, "Không thuộc thẩm quyền"),
    "4": lambda facts: national.apology(facts, ISSUE, "Chờ ý kiến", MOMENT + dt.timedelta(days=9)),
    "5": lambda facts: national.stop_notice(facts, ISSUE, "Quá hạn bổ sung"),
    "fee": lambda facts: national.fee_notice(facts, ISSUE, "Lệ phí", 15_000),
    "result": lambda facts: national.result(facts, ISSUE, "Đồng ý đăng bài"),
}


def text_of(pdf: bytes, folder: Path) -> str:
    """Text as poppler extracts it, with single spaces."""
    (folder / "read.pdf").write_bytes(pdf)
    return " ".join(run("pdftotext", "-layout", folder / "read.pdf", "-").split())


@pytest.mark.parametrize("kind", PAPERS)
def test_paper_is_sealed_and_readable(environment: Environment, facts: DossierFacts, kind: str, tmp_path: Path) -> None:
    built = PAPERS[kind](facts)
    pdf = seal_paper(environment, built)
    text = text_of(pdf, tmp_path)
    for expected in ("CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM", "Độc lập - Tự do - Hạnh phúc", "THỬ NGHIỆM — SANDBOX"):
        assert expected in text
    assert TITLES[kind].upper() in text
    assert facts.code in text
    assert "Ỡm Ờ" in text or kind == "4", text
    judged = pdfsig(pdf, environment.pki.root, tmp_path)
    assert "Signature is Valid." in judged
    assert "Certificate is Trusted." in judged
    assert "Total document signed" in judged
    assert "CAdES Verification successful" in openssl_verdict(pdf, environment.pki.root, tmp_path)
    assert check_signed(environment, built.pdf, pdf).ok


def test_forms_have_their_number_and_own_words(facts: DossierFacts, tmp_path: Path) -> None:
    words = {
        "1": "10 giờ 00 phút, ngày 06 tháng 02 năm 2026",
        "2": "2. Ký số lại đơn",
        "3": "Không thuộc thẩm quyền",
        "4": "chân thành xin lỗi",
        "5": "dừng giải quyết",
    }
    for kind, word in words.items():
        text = text_of(PAPERS[kind](facts).pdf, tmp_path)
        assert f"Mẫu số 0{kind}" in text
        assert word in text


def test_seal_has_no_signing_time_attribute_and_is_at_its_place(environment: Environment, facts: DossierFacts) -> None:
    from io import BytesIO

    from pyhanko.pdf_utils.reader import PdfFileReader

    built = PAPERS["1"](facts)
    reader = PdfFileReader(BytesIO(seal_paper(environment, built)))
    signature = reader.embedded_regular_signatures[0]
    names = {attribute["type"].native for attribute in signature.signer_info["signed_attrs"]}
    assert "signing_time" not in names
    assert "signing_certificate_v2" in names
    assert signature.sig_object["/SubFilter"] == "/ETSI.CAdES.detached"
    assert built.seal is not None
    rectangle = [float(side) for side in signature.sig_field["/Rect"]]
    assert rectangle == pytest.approx(built.seal.rectangle, abs=0.1)


def test_receipt_is_the_same_every_time_and_says_what_it_is_not(facts: DossierFacts, tmp_path: Path) -> None:
    receipt = submission_receipt(facts, "http://127.0.0.1/dichvucong/tracuu")
    assert receipt == submission_receipt(facts, "http://127.0.0.1/dichvucong/tracuu")
    text = text_of(receipt, tmp_path)
    assert "không thay thế Giấy tiếp nhận hồ sơ và hẹn trả kết quả (Mẫu số 01)" in text
    assert "Ẵm Ẳng" not in text, "the receipt does not repeat the address"
    assert "Đề nghị đăng bài Ỡm Ờ, Ngoằn Ngoèo, Khuếch Tán, Ực Ữa Ỹ Ỵ" in text
    assert "03/02/2026 08:02:03" in text
    assert "No syntax or stream encoding errors" in run("qpdf", "--check", tmp_path / "read.pdf")
    assert len(receipt) < 150_000


def test_watermark_is_seen_but_not_copied(facts: DossierFacts, tmp_path: Path) -> None:
    assert text_of(submission_receipt(facts), tmp_path).count("THỬ NGHIỆM") == 5, (
        "banner, heading, agency twice, footer"
    )
    run("pdftoppm", "-r", "30", "-gray", tmp_path / "read.pdf", tmp_path / "shown")
    (picture,) = tmp_path.glob("shown*.pgm")
    pale = sum(230 <= value <= 245 for value in picture.read_bytes()[-350 * 248 :])
    assert pale > 800


def test_many_components_go_on_over_the_pages(facts: DossierFacts, tmp_path: Path) -> None:
    rows = tuple(
        FiledComponent(f"Giấy tờ số {number:03d} " + "dài dòng " * 8, 1, (f"t{number}.pdf",)) for number in range(120)
    )
    text = text_of(submission_receipt(replace(facts, components=rows)), tmp_path)
    assert "Giấy tờ số 000" in text
    assert "Giấy tờ số 119" in text
    pages = text.count("Tên giấy tờ")
    assert pages > 3, "the header row comes again on each page"
    assert f"Trang {pages}/" in text or f"Trang {pages + 1}/" in text


def test_hostile_text_stays_inside_the_page(facts: DossierFacts, tmp_path: Path) -> None:
    evil = replace(facts, subject="A" * 600, applicant_name="(x) Tj\n\x1b[31m\u202e日本", note="", components=())
    pdf = submission_receipt(evil)
    (tmp_path / "evil.pdf").write_bytes(pdf)
    boxes = run("pdftotext", "-bbox", tmp_path / "evil.pdf", "-")
    edges = [float(part.split('"')[1]) for part in boxes.split() if part.startswith("xMax=")]
    assert max(edges) < 595.28 - 40
    assert "\x1b" not in boxes
    assert "\u202e" not in boxes


def test_decomposed_text_is_composed(facts: DossierFacts, tmp_path: Path) -> None:
    import unicodedata

    decomposed = replace(facts, subject=unicodedata.normalize("NFD", facts.subject))
    assert facts.subject in text_of(submission_receipt(decomposed), tmp_path)


def test_unsealed_paper_stays_as_it_is(environment: Environment) -> None:
    built = Paper("Thử", "Thử").build(MOMENT)
    assert seal_paper(environment, built) == built.pdf


def test_words_for_dates_and_money() -> None:
    assert long_date(dt.datetime(2026, 2, 3, 20, tzinfo=dt.UTC)) == "ngày 04 tháng 02 năm 2026"
    assert long_date(dt.datetime(2026, 11, 12, tzinfo=dt.UTC)) == "ngày 12 tháng 11 năm 2026"
    assert dong(1_234_500) == "1.234.500 đồng"

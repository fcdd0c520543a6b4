"""The portal's own receipt of an online submission: proof that the files arrived, not yet the agency's acceptance (Mẫu số 01)."""

from dvc_sandbox.papers.facts import DossierFacts, dong, long_date, short_moment
from dvc_sandbox.papers.flow import Paper, bold, italic


def submission_receipt(facts: DossierFacts, lookup_url: str = "") -> bytes:
    """The receipt (phiếu xác nhận nộp hồ sơ trực tuyến) as a PDF; same facts, same bytes. `lookup_url` is for its QR code."""
    paper = Paper("Phiếu xác nhận nộp hồ sơ trực tuyến", f"{facts.code} · Cổng dịch vụ công THỬ NGHIỆM (SANDBOX)")
    paper.heading(
        "Cổng dịch vụ công thử nghiệm",
        facts.agency,
        f"Mã hồ sơ: {facts.code}",
        long_date(facts.submitted_at).capitalize(),
    )
    paper.heading_title("Phiếu xác nhận nộp hồ sơ trực tuyến", f"Mã hồ sơ: {facts.code}")
    _who(paper, facts)
    paper.field("Thời điểm nộp", short_moment(facts.submitted_at))
    if facts.processing_time:
        paper.field("Thời gian giải quyết theo quy định", facts.processing_time)
    paper.field("Phí, lệ phí", dong(facts.fee) if facts.fee else "Không thu")
    if facts.reference:
        paper.field("Mã tham chiếu của người nộp", facts.reference)
    paper.skip(2)
    paper.paragraph(bold("Thành phần hồ sơ đã nộp"))
    component_table(paper, facts)
    paper.paragraph(
        italic(
            "Phiếu này chỉ xác nhận hệ thống đã nhận hồ sơ trực tuyến, không thay thế Giấy tiếp nhận hồ sơ và hẹn trả kết quả "
            "(Mẫu số 01) do cơ quan giải quyết ký số và gửi sau khi kiểm tra hồ sơ."
        ),
        size=9.5,
    )
    paper.qr(
        lookup_url or facts.code,
        f"Quét mã để tra cứu tình trạng hồ sơ {facts.code}. Giữ phiếu này để đối chiếu khi cần.",
    )
    return paper.build(facts.submitted_at).pdf


def _who(paper: Paper, facts: DossierFacts) -> None:
    paper.field("Thủ tục hành chính", f"{facts.procedure_name} ({facts.procedure_code})")
    paper.field("Nơi tiếp nhận hồ sơ", facts.agency)
    paper.field("Người nộp hồ sơ", facts.applicant_name)
    paper.field("Số định danh cá nhân/CCCD", facts.identity_number)
    if facts.organisation:
        paper.field("Cơ quan/tổ chức", facts.organisation + (f" (MST {facts.tax_code})" if facts.tax_code else ""))
    if facts.owner_name and facts.owner_name != facts.applicant_name:
        paper.field("Chủ hồ sơ", facts.owner_name)
    paper.field("Về việc", facts.subject)


def component_table(paper: Paper, facts: DossierFacts) -> None:
    """The filed components with their files and whether they are signed."""
    rows = [
        (
            str(number),
            row.name,
            str(row.copies),
            ", ".join(row.files) or "Không có tệp",
            "Có" if row.signed else "Không",
        )
        for number, row in enumerate(facts.components, start=1)
    ]
    paper.table(("STT", "Tên giấy tờ", "Số bản", "Tệp tin", "Ký số"), (1, 6, 1.3, 5, 1.4), rows)

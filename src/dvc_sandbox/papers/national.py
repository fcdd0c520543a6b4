"""The agency's papers before they are signed: Mẫu số 01–05 (TT 03/2025/TT-VPCP, portal contract §4), fee notice, result."""

from dataclasses import dataclass
from datetime import date, datetime

from dvc_sandbox.papers.facts import DossierFacts, dong, long_date, long_moment, short_moment
from dvc_sandbox.papers.flow import Built, Paper, bold, italic

SUPERIOR = "Cơ quan hành chính thử nghiệm (SANDBOX)"
TITLES = {
    "1": "Giấy tiếp nhận hồ sơ và hẹn trả kết quả",
    "2": "Phiếu yêu cầu bổ sung, hoàn thiện hồ sơ",
    "3": "Phiếu từ chối tiếp nhận giải quyết hồ sơ",
    "4": "Văn bản xin lỗi và đề nghị gia hạn",
    "5": "Thông báo dừng giải quyết hồ sơ",
    "fee": "Thông báo thực hiện nghĩa vụ tài chính",
    "result": "Kết quả giải quyết thủ tục hành chính",
}
_SERIES = {"1": "TNHS", "2": "HDHS", "3": "TCHS", "4": "XLGH", "5": "TBDHS", "fee": "TBNVTC", "result": "KQ-TTHC"}


@dataclass(frozen=True, slots=True)
class Issue:
    """Who issues a paper and when: running number, the moment (with a zone), the officer's full name."""

    number: int
    moment: datetime
    officer: str


def file_name(kind: str, code: str) -> str:
    """`mau-01-<code>-THU-NGHIEM.pdf`; the mark stands in the name because the file leaves the sandbox."""
    stem = f"mau-0{kind}" if kind.isdigit() else {"fee": "thong-bao-nghia-vu-tai-chinh", "result": "ket-qua"}[kind]
    return f"{stem}-{code}-THU-NGHIEM.pdf"


def acceptance(facts: DossierFacts, issue: Issue, appointment: datetime | None) -> Built:
    """Mẫu 01, the legal receipt: what was taken in, when it was, and when the result is due (None: not stated)."""
    paper = _open("1", facts, issue, below=f"Mã hồ sơ: {facts.code}")
    paper.paragraph(bold(facts.agency), " đã tiếp nhận hồ sơ của:")
    _applicant(paper, facts)
    paper.field("Nội dung yêu cầu giải quyết", _content(facts))
    paper.paragraph("Thành phần hồ sơ nộp gồm:")
    rows = [
        (str(number), row.name, str(row.copies), str(len(row.files)), "Có" if row.signed else "Không")
        for number, row in enumerate(facts.components, start=1)
    ]
    paper.table(("STT", "Tên giấy tờ", "Số bản", "Số tệp", "Ký số"), (1, 9, 1.4, 1.4, 1.4), rows)
    paper.field("Số lượng hồ sơ", "01 (bộ)")
    paper.field("Thời gian giải quyết hồ sơ theo quy định", facts.processing_time or "Không quy định")
    paper.field("Thời gian nhận hồ sơ", long_moment(issue.moment))
    due = long_moment(appointment) if appointment else "Cơ quan thông báo sau"
    paper.field("Thời gian trả kết quả giải quyết hồ sơ", due)
    paper.field("Đăng ký nhận kết quả tại", "Cổng dịch vụ công (bản điện tử)")
    paper.signatures(
        ("Người nộp hồ sơ", "(Nộp trực tuyến)", facts.applicant_name),
        ("Người tiếp nhận hồ sơ", "(Ký số)", issue.officer),
    )
    return paper.build(issue.moment)


def supplement_request(facts: DossierFacts, issue: Issue, request: str, deadline: date | None) -> Built:
    """Mẫu 02: what is missing (one item a line) and until when."""
    paper = _open("2", facts, issue, below=f"Mã hồ sơ: {facts.code}")
    _applicant(paper, facts, label="Hồ sơ của")
    paper.field("Nội dung yêu cầu giải quyết", _content(facts))
    paper.paragraph("Yêu cầu bổ sung, hoàn thiện hồ sơ gồm những nội dung sau:")
    _items(paper, request)
    if deadline:
        paper.field("Thời hạn bổ sung, hoàn thiện", f"trước ngày {deadline:%d/%m/%Y}")
    _closing(
        paper,
        "Trong quá trình hoàn thiện hồ sơ nếu có vướng mắc, đề nghị Ông/Bà liên hệ với cơ quan tiếp nhận hồ sơ "
        "để được hướng dẫn./.",
    )
    return _signed_off(paper, issue, "Người hướng dẫn")


def refusal(facts: DossierFacts, issue: Issue, reason: str) -> Built:
    """Mẫu 03: why the dossier is not accepted."""
    paper = _open("3", facts, issue, below=f"Mã hồ sơ: {facts.code}")
    paper.paragraph(bold(facts.agency), " nhận được hồ sơ của:")
    _applicant(paper, facts)
    paper.field("Nội dung yêu cầu giải quyết", _content(facts))
    paper.paragraph("Qua xem xét, cơ quan thông báo không tiếp nhận, giải quyết hồ sơ này với lý do cụ thể như sau:")
    _items(paper, reason)
    _closing(paper, "Xin thông báo cho Ông/Bà được biết và thực hiện./.")
    return _signed_off(paper, issue, "Người tiếp nhận hồ sơ")


def apology(facts: DossierFacts, issue: Issue, reason: str, appointment: datetime) -> Built:
    """Mẫu 04: the agency is late, says why, and names the new moment of return."""
    paper = _open("4", facts, issue, below=f"Mã hồ sơ: {facts.code}")
    paper.paragraph("Kính gửi: ", bold(facts.owner_name or facts.applicant_name), indent=30)
    paper.paragraph(
        f"Ngày {short_moment(facts.submitted_at)[:10]}, cơ quan tiếp nhận giải quyết hồ sơ của Ông/Bà về việc ",
        bold(_content(facts)), ", mã số ", bold(facts.code), ".", indent=20,
    )  # fmt: skip
    paper.paragraph("Đến nay hồ sơ chưa giải quyết xong với lý do:", indent=20)
    _items(paper, reason)
    paper.paragraph(
        "Sự chậm trễ này đã gây phiền hà và tốn kém cho Ông/Bà. Cơ quan chân thành xin lỗi Ông/Bà và đề nghị gia hạn, "
        "hẹn trả kết quả vào ", bold(long_moment(appointment)), ".", indent=20,
    )  # fmt: skip
    _closing(paper, "Rất mong nhận được sự thông cảm của Ông/Bà./.")
    return _signed_off(paper, issue, "Đại diện cơ quan")


def stop_notice(facts: DossierFacts, issue: Issue, reason: str) -> Built:
    """Mẫu 05: the agency stops working on the dossier, and why."""
    paper = _open("5", facts, issue, below=f"Mã hồ sơ: {facts.code}")
    paper.paragraph("Kính gửi: ", bold(facts.owner_name or facts.applicant_name), indent=30)
    _applicant(paper, facts, label="Hồ sơ của")
    paper.field("Nội dung yêu cầu giải quyết", _content(facts))
    paper.paragraph("Cơ quan thông báo dừng giải quyết hồ sơ nêu trên với lý do cụ thể như sau:")
    _items(paper, reason)
    _closing(paper, "Khi đủ điều kiện, Ông/Bà có thể nộp hồ sơ mới theo quy định. Xin thông báo để Ông/Bà được biết./.")
    return _signed_off(paper, issue, "Đại diện cơ quan")


def fee_notice(facts: DossierFacts, issue: Issue, name: str, amount: int) -> Built:
    """What is to be paid before the work goes on; `amount` in đồng."""
    paper = _open("fee", facts, issue, below=f"Mã hồ sơ: {facts.code}")
    _applicant(paper, facts, label="Hồ sơ của")
    paper.field("Nội dung yêu cầu giải quyết", _content(facts))
    paper.paragraph("Đề nghị Ông/Bà thực hiện nghĩa vụ tài chính sau:")
    paper.table(("STT", "Khoản thu", "Số tiền"), (1, 8, 3), (("1", name, dong(amount)),))
    _closing(paper, "Hồ sơ được tiếp tục giải quyết sau khi Ông/Bà nộp đủ khoản thu trên./.")
    return _signed_off(paper, issue, "Người tiếp nhận hồ sơ")


def result(facts: DossierFacts, issue: Issue, text: str) -> Built:
    """The result of the procedure; `text` is the agency's decision."""
    paper = _open("result", facts, issue, below=f"Mã hồ sơ: {facts.code}")
    paper.paragraph(
        "Căn cứ hồ sơ của ",
        bold(facts.owner_name or facts.applicant_name),
        " về thủ tục ",
        bold(facts.procedure_name),
        ",",
    )
    paper.paragraph(bold(facts.agency), " thông báo kết quả giải quyết như sau:")
    _items(paper, text)
    paper.field("Nội dung yêu cầu giải quyết", _content(facts))
    _closing(paper, "Văn bản điện tử này được ký số; bản in ra giấy chỉ để tham khảo./.")
    return _signed_off(paper, issue, "Đại diện cơ quan")


def _open(kind: str, facts: DossierFacts, issue: Issue, below: str) -> Paper:
    paper = Paper(TITLES[kind], f"{facts.code} · Cổng dịch vụ công THỬ NGHIỆM (SANDBOX)")
    if kind.isdigit():
        paper.corner(f"Mẫu số 0{kind}", "(TT 03/2025/TT-VPCP)")
    number = f"Số: {issue.number:02d}/{_SERIES[kind]}"
    paper.heading(SUPERIOR, facts.agency, number, long_date(issue.moment).capitalize())
    paper.heading_title(TITLES[kind], below)
    return paper


def _content(facts: DossierFacts) -> str:
    return f"{facts.procedure_name} ({facts.procedure_code})" + (f" — {facts.subject}" if facts.subject else "")


def _applicant(paper: Paper, facts: DossierFacts, label: str = "Ông/Bà") -> None:
    paper.field(label, facts.applicant_name)
    if facts.organisation:
        paper.field("Cơ quan/tổ chức", facts.organisation)
    if facts.owner_name and facts.owner_name != facts.applicant_name:
        paper.field("Chủ hồ sơ", facts.owner_name)
    paper.field("Địa chỉ", facts.address)
    paper.paragraph("Số điện thoại: ", bold(facts.phone or "…" * 12), "     Email: ", bold(facts.email or "…" * 12))


def _items(paper: Paper, text: str) -> None:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    for number, line in enumerate(lines, start=1):
        paper.paragraph(f"{number}. " if len(lines) > 1 else "", bold(line), indent=20, hang=20)


def _closing(paper: Paper, text: str) -> None:
    paper.skip(1)
    paper.paragraph(italic(text), indent=20)


def _signed_off(paper: Paper, issue: Issue, title: str) -> Built:
    paper.signatures((), (title, "(Ký số)", issue.officer))
    return paper.build(issue.moment)

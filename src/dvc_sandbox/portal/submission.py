"""Second half of filing a dossier: fees, confirmation (the commit), receipt (portal contract, row 15)."""

from __future__ import annotations

import io

from starlette.responses import HTMLResponse, Response

from dvc_sandbox.environment import Environment
from dvc_sandbox.portal import (
    components,
    creation,
    dossier_facts,
    sessions,
    store_dossiers,
    store_drafts,
    store_procedures,
)
from dvc_sandbox.portal.applicant import GENDERS
from dvc_sandbox.portal.calls import Call, Refusal, attachment, redirect
from dvc_sandbox.portal.creation import CommitDelayed, CommitFailed, TokenRefused
from dvc_sandbox.portal.store_blobs import read_blob, write_blob
from dvc_sandbox.portal.store_dossiers import Dossier
from dvc_sandbox.portal.store_drafts import Draft
from dvc_sandbox.portal.text import to_iso
from dvc_sandbox.portal.wizard import BASE, CONFIRMATION, agency_name, draft_of, procedure_of_draft

DONE, RECEIPT = f"{BASE}/nop-thanh-cong", f"{BASE}/giay-xac-nhan"
PAYMENTS = {
    "truc-tuyen": "Thanh toán trực tuyến (THỬ NGHIỆM, không trừ tiền)",
    "tai-quay": "Nộp tại quầy khi nhận kết quả",
}
_GATEWAY_TIMEOUT = (
    "<html><head><title>504 Gateway Time-out</title></head><body><h1>504 Gateway Time-out</h1></body></html>"
)
_SERVER_ERROR = (
    "<html><head><title>500 Internal Server Error</title></head><body><h1>500 Internal Server Error</h1></body></html>"
)


def show_fees(call: Call) -> Response:
    """The fees of an online dossier and the ways to pay."""
    return _fees_page(call, draft_of(call, "fees"), {}, 200)


def _fees_page(call: Call, draft: Draft, errors: dict[str, str], status: int) -> Response:
    return call.page(
        "fees.html",
        status,
        draft=draft,
        procedure=procedure_of_draft(call, draft),
        fees=store_procedures.fees(call.environment, draft.procedure),
        total=store_procedures.online_fee(call.environment, draft.procedure),
        payments=PAYMENTS,
        csrf=call.token(f"fees:{draft.sid}"),
        field_errors=errors,
    )


def submit_fees(call: Call) -> Response:
    """Keep the way of payment and go on to the confirmation."""
    draft = draft_of(call, "fees")
    payment = call.text("hinhThucThanhToan")
    if payment not in PAYMENTS:
        return _fees_page(call, draft, {"hinhThucThanhToan": "Vui lòng chọn hình thức thanh toán"}, 422)
    store_drafts.advance(call.environment, draft, "confirmation", payment)
    return redirect(CONFIRMATION, sid=draft.sid)


def show_confirmation(call: Call) -> Response:
    """Everything once more, with the single-use token of the commit."""
    return _confirmation_page(call, draft_of(call, "confirmation"), {}, 200)


def _confirmation_page(call: Call, draft: Draft, errors: dict[str, str], status: int) -> Response:
    return call.page(
        "confirmation.html",
        status,
        draft=draft,
        procedure=procedure_of_draft(call, draft),
        agency=agency_name(call, draft),
        rows=components.component_rows(call.environment, draft),
        others=components.other_rows(call.environment, draft),
        total=store_procedures.online_fee(call.environment, draft.procedure),
        payments=PAYMENTS,
        places=dossier_facts.place_names(
            call.environment, draft.applicant["CongDan_maTinhThanh"], draft.applicant["CongDan_maPhuongXa"]
        ),
        genders=GENDERS,
        csrf=call.token(creation.purpose_of(draft.sid)),
        field_errors=errors,
        error=("invalid", "Hồ sơ chưa hợp lệ, chưa nộp được") if errors else None,
    )


def submit_confirmation(call: Call) -> Response:
    """The commit. The answer is the receipt page's address, once."""
    token = call.text("csrf")
    draft = _draft_to_commit(call, token)
    errors = components.check(call.environment, draft)
    if call.text("camDoan") != "1":
        errors["camDoan"] = "Vui lòng đánh dấu cam đoan trước khi nộp hồ sơ"
    if errors:
        return _confirmation_page(call, draft, errors, 422)
    try:
        code = creation.submit(call.environment, call.session, draft, token)
    except TokenRefused as refused:
        raise _token_refusal(refused.state) from None
    except CommitFailed:
        return HTMLResponse(_SERVER_ERROR, 500)
    except CommitDelayed:
        return HTMLResponse(_GATEWAY_TIMEOUT, 504)
    return redirect(DONE, **{"ma-ho-so": code})


def _draft_to_commit(call: Call, token: str) -> Draft:
    """A used token is told before a submitted draft, so that a repeated commit always gets the same answer."""

    def refuse_used_token() -> None:
        purpose = creation.purpose_of(call.query("sid"))
        if sessions.token_state(call.environment, call.session, purpose, token) == "used":
            raise _token_refusal("used")

    refuse_used_token()
    try:
        return draft_of(call, "confirmation")
    except Refusal:
        refuse_used_token()  # a simultaneous request may have used it since
        raise


def _token_refusal(state: str) -> Refusal:
    if state == "used":
        return Refusal(
            403,
            "token-used",
            "Mã xác nhận nộp hồ sơ này đã được sử dụng. Kiểm tra danh sách hồ sơ của tôi trước khi nộp lại",
        )
    return Refusal(403, "csrf", "Mã xác nhận nộp hồ sơ không hợp lệ. Vui lòng mở lại trang xác nhận")


def own_dossier(call: Call) -> Dossier:
    """The account's dossier that an address names; 404 for anybody else's."""
    dossier = store_dossiers.find(call.environment, call.query("ma-ho-so"))
    if dossier is None or dossier.account != call.user.id:
        raise Refusal(404, "not-found", "Không tìm thấy hồ sơ này trong tài khoản của bạn")
    return dossier


def show_receipt(call: Call) -> Response:
    """The page after the commit: code, what was received, and the receipt to download."""
    dossier = own_dossier(call)
    creation.finish_after(call.environment, dossier.code)
    return call.page("receipt.html", dossier=dossier, files=store_dossiers.files(call.environment, dossier.code))


def download_receipt(call: Call) -> Response:
    """The receipt as PDF; made once and kept."""
    dossier = own_dossier(call)
    row = call.environment.database.read_one("SELECT sha256 FROM receipt WHERE dossier = ?", dossier.code)
    content = read_blob(call.environment, row["sha256"]) if row else _make_receipt(call.environment, dossier)
    name = f"THU-NGHIEM_giay-xac-nhan_{dossier.code}.pdf"
    return Response(content, media_type="application/pdf", headers=attachment(name))


def _make_receipt(environment: Environment, dossier: Dossier) -> bytes:
    from dvc_sandbox.papers.receipt import submission_receipt

    lookup = f"{environment.urls.portal}/dichvucong/tracuu?ma-ho-so={dossier.code}"
    content = submission_receipt(dossier_facts.facts_of(environment, dossier), lookup)
    with environment.database.write() as connection:
        digest, _ = write_blob(connection, io.BytesIO(content))
        connection.execute(
            "INSERT INTO receipt (dossier, sha256, created_at) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
            (dossier.code, digest, to_iso(environment.clock.now())),
        )
    return content

"""An account's own dossiers: list, detail, supplement, withdrawal, payment, results (portal contract, row 17)."""

from __future__ import annotations

from starlette.datastructures import UploadFile
from starlette.responses import Response, StreamingResponse

from dvc_sandbox.portal import file_kinds, store_dossiers, store_drafts, store_uploads
from dvc_sandbox.portal.calls import Call, Refusal, attachment, redirect
from dvc_sandbox.portal.components import EXTRA_FILE, file_field
from dvc_sandbox.portal.dossier_facts import place_names
from dvc_sandbox.portal.paging import MAX_SIZE, number, pager
from dvc_sandbox.portal.receiving import content_of, is_file
from dvc_sandbox.portal.store_blobs import stream_blob, write_blob
from dvc_sandbox.portal.store_dossiers import STATUS_NAMES, STATUS_ORDER, Dossier, StatusRefused
from dvc_sandbox.portal.store_uploads import EXTRA, Content
from dvc_sandbox.portal.submission import own_dossier
from dvc_sandbox.portal.text import to_iso
from dvc_sandbox.portal.wizard import step_page

LIST = "/dich-vu-cong/cong-dan/ho-so"
DETAIL, SUPPLEMENT, WITHDRAW, PAY = f"{LIST}/chi-tiet", f"{LIST}/bo-sung", f"{LIST}/rut", f"{LIST}/nop-phi"
DRAFTS = "/dich-vu-cong/cong-dan/ho-so-nhap"
DRAFT_PURPOSE = "drafts"
PAPER_NAMES = {
    "1": "Mẫu 01 - Giấy tiếp nhận hồ sơ và hẹn trả kết quả",
    "2": "Mẫu 02 - Phiếu yêu cầu bổ sung, hoàn thiện hồ sơ",
    "3": "Mẫu 03 - Phiếu từ chối tiếp nhận giải quyết hồ sơ",
    "4": "Mẫu 04 - Văn bản xin lỗi và đề nghị gia hạn",
    "5": "Mẫu 05 - Thông báo dừng giải quyết hồ sơ",
    "fee": "Thông báo thực hiện nghĩa vụ tài chính",
    "result": "Kết quả giải quyết",
}


def show_dossiers(call: Call) -> Response:
    """One page of the account's dossiers, newest first, with search."""
    values = {"tukhoa": call.query("tukhoa"), "trang_thai": call.query("trang_thai")}
    status = number(values["trang_thai"], 0, 10) or None
    size, page = number(call.query("per_page"), 10, MAX_SIZE), number(call.query("page"), 1, 1_000_000)
    dossiers, total = store_dossiers.search(
        call.environment, account=call.user.id, text=values["tukhoa"], status=status, page=page, size=size
    )
    return call.page(
        "dossiers.html",
        dossiers=dossiers,
        values=values,
        pager=pager(LIST, values, page, size, total),
        statuses=STATUS_NAMES,
    )


def show_dossier(call: Call) -> Response:
    """Everything about one own dossier, and what may be done with it now."""
    dossier, environment = own_dossier(call), call.environment
    applicant = dossier.applicant
    return call.page(
        "dossier.html",
        dossier=dossier,
        files=store_dossiers.files(environment, dossier.code),
        events=store_dossiers.history(environment, dossier.code),
        papers=store_dossiers.papers(environment, dossier.code),
        paper_names=PAPER_NAMES,
        supplements=store_dossiers.supplements(environment, dossier.code),
        fees=store_dossiers.fees(environment, dossier.code),
        place=place_names(environment, applicant["CongDan_maTinhThanh"], applicant["CongDan_maPhuongXa"]),
        withdrawable=7 in STATUS_ORDER[dossier.status],
        csrf=call.token(_purpose("pay", dossier.code)),
    )


def _purpose(action: str, code: str) -> str:
    return f"{action}:{code}"


def _stream(call: Call, sha256: str, name: str, media_type: str) -> Response:
    headers = {**attachment(name), "X-Content-SHA256": sha256}
    return StreamingResponse(stream_blob(call.environment, sha256), media_type=media_type, headers=headers)


def download_file(call: Call) -> Response:
    """A file of an own dossier."""
    dossier = own_dossier(call)
    for file in store_dossiers.files(call.environment, dossier.code):
        if file.id == call.request.path_params["number"]:
            return _stream(call, file.sha256, file.stored_name, file.media_type)
    raise Refusal(404, "not-found", "Không tìm thấy tệp tin này trong hồ sơ")


def download_paper(call: Call) -> Response:
    """A paper of the agency, or the result."""
    dossier = own_dossier(call)
    for paper in store_dossiers.papers(call.environment, dossier.code):
        if paper.id == call.request.path_params["number"]:
            return _stream(call, paper.sha256, paper.file_name, paper.media_type)
    raise Refusal(404, "not-found", "Không tìm thấy giấy tờ này trong hồ sơ")


def _in_status(call: Call, status: int, message: str) -> Dossier:
    dossier = own_dossier(call)
    if dossier.status != status:
        raise Refusal(409, "conflict", message)
    return dossier


def show_supplement(call: Call) -> Response:
    """The supplement page; only while the agency asks for one."""
    return _supplement_page(call, _in_status(call, 5, _NO_SUPPLEMENT), None, 200)


_NO_SUPPLEMENT = "Hồ sơ không ở trạng thái yêu cầu bổ sung giấy tờ"


def _supplement_page(call: Call, dossier: Dossier, error: tuple[str, str] | None, status: int) -> Response:
    slots = call.environment.database.read(
        "SELECT slot, name FROM dossier_component WHERE dossier = ? AND slot <> 'extra' ORDER BY rowid", dossier.code
    )
    asked = [entry for entry in store_dossiers.supplements(call.environment, dossier.code) if entry.answered_at is None]
    return call.page(
        "supplement.html",
        status,
        dossier=dossier,
        slots=slots,
        asked=asked,
        text=call.text("noiDung"),
        accept=file_kinds.ACCEPT,
        file_field=file_field,
        csrf=call.token(_purpose("supplement", dossier.code)),
        error=error,
    )


def submit_supplement(call: Call) -> Response:
    """Add the files to the dossier, answer the request, and hand the dossier back to the agency (5 → 4)."""
    dossier = _in_status(call, 5, _NO_SUPPLEMENT)
    try:
        files = _supplement_files(call, dossier)
    except Refusal as refusal:
        return _supplement_page(call, dossier, (refusal.slug, refusal.message), refusal.status)
    if not files:
        return _supplement_page(call, dossier, ("invalid", "Vui lòng chọn ít nhất một tệp tin để bổ sung"), 422)
    text = call.text("noiDung")
    _keep_supplement(call, dossier, files, text)
    store_dossiers.change_status(call.environment, dossier.code, 4, call.user.full_name, text or "Đã bổ sung giấy tờ")
    return redirect(DETAIL, **{"ma-ho-so": dossier.code})


def _supplement_files(call: Call, dossier: Dossier) -> list[tuple[str, Content]]:
    rows = call.environment.database.read("SELECT slot FROM dossier_component WHERE dossier = ?", dossier.code)
    names = {file_field(row["slot"]): row["slot"] for row in rows} | {EXTRA_FILE: EXTRA}
    return [
        (names[name], content_of(value, names[name]))
        for name, value in call.form.multi_items()
        if name in names and isinstance(value, UploadFile) and is_file(value)
    ]


def _keep_supplement(call: Call, dossier: Dossier, files: list[tuple[str, Content]], text: str) -> None:
    environment, now = call.environment, to_iso(call.environment.clock.now())
    with environment.database.write() as connection:
        request = connection.execute(
            "SELECT id FROM supplement_request WHERE dossier = ? AND answered_at IS NULL ORDER BY id DESC",
            (dossier.code,),
        ).fetchone()
        connection.execute(
            "UPDATE supplement_request SET answered_at = ?, answer = ? WHERE dossier = ? AND answered_at IS NULL",
            (now, text, dossier.code),
        )
        connection.execute(
            """INSERT INTO dossier_component (dossier, slot, name, ticked, copies) VALUES (?, 'extra', 'Tệp tin khác', 1, 1)
               ON CONFLICT DO NOTHING""",
            (dossier.code,),
        )
        for slot, content in files:
            digest, size = write_blob(connection, content.file)
            connection.execute(
                """INSERT INTO dossier_file (dossier, slot, stored_name, original_name, media_type, size, sha256, supplement,
                   created_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)""",
                (
                    dossier.code, slot, store_uploads.stored_name(environment, content.extension), content.name,
                    content.media_type, size, digest, request["id"] if request else None, now,
                ),
            )  # fmt: skip


def show_withdrawal(call: Call) -> Response:
    """Ask once more before a dossier is withdrawn."""
    dossier = own_dossier(call)
    if 7 not in STATUS_ORDER[dossier.status]:
        raise Refusal(409, "conflict", f"Không rút được hồ sơ ở trạng thái {dossier.status_name}")
    return call.page("withdraw.html", dossier=dossier, csrf=call.token(_purpose("withdraw", dossier.code)))


def submit_withdrawal(call: Call) -> Response:
    """Withdraw a dossier (→ 7)."""
    dossier = own_dossier(call)
    reason = call.text("lyDo", 1000) or "Công dân yêu cầu rút hồ sơ"
    try:
        store_dossiers.change_status(call.environment, dossier.code, 7, call.user.full_name, reason)
    except StatusRefused:
        raise Refusal(409, "conflict", f"Không rút được hồ sơ ở trạng thái {dossier.status_name}") from None
    return redirect(DETAIL, **{"ma-ho-so": dossier.code})


def submit_payment(call: Call) -> Response:
    """Pay what the agency asked for (invented money), and hand the dossier back (6 → 4)."""
    dossier = _in_status(call, 6, "Hồ sơ không ở trạng thái yêu cầu thực hiện nghĩa vụ tài chính")
    with call.environment.database.write() as connection:
        connection.execute(
            "UPDATE dossier_fee SET paid_at = ? WHERE dossier = ? AND paid_at IS NULL",
            (to_iso(call.environment.clock.now()), dossier.code),
        )
    note = "Đã nộp phí, lệ phí (THỬ NGHIỆM)"
    store_dossiers.change_status(call.environment, dossier.code, 4, call.user.full_name, note)
    return redirect(DETAIL, **{"ma-ho-so": dossier.code})


def show_drafts(call: Call) -> Response:
    """Drafts that were never submitted."""
    rows = store_drafts.open_drafts(call.environment, call.user.id)
    entries = []
    for row in rows:
        draft = store_drafts.find(call.environment, row["sid"], call.user.id)
        if draft is not None:
            entries.append((row, step_page(draft), call.token(DRAFT_PURPOSE)))
    return call.page("drafts.html", entries=entries)


def discard_draft(call: Call) -> Response:
    """Delete a draft."""
    if not store_drafts.discard(call.environment, call.text("sid"), call.user.id):
        raise Refusal(404, "not-found", "Không tìm thấy hồ sơ đang kê khai này trong tài khoản của bạn")
    return redirect(DRAFTS, 303)

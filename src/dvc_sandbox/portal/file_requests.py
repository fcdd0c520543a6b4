"""Requests about the files of a draft, answered in JSON (portal contract, rows 10 to 13)."""

from __future__ import annotations

import secrets
from collections.abc import Mapping

from starlette.datastructures import UploadFile
from starlette.responses import Response, StreamingResponse

from dvc_sandbox.portal import personal_store, store_procedures, store_uploads
from dvc_sandbox.portal.calls import Call, Refusal, answer, attachment, is_browser, redirect
from dvc_sandbox.portal.receiving import content_of, put_signed
from dvc_sandbox.portal.store_blobs import read_blob, stream_blob
from dvc_sandbox.portal.store_drafts import Draft
from dvc_sandbox.portal.store_uploads import EXTRA, OTHERS, Upload
from dvc_sandbox.portal.wizard import COMPONENTS, draft_of

WAYS = ("token", "smartca")


def guarded_draft(call: Call) -> Draft:
    """The draft of a changing request: it must carry the draft's file token."""
    draft = draft_of(call, "components")
    given = call.text("maTep") or call.request.headers.get("x-ma-tep", "")
    if not secrets.compare_digest(given.encode(), draft.file_token.encode()):
        raise Refusal(403, "csrf", "Mã bảo vệ tệp tin không hợp lệ. Vui lòng mở lại trang thành phần hồ sơ")
    return draft


def upload_of(call: Call, draft: Draft) -> Upload:
    """The file an address names; 404 when the draft has no such file."""
    upload = store_uploads.find(call.environment, draft.sid, call.request.path_params["number"])
    if upload is None:
        raise Refusal(404, "not-found", "Không tìm thấy tệp tin này trong hồ sơ")
    return upload


def slot_of(call: Call, draft: Draft) -> str:
    """The row a file goes to; 422 when the procedure has no such row or it is a heading."""
    slot = call.text("thanhPhan")
    specs = store_procedures.components(call.environment, draft.procedure, draft.case_number)
    if slot in (*OTHERS, EXTRA) or slot in {spec.slot for spec in specs if not spec.heading}:
        return slot
    raise Refusal(422, "invalid", "Thành phần hồ sơ không thuộc thủ tục này")


def _done(call: Call, draft: Draft, values: Mapping[str, object], status: int = 200) -> Response:
    if is_browser(call.request):
        return redirect(COMPONENTS, 303, sid=draft.sid)
    return answer(values, status)


def _answer(call: Call, draft: Draft, number: int, status: int = 200) -> Response:
    upload = store_uploads.find(call.environment, draft.sid, number)
    if upload is None:
        raise Refusal(404, "not-found", "Không tìm thấy tệp tin này trong hồ sơ")
    return _done(call, draft, upload.as_json(), status)


def list_files(call: Call) -> Response:
    """All files of the draft."""
    draft = draft_of(call, "components")
    return answer({"files": [upload.as_json() for upload in store_uploads.of_draft(call.environment, draft.sid)]})


def upload_file(call: Call) -> Response:
    """Store a file in a row; the catch-all holds one file, so a second one takes its place."""
    draft = guarded_draft(call)
    slot = slot_of(call, draft)
    content = content_of(call.form.get("file"), slot)
    if slot == EXTRA:
        for old in store_uploads.of_draft(call.environment, draft.sid):
            if old.slot == EXTRA:
                store_uploads.delete(call.environment, old)
    return _answer(call, draft, store_uploads.add(call.environment, draft.sid, slot, content), 201)


def read_file(call: Call) -> Response:
    """The bytes of a stored file."""
    upload = upload_of(call, draft_of(call, "components"))
    headers = {**attachment(upload.stored_name), "X-Content-SHA256": upload.sha256, "Content-Length": str(upload.size)}
    return StreamingResponse(
        stream_blob(call.environment, upload.sha256), media_type=upload.media_type, headers=headers
    )


def replace_file(call: Call) -> Response:
    """Put other bytes in the place of a file."""
    draft = guarded_draft(call)
    upload = upload_of(call, draft)
    store_uploads.replace(call.environment, upload, content_of(call.form.get("file"), upload.slot))
    return _answer(call, draft, upload.id)


def delete_file(call: Call) -> Response:
    """Remove a file."""
    draft = guarded_draft(call)
    upload = upload_of(call, draft)
    store_uploads.delete(call.environment, upload)
    return _done(call, draft, {"deleted": upload.id})


def sign_file(call: Call) -> Response:
    """Take the signed PDF of a stored file, check it, and put it in its place."""
    draft = guarded_draft(call)
    upload = upload_of(call, draft)
    way = call.text("cachKy")
    if way not in WAYS:
        raise Refusal(422, "invalid", "Cách ký số phải là token hoặc smartca")
    if upload.media_type != "application/pdf":
        raise Refusal(415, "type", "Chỉ ký số được tệp tin PDF")
    signed = call.form.get("file")
    if not isinstance(signed, UploadFile):
        raise Refusal(422, "invalid", "Chưa có tệp tin đã ký được gửi lên")
    put_signed(call.environment, upload, read_blob(call.environment, upload.sha256), signed.file.read(), way)
    return _answer(call, draft, upload.id)


def undo_signature(call: Call) -> Response:
    """Put the unsigned file back."""
    draft = guarded_draft(call)
    upload = upload_of(call, draft)
    if not store_uploads.undo_signature(call.environment, upload):
        raise Refusal(409, "conflict", "Tệp tin này chưa được ký số")
    return _answer(call, draft, upload.id)


def save_to_store(call: Call) -> Response:
    """Keep a copy of a file in the personal store."""
    draft = guarded_draft(call)
    item = personal_store.save_upload(call.environment, call.user.id, upload_of(call, draft))
    return _done(call, draft, {"item": item}, 201)


def take_from_store(call: Call) -> Response:
    """Use a paper of the personal store in a row."""
    draft = guarded_draft(call)
    text = call.text("giayTo")
    item = int(text) if text.isascii() and text.isdigit() and len(text) < 15 else 0
    number = personal_store.use_item(call.environment, call.user.id, item, draft.sid, slot_of(call, draft))
    if number is None:
        raise Refusal(404, "not-found", "Không tìm thấy giấy tờ này trong kho của bạn")
    return _answer(call, draft, number, 201)

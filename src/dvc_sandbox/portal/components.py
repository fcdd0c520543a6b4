"""The components page: rows with files, subject and note, and the rules before one may go on (rows 9 and 14)."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.datastructures import UploadFile
from starlette.responses import Response

from dvc_sandbox.environment import Environment
from dvc_sandbox.portal import file_kinds, personal_store, store_drafts, store_procedures, store_uploads
from dvc_sandbox.portal.calls import Call, Refusal, redirect
from dvc_sandbox.portal.receiving import content_of, is_file
from dvc_sandbox.portal.store_drafts import Draft, DraftRow
from dvc_sandbox.portal.store_procedures import ComponentSpec, Form
from dvc_sandbox.portal.store_uploads import EXTRA, OTHERS, Upload
from dvc_sandbox.portal.wizard import BASE, COMPONENTS, CONFIRMATION, FEES, agency_name, draft_of, procedure_of_draft

SUBJECT, NOTE = "HoSoOnline_veViec", "HoSoOnline_ghiChu"
OTHER_NAMES = "HoSoOnline_giayToKhac[]"
EXTRA_FILE = "HoSoOnline_fileGiayToKhac"
SIGN_DIALOG = f"{BASE}/ky-so"
_MAX_COPIES = 99


@dataclass(frozen=True, slots=True)
class ComponentRow:
    """One row of the page: its specification, what was said about it, its files and its form templates."""

    spec: ComponentSpec
    said: DraftRow
    uploads: tuple[Upload, ...]
    forms: tuple[Form, ...]


@dataclass(frozen=True, slots=True)
class OtherRow:
    """One of the three free rows, or the catch-all."""

    slot: str
    said: DraftRow
    uploads: tuple[Upload, ...]


def file_field(slot: str) -> str:
    """Name of a row's file input."""
    if slot == EXTRA:
        return EXTRA_FILE
    if slot in OTHERS:
        return f"HoSoOnline_giayToKhac_file_{slot[-1]}"
    return f"GiayToCuaHoSoOnline_{slot}_fileGiayTo"


def component_rows(environment: Environment, draft: Draft) -> list[ComponentRow]:
    """Return the rows of the draft's procedure and case."""
    said = store_drafts.rows(environment, draft.sid)
    uploads = store_uploads.of_draft(environment, draft.sid)
    forms = store_procedures.forms(environment, draft.procedure)
    return [
        ComponentRow(
            spec,
            said.get(spec.slot, DraftRow()),
            tuple(upload for upload in uploads if upload.slot == spec.slot),
            tuple(form for form in forms if form.component == spec.id),
        )
        for spec in store_procedures.components(environment, draft.procedure, draft.case_number)
    ]


def other_rows(environment: Environment, draft: Draft) -> list[OtherRow]:
    """Return the three free rows and the catch-all."""
    said = store_drafts.rows(environment, draft.sid)
    uploads = store_uploads.of_draft(environment, draft.sid)
    return [
        OtherRow(slot, said.get(slot, DraftRow()), tuple(upload for upload in uploads if upload.slot == slot))
        for slot in (*OTHERS, EXTRA)
    ]


def check(environment: Environment, draft: Draft) -> dict[str, str]:
    """Return what is wrong by field; empty when the draft may be submitted (portal contract, section 7)."""
    errors: dict[str, str] = {}
    for row in component_rows(environment, draft):
        if row.spec.heading:
            continue
        if row.spec.mandatory and not row.uploads:
            errors[file_field(row.spec.slot)] = f"Giấy tờ bắt buộc chưa có tệp tin: {row.spec.name}"
        elif row.uploads and not row.said.ticked:
            errors[f"tick_{row.spec.slot}"] = f"Chưa đánh dấu chọn giấy tờ đã có tệp tin: {row.spec.name}"
        elif row.said.ticked and not row.uploads:
            errors[file_field(row.spec.slot)] = f"Giấy tờ đã đánh dấu nhưng chưa có tệp tin: {row.spec.name}"
        elif row.uploads and not 1 <= row.said.copies <= _MAX_COPIES:
            errors[f"soBan_{row.spec.slot}"] = f"Số bản phải từ 1 trở lên: {row.spec.name}"
    for other in other_rows(environment, draft):
        if other.slot != EXTRA and other.uploads and not other.said.name:
            errors[file_field(other.slot)] = "Vui lòng nhập tên giấy tờ khác đã có tệp tin"
    if not draft.subject:
        errors[SUBJECT] = "Vui lòng nhập nội dung Về việc"
    return errors


def show_components(call: Call) -> Response:
    """The components page."""
    return _page(call, draft_of(call, "components"), {}, None, 200)


def _page(call: Call, draft: Draft, errors: dict[str, str], error: tuple[str, str] | None, status: int) -> Response:
    return call.page(
        "components.html",
        status,
        draft=draft,
        procedure=procedure_of_draft(call, draft),
        agency=agency_name(call, draft),
        rows=component_rows(call.environment, draft),
        others=other_rows(call.environment, draft),
        papers=personal_store.items(call.environment, call.user.id),
        accept=file_kinds.ACCEPT,
        file_field=file_field,
        csrf=call.token(f"components:{draft.sid}"),
        field_errors=errors,
        error=error,
    )


def submit_components(call: Call) -> Response:
    """Keep files and entries; go on to fees or confirmation when every rule is kept."""
    draft = draft_of(call, "components")
    try:
        _keep_files(call, draft)
    except Refusal as refusal:
        _keep_entries(call, draft)
        return _page(call, draft_of(call), {}, (refusal.slug, refusal.message), refusal.status)
    _keep_entries(call, draft)
    action = call.text("hanhDong")
    if action not in {"", "tiep-tuc"}:
        return _small_action(call, draft, *action.split(":"))
    draft = draft_of(call)
    errors = check(call.environment, draft)
    if errors:
        return _page(
            call, draft, errors, ("invalid", "Hồ sơ chưa hợp lệ. Vui lòng kiểm tra lại các mục được đánh dấu"), 422
        )
    pays = store_procedures.online_fee(call.environment, draft.procedure) > 0
    store_drafts.advance(call.environment, draft, "fees" if pays else "confirmation")
    return redirect(FEES if pays else CONFIRMATION, sid=draft.sid)


def _small_action(call: Call, draft: Draft, action: str, target: str = "", item: str = "") -> Response:
    """What the buttons in the rows do; what was typed on the page is kept before. An unknown one only saves."""
    environment = call.environment
    if action == "ky-so":
        return redirect(SIGN_DIALOG, sid=draft.sid, thanhPhan=target)
    uploads = {str(upload.id): upload for upload in store_uploads.of_draft(environment, draft.sid)}
    if action == "xoa" and target in uploads:
        store_uploads.delete(environment, uploads[target])
    elif action == "luu-kho" and target in uploads:
        personal_store.save_upload(environment, call.user.id, uploads[target])
    elif action == "tu-kho" and target in (*_slots(call, draft), *OTHERS, EXTRA) and item.isascii() and item.isdigit():
        personal_store.use_item(environment, call.user.id, int(item[:15]), draft.sid, target)
    return redirect(COMPONENTS, sid=draft.sid)


def _slots(call: Call, draft: Draft) -> list[str]:
    specs = store_procedures.components(call.environment, draft.procedure, draft.case_number)
    return [spec.slot for spec in specs if not spec.heading]


def _keep_files(call: Call, draft: Draft) -> None:
    for slot in (*_slots(call, draft), *OTHERS, EXTRA):
        for value in call.form.getlist(file_field(slot)):
            if isinstance(value, UploadFile) and is_file(value):
                content = content_of(value, slot)
                if slot == EXTRA:
                    _drop_extra(call.environment, draft)
                store_uploads.add(call.environment, draft.sid, slot, content)


def _drop_extra(environment: Environment, draft: Draft) -> None:
    for upload in store_uploads.of_draft(environment, draft.sid):
        if upload.slot == EXTRA:
            store_uploads.delete(environment, upload)


def _copies(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 4 else 0


def _keep_entries(call: Call, draft: Draft) -> None:
    rows = {
        slot: DraftRow(f"tick_{slot}" in call.form, _copies(call.text(f"soBan_{slot}") or "0"))
        for slot in _slots(call, draft)
    }
    names = [value for value in call.form.getlist(OTHER_NAMES) if isinstance(value, str)]
    for slot, name in zip(OTHERS, names, strict=False):
        rows[slot] = DraftRow(bool(name.strip()), 1, name.strip()[:300])
    store_drafts.save_components(call.environment, draft, rows, call.text(SUBJECT, 1000), call.text(NOTE, 4000))

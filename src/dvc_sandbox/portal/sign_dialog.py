"""The sign dialog (Ký số) of one component: its files, each with the three actions of the guide's step 6."""

from __future__ import annotations

from starlette.responses import Response

from dvc_sandbox.portal import store_uploads
from dvc_sandbox.portal.calls import Call, Refusal
from dvc_sandbox.portal.components import component_rows, other_rows
from dvc_sandbox.portal.wizard import agency_name, draft_of, procedure_of_draft


def show_dialog(call: Call) -> Response:
    """Show the PDF files of the row ``thanhPhan``; 404 when the draft has no such row."""
    draft, slot = draft_of(call, "components"), call.query("thanhPhan")
    names = {row.spec.slot: row.spec.name for row in component_rows(call.environment, draft)}
    names |= {row.slot: row.said.name or "Giấy tờ khác" for row in other_rows(call.environment, draft)}
    if slot not in names:
        raise Refusal(404, "not-found", "Không tìm thấy thành phần hồ sơ này")
    return call.page(
        "sign_dialog.html",
        draft=draft,
        procedure=procedure_of_draft(call, draft),
        agency=agency_name(call, draft),
        name=names[slot],
        slot=slot,
        files=[upload for upload in store_uploads.of_draft(call.environment, draft.sid) if upload.slot == slot],
    )

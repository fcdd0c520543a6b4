"""The SmartCA button behind the sign dialog (Ký số) of the guide: the portal itself is the service provider (row 12b; all P).

`W` = /dich-vu-cong/tiep-nhan-online. Pages need a log-in; what changes something carries `maTep` like the file requests.

| Request | Fields | Answer |
|---|---|---|
| `POST W/tep-tin/<id>/ky-so-smartca?sid=` | `maTep`; optional as below | 202 JSON of the transaction (browser: 303 to the next) |
| `GET W/ky-so/smartca?sid=` | several `tep` | page: certificate, files, page and place, before the tap |
| `POST W/ky-so/smartca?sid=` | `maTep`, `tep` (several), `soChungThu`, `viTri`, `trang` | 202 JSON (browser: 303) |
| `GET W/ky-so/smartca/<reference>?sid=` | | waiting page |
| `GET W/ky-so/smartca/<reference>/trang-thai?sid=` | | JSON of the transaction, as it stands now |
| `GET W/ky-so/smartca/danh-sach?sid=` | | JSON `{"transactions": [...]}` of the draft, newest first |

JSON of a transaction: `{"sandbox", "reference", "state": waiting|signed|rejected|expired|failed, "message", "signer",
"createdAt", "expiresAt", "expiresIn", "retryAfter", "files": [{"id", "state": waiting|signed|failed, "message", "file"}]}`;
`file` is the file as rows 10 to 12 describe it. Started once, a transaction goes on without its page; whoever asks for its
state later finishes it. `viTri`: duoi-phai (default), duoi-trai, tren-phai, tren-trai, khong; `trang`: cuoi (default), dau.
Errors: 422 `smartca` (SmartCA or the certificate refuses), 502 `smartca` (no answer), 409 `conflict`, 415 `type`, 422 `broken`.
"""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

from starlette.responses import Response
from starlette.routing import BaseRoute

from dvc_sandbox.portal import smartca_signing, smartca_store, store_uploads
from dvc_sandbox.portal.calls import Call, Refusal, answer, is_browser, redirect, route
from dvc_sandbox.portal.file_requests import guarded_draft
from dvc_sandbox.portal.smartca_signing import MOST_FILES, PAGES, PLACES, Placement
from dvc_sandbox.portal.smartca_store import SigningRequest
from dvc_sandbox.portal.store_uploads import Upload
from dvc_sandbox.portal.wizard import BASE, COMPONENTS, agency_name, draft_of, procedure_of_draft
from dvc_sandbox.signatures.trust import identity_of

if TYPE_CHECKING:
    from dvc_sandbox.environment import Environment
    from dvc_sandbox.portal.store_drafts import Draft

SMARTCA = f"{BASE}/ky-so/smartca"
POLL_SECONDS = 3


def routes(environment: Environment) -> list[BaseRoute]:
    """The routes of the dialog and the button."""
    environment.database.apply(smartca_store.SCHEMA)
    page = partial(route, environment, login=True)
    machine = partial(route, environment, login=True, json=True)
    return [
        machine(f"{BASE}/tep-tin/{{number:int}}/ky-so-smartca", start_one, "POST"),
        page(SMARTCA, show_start),
        machine(SMARTCA, start, "POST"),
        machine(f"{SMARTCA}/danh-sach", list_transactions),
        page(f"{SMARTCA}/{{reference}}", show_waiting),
        machine(f"{SMARTCA}/{{reference}}/trang-thai", show_state),
    ]


def show_start(call: Call) -> Response:
    """What will be signed, with which certificate and where, before the transaction is opened."""
    draft = draft_of(call, "components")
    waiting = [one for one in store_uploads.of_draft(call.environment, draft.sid) if _signable(one)]
    asked = set(call.request.query_params.getlist("tep"))
    problem, found = "", []
    try:
        found = smartca_signing.choices(call.environment, _user(call))
    except Refusal as refusal:
        problem = refusal.message
    active = sorted((one for one in found if one.active), key=lambda one: one.kind != "SMARTCA")
    return _page(
        call,
        draft,
        "smartca_start.html",
        files=waiting,
        chosen={one.id for one in waiting if not asked or str(one.id) in asked},
        certificates=[(one, identity_of(one.certificate)) for one in found],
        preferred=active[0].serial if active else "",
        user=_user(call),
        problem=problem,
        places=PLACES,
        page_names=PAGES,
    )


def start(call: Call) -> Response:
    """Open the transaction; a browser is sent to the waiting page."""
    draft = guarded_draft(call)
    texts = [value for value in call.form.getlist("tep") if isinstance(value, str)]
    return _start(call, draft, _wanted(call, draft, texts))


def start_one(call: Call) -> Response:
    """The button of one file: a person is first shown certificate and place, a program's request starts at once."""
    draft = guarded_draft(call)
    files = _wanted(call, draft, [str(call.request.path_params["number"])])
    if is_browser(call.request):
        return redirect(SMARTCA, 303, sid=draft.sid, tep=str(files[0].id))
    return _start(call, draft, files)


def _start(call: Call, draft: Draft, files: list[Upload]) -> Response:
    placement = Placement(call.text("viTri") or "duoi-phai", call.text("trang") or "cuoi")
    if placement.place not in PLACES or placement.page not in PAGES:
        raise Refusal(422, "invalid", "Vị trí đặt chữ ký không đúng")
    environment, user = call.environment, _user(call)
    choice = smartca_signing.choose(environment, user, call.text("soChungThu"))
    description = f"Ký số hồ sơ: {procedure_of_draft(call, draft).name}"[:200]
    request = smartca_signing.start(environment, call.user.id, files, user, choice, placement, description)
    if is_browser(call.request):
        return redirect(f"{SMARTCA}/{request.reference}", 303, sid=draft.sid)
    return answer(_as_json(environment, request), 202)


def show_waiting(call: Call) -> Response:
    """The page that waits for the phone; it asks again by itself, and ends by showing the signed files."""
    draft = draft_of(call, "components")
    request = smartca_signing.settle(call.environment, _request_of(call, draft))
    names = {one.id: one for one in store_uploads.of_draft(call.environment, draft.sid)}
    left = max(0, round((request.expires_at - call.environment.clock.now()).total_seconds()))
    state_url = f"{SMARTCA}/{request.reference}/trang-thai?sid={draft.sid}"
    waits = {"seconds": left, "poll": POLL_SECONDS, "state_url": state_url}
    return _page(call, draft, "smartca_wait.html", request=request, files=names, **waits)


def show_state(call: Call) -> Response:
    """The transaction as it stands now."""
    draft = draft_of(call, "components")
    request = smartca_signing.settle(call.environment, _request_of(call, draft))
    return answer(_as_json(call.environment, request))


def list_transactions(call: Call) -> Response:
    """All transactions of the draft, so that a client can pick one up that it started earlier."""
    draft = draft_of(call, "components")
    found = [
        smartca_signing.settle(call.environment, one) for one in smartca_store.of_draft(call.environment, draft.sid)
    ]
    return answer({"transactions": [_as_json(call.environment, one) for one in found]})


def _page(call: Call, draft: Draft, template: str, **values: Any) -> Response:
    return call.page(
        template,
        draft=draft,
        procedure=procedure_of_draft(call, draft),
        agency=agency_name(call, draft),
        components_page=f"{COMPONENTS}?sid={draft.sid}",
        smartca=SMARTCA,
        files_url=f"{BASE}/tep-tin",
        **values,
    )


def _user(call: Call) -> str:
    """The SmartCA user id: an organisation's tax code, else the person's ID number."""
    account = call.user
    return account.tax_code if account.kind == "organisation" and account.tax_code else account.identity_number


def _wanted(call: Call, draft: Draft, texts: list[str]) -> list[Upload]:
    """The files to sign: 422 for none, too many or not a PDF; 404 for another draft's; 409 for one that is signed."""
    by_number = {str(one.id): one for one in store_uploads.of_draft(call.environment, draft.sid)}
    numbers = list(dict.fromkeys(texts))
    if not 1 <= len(numbers) <= MOST_FILES:
        raise Refusal(422, "invalid", f"Vui lòng chọn từ 1 đến {MOST_FILES} tệp tin để ký số")
    if not set(numbers) <= set(by_number):
        raise Refusal(404, "not-found", "Không tìm thấy tệp tin này trong hồ sơ")
    files = [by_number[number] for number in numbers]
    for one in files:
        if one.media_type != "application/pdf":
            raise Refusal(415, "type", f"Chỉ ký số được tệp tin PDF; {one.original_name} không phải PDF")
        if one.signed_way:
            raise Refusal(409, "conflict", f"Tệp tin {one.original_name} đã được ký số. Hủy ký số trước khi ký lại")
    return files


def _signable(upload: Upload) -> bool:
    return upload.media_type == "application/pdf" and not upload.signed_way


def _request_of(call: Call, draft: Draft) -> SigningRequest:
    found = smartca_store.find(call.environment, str(call.request.path_params["reference"]), draft.sid)
    if found is None:
        raise Refusal(404, "not-found", "Không tìm thấy yêu cầu ký số này trong hồ sơ")
    return found


def _as_json(environment: Environment, request: SigningRequest) -> dict[str, object]:
    left = max(timedelta(), request.expires_at - environment.clock.now())
    files = []
    for one in request.files:
        upload = store_uploads.find(environment, request.sid, one.upload)
        files.append({
            "id": one.upload, "state": one.state, "message": one.message, "file": upload.as_json() if upload else None,
        })  # fmt: skip
    return {
        "reference": request.reference,
        "state": request.state,
        "message": request.message,
        "signer": request.signer,
        "createdAt": request.created_at.isoformat(timespec="seconds"),
        "expiresAt": request.expires_at.isoformat(timespec="seconds"),
        "expiresIn": round(left.total_seconds()) if request.state == "waiting" else 0,
        "retryAfter": POLL_SECONDS if request.state == "waiting" else 0,
        "files": files,
    }

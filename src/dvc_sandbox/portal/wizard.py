"""First half of filing a dossier: agency and case, then the applicant page (portal contract, rows 7 and 8)."""

from __future__ import annotations

from starlette.responses import Response

from dvc_sandbox.portal import applicant, settings, store_drafts, store_procedures, units
from dvc_sandbox.portal.applicant import ApplicantPage
from dvc_sandbox.portal.calls import Call, Refusal, redirect
from dvc_sandbox.portal.procedures import procedure_of
from dvc_sandbox.portal.store_drafts import Draft
from dvc_sandbox.portal.store_procedures import Procedure

BASE = "/dich-vu-cong/tiep-nhan-online"
CHOICE, APPLICANT = f"{BASE}/chon-truong-hop-ho-so", f"{BASE}/thong-tin-nguoi-nop"
COMPONENTS, FEES, CONFIRMATION = f"{BASE}/nhap-thong-tin-ho-so", f"{BASE}/le-phi", f"{BASE}/xac-nhan"
_PAGES = {"applicant": APPLICANT, "components": COMPONENTS, "fees": FEES, "confirmation": CONFIRMATION}
_CHOICE = "choice"


def draft_of(call: Call, step: str = "applicant") -> Draft:
    """The draft an address names: 404 for another account's, 410 once submitted, 409 before its step is reached."""
    draft = store_drafts.find(call.environment, call.query("sid"), call.user.id)
    if draft is None:
        raise Refusal(404, "not-found", "Không tìm thấy hồ sơ đang kê khai này trong tài khoản của bạn")
    if draft.state == "submitted":
        raise Refusal(410, "draft-submitted", f"Hồ sơ này đã được nộp với mã {draft.dossier}")
    if not draft.reached(step):
        raise Refusal(409, "conflict", "Vui lòng hoàn thành các bước trước của hồ sơ")
    return draft


def procedure_of_draft(call: Call, draft: Draft) -> Procedure:
    """The procedure of a draft."""
    found = store_procedures.find(call.environment, draft.procedure)
    if found is None:
        raise Refusal(404, "not-found", "Không tìm thấy thủ tục hành chính này")
    return found


def agency_name(call: Call, draft: Draft) -> str:
    """Name of the agency the draft goes to."""
    agencies = store_procedures.agencies(call.environment, draft.procedure)
    return next(choice.name for choice in agencies if choice.key == draft.agency)


def _online_procedure(call: Call) -> Procedure:
    procedure = procedure_of(call, "ma-thu-tuc-public")
    if not procedure.online:
        raise Refusal(409, "conflict", "Thủ tục này không tiếp nhận hồ sơ trực tuyến")
    return procedure


def _start(call: Call, procedure: Procedure, case: str, agency: str) -> Response:
    sid = store_drafts.create(call.environment, call.user.id, procedure.id, int(case), agency)
    return redirect(APPLICANT, sid=sid)


def show_choice(call: Call) -> Response:
    """Go on at once where there is nothing to choose, else ask for agency and case."""
    procedure = _online_procedure(call)
    agencies = store_procedures.agencies(call.environment, procedure.id)
    cases = store_procedures.cases(call.environment, procedure.id)
    if len(agencies) == 1 and len(cases) == 1:
        return _start(call, procedure, cases[0].key, agencies[0].key)
    return _choice_page(call, procedure, {}, 200)


def _choice_page(call: Call, procedure: Procedure, errors: dict[str, str], status: int) -> Response:
    return call.page(
        "choice.html",
        status,
        procedure=procedure,
        agencies=store_procedures.agencies(call.environment, procedure.id),
        cases=store_procedures.cases(call.environment, procedure.id),
        chosen={"coQuan": call.text("coQuan"), "truongHop": call.text("truongHop")},
        csrf=call.token(_CHOICE),
        field_errors=errors,
    )


def submit_choice(call: Call) -> Response:
    """Start the draft for the chosen agency and case; a single one need not be chosen."""
    procedure = _online_procedure(call)
    agencies = [choice.key for choice in store_procedures.agencies(call.environment, procedure.id)]
    cases = [choice.key for choice in store_procedures.cases(call.environment, procedure.id)]
    agency = call.text("coQuan") or (agencies[0] if len(agencies) == 1 else "")
    case = call.text("truongHop") or (cases[0] if len(cases) == 1 else "")
    errors = {}
    if agency not in agencies:
        errors["coQuan"] = "Vui lòng chọn cơ quan tiếp nhận"
    if case not in cases:
        errors["truongHop"] = "Vui lòng chọn trường hợp hồ sơ"
    if errors:
        return _choice_page(call, procedure, errors, 422)
    return _start(call, procedure, case, agency)


def show_applicant(call: Call) -> Response:
    """The applicant page, prefilled from the account or from what was saved."""
    draft = draft_of(call)
    values = dict(draft.applicant) or applicant.prefilled(call.user)
    owner = dict(draft.owner) or dict.fromkeys(applicant.OWNER_FIELDS, "") | {applicant.SAME_PERSON: "1"}
    return _applicant_page(call, draft, ApplicantPage(values, owner, {}), 200)


def _applicant_page(call: Call, draft: Draft, page: ApplicantPage, status: int) -> Response:
    environment = call.environment
    values, owner = page.applicant, page.owner
    return call.page(
        "applicant.html",
        status,
        draft=draft,
        procedure=procedure_of_draft(call, draft),
        agency=agency_name(call, draft),
        values=values,
        owner=owner,
        levels=settings.load(environment).levels,
        provinces=units.provinces(environment),
        districts=units.districts(environment, values["CongDan_maTinhThanh"]),
        communes=units.communes(environment, values["CongDan_maTinhThanh"], values["CongDan_maQuanHuyen"]),
        owner_districts=units.districts(environment, owner["ChuHoSo_maTinhThanhCHS"]),
        owner_communes=units.communes(environment, owner["ChuHoSo_maTinhThanhCHS"], owner["ChuHoSo_maQuanHuyenCHS"]),
        genders=applicant.GENDERS,
        csrf=call.token(f"applicant:{draft.sid}"),
        field_errors=page.errors,
        error=("invalid", "Vui lòng kiểm tra lại các thông tin được đánh dấu") if page.errors else None,
    )


def submit_applicant(call: Call) -> Response:
    """Check and keep the page; the button ``tai-don-vi`` only loads the communes, for browsers without scripts."""
    draft = draft_of(call)
    page = applicant.read(call.environment, call.user, lambda name: call.text(name, 300), call.form.__contains__)
    if call.text("hanhDong") == "tai-don-vi":
        return _applicant_page(call, draft, ApplicantPage(page.applicant, page.owner, {}), 200)
    if page.errors:
        return _applicant_page(call, draft, page, 422)
    store_drafts.save_applicant(call.environment, draft, page.applicant, page.owner)
    return redirect(COMPONENTS, sid=draft.sid)


def step_page(draft: Draft) -> str:
    """Address of the page where a draft goes on."""
    return f"{_PAGES[draft.step]}?sid={draft.sid}"

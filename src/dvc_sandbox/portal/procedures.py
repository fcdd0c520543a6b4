"""The list of procedures, one procedure, and its form templates (portal contract, rows 5 and 6)."""

from __future__ import annotations

from starlette.responses import Response

from dvc_sandbox.portal import store_procedures
from dvc_sandbox.portal.calls import Call, Refusal, attachment
from dvc_sandbox.portal.paging import MAX_SIZE, SIZES, number, pager
from dvc_sandbox.portal.store_procedures import AUDIENCES, LEVELS, PLACES, Procedure, Query

LIST = "/dichvucong/bothutuc/listThuTuc"
_FILTERS = ("tukhoa", "linh_vuc", "muc_do", "co_quan_cha", "doi_tuong", "cap_thuc_hien")


def show_list(call: Call) -> Response:
    """One page of the procedures that match the filters."""
    values = {name: call.query(name) for name in _FILTERS}
    size, page = number(call.query("per_page"), 10, MAX_SIZE), number(call.query("page"), 1, 10_000)
    words, field, level, agency, audience, place = values.values()
    query = Query(words, field, level, agency, audience, place, size, page)
    procedures, total = store_procedures.search(call.environment, query)
    return call.page(
        "procedures.html",
        procedures=procedures,
        values=values,
        pager=pager(LIST, values, page, size, total),
        sizes=sorted({*SIZES, size}),
        fields=store_procedures.fields(call.environment),
        agencies=store_procedures.agencies(call.environment),
        levels=LEVELS,
        audiences=AUDIENCES,
        places=PLACES,
    )


def procedure_of(call: Call, parameter: str) -> Procedure:
    """The procedure an address names; an unknown one is refused with 404."""
    text = call.query(parameter)
    found = (
        store_procedures.find(call.environment, int(text))
        if text.isascii() and text.isdigit() and len(text) < 9
        else None
    )
    if found is None:
        raise Refusal(404, "not-found", "Không tìm thấy thủ tục hành chính này")
    return found


def show_procedure(call: Call) -> Response:
    """One procedure with its components, fees and forms."""
    procedure = procedure_of(call, "matt")
    return call.page(
        "procedure.html",
        procedure=procedure,
        components=store_procedures.components(call.environment, procedure.id),
        forms=store_procedures.forms(call.environment, procedure.id),
        fees=store_procedures.fees(call.environment, procedure.id),
        agencies=store_procedures.agencies(call.environment, procedure.id),
        cases=store_procedures.cases(call.environment, procedure.id),
        levels=LEVELS,
        audiences=AUDIENCES,
        places=PLACES,
    )


def download_form(call: Call) -> Response:
    """A form template as a download."""
    procedure = procedure_of(call, "matt")
    wanted = number(call.query("so"), 1, 1000)
    forms = store_procedures.forms(call.environment, procedure.id)
    if wanted not in {form.number for form in forms}:
        raise Refusal(404, "not-found", "Thủ tục này không có mẫu đơn được yêu cầu")
    from dvc_sandbox.forms.library import form_file

    name, content, media_type = form_file(procedure.code, wanted)
    return Response(content, media_type=media_type, headers=attachment(name))

"""The portal server: routes of the citizen's pages, the officer's pages under /can-bo, static files."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

from dvc_sandbox.environment import Environment
from dvc_sandbox.portal import (
    components,
    file_requests,
    login,
    lookup,
    own_dossiers,
    pages,
    personal_store,
    procedures,
    public,
    sign_dialog,
    submission,
    units,
    wizard,
)
from dvc_sandbox.portal.calls import LOGIN, route
from dvc_sandbox.portal.seeding import prepare
from dvc_sandbox.portal.store_uploads import COMPONENT_LIMIT, EXTRA_LIMIT

_FILES = f"{wizard.BASE}/tep-tin"


def build_app(environment: Environment) -> Starlette:
    """Build the portal; an empty database is filled with the invented data first."""
    prepare(environment)
    routes: list[BaseRoute] = [
        *_public_routes(environment),
        *_wizard_routes(environment),
        *_file_routes(environment),
        *_own_routes(environment),
        *_neighbours(environment),
        Mount("/static/fonts", StaticFiles(directory=_fonts()), name="fonts"),
        Mount("/static", StaticFiles(directory=Path(__file__).parent / "static"), name="static"),
    ]
    handlers = {HTTPException: partial(_http_error, environment)}
    return Starlette(routes=routes, exception_handlers=handlers)


def _fonts() -> Path:
    import fontpkg_be_vietnam_pro

    return Path(fontpkg_be_vietnam_pro.ROOT) / "files"


def _http_error(environment: Environment, request: Request, error: HTTPException) -> Response:
    text = {404: "Không tìm thấy trang này", 405: "Trang này không nhận yêu cầu như vậy"}.get(
        error.status_code, "Yêu cầu không hợp lệ"
    )
    if request.url.path.startswith(_FILES):
        return JSONResponse({"sandbox": True, "error": "not-found", "message": text}, error.status_code)
    body = pages.render(environment, "error.html", path=request.url.path, error=("not-found", text))
    return HTMLResponse(body, error.status_code, headers=dict(pages.HEADERS))


def _neighbours(environment: Environment) -> list[BaseRoute]:
    from dvc_sandbox.officer.routes import officer_routes
    from dvc_sandbox.portal import smartca_button

    return [*smartca_button.routes(environment), Mount("/can-bo", routes=officer_routes(environment))]


def _public_routes(environment: Environment) -> list[Route]:
    at = partial(route, environment)
    return [
        at("/", public.show_home),
        *(at(path, public.show_note) for path in public.NOTES),
        at("/dichvucong/huong-dan", public.show_guide),
        at("/dichvucong/co-quan", public.show_agencies),
        at("/dichvucong/thongke", public.show_statistics),
        at(LOGIN, login.show_login),
        at(LOGIN, login.submit_login, "POST", purpose=login.PURPOSE),
        at("/dich-vu-cong/cong-dan/dang-xuat", login.log_out),
        at("/dich-vu-cong/captcha/{number}", login.captcha_picture),
        at("/dich-vu-cong/cong-dan/thong-tin", login.show_account, login=True),
        at(procedures.LIST, procedures.show_list),
        at("/dichvucong/bothutuc/tthc", procedures.show_procedure),
        at("/dichvucong/bothutuc/bieu-mau", procedures.download_form),
        at("/dich-vu-cong/danh-muc/don-vi-hanh-chinh", units.list_units),
        at(lookup.PAGE, lookup.show_lookup),
        at(lookup.PAGE, lookup.submit_lookup, "POST", purpose=lookup.PURPOSE),
    ]


def _wizard_routes(environment: Environment) -> list[Route]:
    at = partial(route, environment, login=True)
    return [
        at(wizard.CHOICE, wizard.show_choice),
        at(wizard.CHOICE, wizard.submit_choice, "POST", purpose="choice"),
        at(wizard.APPLICANT, wizard.show_applicant),
        at(wizard.APPLICANT, wizard.submit_applicant, "POST", purpose="applicant:{sid}"),
        at(wizard.COMPONENTS, components.show_components),
        at(wizard.COMPONENTS, components.submit_components, "POST", purpose="components:{sid}", part_limit=EXTRA_LIMIT),
        at(components.SIGN_DIALOG, sign_dialog.show_dialog),
        at(wizard.FEES, submission.show_fees),
        at(wizard.FEES, submission.submit_fees, "POST", purpose="fees:{sid}"),
        at(wizard.CONFIRMATION, submission.show_confirmation),
        at(wizard.CONFIRMATION, submission.submit_confirmation, "POST"),
        at(submission.DONE, submission.show_receipt),
        at(submission.RECEIPT, submission.download_receipt),
    ]


def _file_routes(environment: Environment) -> list[Route]:
    at = partial(route, environment, login=True, json=True, part_limit=EXTRA_LIMIT)
    one = f"{_FILES}/{{number:int}}"
    return [
        at(_FILES, file_requests.list_files),
        at(_FILES, file_requests.upload_file, "POST"),
        at(f"{_FILES}/tu-kho", file_requests.take_from_store, "POST"),
        at(one, file_requests.read_file),
        at(one, file_requests.delete_file, "DELETE"),
        at(f"{one}/xoa", file_requests.delete_file, "POST"),
        at(f"{one}/thay-the", file_requests.replace_file, "POST"),
        at(f"{one}/ky-so", file_requests.sign_file, "POST"),
        at(f"{one}/huy-ky-so", file_requests.undo_signature, "POST"),
        at(f"{one}/luu-kho", file_requests.save_to_store, "POST"),
    ]


def _own_routes(environment: Environment) -> list[Route]:
    at = partial(route, environment, login=True)
    own, store = own_dossiers, personal_store
    return [
        at(own.LIST, own.show_dossiers),
        at(own.DETAIL, own.show_dossier),
        at(f"{own.LIST}/tep-tin/{{number:int}}", own.download_file),
        at(f"{own.LIST}/giay-to/{{number:int}}", own.download_paper),
        at(own.SUPPLEMENT, own.show_supplement),
        at(own.SUPPLEMENT, own.submit_supplement, "POST", purpose="supplement:{ma-ho-so}", part_limit=EXTRA_LIMIT),
        at(own.WITHDRAW, own.show_withdrawal),
        at(own.WITHDRAW, own.submit_withdrawal, "POST", purpose="withdraw:{ma-ho-so}"),
        at(own.PAY, own.submit_payment, "POST", purpose="pay:{ma-ho-so}"),
        at(own.DRAFTS, own.show_drafts),
        at(f"{own.DRAFTS}/xoa", own.discard_draft, "POST", purpose=own.DRAFT_PURPOSE),
        at(store.PAGE, store.show_store),
        at(store.PAGE, store.add_to_store, "POST", purpose=store.PURPOSE, part_limit=COMPONENT_LIMIT),
        at(f"{store.PAGE}/{{number:int}}", store.read_from_store),
        at(f"{store.PAGE}/{{number:int}}/xoa", store.delete_from_store, "POST", purpose=store.PURPOSE),
    ]

"""The officer's pages, mounted by the portal under /can-bo."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

from dvc_sandbox.officer import actions, sessions
from dvc_sandbox.officer.actions import ACTIONS, ActionRefused
from dvc_sandbox.officer.sessions import OfficerSession
from dvc_sandbox.papers.national import TITLES
from dvc_sandbox.portal import pages, store_dossiers
from dvc_sandbox.portal.calls import attachment
from dvc_sandbox.portal.store_blobs import read_blob
from dvc_sandbox.portal.store_dossiers import STATUS_NAMES, Dossier, DossierFile, DossierMissing, StatusRefused

if TYPE_CHECKING:
    from dvc_sandbox.environment import Environment
    from dvc_sandbox.signatures.check import SignatureVerdict

BASE = "/can-bo"
PAGE_SIZE = 20
_INLINE = frozenset({"application/pdf", "image/jpeg", "image/png"})


class _Missing(Exception):
    """Nothing at this address."""


@dataclass(frozen=True, slots=True)
class Visit:
    """One request of an officer (None before the log-in)."""

    environment: Environment
    request: Request
    session: OfficerSession | None
    form: FormData

    def text(self, name: str) -> str:
        """A text field of the body, trimmed."""
        value = self.form.get(name, "")
        return value.strip()[:4000] if isinstance(value, str) else ""

    def page(self, template: str, http_status: int = 200, **values: Any) -> Response:
        """Render an officer's page."""
        known = {"officer": self.session.officer if self.session else None, "base": BASE}
        token = self.session.form_token if self.session else ""
        body = pages.render(self.environment, template, **known, form_token=token, **values)
        return HTMLResponse(body, http_status, headers=dict(pages.HEADERS))


Handler = Callable[[Visit], Response]


def officer_routes(environment: Environment) -> list[BaseRoute]:
    """The routes, relative to the place where they are mounted."""
    environment.database.apply(sessions.SCHEMA)

    def at(path: str, handler: Handler, method: str = "GET", *, open_to_all: bool = False) -> Route:
        return Route(path, _endpoint(environment, handler, open_to_all=open_to_all), methods=[method])

    return [
        at("/", _go_to_list),
        at("/dang-nhap", show_login, open_to_all=True),
        at("/dang-nhap", submit_login, "POST", open_to_all=True),
        at("/dang-xuat", log_out, "POST"),
        at("/ho-so", show_list),
        at("/ho-so/{code}", show_dossier),
        at("/ho-so/{code}/tep-tin/{number:int}", show_file),
        at("/ho-so/{code}/giay-to/{number:int}", show_paper),
        at("/ho-so/{code}/thao-tac/{action}", submit_action, "POST"),
        Mount("/static", StaticFiles(directory=Path(__file__).parent / "static"), name="officer-static"),
    ]


def _endpoint(environment: Environment, handler: Handler, *, open_to_all: bool) -> Callable[[Request], Any]:
    def answer(request: Request, form: FormData) -> Response:
        session = sessions.find(environment, request.cookies.get(sessions.COOKIE))
        if session is None and not open_to_all:
            return RedirectResponse(f"{BASE}/dang-nhap", 303)
        visit = Visit(environment, request, session, form)
        if request.method == "POST" and session is not None and not open_to_all and not _own_form(visit, session):
            return visit.page("officer_error.html", 403, message="Biểu mẫu đã hết hiệu lực. Vui lòng mở lại trang")
        try:
            return handler(visit)
        except (_Missing, DossierMissing):
            return visit.page("officer_error.html", 404, message="Không tìm thấy hồ sơ hoặc tệp tin này")

    async def endpoint(request: Request) -> Response:
        form = await request.form() if request.method == "POST" else FormData()
        return await run_in_threadpool(answer, request, form)

    return endpoint


def _own_form(visit: Visit, session: OfficerSession) -> bool:
    return secrets.compare_digest(visit.text("csrf").encode(), session.form_token.encode())


def _go_to_list(_visit: Visit) -> Response:
    return RedirectResponse(f"{BASE}/ho-so", 303)


def show_login(visit: Visit) -> Response:
    """The officers' log-in page (Cán bộ đăng nhập)."""
    return visit.page("officer_login.html", message="")


def submit_login(visit: Visit) -> Response:
    """Log an officer in."""
    cookie = sessions.log_in(visit.environment, visit.text("tenDangNhap"), visit.text("matKhau"))
    if cookie is None:
        return visit.page("officer_login.html", 401, message="Tên đăng nhập hoặc mật khẩu không đúng")
    response = RedirectResponse(f"{BASE}/ho-so", 303)
    response.set_cookie(sessions.COOKIE, cookie, httponly=True, samesite="strict", path=BASE)
    return response


def log_out(visit: Visit) -> Response:
    """End the session."""
    if visit.session:
        sessions.log_out(visit.environment, visit.session)
    return RedirectResponse(f"{BASE}/dang-nhap", 303)


def show_list(visit: Visit) -> Response:
    """Dossiers of all agencies, newest first, filtered by words and status."""
    query = visit.request.query_params
    text, status = query.get("tukhoa", "").strip(), _number(query.get("trang_thai", ""))
    page = max(1, _number(query.get("page", "")) or 1)
    wanted = status if status in STATUS_NAMES else None
    found, total = store_dossiers.search(visit.environment, text=text, status=wanted, page=page, size=PAGE_SIZE)
    counts = visit.environment.database.read("SELECT status, count(*) AS n FROM dossier GROUP BY status")
    return visit.page(
        "officer_list.html",
        dossiers=found,
        total=total,
        text=text,
        status=wanted,
        page=page,
        last_page=max(1, -(-total // PAGE_SIZE)),
        counts={row["status"]: row["n"] for row in counts},
        now=visit.environment.clock.now(),
    )


def show_dossier(visit: Visit) -> Response:
    """One dossier with its files, papers, history, and the buttons its status allows."""
    return _dossier_page(visit, _dossier(visit))


def submit_action(visit: Visit) -> Response:
    """Do what a button says; a refusal shows the page again with the reason."""
    dossier = _dossier(visit)
    name = visit.request.path_params["action"]
    known = ACTIONS[name].fields if name in ACTIONS else ()
    given = {key: visit.text(key) for key in (*known, "note") if visit.text(key)}
    by = visit.session.officer.full_name if visit.session else ""
    try:
        actions.perform(visit.environment, dossier.code, name, by=by, **given)
    except ActionRefused as refused:
        return _dossier_page(visit, dossier, refused.message, 422)
    except StatusRefused:
        message = f"Hồ sơ đang ở trạng thái {dossier.status_name}, không thực hiện được thao tác này"
        return _dossier_page(visit, dossier, message, 409)
    return RedirectResponse(f"{BASE}/ho-so/{dossier.code}", 303)


def show_file(visit: Visit) -> Response:
    """A filed file, shown in the browser where it is a PDF or picture, else saved."""
    dossier = _dossier(visit)
    number = visit.request.path_params["number"]
    found = next((one for one in store_dossiers.files(visit.environment, dossier.code) if one.id == number), None)
    if found is None:
        raise _Missing
    return _bytes(visit, found.sha256, found.media_type, found.original_name)


def show_paper(visit: Visit) -> Response:
    """A paper the agency issued."""
    dossier = _dossier(visit)
    number = visit.request.path_params["number"]
    found = next((one for one in store_dossiers.papers(visit.environment, dossier.code) if one.id == number), None)
    if found is None:
        raise _Missing
    return _bytes(visit, found.sha256, found.media_type, found.file_name)


def _dossier(visit: Visit) -> Dossier:
    return store_dossiers.get(visit.environment, visit.request.path_params["code"])


def _dossier_page(visit: Visit, dossier: Dossier, message: str = "", status: int = 200) -> Response:
    from dvc_sandbox.portal.dossier_facts import facts_of

    environment, code = visit.environment, dossier.code
    files = store_dossiers.files(environment, code)
    return visit.page(
        "officer_dossier.html",
        status,
        dossier=dossier,
        facts=facts_of(environment, dossier),
        files=files,
        verdicts={one.id: _verdict(environment, one) for one in files if one.signed_way},
        papers=store_dossiers.papers(environment, code),
        paper_titles=TITLES,
        history=store_dossiers.history(environment, code),
        supplements=store_dossiers.supplements(environment, code),
        fees=store_dossiers.fees(environment, code),
        actions=actions.possible(dossier.status),
        message=message,
    )


def _verdict(environment: Environment, file: DossierFile) -> SignatureVerdict | None:
    """The signature judged again now, so that the officer sees a certificate that was revoked meanwhile."""
    from dvc_sandbox.signatures.check import check_signed

    if file.unsigned_sha256 is None:
        return None
    return check_signed(environment, read_blob(environment, file.unsigned_sha256), read_blob(environment, file.sha256))


def _bytes(visit: Visit, sha256: str, media_type: str, name: str) -> Response:
    headers = attachment(name)
    if media_type in _INLINE:
        headers["Content-Disposition"] = headers["Content-Disposition"].replace("attachment", "inline", 1)
        # A PDF shown in the browser's own viewer must not run what is inside it on our origin.
        headers["Content-Security-Policy"] = (
            "default-src 'none'; style-src 'unsafe-inline'; object-src 'self'; img-src 'self'"
        )
    return Response(read_blob(visit.environment, sha256), media_type=media_type, headers=headers)


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 9 else None

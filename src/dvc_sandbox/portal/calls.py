"""What every request goes through: session, log-in, body, form token; then one plain function answers it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import quote, urlencode

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from dvc_sandbox.environment import Environment
from dvc_sandbox.faults import session_lost
from dvc_sandbox.portal import creation, pages, sessions
from dvc_sandbox.portal.accounts import Account, account_by_id
from dvc_sandbox.portal.bodies import BodyTooLarge, close_files, read_form
from dvc_sandbox.portal.sessions import Session

_PLACE = re.compile(r"\{([a-z-]+)\}")
LOGIN = "/dich-vu-cong/cong-dan/dang-nhap"
_MESSAGES = {
    "csrf": "Mã bảo vệ biểu mẫu không hợp lệ hoặc đã hết hiệu lực. Vui lòng mở lại trang và thực hiện lại",
    "token-used": "Biểu mẫu này đã được gửi một lần và không dùng lại được. Vui lòng mở lại trang",
    "session": "Phiên làm việc đã kết thúc. Vui lòng đăng nhập lại",
}


class Refusal(Exception):
    """A request that gets an error page (or an error object) instead of its answer."""

    def __init__(self, status: int, slug: str, message: str) -> None:
        super().__init__(slug)
        self.status, self.slug, self.message = status, slug, message


@dataclass(frozen=True, slots=True)
class Call:
    """One request, ready to be answered by a plain function in a worker thread."""

    environment: Environment
    request: Request
    session: Session
    account: Account | None
    form: FormData

    @property
    def user(self) -> Account:
        """The logged-in account; only for routes that demand a log-in."""
        if self.account is None:
            raise Refusal(401, "session", _MESSAGES["session"])
        return self.account

    def text(self, name: str, limit: int = 4000) -> str:
        """A text field of the body, trimmed; empty when it is missing."""
        value = self.form.get(name, "")
        return value.strip()[:limit] if isinstance(value, str) else ""

    def query(self, name: str) -> str:
        """A parameter of the address, trimmed; empty when it is missing."""
        return self.request.query_params.get(name, "").strip()

    def token(self, purpose: str) -> str:
        """A fresh single-use token for a form."""
        return sessions.issue_token(self.environment, self.session, purpose)

    def page(self, template: str, status: int = 200, **values: Any) -> Response:
        """Render a page of the portal."""
        body = pages.render(self.environment, template, account=self.account, path=self.request.url.path, **values)
        return HTMLResponse(body, status, headers=dict(pages.HEADERS))


Handler = Callable[[Call], Response]


def redirect(path: str, status: int = 302, /, **parameters: str) -> Response:
    """Send the browser to another page of the portal."""
    return RedirectResponse(path + (f"?{urlencode(parameters)}" if parameters else ""), status)


def answer(values: Mapping[str, object], status: int = 200) -> Response:
    """Answer a JSON object, marked as the sandbox's."""
    return JSONResponse({"sandbox": True, **values}, status, headers={"Cache-Control": "no-store"})


def attachment(name: str) -> dict[str, str]:
    """Headers that make a browser save the answer under this name."""
    plain = name.encode("ascii", "ignore").decode().replace('"', "").replace("\\", "") or "tep-tin"
    return {
        "Content-Disposition": f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}",
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": "private, no-store",
    }


def is_browser(request: Request) -> bool:
    """Whether a person's browser asks, by a plain form, for what programs get as JSON."""
    return "text/html" in request.headers.get("accept", "")


def _refused(call: Call, refusal: Refusal, *, json: bool) -> Response:
    if json and not is_browser(call.request):
        return answer({"error": refusal.slug, "message": refusal.message}, refusal.status)
    return call.page("error.html", refusal.status, error=(refusal.slug, refusal.message))


def _needs_login(request: Request, *, json: bool) -> Response:
    if json and not is_browser(request):
        return answer({"error": "session", "message": _MESSAGES["session"]}, 401)
    target = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    return redirect(LOGIN, **({"return-url": target} if request.method == "GET" else {}))


def _check_token(call: Call, purpose: str) -> None:
    token = call.text("csrf")
    state = sessions.token_state(call.environment, call.session, purpose, token)
    if state == "valid":
        with call.environment.database.write() as connection:
            if sessions.burn_token(connection, token, call.environment.clock.now()):
                return
        state = "used"
    slug = "token-used" if state == "used" else "csrf"
    raise Refusal(403, slug, _MESSAGES[slug])


def _prepare(environment: Environment, request: Request) -> Call:
    creation.apply_late_commits(environment)
    cookie = request.cookies.get(sessions.COOKIE)
    if cookie and session_lost(request.scope):
        sessions.drop_session(environment, cookie)
    session = sessions.find_session(environment, cookie)
    if session is None:
        session = sessions.open_session(environment)
    account = account_by_id(environment, session.account) if session.account is not None else None
    return Call(environment, request, session, account, FormData())


def _run(call: Call, handler: Handler, purpose: str | None, *, json: bool) -> Response:
    try:
        if purpose is not None and call.request.method == "POST":
            _check_token(call, _PLACE.sub(lambda match: call.query(match[1]), purpose))
        return handler(call)
    except Refusal as refusal:
        return _refused(call, refusal, json=json)


async def _respond(call: Call, handler: Handler, purpose: str | None, part_limit: int, *, json: bool) -> Response:
    form = FormData()
    try:
        if call.request.method == "POST":
            form = await read_form(call.request, part_limit)
        return await run_in_threadpool(_run, replace(call, form=form), handler, purpose, json=json)
    except BodyTooLarge:
        refusal = Refusal(413, "too-large", "Dữ liệu gửi lên vượt quá dung lượng cho phép")
        return _refused(call, refusal, json=json)
    finally:
        await close_files(form)


def route(
    environment: Environment,
    path: str,
    handler: Handler,
    *methods: str,
    login: bool = False,
    json: bool = False,
    purpose: str | None = None,
    part_limit: int = 1_000_000,
) -> Route:
    """Make a route: ``login`` demands an account, ``purpose`` a single-use form token, ``json`` error objects.

    In ``purpose`` ``{name}`` stands for a parameter of the address: the token is good for that one draft or dossier.

    ``part_limit`` bounds one uploaded file in bytes; what goes beyond is read and dropped, and its size tells.
    """

    async def endpoint(request: Request) -> Response:
        call = await run_in_threadpool(_prepare, environment, request)
        if login and call.account is None:
            response = _needs_login(request, json=json)
        else:
            response = await _respond(call, handler, purpose, part_limit, json=json)
        if call.session.cookie and sessions.COOKIE not in response.headers.get("set-cookie", ""):
            set_cookie(response, call.session)
        return response

    return Route(path, endpoint, methods=list(methods or ("GET",)))


def set_cookie(response: Response, session: Session) -> None:
    """Tell the browser its session; the cookie ends with the browser."""
    if session.cookie:
        response.set_cookie(sessions.COOKIE, session.cookie, httponly=True, samesite="lax", path="/")

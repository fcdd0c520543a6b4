"""The page on which a person reads the one-time passwords that a real service would send or show on a phone."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from dvc_sandbox.csc.service import CscService

if TYPE_CHECKING:
    from jinja2 import Environment as Templates

PAGE_PATH = "/csc/otp"
_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; frame-ancestors 'none'; base-uri 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


def page_routes(service: CscService) -> list[Route]:
    """The page's route."""

    async def endpoint(_request: Request) -> Response:
        html = await run_in_threadpool(_page, service)
        return HTMLResponse(html, headers=_HEADERS)

    return [Route(PAGE_PATH, endpoint, methods=["GET"])]


def _page(service: CscService) -> str:
    rows = [
        (one, service.present_otp(one)) for user in service.people.users.values() for one in user.credentials if one.otp
    ]
    return _templates().get_template("otp.html").render(rows=rows)


@cache
def _templates() -> Templates:
    from jinja2 import Environment, PackageLoader

    return Environment(loader=PackageLoader("dvc_sandbox.csc"), autoescape=True)

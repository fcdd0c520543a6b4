"""The "phone": a page on which a person approves or rejects what waits for a subscriber."""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

from dvc_sandbox.smartca.model import State, Transaction
from dvc_sandbox.smartca.service import SigningService

if TYPE_CHECKING:
    from jinja2 import Environment as Templates

PHONE_PATH = "/dien-thoai"
_LOCAL = ZoneInfo("Asia/Ho_Chi_Minh")
_HISTORY = 8
_STATE_WORDS = {
    State.WAITING: "Chờ xác nhận",
    State.ACTIVATED: "Đã xác thực OTP",
    State.SIGNED: "Đã ký",
    State.REJECTED: "Đã từ chối",
    State.EXPIRED: "Hết hạn",
    State.FAILED: "Thất bại",
}
_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; form-action 'self'; "
    "frame-ancestors 'none'; base-uri 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


@dataclass(frozen=True, slots=True)
class Card:
    """One transaction as the page shows it; `token` is good for one tap."""

    transaction: Transaction
    provider: str
    certificate_subject: str
    serial_number: str
    opened_at: str
    seconds_left: int
    seconds_whole: int
    token: str
    state_words: str


@dataclass(frozen=True, slots=True)
class Tap:
    """A pressed button."""

    user_id: str
    transaction_id: str
    token: str
    decision: str


def phone_routes(service: SigningService) -> list[BaseRoute]:
    """The phone's pages, its style and its script."""
    phone = Phone(service)
    return [
        Route("/", lambda _request: RedirectResponse(PHONE_PATH), methods=["GET"]),
        Route(PHONE_PATH, _page(phone.chooser), methods=["GET"]),
        Route(PHONE_PATH + "/{user_id}", _page(phone.screen), methods=["GET"]),
        Route(PHONE_PATH + "/{user_id}/danh-sach", _page(phone.fragment), methods=["GET"]),
        Route(PHONE_PATH + "/{user_id}/giao-dich/{transaction_id}", _tap(phone), methods=["POST"]),
        Mount(PHONE_PATH + "-static", StaticFiles(packages=[("dvc_sandbox.smartca", "static")])),
    ]


class Phone:
    """Renders the pages and applies the taps."""

    def __init__(self, service: SigningService) -> None:
        self._service = service

    def chooser(self, _request: Request) -> Response:
        """Pick a subscriber."""
        rows = [(one, self._waiting(one.user_id)) for one in self._service.people.subscribers.values()]
        return _html("chooser.html", rows=rows)

    def screen(self, request: Request) -> Response:
        """One subscriber's phone."""
        return self._show(request.path_params["user_id"])

    def fragment(self, request: Request) -> Response:
        """The lists alone, for the page's own refresh."""
        user_id = request.path_params["user_id"]
        if user_id not in self._service.people.subscribers:
            return _unknown()
        return _html("cards.html", **self._cards(user_id))

    def tap(self, tap: Tap) -> Response:
        """Approve or reject with a single-use token; a second tap changes nothing and says so."""
        found = self._service.find(tap.transaction_id)
        if found is None or found.user_id != tap.user_id:
            return _unknown()
        if found.state is not State.WAITING:
            return self._show(
                tap.user_id, f"Giao dịch không còn chờ xác nhận: {_STATE_WORDS[found.state].lower()}", 409
            )
        outcome = {"approve": State.SIGNED, "reject": State.REJECTED}.get(tap.decision)
        if outcome is None or not self._service.store.take_button_token(tap.token, found.id):
            return self._show(tap.user_id, "Nút này đã được dùng hoặc không hợp lệ, mời bấm lại", 403)
        self._service.decide(found, outcome)
        return RedirectResponse(f"{PHONE_PATH}/{tap.user_id}", 303)

    def _show(self, user_id: str, notice: str = "", status: int = 200) -> Response:
        subscriber = self._service.people.subscribers.get(user_id)
        if subscriber is None:
            return _unknown()
        return _html("screen.html", status, subscriber=subscriber, notice=notice, **self._cards(user_id))

    def _cards(self, user_id: str) -> dict[str, object]:
        cards = [self._card(one) for one in self._service.newest(user_id, _HISTORY + 1)]
        waiting = [card for card in cards if card.transaction.state is State.WAITING]
        history = [card for card in cards if card.transaction.state is not State.WAITING]
        return {"waiting": waiting, "history": history[:_HISTORY]}

    def _waiting(self, user_id: str) -> int:
        waiting = (self._service.settle(one) for one in self._service.store.open_of(user_id))
        return sum(one.state is State.WAITING for one in waiting)

    def _card(self, transaction: Transaction) -> Card:
        certificate = self._service.certificate(transaction.certificate)
        provider = self._service.people.providers.get(transaction.sp_id)
        left = transaction.expires_at - self._service.clock.now()
        token = ""
        if transaction.state is State.WAITING:
            token = secrets.token_urlsafe(24)
            self._service.store.add_button_token(token, transaction.id)
        return Card(
            transaction=transaction,
            provider=provider.name if provider else transaction.sp_id,
            certificate_subject=certificate.subject,
            serial_number=certificate.serial_number,
            opened_at=_local(transaction.created_at),
            seconds_left=max(0, round(left.total_seconds())),
            seconds_whole=round((transaction.expires_at - transaction.created_at).total_seconds()),
            token=token,
            state_words=_STATE_WORDS[transaction.state],
        )


def _page(handler: Callable[[Request], Response]) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        return await run_in_threadpool(handler, request)

    return endpoint


def _tap(phone: Phone) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        async with request.form(max_files=0, max_fields=8) as form:
            token, decision = str(form.get("token", "")), str(form.get("decision", ""))
        path = request.path_params
        return await run_in_threadpool(phone.tap, Tap(path["user_id"], path["transaction_id"], token, decision))

    return endpoint


@cache
def _templates() -> Templates:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    loader = PackageLoader("dvc_sandbox.smartca", "templates")
    templates = Environment(
        loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    templates.filters["clock"] = lambda seconds: f"{seconds // 60:02d}:{seconds % 60:02d}"
    return templates


def _html(template: str, status: int = 200, /, **values: object) -> Response:
    text = _templates().get_template(template).render(path=PHONE_PATH, **values)
    return HTMLResponse(text, status, _HEADERS)


def _unknown() -> Response:
    return _html("unknown.html", 404)


def _local(moment: datetime) -> str:
    return moment.astimezone(_LOCAL).strftime("%d/%m/%Y %H:%M:%S")

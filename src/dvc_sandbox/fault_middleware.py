"""Makes fault rules happen to real requests, down to the TCP connection."""

from __future__ import annotations

import asyncio
import math
import socket
import struct
import sys

from dvc_sandbox.faults import FaultRule, Faults, mark_session_lost
from dvc_sandbox.hosts import AsgiApp, Message, Receive, Scope, Send, send_body

TRANSPORT = "dvc_sandbox.transport"  # key in the scope, put there by the server's HTTP protocol


class FaultMiddleware:
    """Wraps one server's application; a request that no rule strikes passes untouched."""

    def __init__(self, app: AsgiApp, faults: Faults, server: str) -> None:
        self._app = app
        self._faults = faults
        self._server = server

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, with whatever faults are due."""
        if scope["type"] != "http" or not self._faults.armed:
            await self._app(scope, receive, send)
            return
        # The rules' counts are kept in the database, which must not be waited for on the event loop.
        struck = await asyncio.to_thread(self._faults.take, self._server, scope["method"], scope["path"])
        for rule in struck:
            if rule.kind == "delay":
                await asyncio.sleep(rule.seconds)
        last = struck[-1] if struck else None
        if last is None or last.kind == "delay":
            await self._app(scope, receive, send)
        else:
            await self._strike(last, scope, receive, send)

    async def _strike(self, rule: FaultRule, scope: Scope, receive: Receive, send: Send) -> None:
        match rule.kind:
            case "session-lost":
                mark_session_lost(scope)
                await self._app(scope, receive, send)
            case "reset":
                _reset(scope)
            case "cut-before":
                await _drain(receive)
                _cut(scope)
            case "cut-after":
                await self._app(scope, receive, _Recorder())
                _cut(scope)
            case "error-after":
                await self._app(scope, receive, _Recorder())
                await _answer(rule, send)
            case "truncate":
                recorder = _Recorder()
                await self._app(scope, receive, recorder)
                await _truncate(recorder, scope, send)
            case _:
                await _drain(receive)
                await _answer(rule, send)


class _Recorder:
    """Takes the answer of the application instead of the client."""

    def __init__(self) -> None:
        self.start: Message = {"type": "http.response.start", "status": 500, "headers": []}
        self.body = b""

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.start = message
        elif message["type"] == "http.response.body":
            self.body += message.get("body", b"")


async def _drain(receive: Receive) -> None:
    # An answer before the end of the upload would reach the client as a reset.
    while True:
        message = await receive()
        if message["type"] != "http.request" or not message.get("more_body", False):
            return


async def _truncate(recorder: _Recorder, scope: Scope, send: Send) -> None:
    body = recorder.body
    headers = [pair for pair in recorder.start["headers"] if pair[0].lower() != b"content-length"]
    headers.append((b"content-length", str(max(len(body), 2)).encode("ascii")))
    await send({**recorder.start, "headers": headers})
    await send({"type": "http.response.body", "body": body[: len(body) // 2], "more_body": True})
    _cut(scope)


def _cut(scope: Scope) -> None:
    scope[TRANSPORT].close()


def _reset(scope: Scope) -> None:
    transport: asyncio.Transport = scope[TRANSPORT]
    connection = transport.get_extra_info("socket")
    # Linger of zero turns the close into an RST; Windows has 16-bit fields.
    linger = struct.pack("hh" if sys.platform == "win32" else "ii", 1, 0)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
    transport.abort()


async def _answer(rule: FaultRule, send: Send) -> None:
    retry = ((b"retry-after", str(max(1, math.ceil(rule.seconds))).encode("ascii")),)
    html = "text/html; charset=utf-8"
    match rule.kind:
        case "throttle":
            body = '{"sandbox": true, "error": "throttled", "message": "Quá nhiều yêu cầu (THỬ NGHIỆM)"}'
            await send_body(send, 429, "application/json", body.encode("utf-8"), retry)
        case "maintenance":
            text = _page("Hệ thống đang bảo trì", "Hệ thống đang được nâng cấp, mong quý vị quay lại sau.")
            await send_body(send, 503, html, text, retry if rule.seconds else ())
        case "html":
            text = _page("Thông báo của máy chủ trung gian", "Truy cập của quý vị đã bị máy chủ trung gian chặn lại.")
            await send_body(send, 200, html, text)
        case _:
            text = _page("500 - Lỗi hệ thống", "Đã xảy ra lỗi trong quá trình xử lý yêu cầu.")
            await send_body(send, 500, html, text)


def _page(title: str, text: str) -> bytes:
    page = (
        f'<!doctype html><html lang="vi"><head><meta charset="utf-8"><title>{title} - THỬ NGHIỆM</title></head>'
        f"<body><p>THỬ NGHIỆM / SANDBOX</p><h1>{title}</h1><p>{text}</p></body></html>"
    )
    return page.encode("utf-8")

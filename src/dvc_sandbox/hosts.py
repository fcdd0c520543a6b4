"""The Host header check: a web page elsewhere must not reach the sandbox by a name that points to loopback."""

from __future__ import annotations

import ipaddress
import json
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from typing import Any, TypeAlias

Scope: TypeAlias = MutableMapping[str, Any]
Message: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Message]]
Send: TypeAlias = Callable[[Message], Awaitable[None]]
AsgiApp: TypeAlias = Callable[[Scope, Receive, Send], Awaitable[None]]

LOOPBACK_NAMES = frozenset({"localhost", "127.0.0.1", "[::1]"})
_WILDCARDS = ("0.0.0.0", "::")  # noqa: S104 - names of addresses, nothing is bound here


def is_loopback(address: str) -> bool:
    """Whether a listening address can be reached from this machine only."""
    if address == "localhost":
        return True
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False


def is_wildcard(address: str) -> bool:
    """Whether a listening address means every network of the machine."""
    return address in _WILDCARDS


def bracketed(address: str) -> str:
    """The address as it stands in a URL (`::1` becomes `[::1]`)."""
    return f"[{address}]" if ":" in address else address


def allowed_hosts(listen: str, names: Iterable[str]) -> frozenset[str]:
    """Names a request may be addressed to: loopback always, the listening address itself, and the given names."""
    allowed = LOOPBACK_NAMES | {name.strip().lower() for name in names}
    return allowed if is_wildcard(listen) else allowed | {bracketed(listen.lower())}


class HostMiddleware:
    """Refuses (421) a request whose Host header is missing, doubled or not allowed."""

    def __init__(self, app: AsgiApp, allowed: frozenset[str]) -> None:
        self._app = app
        self._allowed = allowed

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on an allowed request; answer any other by itself."""
        if scope["type"] == "lifespan" or self._is_allowed(scope):
            await self._app(scope, receive, send)
        elif scope["type"] == "http":
            await send_json(send, 421, {"sandbox": True, "error": "host-refused"})

    def _is_allowed(self, scope: Scope) -> bool:
        values = [value for name, value in scope["headers"] if name.lower() == b"host"]
        if len(values) != 1:
            return False
        return _host_name(values[0].decode("latin-1")) in self._allowed


def _host_name(header: str) -> str:
    if header.startswith("["):
        return header.partition("]")[0].lower() + "]"
    return header.partition(":")[0].lower()


async def send_json(send: Send, status: int, content: object) -> None:
    """Answer an HTTP request with a JSON document."""
    await send_body(send, status, "application/json", json.dumps(content, ensure_ascii=False).encode("utf-8"))


async def send_body(
    send: Send, status: int, media_type: str, body: bytes, extra: tuple[tuple[bytes, bytes], ...] = ()
) -> None:
    """Answer an HTTP request with `body`."""
    headers = [
        (b"content-type", media_type.encode("ascii")),
        (b"content-length", str(len(body)).encode("ascii")),
        *extra,
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})

"""HTTP as raw bytes over a socket, to see exactly how a connection ends."""

from __future__ import annotations

import socket
from dataclasses import dataclass
from urllib.parse import urlsplit


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: status 0 when nothing did."""

    status: int
    headers: dict[str, str]
    body: bytes


def exchange(url: str, request: bytes) -> bytes:
    """Send bytes to a server and read until it closes; raises ConnectionResetError on an RST."""
    address = urlsplit(url)
    assert address.hostname is not None
    with socket.create_connection((address.hostname, address.port or 80), timeout=10) as connection:
        connection.sendall(request)
        pieces = []
        while piece := connection.recv(65536):
            pieces.append(piece)
        return b"".join(pieces)


def parse(raw: bytes) -> Answer:
    """Split a raw HTTP/1.1 answer."""
    if not raw:
        return Answer(0, {}, b"")
    head, _, body = raw.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    pairs = (line.partition(":") for line in lines)
    return Answer(int(first.split()[1]), {name.lower(): value.strip() for name, _, value in pairs}, body)


def request(url: str, path: str, method: str = "GET", body: bytes = b"", host: str | None = None) -> Answer:
    """One request on its own connection."""
    head = f"{method} {path} HTTP/1.1\r\nHost: {host or urlsplit(url).netloc}\r\nConnection: close\r\n"
    if body:
        head += f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n"
    return parse(exchange(url, head.encode("ascii") + b"\r\n" + body))

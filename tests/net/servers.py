"""Servers on loopback sockets that answer, cut, drip or refuse exactly as a test says."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field


@dataclass
class Seen:
    """A request as it arrived."""

    method: str
    target: str
    headers: list[tuple[str, str]]
    body: bytes

    def header(self, name: str) -> str:
        return next((value for key, value in self.headers if key.lower() == name.lower()), "")


class Peer:
    """One accepted connection."""

    def __init__(self, connection: socket.socket, server: Server) -> None:
        self.connection = connection
        self.server = server
        self.buffer = b""

    def head(self) -> Seen | None:
        while b"\r\n\r\n" not in self.buffer:
            piece = self.connection.recv(65536)
            if not piece:
                return None
            self.buffer += piece
        head, self.buffer = self.buffer.split(b"\r\n\r\n", 1)
        lines = head.decode("latin-1").split("\r\n")
        method, target, _version = lines[0].split(" ")
        headers = [(name, value.strip()) for name, value in (line.split(":", 1) for line in lines[1:])]
        return Seen(method, target, headers, b"")

    def request(self) -> Seen | None:
        """The next whole request, None when the client closed."""
        seen = self.head()
        if seen is None:
            return None
        length = int(seen.header("content-length") or 0)
        while len(self.buffer) < length:
            piece = self.connection.recv(65536)
            if not piece:
                break
            self.buffer += piece
        seen.body, self.buffer = self.buffer[:length], self.buffer[length:]
        self.server.seen.append(seen)
        return seen

    def answer(self, status: str = "200 OK", body: bytes = b"ok", *headers: str) -> None:
        lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers]
        self.connection.sendall("\r\n".join(lines).encode() + b"\r\n\r\n" + body)

    def reset(self) -> None:
        """Close with RST."""
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")
        self.connection.close()


Behaviour = Callable[[Peer], None]


@dataclass
class Server:
    """A listening socket whose connections are handled by `behaviour`."""

    behaviour: Behaviour
    context: ssl.SSLContext | None = None
    scheme_host: str = ""
    seen: list[Seen] = field(default_factory=list)
    connections: int = 0

    def __post_init__(self) -> None:
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        scheme = "https" if self.context else "http"
        self.url = f"{scheme}://{self.scheme_host or '127.0.0.1'}:{self.port}"
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self.socket.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        connection.settimeout(20)
        with contextlib.suppress(OSError, ssl.SSLError):
            if self.context:
                connection = self.context.wrap_socket(connection, server_side=True)
            try:
                self.behaviour(Peer(connection, self))
            finally:
                connection.close()

    def close(self) -> None:
        # shutdown wakes the accepting thread; close alone would leave it waiting
        with contextlib.suppress(OSError):
            self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()


@contextlib.contextmanager
def serving(behaviour: Behaviour, context: ssl.SSLContext | None = None, host: str = "") -> Iterator[Server]:
    server = Server(behaviour, context, host)
    try:
        yield server
    finally:
        server.close()


def routes(table: dict[str, Callable[[Peer, Seen], None]]) -> Behaviour:
    """Answer by path, keeping the connection."""

    def behave(peer: Peer) -> None:
        while (seen := peer.request()) is not None:
            table[seen.target.split("?")[0]](peer, seen)

    return behave


def answering(status: str = "200 OK", body: bytes = b"ok", *headers: str) -> Behaviour:
    def behave(peer: Peer) -> None:
        while peer.request() is not None:
            peer.answer(status, body, *headers)

    return behave

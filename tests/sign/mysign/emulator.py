"""A small emulator of MySign's four documented calls (contract smartca.md §3), with real signatures."""

from __future__ import annotations

import base64
import json
import re
import secrets
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, utils

from tests.sign import pki

CLIENT, SECRET, USER, PROFILE = "sandbox-mysign", "sandbox-mysign-secret", "CMT_001199012345", "adss:ras:profile:001"
SHOWABLE = re.compile(r"[A-Za-z0-9_\- ]+")


@dataclass
class Request:
    """One request that the app would show."""

    names: list[str]
    description: str
    digests: list[bytes]
    credential: str
    asked: int = 0


@dataclass
class MySignEmulator:
    """The state of the service; tests set the switches."""

    people: dict[str, pki.Issued]
    word: int = 1  # what the person does: 1 confirm, 4001 let it time out, 4002 reject, 4004/4005/13004/50000
    after: int = 1  # status calls that say "waiting" before
    waiting_word: int = 4000
    token_uses: int = 10_000  # calls that one token is good for
    text_numbers: bool = True
    shuffled: bool = False
    line_breaks: bool = False
    missing: bool = False
    wrong: bool = False
    sign_error: int = 0
    cut: dict[str, int] = field(default_factory=dict)  # path -> how many answers are cut
    broken: dict[str, int] = field(default_factory=dict)  # path -> how many answers are 500
    tokens: dict[str, int] = field(default_factory=dict)
    requests: dict[str, Request] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)
    wrong_secrets: int = 0

    def answer(self, path: str, body: dict[str, Any], authorization: str) -> tuple[int, Any]:
        """The answer to one call."""
        if path == "/vtss/service/ras/v1/login":
            return self.log_in(body)
        token = authorization.removeprefix("Bearer ")
        if self.tokens.get(token, 0) <= 0:
            return 401, {"error": "invalid_token", "error_description": "token expired"}
        self.tokens[token] -= 1
        calls = {
            "/vtss/service/certificates/info": self.certificates,
            "/vtss/service/signHash": self.open,
            "/vtss/service/requests/status": self.status,
        }
        return calls[path](body)

    def log_in(self, body: dict[str, Any]) -> tuple[int, Any]:
        if body["client_id"] != CLIENT:
            return 400, {"error": 58007, "error_description": "Client ID does not exist"}
        if body["client_secret"] != SECRET:
            self.wrong_secrets += 1
            return 401, {"error": "86024", "error_description": "Client secret is invalid"}
        if body["user_id"] != USER or body["profile_id"] != PROFILE:
            return 200, {"error": 58008, "error_description": "User ID does not exist"}
        token = secrets.token_hex(16)
        self.tokens[token] = self.token_uses
        return 200, {"access_token": token, "refresh_token": "", "token_type": "Bearer", "expires_in": "3600"}

    def certificates(self, body: dict[str, Any]) -> tuple[int, Any]:
        assert body["user_id"] == USER
        assert body["certificates"] == "chain"
        return 200, [self.row(name, one) for name, one in self.people.items()]

    def row(self, name: str, one: pki.Issued) -> dict[str, Any]:
        chain = [one.der, *one.chain_der]
        status = "valid" if one.certificate.not_valid_after_utc > pki.NOW else "expired"
        return {
            "key": {"status": "enabled", "algo": ["1.2.840.113549.1.1.1"], "len": "2048"},
            "cert": {"status": status, "certificates": [base64.b64encode(der).decode() for der in chain]},
            "authMode": "implicit",
            "multisign": "2147483647",
            "credential_id": name,
            "scal": "2",
        }

    def open(self, body: dict[str, Any]) -> tuple[int, Any]:
        if self.sign_error:
            return 400, {"error": self.sign_error, "error_description": "refused"}
        assert body["async"] == 1
        assert body["hashAlgo"] == "2.16.840.1.101.3.4.2.1"
        assert body["numSignatures"] == len(body["hash"]) == len(body["documents"])
        texts = [body["description"], *(one["document_name"] for one in body["documents"])]
        assert all(len(text) < 100 for text in texts)
        description, *names = [base64.b64decode(text).decode() for text in texts]
        assert all(SHOWABLE.fullmatch(text) for text in (description, *names))
        assert len(set(names)) == len(names)
        digests = [base64.b64decode(text) for text in body["hash"]]
        transaction = secrets.token_hex(16)
        self.requests[transaction] = Request(names, description, digests, body["credentialID"])
        return 200, {"transactionId": transaction}

    def status(self, body: dict[str, Any]) -> tuple[int, Any]:
        request = self.requests.get(body["transactionId"])
        if request is None:
            return 400, {"error": "62000", "error_description": "not found"}
        request.asked += 1
        word = self.waiting_word if request.asked <= self.after else self.word
        number = str(word) if self.text_numbers else word
        return 200, {"signatures": self.values(request) if word == 1 else None, "status": number}

    def values(self, request: Request) -> list[str]:
        key = self.people[request.credential].key
        digests = [bytes(32)] * len(request.digests) if self.wrong else request.digests
        scheme = utils.Prehashed(hashes.SHA256())
        texts = [base64.b64encode(key.sign(one, padding.PKCS1v15(), scheme)).decode() for one in digests]
        if self.line_breaks:
            texts = ["\r\n".join(text[at : at + 76] for at in range(0, len(text), 76)) for text in texts]
        if self.missing:
            texts.pop()
        return texts[::-1] if self.shuffled else texts


@contextmanager
def serve(emulator: MySignEmulator) -> Iterator[str]:
    """Serve on a free loopback port; gives the base address."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            emulator.calls.append(self.path.rpartition("/")[2])
            if emulator.broken.get(self.path, 0) > 0:
                emulator.broken[self.path] -= 1
                self.reply(500, {"error": "internal"})
                return
            status, content = emulator.answer(self.path, body, self.headers.get("Authorization", ""))
            if emulator.cut.get(self.path, 0) > 0:
                emulator.cut[self.path] -= 1
                self.close_connection = True
                return
            self.reply(status, content)

        def reply(self, status: int, content: Any) -> None:
            data = json.dumps(content).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_: object) -> None:
            """Silent."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()

"""The program's side of the worker: start it, ask it with a time limit, end it hard when it hangs."""

from __future__ import annotations

import base64
import contextlib
import os
import queue
import subprocess
import sys
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from dvc_cli.model.secret import Secret
from dvc_cli.sign.token import wire

_END_SECONDS: Final = 3.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How long the module may take for what, in seconds, before it is ended."""

    load: float = 20.0
    look: float = 15.0
    login: float = 120.0  # a person may be typing on a PIN pad
    sign: float = 60.0


class WorkerFault(Exception):
    """The module failed. `code`: the name of python-pkcs11's exception, or `Hung`, `Died`."""

    def __init__(self, code: str, text: str = "") -> None:
        super().__init__(f"{code} {text}".strip())
        self.code = code
        self.text = text


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenFacts:
    """A token as its module describes it. `flags` as in CK_TOKEN_INFO."""

    slot: int
    label: str
    serial: str
    manufacturer: str
    model: str
    flags: int
    mechanisms: tuple[str, ...]

    FINAL_TRY = 0x20000
    LOCKED = 0x40000
    COUNT_LOW = 0x10000
    LOGIN_REQUIRED = 0x4
    PIN_PAD = 0x100

    def has(self, flag: int) -> bool:
        """Whether a flag is set."""
        return bool(self.flags & flag)


@dataclass(frozen=True, slots=True)
class StoredCertificate:
    """A certificate object on the token: DER, CKA_ID in hex, CKA_LABEL."""

    der: bytes
    key_id: str
    label: str


class TokenProcess:
    """One worker with one module loaded."""

    def __init__(self, module: Path, environ: Mapping[str, str] | None = None, limits: Limits | None = None) -> None:
        self.module = module
        self._limits = limits or Limits()
        self._answers: queue.Queue[dict[str, Any] | None] = queue.Queue()
        self._process = _spawn(environ if environ is not None else os.environ)
        reader = threading.Thread(target=self._read, name="token-answers", daemon=True)
        reader.start()
        try:
            self._ask({"op": "load", "module": str(module)}, self._limits.load)
        except WorkerFault:
            self.kill()
            raise

    def tokens(self) -> list[TokenFacts]:
        """The tokens that are present. Raises WorkerFault."""
        found = self._ask({"op": "tokens"}, self._limits.look)["tokens"]
        return [TokenFacts(**{**token, "mechanisms": tuple(token["mechanisms"])}) for token in found]

    def certificates(self, slot: int) -> list[StoredCertificate]:
        """What can be seen without, or after, log-in. Raises WorkerFault."""
        rows = self._ask({"op": "certificates", "slot": slot}, self._limits.look)["certificates"]
        return [StoredCertificate(base64.b64decode(row["der"]), row["id"], row["label"]) for row in rows]

    def login(self, slot: int, pin: Secret | None) -> None:
        """Present the PIN once; None: the person types it on the reader. Raises WorkerFault."""
        self._ask({"op": "login", "slot": slot, "pin": None if pin is None else pin.reveal()}, self._limits.login)

    def choose_key(self, key_id: str, modulus: str | None) -> bool:
        """Choose the private key; whether there is one. Raises WorkerFault."""
        return bool(self._ask({"op": "key", "id": key_id, "modulus": modulus}, self._limits.look)["found"])

    def sign(self, content: bytes, algorithm: str) -> bytes:
        """The key's value over `content` (hashed with SHA-256 on the way). Raises WorkerFault."""
        request = {"op": "sign", "content": base64.b64encode(content).decode("ascii"), "algorithm": algorithm}
        return base64.b64decode(self._ask(request, self._limits.sign)["value"])

    def end(self) -> None:
        """Let the module close its session; end the process hard when it does not. Never raises."""
        with contextlib.suppress(WorkerFault):
            self._ask({"op": "end"}, _END_SECONDS)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(_END_SECONDS)
        self.kill()

    def kill(self) -> None:
        """End the process at once."""
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait()
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                with contextlib.suppress(OSError):
                    stream.close()

    def _ask(self, request: dict[str, Any], seconds: float) -> dict[str, Any]:
        if self._process.stdin is None or self._process.poll() is not None:
            raise WorkerFault("Died")
        try:
            wire.send(self._process.stdin, request)
        except OSError as error:
            raise WorkerFault("Died") from error
        try:
            answer = self._answers.get(timeout=seconds)
        except queue.Empty:
            self._process.kill()
            raise WorkerFault("Hung") from None
        if answer is None:
            raise WorkerFault("Died")
        if not answer["ok"]:
            raise WorkerFault(answer["code"], answer["text"])
        return answer

    def _read(self) -> None:
        stream = self._process.stdout
        message: dict[str, Any] | None = {}
        while stream is not None and message is not None:
            try:
                message = wire.receive(stream)
            except (ValueError, OSError):
                message = None
            self._answers.put(message)


def _spawn(environ: Mapping[str, str]) -> subprocess.Popen[bytes]:
    # our own variables may hold secrets and are nothing to a vendor's module
    clean = {name: value for name, value in environ.items() if not name.startswith("DVC_")}
    flags = getattr(subprocess, "CREATE_NO_WINDOW", 0)
    return subprocess.Popen(
        [sys.executable, "-P", "-m", "dvc_cli.sign.token.worker"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=clean,
        creationflags=flags,
    )

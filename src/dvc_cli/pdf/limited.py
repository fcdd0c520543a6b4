"""Work on foreign files in processes with limits: `call` for one piece, `Workers` for many; threads may share it."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
from dataclasses import dataclass
from importlib import import_module
from queue import Empty, SimpleQueue
from types import TracebackType
from typing import Any, Self

from dvc_cli.errors import DvcError, InvalidInput
from dvc_cli.i18n import _, active_language
from dvc_cli.pdf.limits import CPU_SECONDS, MEMORY_BYTES, WALL_SECONDS

WORKERS = 2


class TooHeavy(InvalidInput):
    """A file needs more time or memory than is allowed for one file."""

    slug = "too-heavy"


class DecoderFailed(InvalidInput):
    """The program that decodes a file broke down over it."""

    slug = "decoder-failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One call in a worker. `about` names the file in messages; `function` is `dvc_cli.module:name`; plain data in and out."""

    function: str
    arguments: dict[str, Any]
    about: str


class Workers:
    """Worker processes, as many as are asked at once, started when first needed and ended hard at the end of the block."""

    def __init__(self) -> None:
        self._idle: SimpleQueue[_Worker] = SimpleQueue()
        self._all: list[_Worker] = []
        self._lock = threading.Lock()
        self._closed = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._lock:
            self._closed = True
            for worker in self._all:
                worker.end()

    def call(self, function: str, arguments: dict[str, Any], *, about: str) -> Any:
        """The value of one call. Raises the errors of the function, TooHeavy, DecoderFailed."""
        return self._run(Job(function=function, arguments=arguments, about=about))

    def _run(self, job: Job) -> Any:
        worker = self._take()
        try:
            return worker.ask(job)
        finally:
            if worker.alive:
                self._idle.put(worker)

    def _take(self) -> _Worker:
        with contextlib.suppress(Empty):
            return self._idle.get_nowait()
        with self._lock:
            if self._closed:
                raise DecoderFailed(_("The work was stopped"))
            self._all = [worker for worker in self._all if worker.alive]
            worker = _Worker()
            self._all.append(worker)
            return worker


def call(function: str, arguments: dict[str, Any], *, about: str) -> Any:
    """One call in a worker of its own; see `Workers.call`."""
    with Workers() as workers:
        return workers.call(function, arguments, about=about)


def _apart() -> dict[str, Any]:
    """A process group of its own, so that Ctrl-C reaches only the program, and `end` all that the worker started."""
    if sys.platform == "win32":
        return {"creationflags": subprocess.CREATE_NO_WINDOW | subprocess.CREATE_NEW_PROCESS_GROUP}
    return {"start_new_session": True}


class _Worker:
    """One process; asked one thing at a time."""

    def __init__(self) -> None:
        environ = {**os.environ, "OMP_THREAD_LIMIT": "1", "OPENBLAS_NUM_THREADS": "1", "PYTHONUTF8": "1"}
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", "dvc_cli.pdf.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=environ,
            **_apart(),
        )
        self.alive = True
        self._late = False

    def ask(self, job: Job) -> Any:
        """Raises the function's errors, TooHeavy, DecoderFailed."""
        timer = threading.Timer(WALL_SECONDS, self._overdue)
        timer.daemon = True
        timer.start()
        try:
            line = self._exchange(job)
        finally:
            timer.cancel()
        if not line.endswith(b"\n"):
            raise self._died(job)
        return _value_of(json.loads(line), job)

    def _exchange(self, job: Job) -> bytes:
        if self._process.stdin is None or self._process.stdout is None:
            return b""
        request = {"function": job.function, "arguments": job.arguments, "language": active_language()}
        try:
            self._process.stdin.write(json.dumps(request).encode("ascii") + b"\n")
            self._process.stdin.flush()
            return bytes(self._process.stdout.readline())
        except (OSError, ValueError):  # ValueError: closed by `end` while we waited
            return b""

    def _overdue(self) -> None:
        self._late = True
        self._kill()

    def _died(self, job: Job) -> DvcError:
        self.end()
        ended_by = -(self._process.returncode or 0)
        if self._late or (sys.platform != "win32" and ended_by in (signal.SIGXCPU, signal.SIGKILL)):
            return _too_heavy(job)
        return DecoderFailed(
            _("{path} broke the program that decodes it").format(path=job.about),
            hint=_("The file is damaged or made to do harm; scan the page again"),
        )

    def end(self) -> None:
        """End the process and what it started, at once."""
        self.alive = False
        self._kill()
        self._process.wait()
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                with contextlib.suppress(OSError, ValueError):
                    stream.close()

    def _kill(self) -> None:
        if self._process.poll() is None:
            if sys.platform != "win32":
                with contextlib.suppress(OSError):
                    os.killpg(self._process.pid, signal.SIGKILL)
            self._process.kill()


def _value_of(answer: dict[str, Any], job: Job) -> Any:
    match answer:
        case {"value": value}:
            return value
        case {"error": str(name), "message": str(message)}:
            module, _sep, cls = name.partition(":")
            kind = getattr(import_module(module), cls, None) if module.startswith("dvc_cli.") else None
            known = kind if isinstance(kind, type) and issubclass(kind, DvcError) else InvalidInput
            raise known(message, hint=answer.get("hint"), details=tuple(answer.get("details", ())))
        case {"fault": "memory"}:
            raise _too_heavy(job)
        case _:
            raise DecoderFailed(
                _("{path} cannot be decoded: {reason}").format(path=job.about, reason=answer.get("text", "")),
                hint=_("The file is damaged or made to do harm; scan the page again"),
            )


def _too_heavy(job: Job) -> TooHeavy:
    return TooHeavy(
        _("{path} needs more than {seconds} s or {megabytes} MB to be decoded").format(
            path=job.about, seconds=CPU_SECONDS, megabytes=MEMORY_BYTES // 1_000_000
        ),
        hint=_("Scan it again at 200 to 300 dpi"),
    )

"""Starting, finding, resetting and stopping a sandbox: what commands, demos and tests use."""

from __future__ import annotations

import asyncio
import contextlib
import importlib.util
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dvc_sandbox.client import AdminClient
from dvc_sandbox.environment import Urls
from dvc_sandbox.errors import SandboxError
from dvc_sandbox.folder import Ports, Running, StateFolder
from dvc_sandbox.logs import logging_to

if TYPE_CHECKING:
    from dvc_sandbox.server import Sandbox

__all__ = [
    "Options",
    "Ports",
    "Running",
    "SandboxError",
    "Urls",
    "admin_client",
    "reset",
    "serve",
    "start_detached",
    "start_thread",
    "status",
    "stop",
    "wait_healthy",
]

_PARTS = ("starlette", "uvicorn", "multipart", "captcha", "certomancer", "a2wsgi", "filelock")
_EXIT_REFUSED = 3


@dataclass(frozen=True, slots=True)
class Options:
    """How to run a sandbox. `seed` None keeps the folder's own (1 in a new folder)."""

    state: Path
    listen: str = "127.0.0.1"
    allow_hosts: tuple[str, ...] = ()
    ports: Ports = field(default_factory=Ports)
    seed: int | None = None
    auto_approve: bool = False
    access_log: bool = False


def missing_parts() -> tuple[str, ...]:
    """Import names of the extra `sandbox` that are not installed."""
    return tuple(name for name in _PARTS if importlib.util.find_spec(name) is None)


def serve(options: Options, ready: Callable[[Running], None]) -> None:
    """Run a sandbox in this process until SIGINT, SIGTERM or the admin API ends it; raises SandboxError."""
    sandbox = _new_sandbox(replace(options, access_log=True))
    sandbox.start_up()
    try:
        with _stopped_by_signals(sandbox), logging_to(sandbox.log_file):
            asyncio.run(sandbox.run(ready))
    finally:
        sandbox.close()


@contextlib.contextmanager
def start_thread(options: Options) -> Iterator[Running]:
    """Run a sandbox in a thread of this process, for tests; raises SandboxError."""
    sandbox = _new_sandbox(options)
    sandbox.start_up()
    started: list[Running] = []
    failures: list[BaseException] = []
    event = threading.Event()

    def ready(running: Running) -> None:
        started.append(running)
        event.set()

    def work() -> None:
        try:
            asyncio.run(sandbox.run(ready))
        except BaseException as error:  # noqa: BLE001 - handed to the caller's thread
            failures.append(error)
        finally:
            event.set()

    thread = threading.Thread(target=work, name="dvc-sandbox")
    thread.start()
    try:
        event.wait()
        if not started:
            raise SandboxError("start-failed", f"the sandbox did not start: {failures[0] if failures else 'unknown'}")
        yield started[0]
    finally:
        sandbox.stop()
        thread.join()
        sandbox.close()


def start_detached(options: Options, timeout: float = 60) -> Running:
    """Run a sandbox in a process of its own that outlives this one, and wait until it answers.

    Raises SandboxError: whatever the start raised, `start-failed` or `start-timeout`.
    """
    _require_parts()
    folder = StateFolder(options.state)
    folder.prepare()
    with folder.held():
        folder.withdraw()
    with tempfile.TemporaryDirectory(prefix="dvc-sandbox-") as scratch:
        failure = Path(scratch) / "failure.json"
        log = folder.path / "log" / "output.log"
        process = _spawn([*_arguments(options, folder.path), "--failure-file", str(failure)], log)
        try:
            return _wait_started(process, folder, failure, time.monotonic() + timeout)
        except BaseException:
            if process.poll() is None:
                process.terminate()
            raise
        finally:
            # Reaps the child whenever it ends, while this process lives.
            threading.Thread(target=process.wait, daemon=True).start()


def status(state: Path) -> Running | None:
    """The sandbox that runs on a folder, or None. A file left by a process that died does not count."""
    folder = StateFolder(state)
    for _ in range(2):
        if not folder.is_held():
            return None
        running = folder.announced()
        if running is not None and _answers(running, "admin", timeout=0.5):
            return running
        # Another asker's probe looks like a holder for an instant; a starting sandbox has not announced itself yet.
        time.sleep(0.05)
    return folder.announced() if folder.is_held() else None


def stop(state: Path, timeout: float = 10) -> bool:
    """End the sandbox of a folder; False when none runs. Raises SandboxError("stop-failed").

    It is asked first, then terminated, then killed; a process that does not hold the folder is never touched.
    """
    folder = StateFolder(state)
    running = status(state)
    if running is None:
        return False
    with contextlib.suppress(SandboxError), admin_client(running, timeout=min(3.0, timeout / 2)) as admin:
        admin.stop()
    if folder.wait_released(timeout / 2):
        return True
    for name in ("SIGTERM", "SIGKILL"):
        # The lock proves that the process named in the file is alive and is the sandbox, not a later user of its number.
        if running.pid != os.getpid() and folder.is_held() and folder.announced() == running:
            with contextlib.suppress(ProcessLookupError):
                os.kill(running.pid, getattr(signal, name, signal.SIGTERM))
        if folder.wait_released(timeout / 4):
            return True
    raise SandboxError("stop-failed", f"the sandbox (process {running.pid}) did not end within {timeout:g} s")


def reset(state: Path) -> None:
    """Bring a sandbox's data back to its seed, running or not; ports, keys and certificates stay.

    Raises SandboxError("state-missing") when the folder is no sandbox's.
    """
    folder = StateFolder(state)
    running = status(state)
    if running is not None:
        with admin_client(running) as admin:
            admin.reset()
        return
    if not folder.exists():
        raise SandboxError("state-missing", f"there is no sandbox in {folder.path}")
    with folder.held():
        folder.withdraw()
        folder.forget_data()


def wait_healthy(running: Running, timeout: float = 30) -> None:
    """Wait until all four servers answer; raises SandboxError("start-timeout")."""
    deadline = time.monotonic() + timeout
    while not _is_healthy(running):
        if time.monotonic() >= deadline:
            raise SandboxError("start-timeout", f"the sandbox did not answer within {timeout:g} s")
        time.sleep(0.05)


def admin_client(running: Running, timeout: float = 30) -> AdminClient:
    """A client of a running sandbox's admin API, by the address that works on this machine."""
    return AdminClient(running.local_url("admin"), running.admin_token, timeout)


def _is_healthy(running: Running) -> bool:
    return all(_answers(running, server, timeout=3) for server in ("portal", "smartca", "pki", "admin"))


def _answers(running: Running, server: str, timeout: float) -> bool:
    with AdminClient(running.local_url(server), "", timeout) as client:
        return client.health()


def _require_parts() -> None:
    missing = missing_parts()
    if missing:
        raise SandboxError(
            "extra-missing", f"the sandbox needs {', '.join(missing)}: install it with `pip install 'dvc-cli[sandbox]'`"
        )


def _new_sandbox(options: Options) -> Sandbox:
    _require_parts()
    from dvc_sandbox.server import Sandbox

    return Sandbox(options)


@contextlib.contextmanager
def _stopped_by_signals(sandbox: Sandbox) -> Iterator[None]:
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    names = ("SIGINT", "SIGTERM", "SIGBREAK")
    numbers = [getattr(signal, name) for name in names if hasattr(signal, name)]
    before = [(number, signal.signal(number, lambda *_: sandbox.stop())) for number in numbers]
    try:
        yield
    finally:
        for number, handler in before:
            signal.signal(number, handler)


def _arguments(options: Options, state: Path) -> list[str]:
    arguments = [sys.executable, "-m", "dvc_sandbox", "--state", str(state), "--listen", options.listen]
    for name in options.allow_hosts:
        arguments += ["--allow-host", name]
    for server in ("portal", "smartca", "pki", "admin"):
        arguments += [f"--{server}-port", str(getattr(options.ports, server))]
    if options.seed is not None:
        arguments += ["--seed", str(options.seed)]
    if options.auto_approve:
        arguments.append("--auto-approve")
    return arguments


def _spawn(arguments: list[str], log: Path) -> subprocess.Popen[bytes]:
    detached: dict[str, Any] = {"start_new_session": True}
    if sys.platform == "win32":
        detached = {"creationflags": subprocess.DETACHED_PROCESS | subprocess.CREATE_NEW_PROCESS_GROUP}
    handle = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        return subprocess.Popen(
            arguments,
            stdin=subprocess.DEVNULL,
            stdout=handle,
            stderr=handle,
            env={**os.environ, "PYTHONUTF8": "1"},
            cwd=log.parent,
            **detached,
        )
    finally:
        os.close(handle)


def _wait_started(process: subprocess.Popen[bytes], folder: StateFolder, failure: Path, deadline: float) -> Running:
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise _failure(failure, folder)
        running = folder.announced()
        if running is not None and folder.is_held() and _is_healthy(running):
            return running
        time.sleep(0.05)
    raise SandboxError("start-timeout", f"the sandbox did not answer in time: see {folder.path / 'log'}")


def _failure(failure: Path, folder: StateFolder) -> SandboxError:
    try:
        content = json.loads(failure.read_text(encoding="utf-8"))
        return SandboxError(content["slug"], content["message"])
    except (OSError, ValueError, KeyError):
        return SandboxError("start-failed", f"the sandbox ended while starting: see {folder.path / 'log'}")

"""The state folder: who holds it, what it remembers between runs, and the file that tells others where to connect."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from dvc_sandbox.environment import Urls
from dvc_sandbox.errors import SandboxError
from dvc_sandbox.files import private_folder, write_private
from dvc_sandbox.hosts import bracketed, is_wildcard

if TYPE_CHECKING:
    from filelock import FileLock

SCHEMA = 1
MAIN_DATABASE = "sandbox.sqlite3"


@dataclass(frozen=True, slots=True)
class Ports:
    """TCP ports of the four servers; 0 means the port of the last run, or any free one."""

    portal: int = 0
    smartca: int = 0
    pki: int = 0
    admin: int = 0


@dataclass(frozen=True, slots=True)
class Memory:
    """`state.json`: marks the folder as a sandbox's and keeps what must not change between runs."""

    created_at: str
    seed: int
    ports: Ports = field(default_factory=Ports)
    schema: int = SCHEMA


@dataclass(frozen=True, slots=True)
class Running:
    """A sandbox at work. `urls` are for its users; `local_url` is how this machine reaches it."""

    pid: int
    state: Path
    urls: Urls
    admin_token: str
    started_at: datetime
    listen: str = "127.0.0.1"
    notices: tuple[str, ...] = ()

    def local_url(self, server: str) -> str:
        """The address of a server from this machine, which may not know the public name."""
        host = "127.0.0.1" if is_wildcard(self.listen) else self.listen
        port = getattr(self.urls, server).rpartition(":")[2]
        return f"http://{bracketed(host)}:{port}"


class StateFolder:
    """One sandbox's folder on disk."""

    def __init__(self, path: Path) -> None:
        self.path = path.expanduser().resolve()

    @property
    def database(self) -> Path:
        """The main database, the tests' oracle."""
        return self.path / MAIN_DATABASE

    def prepare(self) -> None:
        """Make the folder (0700); raises SandboxError("state-foreign") when it holds something else."""
        if self.path.is_dir() and not self.exists() and any(self.path.iterdir()):
            raise SandboxError(
                "state-foreign", f"the folder {self.path} is not empty and not a sandbox's: name an empty or new one"
            )
        private_folder(self.path)
        private_folder(self.path / "log")

    def exists(self) -> bool:
        """Whether the folder was made by a sandbox, now running or not."""
        return (self.path / "state.json").is_file() or self._lock_path.is_file()

    def hold(self, patience: float = 1.0) -> FileLock:
        """Take the folder for this process; raises SandboxError("state-in-use")."""
        from filelock import Timeout

        lock = self._lock()
        try:
            # Somebody who merely asks for the status holds the lock for an instant.
            lock.acquire(timeout=patience)
        except Timeout as error:
            raise SandboxError(
                "state-in-use",
                f"another sandbox is using the folder {self.path}: stop it first or name another folder",
            ) from error
        return lock

    @contextmanager
    def held(self) -> Iterator[None]:
        """Hold the folder for the length of a block; raises SandboxError("state-in-use")."""
        lock = self.hold()
        try:
            yield
        finally:
            lock.release()

    def is_held(self) -> bool:
        """Whether a living process holds the folder; a process that died holds nothing."""
        from filelock import Timeout

        if not self._lock_path.is_file():
            return False
        try:
            with self._lock().acquire(timeout=0):
                return False
        except Timeout:
            return True

    def wait_released(self, seconds: float) -> bool:
        """Wait until no process holds the folder; False when one still does after `seconds`."""
        deadline = time.monotonic() + seconds
        while self.is_held():
            if time.monotonic() >= deadline:
                return False
            time.sleep(0.05)
        return True

    def recall(self) -> Memory | None:
        """What earlier runs left; raises SandboxError("state-newer") for a later version's folder."""
        try:
            content = json.loads((self.path / "state.json").read_text(encoding="utf-8"))
        except FileNotFoundError:
            return None
        if content["schema"] > SCHEMA:
            raise SandboxError(
                "state-newer", f"the folder {self.path} was made by a newer version: update or name another folder"
            )
        return Memory(created_at=content["created_at"], seed=content["seed"], ports=Ports(**content["ports"]))

    def remember(self, memory: Memory) -> None:
        """Keep `memory` for the next run."""
        write_private(self.path / "state.json", json.dumps(asdict(memory), indent=2).encode("utf-8"))

    def announce(self, running: Running, seed: int) -> None:
        """Write `sandbox.json` (0600) once the servers answer."""
        content = {
            "schema": SCHEMA,
            "sandbox": True,
            "pid": running.pid,
            "urls": asdict(running.urls),
            "admin_token": running.admin_token,
            "started_at": running.started_at.isoformat(),
            "seed": seed,
            "listen": running.listen,
            "notices": list(running.notices),
        }
        write_private(self._announcement, json.dumps(content, indent=2, ensure_ascii=False).encode("utf-8"))

    def withdraw(self) -> None:
        """Remove `sandbox.json`, be it ours or left by a process that died."""
        self._announcement.unlink(missing_ok=True)

    def announced(self) -> Running | None:
        """What `sandbox.json` says, true or stale; None when there is no readable one."""
        try:
            content = json.loads(self._announcement.read_text(encoding="utf-8"))
            return Running(
                pid=content["pid"],
                state=self.path,
                urls=Urls(**content["urls"]),
                admin_token=content["admin_token"],
                started_at=datetime.fromisoformat(content["started_at"]).astimezone(UTC),
                listen=content["listen"],
                notices=tuple(content["notices"]),
            )
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def forget_data(self) -> None:
        """Delete databases and logs, for the reset of a sandbox that does not run; keys and certificates stay."""
        for pattern in ("*.sqlite3", "*.sqlite3-wal", "*.sqlite3-shm", "log/*.log*"):
            for path in self.path.glob(pattern):
                path.unlink()

    @property
    def _announcement(self) -> Path:
        return self.path / "sandbox.json"

    @property
    def _lock_path(self) -> Path:
        return self.path / "sandbox.lock"

    def _lock(self) -> FileLock:
        from filelock import FileLock

        return FileLock(self._lock_path, thread_local=False, mode=0o600)

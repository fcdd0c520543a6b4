"""Prepared documents that wait for a cloud signature (smartca.md §1): a private folder per batch, locked by who works on it."""

from __future__ import annotations

import contextlib
import secrets
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from dvc_cli.files import make_private_folder, write_atomically

if TYPE_CHECKING:
    from filelock import BaseFileLock

_RECORD = "batch.json"


class PreparedFolder:
    """`PreparedStore` below one folder. The lock of a batch dies with the process that holds it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._locks: dict[str, BaseFileLock] = {}

    def begin(self) -> str:
        """See `PreparedStore.begin`."""
        make_private_folder(self._folder)
        batch = secrets.token_hex(8)
        self.claim(batch)
        make_private_folder(self._folder / batch)
        return batch

    def path(self, batch: str, name: str) -> Path:
        """See `PreparedStore.path`."""
        return self._folder / batch / name

    def commit(self, batch: str, record: bytes) -> None:
        """See `PreparedStore.commit`."""
        write_atomically(self._folder / batch / _RECORD, record)

    def batches(self) -> list[tuple[str, bytes | None]]:
        """See `PreparedStore.batches`."""
        try:
            folders = [path for path in self._folder.iterdir() if path.is_dir() and not path.is_symlink()]
        except OSError:
            return []
        folders.sort(key=_age)
        return [(path.name, _record(path)) for path in folders if self.claim(path.name)]

    def claim(self, batch: str) -> bool:
        """See `PreparedStore.claim`."""
        from filelock import FileLock, Timeout

        if batch in self._locks:
            return True
        lock = FileLock(self._folder / f"{batch}.lock", timeout=0, mode=0o600)
        try:
            lock.acquire()
        except (Timeout, OSError):
            return False
        self._locks[batch] = lock
        return True

    def remove(self, batch: str) -> None:
        """See `PreparedStore.remove`."""
        if not self.claim(batch):
            return
        # The record goes first: a removal cut short leaves no batch behind that looks whole.
        with contextlib.suppress(OSError):
            (self._folder / batch / _RECORD).unlink(missing_ok=True)
        shutil.rmtree(self._folder / batch, ignore_errors=True)
        self._locks.pop(batch).release()
        with contextlib.suppress(OSError):
            (self._folder / f"{batch}.lock").unlink(missing_ok=True)

    def release(self, batch: str) -> None:
        """See `PreparedStore.release`."""
        if lock := self._locks.pop(batch, None):
            lock.release()


def _record(path: Path) -> bytes | None:
    try:
        return (path / _RECORD).read_bytes()
    except OSError:
        return None


def _age(path: Path) -> tuple[int, str]:
    try:
        return path.stat().st_mtime_ns, path.name
    except OSError:
        return 0, path.name

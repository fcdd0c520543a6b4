"""One writer for a (profile, account): a lock of the operating system that dies with the process (R3)."""

from __future__ import annotations

import hashlib
import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from dvc_cli.files import make_private_folder
from dvc_cli.i18n import _
from dvc_cli.journal.base import JournalUnwritable, LeaseLost, RunInProgress


def account_hash(account: str) -> str:
    """What stands for an account in lock names, leases and run headers: an account is often an ID number."""
    return hashlib.sha256(b"dvc.journal.account/1\0" + account.encode()).hexdigest()


@contextmanager
def account_lock(folder: Path, account: str, describe: str = "") -> Iterator[None]:
    """Hold the lock file of `account`; refused at once when another process (or thread) holds it.

    Raises:
        RunInProgress: exit code 11.
    """
    from filelock import FileLock, Timeout

    make_private_folder(folder)
    lock = FileLock(folder / f"{account_hash(account)[:32]}.lock", timeout=0, mode=0o600)
    try:
        lock.acquire()
    except Timeout:
        message = _("Another run is filing dossiers for this account") + (f" ({describe})" if describe else "")
        raise RunInProgress(message, hint=_("Wait until it has ended, then run the command again")) from None
    except OSError as error:
        raise JournalUnwritable(
            _("The lock in `{path}` cannot be taken: {reason}").format(path=folder, reason=error.strerror or error),
            hint=_("Check that the disk is not full or read-only and that you may write there"),
        ) from error
    try:
        yield
    finally:
        lock.release()


@dataclass(frozen=True, slots=True)
class Lease:
    """Who writes for an account; the fence grows with every take-over and is checked before each append."""

    account: str
    holder: str
    fence: int

    @classmethod
    def take(cls, connection: sqlite3.Connection, account: str, holder: str, at: str) -> Lease:
        """Write the lease row of the one that holds the lock."""
        hashed = account_hash(account)
        found = connection.execute("SELECT fence FROM lease WHERE account = ?", (hashed,)).fetchone()
        fence = (found[0] if found else 0) + 1
        connection.execute(
            "INSERT OR REPLACE INTO lease (account, holder, pid, fence, taken_at, released_at) VALUES (?, ?, ?, ?, ?, NULL)",
            (hashed, holder, os.getpid(), fence, at),
        )
        return cls(hashed, holder, fence)

    def check(self, connection: sqlite3.Connection) -> None:
        """Raises LeaseLost when another run has taken over."""
        found = connection.execute("SELECT fence FROM lease WHERE account = ?", (self.account,)).fetchone()
        if found is None or found[0] != self.fence:
            raise LeaseLost(
                _("Another run has taken over this account; this one stopped before sending anything more"),
                hint=_("Wait until it has ended, then run the command again"),
            )

    def release(self, connection: sqlite3.Connection, at: str) -> None:
        """Mark the lease as ended, unless another run has taken over."""
        connection.execute(
            "UPDATE lease SET released_at = ? WHERE account = ? AND fence = ?", (at, self.account, self.fence)
        )


def describe_holder(connection: sqlite3.Connection, account: str) -> str:
    """The process that last took the lease, for the message to the second one."""
    found = connection.execute(
        "SELECT pid FROM lease WHERE account = ? AND released_at IS NULL", (account_hash(account),)
    ).fetchone()
    return _("process {pid}").format(pid=found[0]) if found else ""

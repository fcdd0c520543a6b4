"""Durable memory of PIN and password tries (tokens.md §2, security.md): counted as wrong before they are made."""

from __future__ import annotations

import hashlib
import secrets
import sqlite3
import threading
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from dvc_cli.journal.database import immediate, open_database, stamp, translated
from dvc_cli.model.ports import Attempt, Clock

_MIGRATIONS = (
    (
        "CREATE TABLE salt (salt BLOB NOT NULL) STRICT",
        """CREATE TABLE attempt (
             subject TEXT PRIMARY KEY, wrong INTEGER NOT NULL, last_wrong_at TEXT, earlier_wrong_at TEXT,
             confirmed INTEGER NOT NULL DEFAULT 0, earlier_confirmed INTEGER NOT NULL DEFAULT 0) STRICT, WITHOUT ROWID""",
    ),
)


@dataclass(frozen=True, slots=True)
class RecordedAttempt:
    """`Attempt` as stored. `confirmed`: a person has allowed another try since the last wrong one."""

    wrong_in_a_row: int = 0
    last_wrong_at: datetime | None = None
    confirmed: bool = False


class SqliteLedger:
    """`AttemptLedger` in `guard.sqlite3`, shared by all profiles and processes of the user."""

    def __init__(self, path: Path, clock: Clock) -> None:
        self._path = path
        self._clock = clock
        self._lock = threading.Lock()
        self._connection = open_database(path, _MIGRATIONS)
        self._salt = self._read_salt()

    def attempt(self, subject: str) -> Attempt:
        """See `AttemptLedger.attempt`."""
        with self._lock, translated(self._path):
            found = self._connection.execute(
                "SELECT wrong, last_wrong_at, confirmed FROM attempt WHERE subject = ?", (self._hashed(subject),)
            ).fetchone()
        if not found or not found[0]:
            return RecordedAttempt()
        return RecordedAttempt(found[0], datetime.fromisoformat(found[1]), bool(found[2]))

    def begin(self, subject: str) -> None:
        """See `AttemptLedger.begin`; uses up a person's confirmation."""
        self._change(
            "INSERT INTO attempt (subject, wrong, last_wrong_at) VALUES (:subject, 1, :now) ON CONFLICT (subject) DO UPDATE SET "
            "wrong = wrong + 1, earlier_wrong_at = last_wrong_at, last_wrong_at = :now, earlier_confirmed = confirmed, "
            "confirmed = 0",
            subject,
        )

    def succeeded(self, subject: str) -> None:
        """See `AttemptLedger.succeeded`."""
        self._change("DELETE FROM attempt WHERE subject = :subject", subject)

    def not_tried(self, subject: str) -> None:
        """See `AttemptLedger.not_tried`; a confirmation that the try used up is valid again."""
        self._change(
            "UPDATE attempt SET wrong = max(wrong - 1, 0), last_wrong_at = coalesce(earlier_wrong_at, :now), "
            "earlier_wrong_at = NULL, confirmed = earlier_confirmed WHERE subject = :subject",
            subject,
        )

    def confirm(self, subject: str) -> None:
        """See `AttemptLedger.confirm`."""
        self._change("UPDATE attempt SET confirmed = 1 WHERE subject = :subject", subject)

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._connection.close()

    def _change(self, statement: str, subject: str) -> None:
        values = {"subject": self._hashed(subject), "now": stamp(self._clock.now())}
        with self._lock, translated(self._path), immediate(self._connection):
            self._connection.execute(statement, values)

    def _hashed(self, subject: str) -> str:
        return hashlib.sha256(self._salt + subject.encode()).hexdigest()

    def _read_salt(self) -> bytes:
        with translated(self._path), immediate(self._connection):
            found = self._connection.execute("SELECT salt FROM salt").fetchone()
            salt = found[0] if found else secrets.token_bytes(32)
            if not found:
                self._connection.execute("INSERT INTO salt VALUES (?)", (sqlite3.Binary(salt),))
        return bytes(salt)

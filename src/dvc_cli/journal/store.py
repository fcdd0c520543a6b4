"""The journal in SQLite: events are only ever added; each transaction holds an event and the row it leads to (R6)."""

from __future__ import annotations

import hashlib
import json
import secrets
import sqlite3
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

from dvc_cli.errors import StorageProblem
from dvc_cli.journal import chain
from dvc_cli.journal.audit import audit_database
from dvc_cli.journal.base import JournalAudit, JournalDamaged, JournalEntry, JournalRow
from dvc_cli.journal.database import open_database, stamp, translated
from dvc_cli.journal.lock import Lease, account_hash, account_lock, describe_holder
from dvc_cli.journal.rows import row_from_json, row_to_json
from dvc_cli.journal.schema import MIGRATIONS
from dvc_cli.journal.writer import GroupWriter
from dvc_cli.model.events import Event, event_from_json, event_to_json
from dvc_cli.model.ports import Clock
from dvc_cli.model.submission import Row, State, apply

_Answer = TypeVar("_Answer")


class SqliteJournal:
    """`Journal` in one file. Any thread may call it; writes go through one writer thread."""

    def __init__(self, path: Path, clock: Clock, rng: Callable[[int], str] = secrets.token_hex) -> None:
        self._path = path
        self._clock = clock
        self._rng = rng
        self._reader = open_database(path, MIGRATIONS)
        self._reading = threading.Lock()
        self._writer: GroupWriter | None = None
        self._writing: sqlite3.Connection | None = None

    # -- writing -----------------------------------------------------------------------------------------------------

    @contextmanager
    def run(self, account: str, plan_sha256: str) -> Iterator[SqliteRun]:
        """See `Journal.run`."""
        with self._reading, translated(self._path):
            describe = describe_holder(self._reader, account)
        with account_lock(self._path.parent / "locks", account, describe):
            at = stamp(self._clock.now())
            lease, number = self.write(lambda connection: self._begin(connection, account, plan_sha256, at))
            try:
                yield SqliteRun(self, lease, number)
            finally:
                # A run that failed for want of disk space must not hide that behind a second failure here.
                with suppress(StorageProblem):
                    self.write(lambda connection: lease.release(connection, stamp(self._clock.now())))

    def _begin(self, connection: sqlite3.Connection, account: str, plan: str, at: str) -> tuple[Lease, int]:
        lease = Lease.take(connection, account, self._rng(16), at)
        last = connection.execute("SELECT number, hash FROM run ORDER BY number DESC LIMIT 1").fetchone()
        number, previous = (last[0] + 1, last[1]) if last else (1, chain.RUN_START)
        heads = chain.heads_digest(connection.execute("SELECT reference, head FROM row ORDER BY reference"))
        hashed = account_hash(account)
        connection.execute(
            "INSERT INTO run (number, at, account, plan_sha256, heads, hash) VALUES (?, ?, ?, ?, ?, ?)",
            (number, at, hashed, plan, heads, chain.link(previous, number, at, hashed, plan, heads)),
        )
        return lease, number

    def write(self, work: Callable[[sqlite3.Connection], _Answer]) -> _Answer:
        """Run `work` in the writer thread; returns after fsync."""
        if self._writer is None:
            self._writing = open_database(self._path, MIGRATIONS)
            self._writer = GroupWriter(self._writing, self._path)
        return self._writer.do(work)

    def insert(
        self, connection: sqlite3.Connection, run: int, reference: str, event: Event, payload: Mapping[str, bytes]
    ) -> Row:
        """The event, the payload and the new row; called in the writer thread."""
        found = connection.execute(
            "SELECT body, events, head, planned_at FROM row WHERE reference = ?", (reference,)
        ).fetchone()
        row = apply(row_from_json(found[0]) if found else None, event, reference)
        number = found[1] if found else 0
        previous = found[2] if found else chain.row_start(reference)
        at = stamp(self._clock.now())
        kind, body = event_to_json(event)
        hashes = {name: hashlib.sha256(content).hexdigest() for name, content in sorted(payload.items())}
        proof = json.dumps(hashes, separators=(",", ":"))
        head = chain.link(previous, reference, number, run, at, kind, body, proof)
        connection.execute(
            "INSERT INTO event (reference, number, run, at, kind, body, payload, hash) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (reference, number, run, at, kind, body, proof, head),
        )
        for name, content in payload.items():
            connection.execute("INSERT OR REPLACE INTO payload VALUES (?, ?, ?)", (reference, name, content))
        connection.execute(
            "INSERT OR REPLACE INTO row (reference, state, code, events, head, body, planned_at, changed_at) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (reference, row.state.value, row.code, number + 1, head, row_to_json(row), found[3] if found else at, at),
        )
        return row

    def purge(self, reference: str) -> None:
        """See `Journal.purge`."""
        self.write(
            lambda connection: connection.execute("DELETE FROM payload WHERE reference = ?", (reference,)).rowcount
        )

    # -- reading -----------------------------------------------------------------------------------------------------

    def row(self, reference: str) -> Row | None:
        """See `Journal.row`."""
        found = self._read("SELECT body FROM row WHERE reference = ?", reference)
        return self._row(found[0][0]) if found else None

    def rows(self, *states: State) -> Iterator[JournalRow]:
        """See `Journal.rows`."""
        names = json.dumps([state.value for state in states or State])
        query = (
            "SELECT body, planned_at, changed_at FROM row WHERE state IN (SELECT value FROM json_each(?)) "
            "ORDER BY planned_at, reference"
        )
        for body, planned, changed in self._read(query, names):
            yield JournalRow(
                row=self._row(body),
                planned_at=datetime.fromisoformat(planned),
                changed_at=datetime.fromisoformat(changed),
            )

    def by_code(self, code: str) -> Row | None:
        """See `Journal.by_code`."""
        found = self._read("SELECT body FROM row WHERE code = ? AND code <> '' ORDER BY changed_at DESC", code)
        return self._row(found[0][0]) if found else None

    def entries(self, reference: str) -> Iterator[JournalEntry]:
        """See `Journal.entries`."""
        query = "SELECT number, run, at, kind, body FROM event WHERE reference = ? ORDER BY number"
        for number, run, at, kind, body in self._read(query, reference):
            event = event_from_json(kind, body)
            yield JournalEntry(reference=reference, number=number, run=run, at=datetime.fromisoformat(at), event=event)

    def payload(self, reference: str, name: str) -> bytes | None:
        """See `Journal.payload`."""
        found = self._read("SELECT body FROM payload WHERE reference = ? AND name = ?", reference, name)
        return bytes(found[0][0]) if found else None

    def audit(self) -> JournalAudit:
        """See `Journal.audit`."""
        with self._reading, translated(self._path):
            return audit_database(self._reader)

    def close(self) -> None:
        """See `Journal.close`."""
        if self._writer is not None:
            self._writer.close()
        with self._reading:
            if self._writing is not None:
                self._writing.close()
            self._reader.close()

    def _read(self, query: str, *values: str) -> list[Any]:
        with self._reading, translated(self._path):
            return self._reader.execute(query, values).fetchall()

    def _row(self, body: str) -> Row:
        try:
            return row_from_json(body)
        except (ValueError, KeyError, TypeError) as error:
            raise JournalDamaged(f"{self._path}: {error}") from error


class SqliteRun:
    """`JournalRun`: the right to append, as long as the lease holds."""

    def __init__(self, journal: SqliteJournal, lease: Lease, number: int) -> None:
        self._journal = journal
        self._lease = lease
        self._number = number

    @property
    def number(self) -> int:
        """See `JournalRun.number`."""
        return self._number

    def append(self, reference: str, event: Event, payload: Mapping[str, bytes] | None = None) -> Row:
        """See `JournalRun.append`."""

        def work(connection: sqlite3.Connection) -> Row:
            self._lease.check(connection)
            return self._journal.insert(connection, self._number, reference, event, payload or {})

        return self._journal.write(work)

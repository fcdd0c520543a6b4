"""SQLite behind the sandbox: one connection per thread, WAL, short immediate transactions."""

from __future__ import annotations

import sqlite3
import threading
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_BUSY_SECONDS = 15.0


class _Connection(sqlite3.Connection):
    """Closes itself with its thread, and can be referenced weakly."""

    def __del__(self) -> None:
        self.close()


class Database:
    """A database file that any thread may use."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._local = threading.local()
        self._lock = threading.Lock()
        self._connections: weakref.WeakSet[_Connection] = weakref.WeakSet()
        self._generation = 0

    def apply(self, script: str) -> None:
        """Run a schema script (`CREATE TABLE IF NOT EXISTS …`)."""
        self._connection().executescript(script)

    def read(self, sql: str, *args: object) -> list[sqlite3.Row]:
        """All rows of a query."""
        return list(self._connection().execute(sql, args))

    def read_one(self, sql: str, *args: object) -> sqlite3.Row | None:
        """The first row of a query, or None."""
        row: sqlite3.Row | None = self._connection().execute(sql, args).fetchone()
        return row

    @contextmanager
    def write(self) -> Iterator[sqlite3.Connection]:
        """A write transaction: committed at the end of the block, rolled back by an exception.

        Do not nest it: a second `write()` in the same thread raises sqlite3.OperationalError.
        """
        connection = self._connection()
        connection.execute("BEGIN IMMEDIATE")
        try:
            yield connection
        except BaseException:
            connection.rollback()
            raise
        connection.commit()

    def wipe(self) -> None:
        """Drop every table, for `reset`; the file and its readers stay."""
        connection = self._connection()
        connection.execute("PRAGMA foreign_keys = OFF")
        try:
            with self.write() as writing:
                for kind in ("view", "trigger", "table"):
                    names = writing.execute(
                        "SELECT name FROM sqlite_master WHERE type = ? AND name NOT LIKE 'sqlite_%'", (kind,)
                    ).fetchall()
                    for row in names:
                        writing.execute(f'DROP {kind} IF EXISTS "{row["name"]}"')
        finally:
            connection.execute("PRAGMA foreign_keys = ON")

    def close(self) -> None:
        """Close the connections of all threads; a later call opens new ones."""
        with self._lock:
            self._generation += 1
            for connection in list(self._connections):
                connection.close()
            self._connections.clear()

    def _connection(self) -> sqlite3.Connection:
        held: tuple[int, _Connection] | None = getattr(self._local, "held", None)
        if held is not None and held[0] == self._generation:
            return held[1]
        connection = sqlite3.connect(
            self.path,
            timeout=_BUSY_SECONDS,
            isolation_level=None,
            check_same_thread=False,
            factory=_Connection,
        )
        connection.row_factory = sqlite3.Row
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute("PRAGMA foreign_keys = ON")
        with self._lock:
            self._connections.add(connection)
            self._local.held = (self._generation, connection)
        return connection

"""Open cloud-signing transactions on disk (smartca.md §1): their ids are secrets, the file is the user's only."""

from __future__ import annotations

import threading
from pathlib import Path

from dvc_cli.journal.database import immediate, open_database, translated

_MIGRATIONS = (
    ("CREATE TABLE signing (number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, payload BLOB NOT NULL) STRICT",),
)


class SqliteTransactions:
    """`TransactionStore` in `transactions.sqlite3`."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._connection = open_database(path, _MIGRATIONS)

    def save(self, transaction_id: str, payload: bytes) -> None:
        """See `TransactionStore.save`."""
        with self._lock, translated(self._path), immediate(self._connection):
            self._connection.execute(
                "INSERT INTO signing (id, payload) VALUES (?, ?) ON CONFLICT (id) DO UPDATE SET payload = excluded.payload",
                (transaction_id, payload),
            )

    def load(self, transaction_id: str) -> bytes | None:
        """See `TransactionStore.load`."""
        with self._lock, translated(self._path):
            found = self._connection.execute("SELECT payload FROM signing WHERE id = ?", (transaction_id,)).fetchone()
        return bytes(found[0]) if found else None

    def open_ids(self) -> list[str]:
        """See `TransactionStore.open_ids`."""
        with self._lock, translated(self._path):
            return [found[0] for found in self._connection.execute("SELECT id FROM signing ORDER BY number")]

    def remove(self, transaction_id: str) -> None:
        """See `TransactionStore.remove`."""
        with self._lock, translated(self._path), immediate(self._connection):
            self._connection.execute("DELETE FROM signing WHERE id = ?", (transaction_id,))

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._connection.close()

"""The sandbox's virtual clock: real time plus an offset that tests may move."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from dvc_sandbox.database import Database

LOCAL = ZoneInfo("Asia/Ho_Chi_Minh")

_SCHEMA = "CREATE TABLE IF NOT EXISTS setting (name TEXT PRIMARY KEY, value TEXT NOT NULL);"
_OFFSET = "clock-offset-us"


class SandboxClock:
    """Tells the sandbox's time; the offset survives a restart (table `setting`)."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._lock = threading.Lock()
        database.apply(_SCHEMA)
        row = database.read_one("SELECT value FROM setting WHERE name = ?", _OFFSET)
        self._offset = timedelta(microseconds=int(row["value"])) if row else timedelta()

    @property
    def offset(self) -> timedelta:
        """How far the clock runs ahead of real time."""
        with self._lock:
            return self._offset

    def now(self) -> datetime:
        """The sandbox's present moment, in UTC."""
        return datetime.now(UTC) + self.offset

    def today(self) -> datetime:
        """The present moment in Vietnam, for dates that people see."""
        return self.now().astimezone(LOCAL)

    def shift(self, delta: timedelta) -> None:
        """Move the clock by `delta` (negative: back)."""
        with self._lock:
            self._store(self._offset + delta)

    def set(self, moment: datetime) -> None:
        """Make it `moment` now; raises ValueError for a moment without a zone."""
        if moment.tzinfo is None:
            raise ValueError("the moment has no time zone")
        with self._lock:
            self._store(moment.astimezone(UTC) - datetime.now(UTC))

    def _store(self, offset: timedelta) -> None:
        # A year outside 1..9999 would break every later `now()`, so it is tried before it is kept.
        _ = datetime.now(UTC) + offset
        microseconds = offset // timedelta(microseconds=1)
        with self._database.write() as connection:
            connection.execute(
                "INSERT INTO setting (name, value) VALUES (?, ?) "
                "ON CONFLICT (name) DO UPDATE SET value = excluded.value",
                (_OFFSET, str(microseconds)),
            )
        self._offset = offset

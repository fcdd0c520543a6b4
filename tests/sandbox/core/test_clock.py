"""The virtual clock and the database it lives in."""

from __future__ import annotations

import sqlite3
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from dvc_sandbox.clock import SandboxClock
from dvc_sandbox.database import Database

SECOND = timedelta(seconds=1)


def test_the_clock_follows_real_time_until_it_is_moved(tmp_path: Path) -> None:
    clock = SandboxClock(Database(tmp_path / "a.sqlite3"))
    assert abs(clock.now() - datetime.now(UTC)) < SECOND
    clock.shift(timedelta(days=40))
    clock.shift(timedelta(hours=-1))
    assert abs(clock.now() - datetime.now(UTC) - timedelta(days=40, hours=-1)) < SECOND
    assert clock.today().utcoffset() == timedelta(hours=7)


def test_the_shift_survives_a_restart(tmp_path: Path) -> None:
    moment = datetime(2031, 2, 28, 17, 30, tzinfo=UTC)
    SandboxClock(Database(tmp_path / "a.sqlite3")).set(moment)
    assert abs(SandboxClock(Database(tmp_path / "a.sqlite3")).now() - moment) < SECOND


def test_a_moment_that_cannot_be_told_is_refused(tmp_path: Path) -> None:
    clock = SandboxClock(Database(tmp_path / "a.sqlite3"))
    with pytest.raises(ValueError, match="time zone"):
        clock.set(datetime(2031, 1, 1))
    with pytest.raises(OverflowError):
        clock.shift(timedelta(days=365 * 9000))
    assert abs(clock.now() - datetime.now(UTC)) < SECOND


def test_a_failed_write_leaves_nothing(tmp_path: Path) -> None:
    database = Database(tmp_path / "a.sqlite3")
    database.apply("CREATE TABLE t (n INTEGER PRIMARY KEY)")
    with pytest.raises(sqlite3.IntegrityError), database.write() as connection:
        connection.executemany("INSERT INTO t VALUES (?)", [(1,), (1,)])
    assert database.read("SELECT * FROM t") == []


def test_writers_in_many_threads_lose_nothing(tmp_path: Path) -> None:
    database = Database(tmp_path / "a.sqlite3")
    database.apply("CREATE TABLE t (n INTEGER); INSERT INTO t VALUES (0);")

    def count_up() -> None:
        for _ in range(25):
            with database.write() as connection:
                (value,) = connection.execute("SELECT n FROM t").fetchone()
                connection.execute("UPDATE t SET n = ?", (value + 1,))

    threads = [threading.Thread(target=count_up) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    row = database.read_one("SELECT n FROM t")
    assert row is not None
    assert row["n"] == 200


def test_wiping_drops_tables_that_refer_to_each_other(tmp_path: Path) -> None:
    database = Database(tmp_path / "a.sqlite3")
    script = """
    CREATE TABLE IF NOT EXISTS parent (id INTEGER PRIMARY KEY AUTOINCREMENT);
    CREATE TABLE IF NOT EXISTS child (parent INTEGER NOT NULL REFERENCES parent(id));
    CREATE VIEW IF NOT EXISTS both AS SELECT * FROM child;
    """
    database.apply(script)
    with database.write() as connection:
        connection.execute("INSERT INTO parent VALUES (7)")
        connection.execute("INSERT INTO child VALUES (7)")
    database.wipe()
    database.apply(script)
    assert database.read("SELECT * FROM both") == []
    with pytest.raises(sqlite3.IntegrityError), database.write() as connection:
        connection.execute("INSERT INTO child VALUES (7)")


def test_closing_reaches_the_connections_of_other_threads(tmp_path: Path) -> None:
    database = Database(tmp_path / "a.sqlite3")
    database.apply("CREATE TABLE t (n)")
    thread = threading.Thread(target=lambda: database.read("SELECT * FROM t"))
    thread.start()
    thread.join()
    database.close()
    assert not (tmp_path / "a.sqlite3-wal").exists()
    assert database.read("SELECT * FROM t") == []

"""SQLite as a durable store: private files, WAL with full fsync, forward migrations, and its errors as ours."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from dvc_cli.errors import StorageProblem
from dvc_cli.files import make_private_folder
from dvc_cli.i18n import _
from dvc_cli.journal.base import JournalBusy, JournalDamaged, JournalFull, JournalTooNew, JournalUnwritable

_BUSY_SECONDS = 10.0
_DAMAGED = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}
_BUSY = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}


def stamp(moment: datetime) -> str:
    """A moment as it is stored: UTC, RFC 3339, microseconds."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds")


def open_database(path: Path, migrations: Sequence[Sequence[str]]) -> sqlite3.Connection:
    """Open (or create, 0600) a database and bring it to the newest version.

    Args:
        path: the file; its folder is made 0700 when missing.
        migrations: one list of statements for each version after 0.

    Raises:
        JournalTooNew: a newer program wrote it. JournalDamaged, JournalUnwritable, JournalFull, JournalBusy.
    """
    make_private_folder(path.parent)
    with translated(path):
        _create_private(path)
        connection = sqlite3.connect(path, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False)
        try:
            _configure(connection)
            _migrate(connection, path, migrations)
        except BaseException:
            connection.close()
            raise
    return connection


def _create_private(path: Path) -> None:
    """Make the empty file with its mode first: SQLite gives its WAL files the mode of the database."""
    try:
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0), 0o600))
    except OSError as error:
        raise JournalUnwritable(
            _("`{path}` cannot be opened: {reason}").format(path=path, reason=error.strerror or error),
            hint=_check_disk(),
        ) from error


def _configure(connection: sqlite3.Connection) -> None:
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA fullfsync = ON")  # macOS: a plain fsync stops at the drive's cache
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("PRAGMA secure_delete = ON")  # purged personal data must be gone from the file


def _migrate(connection: sqlite3.Connection, path: Path, migrations: Sequence[Sequence[str]]) -> None:
    if _version(connection) == len(migrations):
        return
    with immediate(connection):
        version = _version(connection)  # another process may have migrated while we waited
        if version > len(migrations):
            raise JournalTooNew(
                _("`{path}` was written by a newer version of dvc-cli").format(path=path),
                hint=_("Update dvc-cli, then run the command again"),
            )
        for statements in migrations[version:]:
            for statement in statements:
                connection.execute(statement)
        connection.execute(f"PRAGMA user_version = {len(migrations)}")


def _version(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


@contextmanager
def immediate(connection: sqlite3.Connection) -> Iterator[None]:
    """One write transaction; rolled back when the block fails."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


@contextmanager
def translated(path: Path) -> Iterator[None]:
    """Turn SQLite's errors into ours, by code."""
    try:
        yield
    except sqlite3.Error as error:
        raise storage_error(error, path) from error


def storage_error(error: sqlite3.Error, path: Path) -> StorageProblem:
    """What an error of SQLite means for the user."""
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if code == sqlite3.SQLITE_FULL:
        return JournalFull(
            _("No space left to write `{path}`; nothing more was sent").format(path=path),
            hint=_("Free some space on the disk, then run the same command again"),
        )
    if code in _DAMAGED:
        return JournalDamaged(
            _("`{path}` is damaged").format(path=path),
            hint=_(
                "Keep the file, restore it from a backup and check the portal's own list before sending anything again"
            ),
        )
    if code in _BUSY:
        return JournalBusy(
            _("Another program holds `{path}`").format(path=path), hint=_("Wait until it has ended, then try again")
        )
    return JournalUnwritable(
        _("`{path}` cannot be written: {reason}").format(path=path, reason=error), hint=_check_disk()
    )


def _check_disk() -> str:
    return _("Check that the disk is not full or read-only and that you may write there")

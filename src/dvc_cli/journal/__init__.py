"""Append-only memory of what was sent, tries of secrets and open signing transactions; all in the user's state folder."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from dvc_cli.journal.base import Journal, JournalRun

if TYPE_CHECKING:
    from dvc_cli.model.ports import AttemptLedger, Clock, PreparedStore, TransactionStore

__all__ = ["Journal", "JournalRun", "open_journal", "open_ledger", "open_prepared", "open_transactions"]


def open_journal(folder: Path, *, profile: str, clock: Clock) -> Journal:
    """Open `folder/<profile>/journal.sqlite3`, made when missing.

    Raises:
        UnsuitableFolder: a network or synchronised disk.
        JournalTooNew, JournalDamaged, JournalUnwritable, JournalFull, JournalBusy.
    """
    from dvc_cli.journal.folders import require_local
    from dvc_cli.journal.store import SqliteJournal
    from dvc_cli.model.file_names import inside

    require_local(folder)
    return SqliteJournal(inside(folder, profile) / "journal.sqlite3", clock)


def open_ledger(folder: Path, clock: Clock) -> AttemptLedger:
    """Open `folder/guard.sqlite3`, shared by all profiles. Errors as `open_journal`."""
    from dvc_cli.journal.folders import require_local
    from dvc_cli.journal.ledger import SqliteLedger

    require_local(folder)
    return SqliteLedger(folder / "guard.sqlite3", clock)


def open_transactions(folder: Path) -> TransactionStore:
    """Open `folder/transactions.sqlite3`. Errors as `open_journal`."""
    from dvc_cli.journal.folders import require_local
    from dvc_cli.journal.transactions import SqliteTransactions

    require_local(folder)
    return SqliteTransactions(folder / "transactions.sqlite3")


def open_prepared(folder: Path) -> PreparedStore:
    """The documents below `folder/signing` that wait for a cloud signature. Errors as `open_journal`."""
    from dvc_cli.journal.folders import require_local
    from dvc_cli.journal.prepared import PreparedFolder

    require_local(folder)
    return PreparedFolder(folder / "signing")

"""The Journal protocol: append-only memory of what was sent, and the errors of every implementation (submission.md §5)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Protocol

from dvc_cli.errors import AnotherRun, ConfigurationProblem, ExitCode, StorageProblem
from dvc_cli.model.events import Event
from dvc_cli.model.submission import Row, State


class RunInProgress(AnotherRun):
    """Another run files dossiers for the same profile and account."""

    slug = "run-in-progress"


class LeaseLost(AnotherRun):
    """Another run has taken over this account; nothing more may be sent by this one."""

    slug = "lease-lost"


class JournalFull(StorageProblem):
    """The disk is full, so nothing may be sent: what is not journalled is not done."""

    slug = "journal-full"


class JournalUnwritable(StorageProblem):
    """The journal cannot be written (read-only disk, permission, input/output error)."""

    slug = "journal-unwritable"


class JournalDamaged(StorageProblem):
    """The journal is not a database any more, or its chain does not verify."""

    slug = "journal-damaged"


class JournalBusy(StorageProblem):
    """Another process has held the journal's database for too long."""

    slug = "journal-busy"
    retryable = True


class JournalTooNew(StorageProblem):
    """The journal was written by a newer version of this program."""

    slug = "journal-too-new"


class UnsuitableFolder(ConfigurationProblem):
    """The state folder lies on a network or synchronised disk, where locks and fsync cannot be trusted."""

    slug = "unsuitable-state-folder"


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalEntry:
    """An event as it was stored."""

    reference: str
    number: int
    run: int
    at: datetime
    event: Event


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalRow:
    """A row with the times of its first and last event."""

    row: Row
    planned_at: datetime
    changed_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalAudit:
    """What an audit of the chains found (I11). `problems` are in the user's language; none: all is well."""

    schema: ClassVar[str] = "dvc.submission.audit/1"
    rows: int
    events: int
    runs: int
    states: Mapping[str, int]
    problems: tuple[str, ...]

    @property
    def exit_code(self) -> ExitCode:
        """14 when the chain is broken."""
        return ExitCode.STORAGE if self.problems else ExitCode.DONE


class JournalRun(Protocol):
    """The one writer for a (profile, account): exists only while the lock is held (R3)."""

    @property
    def number(self) -> int:
        """The run's number in the journal."""

    def append(self, reference: str, event: Event, payload: Mapping[str, bytes] | None = None) -> Row:
        """Store an event and the row it leads to in one transaction (R6); returns after fsync.

        Args:
            reference: the row.
            event: what happens next.
            payload: personal data that belongs to it, by name; replaces earlier data of that name; only its hash is chained.

        Raises:
            IllegalTransition: the event cannot happen now.
            LeaseLost: another run has taken over.
            JournalFull, JournalUnwritable, JournalDamaged, JournalBusy.
        """


class Journal(Protocol):
    """Durable memory of one profile's submissions."""

    def run(self, account: str, plan_sha256: str) -> AbstractContextManager[JournalRun]:
        """Take the lock of `account`, write a chained run header; released at the end, or by the system when the process dies.

        Raises:
            RunInProgress: another process holds it (exit code 11), at once.
        """

    def row(self, reference: str) -> Row | None:
        """The row as it stands."""

    def rows(self, *states: State) -> Iterator[JournalRow]:
        """All rows, or those in `states`, oldest first."""

    def by_code(self, code: str) -> Row | None:
        """The row with this dossier code."""

    def entries(self, reference: str) -> Iterator[JournalEntry]:
        """A row's events in order."""

    def payload(self, reference: str, name: str) -> bytes | None:
        """Personal data of a row; None when there is none or it was purged."""

    def purge(self, reference: str) -> None:
        """Delete a row's personal data; its events stay and still verify."""

    def audit(self) -> JournalAudit:
        """Verify every chain and that each state is the fold of its events (I11)."""

    def close(self) -> None:
        """Finish what is queued and close."""

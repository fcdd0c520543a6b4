"""What services need from the outside world, as protocols; `context` hands in the real ones."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from pathlib import Path
from typing import Protocol

from dvc_cli.model.secret import Secret


class Clock(Protocol):
    """Wall clock for records, monotonic clock for waits (submission.md R8)."""

    def now(self) -> datetime:
        """The time now, in UTC."""

    def monotonic(self) -> float:
        """Seconds from an arbitrary start; never goes back."""

    def sleep(self, seconds: float) -> None:
        """Wait; may end early only by an exception (Ctrl-C)."""


class Task(Protocol):
    """One running piece of work on the progress display."""

    def advance(self, amount: float = 1) -> None:
        """So much more is done."""

    def update(self, text: str) -> None:
        """Change the text of the running task (file name, count-down)."""


class Progress(Protocol):
    """Talk on stderr about what is going on; silent when not wanted."""

    def task(self, text: str, total: float | None = None) -> AbstractContextManager[Task]:
        """A piece of work with `total` units (None: unknown), shown until the context ends."""

    def say(self, text: str) -> None:
        """One line that stays (a step that is done, a note)."""

    def warn(self, text: str) -> None:
        """One line that stays and must be noticed."""


class Prompter(Protocol):
    """Questions to a person. Every question names the option (`flag`) that answers it without one.

    Each method raises `UsageProblem`-like errors of `output.prompt` when no person can be asked (no terminal, `--no-input`).
    """

    @property
    def can_ask(self) -> bool:
        """Whether a person is there to answer."""

    def text(self, question: str, *, flag: str, default: str | None = None) -> str:
        """A line of text."""

    def secret(self, question: str, *, flag: str) -> Secret:
        """A line that is not echoed."""

    def confirm(self, question: str, *, flag: str, default: bool = False) -> bool:
        """Yes or no."""

    def choose(self, question: str, choices: Sequence[str], *, flag: str) -> int:
        """The index of one of `choices`."""

    def show_image(self, png: bytes, *, caption: str) -> str | None:
        """Draw a picture in the terminal if it can, else save and open it; returns the path when it was saved."""


class Attempt(Protocol):
    """What is remembered about tries of one secret."""

    @property
    def wrong_in_a_row(self) -> int:
        """Wrong tries since the last right one."""

    @property
    def last_wrong_at(self) -> datetime | None:
        """When the last wrong try was made."""

    @property
    def confirmed(self) -> bool:
        """Whether a person has allowed another try since the last wrong one (`AttemptLedger.confirm`); `begin` uses it up."""


class AttemptLedger(Protocol):
    """Durable memory of PIN and password tries, per token serial or account@host (tokens.md §2, security.md).

    `subject` is `"pin:<token serial>"` or `"password:<account>@<host>"`; it is stored hashed. The fingerprint of a wrong
    secret is never stored.
    """

    def attempt(self, subject: str) -> Attempt:
        """What is known about `subject`."""

    def begin(self, subject: str) -> None:
        """Count a try as wrong BEFORE it is made, durably, so that a crash cannot hide it."""

    def succeeded(self, subject: str) -> None:
        """The try was right: forget the wrong ones."""

    def not_tried(self, subject: str) -> None:
        """The try begun was not made after all (captcha wrong, network down): take it back."""

    def confirm(self, subject: str) -> None:
        """A person has confirmed that another try may be made after a wrong one."""


class TransactionStore(Protocol):
    """Durable store of open cloud-signing transactions (smartca.md §1): written before the request is sent."""

    def save(self, transaction_id: str, payload: bytes) -> None:
        """Insert or replace; returns after fsync. `payload` holds no password."""

    def load(self, transaction_id: str) -> bytes | None:
        """The payload, or None."""

    def open_ids(self) -> list[str]:
        """Transactions not yet removed, oldest first."""

    def remove(self, transaction_id: str) -> None:
        """The transaction is in a terminal state and its results are stored."""


class PreparedStore(Protocol):
    """Durable folder of documents that were prepared for a cloud signature, byte-identical until it is made (smartca.md §1).

    A batch belongs to one process at a time; what a dead one held is free again. Files are readable by the user only.
    """

    def begin(self) -> str:
        """A new batch with an empty folder, claimed; its id."""

    def path(self, batch: str, name: str) -> Path:
        """Where a file of the batch lies or shall lie."""

    def commit(self, batch: str, record: bytes) -> None:
        """All files of the batch are stored; durable when this returns. `record` holds no secret."""

    def batches(self) -> list[tuple[str, bytes | None]]:
        """Batches that no other process holds, oldest first, now claimed; None: never committed."""

    def claim(self, batch: str) -> bool:
        """Take the batch; False when another process holds it."""

    def remove(self, batch: str) -> None:
        """The batch is over: delete its files."""

    def release(self, batch: str) -> None:
        """Let other processes claim the batch, and keep its files."""

"""One dossier's way to the portal: states, events and the fold that turns events into a state (contracts/submission.md §4).

Pure: no clock, no files, no network. The journal stores events; `services.file_dossier` executes them; bulk schedules them.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import Enum
from typing import assert_never
from urllib.parse import urlsplit

from dvc_cli.errors import ExitCode
from dvc_cli.model.events import (
    Adopted,
    Amended,
    Checked,
    CommitIntended,
    CommitNotSent,
    CommitRefused,
    CommitRepeated,
    Committed,
    CommitUnanswered,
    Completing,
    Event,
    FileSigned,
    FoundInvalid,
    FrozenFile,
    LookedUp,
    Opened,
    Opening,
    Planned,
    PreparationFailed,
    Prepared,
    Ready,
    ReceiptSaved,
    Removing,
    Resolved,
    Retried,
    SettlingStarted,
    Signed,
    SigningFailed,
    Skipped,
    Staged,
    Uploaded,
    Uploading,
    WizardLost,
)
from dvc_cli.model.secret import Secret


class State(Enum):
    """Where a row stands (contracts/submission.md §4)."""

    PLANNED = "planned"
    VALID = "valid"
    INVALID = "invalid"
    SKIPPED = "skipped"
    PREPARED = "prepared"
    PREP_FAIL = "prep-fail"
    SIGNED = "signed"
    SIGN_FAIL = "sign-fail"
    OPENED = "opened"
    STAGED = "staged"
    READY = "ready"
    COMMIT_INTENT = "commit-intent"
    UNKNOWN = "unknown"
    SETTLING = "settling"
    CONFLICT = "conflict"
    REJECTED = "rejected"
    SUBMITTED = "submitted"
    CONFIRMED = "confirmed"


class Outcome(Enum):
    """What came of a mutating request (contracts/submission.md §3)."""

    NOT_SENT = "not-sent"
    THROTTLED = "throttled"
    REFUSED = "refused"
    AUTH = "auth"
    OK = "ok"
    UNKNOWN = "unknown"


#: The wizard at the portal exists only in these states; it does not survive a restart (volatile session).
IN_WIZARD = frozenset({State.OPENED, State.STAGED, State.READY})
#: Nothing has been sent that could have created a dossier, or it is settled that it did not.
BEFORE_COMMIT = frozenset(
    {State.PLANNED, State.VALID, State.INVALID, State.SKIPPED, State.PREPARED, State.PREP_FAIL}
    | {State.SIGNED, State.SIGN_FAIL, *IN_WIZARD}
)
#: A commit was begun and what came of it is not known.
AMBIGUOUS = frozenset({State.COMMIT_INTENT, State.UNKNOWN, State.SETTLING, State.CONFLICT})
#: The portal has the dossier.
FILED = frozenset({State.SUBMITTED, State.CONFIRMED})
#: What a row may end a run with (I2).
FINAL = frozenset(
    {State.CONFIRMED, State.REJECTED, State.INVALID, State.SKIPPED, State.PREP_FAIL, State.SIGN_FAIL}
    | {State.UNKNOWN, State.CONFLICT}
)


class IllegalTransition(Exception):
    """The event cannot happen in this state; nothing was changed."""

    def __init__(self, state: State | None, event: Event) -> None:
        super().__init__(f"{type(event).__name__} in {state.value if state else 'no row'}")
        self.state, self.event = state, event


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """The fold of a row's events: one planned dossier. Holds ids, numbers and hashes, no personal data.

    `attempt` counts commits that may have had an effect; one known not to have left is not counted.
    """

    reference: str
    state: State
    plan_sha256: str
    round: int = 0
    attempt: int = 0
    files: tuple[FrozenFile, ...] = ()
    signed: tuple[FileSigned, ...] = ()
    stored: tuple[Uploaded, ...] = ()
    sid: str = ""
    orphans: tuple[str, ...] = ()
    token_sha256: str = ""
    settle_seconds: float | None = None
    codes: tuple[str, ...] = ()
    receipt: str = ""
    receipt_sha256: str = ""
    reason: str = ""

    @property
    def code(self) -> str:
        """The dossier's code at the portal, empty while there is none (or several: CONFLICT)."""
        return self.codes[0] if len(self.codes) == 1 else ""

    def signatures_of(self, slot: str) -> tuple[FileSigned, ...]:
        """Signatures made on a file, in order."""
        return tuple(item for item in self.signed if item.slot == slot)

    def stored_at(self, slot: str) -> Uploaded | None:
        """What the portal last stored for a file."""
        found = [item for item in self.stored if item.slot == slot]
        return found[-1] if found else None

    def final_sha256(self, file: FrozenFile) -> str:
        """Hash of the bytes the dossier must hold for `file`: the last signature's, else the prepared ones."""
        signatures = self.signatures_of(file.slot)
        return signatures[-1].sha256 if signatures else file.sha256

    @property
    def is_signed(self) -> bool:
        """Whether every signature asked for is there."""
        return all(len(self.signatures_of(file.slot)) >= file.signatures for file in self.files)

    @property
    def is_uploaded(self) -> bool:
        """Whether the portal has stored the final bytes of every file."""
        return all(self._has_final(file) for file in self.files)

    def _has_final(self, file: FrozenFile) -> bool:
        stored = self.stored_at(file.slot)
        return stored is not None and stored.sha256 == self.final_sha256(file)


def apply(row: Row | None, event: Event, reference: str = "") -> Row:
    """The row after `event`. `row` is None before the first one, which must be `Planned`.

    Raises:
        IllegalTransition: the state machine has no such arrow, or its condition does not hold.
    """
    if row is None:
        if not isinstance(event, Planned):
            raise IllegalTransition(None, event)
        return Row(reference=reference, state=State.PLANNED, plan_sha256=event.plan_sha256, round=event.round)
    target = _target(row, event)
    if target is None:
        raise IllegalTransition(row.state, event)
    return replace(_changed(row, event), state=target)


def fold(reference: str, events: Iterable[Event]) -> Row | None:
    """The row that `events` lead to; None without events (I11)."""
    row: Row | None = None
    for event in events:
        row = apply(row, event, reference)
    return row


_ARROWS: Mapping[type, Mapping[State, State]] = {
    Checked: {State.PLANNED: State.VALID},
    FoundInvalid: {State.PLANNED: State.INVALID, State.VALID: State.INVALID},
    Skipped: {State.PLANNED: State.SKIPPED, State.VALID: State.SKIPPED},
    Prepared: {State.VALID: State.PREPARED},
    PreparationFailed: {State.VALID: State.PREP_FAIL},
    FileSigned: {State.PREPARED: State.PREPARED},
    Signed: {State.PREPARED: State.SIGNED},
    SigningFailed: {State.PREPARED: State.SIGN_FAIL},
    Retried: {State.PREP_FAIL: State.VALID, State.SIGN_FAIL: State.PREPARED},
    Opening: {State.SIGNED: State.SIGNED},
    Opened: {State.SIGNED: State.OPENED},
    Uploading: {State.OPENED: State.OPENED},
    Uploaded: {State.OPENED: State.OPENED},
    Removing: {State.OPENED: State.OPENED},
    Staged: {State.OPENED: State.STAGED},
    Completing: {State.STAGED: State.STAGED, State.READY: State.READY},
    Ready: {State.STAGED: State.READY, State.READY: State.READY},
    WizardLost: dict.fromkeys((State.SIGNED, *IN_WIZARD), State.SIGNED),
    CommitIntended: {State.READY: State.COMMIT_INTENT},
    CommitRepeated: {State.COMMIT_INTENT: State.COMMIT_INTENT},
    CommitNotSent: {State.COMMIT_INTENT: State.READY},
    CommitRefused: {State.COMMIT_INTENT: State.REJECTED},
    Committed: {State.COMMIT_INTENT: State.SUBMITTED},
    CommitUnanswered: {State.COMMIT_INTENT: State.UNKNOWN},
    SettlingStarted: {State.UNKNOWN: State.SETTLING, State.SETTLING: State.SETTLING},
    Adopted: dict.fromkeys(BEFORE_COMMIT, State.SUBMITTED),
    ReceiptSaved: {State.SUBMITTED: State.CONFIRMED, State.CONFIRMED: State.CONFIRMED},
    Amended: dict.fromkeys((*BEFORE_COMMIT, State.REJECTED), State.PLANNED),
}


def _target(row: Row, event: Event) -> State | None:
    if isinstance(event, LookedUp):
        return _after_look_up(row, event)
    if isinstance(event, Resolved):
        return _after_decision(row, event)
    target = _ARROWS.get(type(event), {}).get(row.state)
    return target if _holds(row, event) else None


def _holds(row: Row, event: Event) -> bool:
    """Conditions beyond the state: what the event claims must follow from the events before it."""
    match event:
        case Signed():
            return row.is_signed
        case FileSigned(slot=slot, step=step):
            return step == len(row.signatures_of(slot)) and any(
                file.slot == slot and step < file.signatures for file in row.files
            )
        case Uploading(slot=slot) | Uploaded(slot=slot):
            return any(file.slot == slot for file in row.files)
        case Staged():
            return row.is_uploaded
        case CommitIntended(attempt=attempt):
            # A settled look-up clears the token: the next attempt needs a fresh `Ready`.
            return attempt == row.attempt + 1 and bool(row.token_sha256)
        case _:
            return True


def _after_look_up(row: Row, event: LookedUp) -> State | None:
    """The settle wait carries the guarantee: "none found" counts only when the look-up began after it."""
    if row.state not in (State.UNKNOWN, State.SETTLING):
        return None
    if len(event.codes) > 1:
        return State.CONFLICT
    if event.codes:
        return State.SUBMITTED
    if not event.settled:
        return row.state
    return State.READY if row.state is State.SETTLING and row.settle_seconds is not None else None


def _after_decision(row: Row, event: Resolved) -> State | None:
    """A person has looked at the portal (R9)."""
    if row.state not in (State.UNKNOWN, State.SETTLING, State.CONFLICT):
        return None
    return State.SUBMITTED if event.code else State.READY


def _changed(row: Row, event: Event) -> Row:
    match event:
        case Prepared(files=files):
            return replace(row, files=files, signed=(), stored=(), reason="")
        case FileSigned():
            return replace(row, signed=(*row.signed, event))
        case Opened(sid=sid):
            return replace(row, sid=sid, stored=(), token_sha256="")
        case Uploaded():
            kept = tuple(item for item in row.stored if item.slot != event.slot)
            return replace(row, stored=(*kept, event))
        case Removing(id=removed):
            return replace(row, stored=tuple(item for item in row.stored if item.id != removed))
        case WizardLost(reason=reason):
            orphans = (*row.orphans, row.sid) if row.sid else row.orphans
            return replace(row, sid="", stored=(), token_sha256="", orphans=orphans, reason=reason)
        case Amended(plan_sha256=plan):
            return _amended(row, plan)
        case _:
            return _changed_by_commit(row, event)


def _changed_by_commit(row: Row, event: Event) -> Row:
    match event:
        case Ready(token_sha256=token):
            return replace(row, token_sha256=token)
        case CommitIntended(attempt=attempt):
            return replace(row, attempt=attempt, reason="")
        case CommitNotSent(reason=reason):
            return replace(row, attempt=row.attempt - 1, reason=reason)
        case Committed(code=code) | Adopted(code=code):
            return replace(row, codes=(code,), settle_seconds=None, reason="")
        case SettlingStarted(seconds=seconds):
            return replace(row, settle_seconds=seconds)
        case LookedUp(codes=codes):
            cleared = row if codes or not event.settled else replace(row, token_sha256="", settle_seconds=None)
            return replace(cleared, codes=codes)
        case Resolved(code=code):
            return replace(row, codes=(code,) if code else (), token_sha256="", settle_seconds=None)
        case ReceiptSaved(name=name, sha256=sha256):
            return replace(row, receipt=name, receipt_sha256=sha256)
        case FoundInvalid() | Skipped() | PreparationFailed() | SigningFailed() | CommitRefused() | CommitUnanswered():
            return replace(row, reason=event.reason)
        case Retried() | Signed() | Checked() | Staged() | Opening() | Uploading() | Completing() | CommitRepeated():
            return row
        case Planned() | Prepared() | FileSigned() | Opened() | Uploaded() | Removing() | WizardLost() | Amended():
            return row
        case _:
            assert_never(event)


def _amended(row: Row, plan: str) -> Row:
    orphans = (*row.orphans, row.sid) if row.sid else row.orphans
    return Row(
        reference=row.reference,
        state=row.state,
        plan_sha256=plan,
        round=row.round,
        attempt=row.attempt,
        orphans=orphans,
    )


def exit_code_of(states: Iterable[State]) -> ExitCode:
    """The status of a run from its rows' states alone (I12): unknown before rejected before done."""
    seen = set(states)
    if seen & {State.UNKNOWN, State.CONFLICT, State.SETTLING, State.COMMIT_INTENT}:
        return ExitCode.OUTCOME_UNKNOWN
    if seen & {State.REJECTED, State.PREP_FAIL, State.SIGN_FAIL, State.INVALID}:
        return ExitCode.FAILED
    return ExitCode.DONE if seen <= {State.CONFIRMED, State.SKIPPED} else ExitCode.TEMPORARY


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """What a dossier is about, for duplicate protection: who files which case where, for which period, which time."""

    portal: str
    account: str
    procedure: str
    key: str
    period: str = ""
    round: int = 0


def client_reference(secret: Secret, case: Case) -> str:
    """`DVC-` and 16 base32 characters of HMAC-SHA-256 over the case (contracts/submission.md §2).

    The same on every machine that shares the profile's `reference_key`. Texts are compared in NFC without outer spaces.
    """
    parts = [portal_identity(case.portal), case.account, case.procedure, case.key, case.period, str(case.round)]
    message = json.dumps([unicodedata.normalize("NFC", part).strip() for part in parts], ensure_ascii=False)
    digest = hmac.new(secret.reveal().encode(), message.encode(), hashlib.sha256).digest()
    return "DVC-" + base64.b32encode(digest[:10]).decode("ascii")


def portal_identity(url: str) -> str:
    """What names a portal in a reference: host and port; of a sandbox on this machine only that it is one (its port changes)."""
    parts = urlsplit(url)
    host = (parts.hostname or "").casefold()
    if host in ("localhost", "::1") or host.startswith("127."):
        return "loopback"
    return f"{host}:{parts.port}" if parts.port else host

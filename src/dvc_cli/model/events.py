"""Events of a row's journal: ids, states, numbers and hashes only, so that they can be kept when personal data goes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class FrozenFile:
    """A file that will be uploaded. `slot` names it in the dossier: component code, `/`, number of the file from 0.

    `signatures` is how many it must carry before it is filed; `size` in bytes.
    """

    slot: str
    sha256: str
    size: int
    signatures: int = 0

    @property
    def component(self) -> str:
        """The portal's name of the component it belongs to."""
        return self.slot.rpartition("/")[0]


@dataclass(frozen=True, slots=True)
class Planned:
    """The row was planned; the journal is bound to the plan's hash (R4)."""

    plan_sha256: str
    round: int = 0


@dataclass(frozen=True, slots=True)
class Checked:
    """The offline rules hold."""


@dataclass(frozen=True, slots=True)
class FoundInvalid:
    """The offline rules do not hold."""

    reason: str


@dataclass(frozen=True, slots=True)
class Skipped:
    """A person left the row out."""

    reason: str


@dataclass(frozen=True, slots=True)
class Prepared:
    """Conversion is done; the hashes of all files are frozen."""

    files: tuple[FrozenFile, ...]


@dataclass(frozen=True, slots=True)
class PreparationFailed:
    """A file could not be converted."""

    reason: str


@dataclass(frozen=True, slots=True)
class FileSigned:
    """Signature number `step` (from 0) of a file is stored on disk; it is never made again (I8)."""

    slot: str
    step: int
    sha256: str
    size: int
    certificate: str = ""
    way: str = ""


@dataclass(frozen=True, slots=True)
class Signed:
    """Every signature asked for is there; the bytes are frozen."""


@dataclass(frozen=True, slots=True)
class SigningFailed:
    """A signature was refused."""

    reason: str


@dataclass(frozen=True, slots=True)
class Retried:
    """The failed step is tried again, because the user ran it again."""


@dataclass(frozen=True, slots=True)
class Opening:
    """About to open a wizard at the portal."""


@dataclass(frozen=True, slots=True)
class Opened:
    """The portal has opened a wizard."""

    sid: str


@dataclass(frozen=True, slots=True)
class Uploading:
    """About to send a file: its prepared bytes, or (`signed`) the signed ones."""

    slot: str
    signed: bool = False


@dataclass(frozen=True, slots=True)
class Uploaded:
    """The portal has stored a file; `sha256` is of the bytes it stored."""

    slot: str
    id: str
    stored_name: str
    size: int
    sha256: str
    signed: bool = False


@dataclass(frozen=True, slots=True)
class Removing:
    """About to delete a stored file that is not one of ours or is damaged."""

    id: str


@dataclass(frozen=True, slots=True)
class Staged:
    """Names, sizes and hashes of all components were read back and are right."""


@dataclass(frozen=True, slots=True)
class Completing:
    """About to send the components page and the fees page."""


@dataclass(frozen=True, slots=True)
class Ready:
    """Only the confirmation is missing; its single-use token is journalled (its hash here, itself in the payload)."""

    token_sha256: str


@dataclass(frozen=True, slots=True)
class WizardLost:
    """The wizard is gone (restart, ended session): start it anew. The old one is an orphan (I15)."""

    reason: str


@dataclass(frozen=True, slots=True)
class CommitIntended:
    """About to press the confirmation (R1, I5)."""

    attempt: int


@dataclass(frozen=True, slots=True)
class CommitRepeated:
    """About to press it again with the same token, which burns before or with the commit: the same attempt."""


@dataclass(frozen=True, slots=True)
class CommitNotSent:
    """No byte of it left, or the portal throttled it."""

    reason: str


@dataclass(frozen=True, slots=True)
class CommitRefused:
    """The portal's own check refused the dossier."""

    reason: str


@dataclass(frozen=True, slots=True)
class Committed:
    """The portal answered with a code (R2)."""

    code: str
    url: str = ""


@dataclass(frozen=True, slots=True)
class CommitUnanswered:
    """Whatever else came back, or nothing."""

    reason: str


@dataclass(frozen=True, slots=True)
class SettlingStarted:
    """Waiting until the request can no longer take effect unseen. `until` is for people; waits use the monotonic clock."""

    seconds: float
    until: str


@dataclass(frozen=True, slots=True)
class LookedUp:
    """The account's own list was searched for the reference.

    `settled`: the look-up began after the declared settle bound, so that finding none means that there is none.
    """

    codes: tuple[str, ...]
    settled: bool


@dataclass(frozen=True, slots=True)
class Adopted:
    """The portal already has a dossier with this reference (another machine, a lost journal)."""

    code: str


@dataclass(frozen=True, slots=True)
class ReceiptSaved:
    """The receipt lies on disk, durably (R7)."""

    name: str
    sha256: str


@dataclass(frozen=True, slots=True)
class Resolved:
    """A person's decision on an unknown or conflicting row (R9): the right code, or empty for "was not submitted"."""

    code: str = ""


@dataclass(frozen=True, slots=True)
class Amended:
    """The dossier was changed on purpose before anything was filed (R4)."""

    plan_sha256: str


Event = (
    Planned
    | Checked
    | FoundInvalid
    | Skipped
    | Prepared
    | PreparationFailed
    | FileSigned
    | Signed
    | SigningFailed
    | Retried
    | Opening
    | Opened
    | Uploading
    | Uploaded
    | Removing
    | Staged
    | Completing
    | Ready
    | WizardLost
    | CommitIntended
    | CommitRepeated
    | CommitNotSent
    | CommitRefused
    | Committed
    | CommitUnanswered
    | SettlingStarted
    | LookedUp
    | Adopted
    | ReceiptSaved
    | Resolved
    | Amended
)

_KINDS: Mapping[str, type[Any]] = {kind.__name__: kind for kind in Event.__args__}


def event_to_json(event: Event) -> tuple[str, str]:
    """(kind, canonical JSON of the fields): what the journal stores and hashes."""
    body = json.dumps(asdict(event), ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return type(event).__name__, body


def event_from_json(kind: str, body: str) -> Event:
    """The event that was stored. Raises ValueError for an unknown kind or fields that do not fit."""
    fields = json.loads(body)
    try:
        if kind == "Prepared":
            fields["files"] = tuple(FrozenFile(**file) for file in fields["files"])
        if kind == "LookedUp":
            fields["codes"] = tuple(fields["codes"])
        event: Event = _KINDS[kind](**fields)
    except (KeyError, TypeError) as error:
        raise ValueError(f"{kind}: {error}") from error
    return event

"""What this machine has filed or is filing (journal), beside what the portal lists."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import ClassVar, Protocol, TypeVar

from dvc_cli.i18n import _
from dvc_cli.journal.base import Journal
from dvc_cli.model.dossier import DossierState
from dvc_cli.model.events import FrozenFile
from dvc_cli.model.submission import Row
from dvc_cli.portal.base import NoSuchDossier, OwnDossier, Portal

_LISTED = 1000
_Result = TypeVar("_Result")


@dataclass(frozen=True, slots=True, kw_only=True)
class DossierLine:
    """A dossier, known here, at the portal, or both. `state` is the journal's, empty for one filed elsewhere."""

    code: str
    reference: str = ""
    state: str = ""
    procedure: str = ""
    key: str = ""
    period: str = ""
    status: str = ""
    submitted_at: datetime | None = None
    changed_at: datetime | None = None
    receipt: Path | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DossierList:
    """Result of `dossier list`, newest first. `portal`: whether the portal was asked."""

    schema: ClassVar[str] = "dvc.submission.dossiers/1"
    items: tuple[DossierLine, ...]
    portal: bool
    sandbox: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptFile:
    """A file of a dossier, by the journal; `path` is its final bytes on this computer, while they are kept."""

    component: str
    path: Path | None
    sha256: str
    size: int
    signatures: int
    stored_name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """An event of the journal."""

    at: datetime
    event: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DossierDetails:
    """Result of `dossier show`. `at_portal` is None when the portal was not asked or does not know it."""

    schema: ClassVar[str] = "dvc.submission.dossier/1"
    line: DossierLine
    files: tuple[KeptFile, ...]
    steps: tuple[Step, ...]
    orphans: tuple[str, ...]
    at_portal: DossierState | None
    sandbox: bool = False


class SessionAccess(Protocol):
    """`services.login.Access`: runs a read with a session, logging in when it must."""

    def with_session(self, call: Callable[[], _Result]) -> _Result: ...


@dataclass(frozen=True, slots=True)
class Kept:
    """The folders of a profile's dossiers (as in `file_dossier` and `prepare`)."""

    dossiers: Path
    receipts: Path

    @classmethod
    def of(cls, state: Path, profile: str) -> Kept:
        """By the state folder and the profile's name."""
        return cls(state / profile / "dossiers", state / profile / "receipts")


def portal_list(access: SessionAccess, portal: Portal) -> Callable[[int], Sequence[OwnDossier]]:
    """Reads the account's own list, at most so many."""
    return lambda limit: access.with_session(lambda: portal.own_dossiers(limit=limit))


def portal_state(access: SessionAccess, portal: Portal) -> Callable[[str], DossierState]:
    """Reads one of the account's own dossiers."""
    return lambda code: access.with_session(lambda: portal.dossier(code))


def list_dossiers(
    journal: Journal, kept: Kept, own: Callable[[int], Sequence[OwnDossier]] | None, *, sandbox: bool
) -> DossierList:
    """All dossiers. `own` reads the portal's list (at most so many); None: offline."""
    listed = {one.code: one for one in own(_LISTED)} if own else {}
    lines = []
    for item in journal.rows():
        found = listed.pop(item.row.code, None)
        lines.append(_line(journal, kept, item.row, found, item.changed_at))
    lines += [_foreign(one) for one in listed.values()]
    return DossierList(items=tuple(sorted(lines, key=_age, reverse=True)), portal=own is not None, sandbox=sandbox)


def show_dossier(
    name: str, journal: Journal, kept: Kept, state_of: Callable[[str], DossierState] | None, *, sandbox: bool
) -> DossierDetails:
    """One dossier by its code, its reference or its key (the latest). `state_of` asks the portal; None: offline.

    Raises:
        NoSuchDossier: neither the journal nor the portal knows it.
    """
    row = journal.by_code(name) or journal.row(name) or _by_key(journal, name)
    found = _state(row.code if row else name, state_of)
    if row is None and found is None:
        raise NoSuchDossier(
            _("There is no dossier {name}, neither on this computer nor at the portal").format(name=name),
            hint=_("List them: `dvc-cli dossier list`"),
        )
    if row is None:
        line = DossierLine(code=name, procedure=found.procedure if found else "")
        return DossierDetails(line=line, files=(), steps=(), orphans=(), at_portal=found, sandbox=sandbox)
    entries = list(journal.entries(row.reference))
    stored = {item.slot: item.stored_name for item in row.stored}
    return DossierDetails(
        line=_line(journal, kept, row, None, entries[-1].at if entries else None),
        files=tuple(
            KeptFile(
                component=file.component,
                path=_kept(kept.dossiers / row.reference / row.plan_sha256[:16], number, file, row),
                sha256=row.final_sha256(file),
                size=(row.signatures_of(file.slot) or (file,))[-1].size,
                signatures=len(row.signatures_of(file.slot)),
                stored_name=stored.get(file.slot, ""),
            )
            for number, file in enumerate(row.files, 1)
        ),
        steps=tuple(Step(at=entry.at, event=type(entry.event).__name__) for entry in entries),
        orphans=row.orphans,
        at_portal=found,
        sandbox=sandbox,
    )


def _by_key(journal: Journal, key: str) -> Row | None:
    rows = [item.row for item in journal.rows() if _payload(journal, item.row.reference, "case").get("key") == key]
    return rows[-1] if rows else None


def _kept(folder: Path, number: int, file: FrozenFile, row: Row) -> Path | None:
    """The work file with the final bytes (named as in `prepare.Workplace`)."""
    steps = len(row.signatures_of(file.slot))
    names = [f"{number:02d}.signed-{steps}.pdf"] if steps else [f"{number:02d}.*"]
    found = [path for name in names for path in folder.glob(name) if steps or ".signed-" not in path.name]
    return found[0] if found else None


def _age(line: DossierLine) -> str:
    moment = line.submitted_at or line.changed_at
    return moment.astimezone(UTC).isoformat() if moment else ""


def _state(code: str, state_of: Callable[[str], DossierState] | None) -> DossierState | None:
    if not code or state_of is None:
        return None
    try:
        return state_of(code)
    except NoSuchDossier:
        return None


def _line(journal: Journal, kept: Kept, row: Row, found: OwnDossier | None, changed_at: datetime | None) -> DossierLine:
    case = _payload(journal, row.reference, "case")
    submitted = journal.payload(row.reference, "submitted")
    return DossierLine(
        code=row.code,
        reference=row.reference,
        state=row.state.value,
        procedure=case.get("name", ""),
        key=case.get("key", ""),
        period=case.get("period", ""),
        status=found.status_text if found else "",
        submitted_at=datetime.fromisoformat(submitted.decode()) if submitted else None,
        changed_at=changed_at,
        receipt=kept.receipts / row.receipt if row.receipt else None,
    )


def _foreign(found: OwnDossier) -> DossierLine:
    return DossierLine(
        code=found.code, procedure=found.procedure, status=found.status_text, submitted_at=found.submitted_at
    )


def _payload(journal: Journal, reference: str, name: str) -> Mapping[str, str]:
    stored = journal.payload(reference, name)
    found: Mapping[str, str] = json.loads(stored) if stored else {}
    return found

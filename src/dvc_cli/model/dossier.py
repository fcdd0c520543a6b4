"""The dossier (hồ sơ): who files what, with which papers, signed by whom (design/architecture.md, dossier file)."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from enum import Enum, IntEnum
from pathlib import Path
from typing import ClassVar


class DossierStatus(IntEnum):
    """National statuses (contracts/portal.md §4)."""

    NEW = 1
    ACCEPTED = 2
    NOT_ACCEPTED = 3
    PROCESSING = 4
    SUPPLEMENT = 5
    FEE = 6
    WITHDRAWAL = 7
    STOPPED = 8
    DONE = 9
    RETURNED = 10

    @property
    def is_final(self) -> bool:
        """No further change is expected."""
        return self in (
            DossierStatus.NOT_ACCEPTED,
            DossierStatus.WITHDRAWAL,
            DossierStatus.STOPPED,
            DossierStatus.RETURNED,
        )


class PaperKind(Enum):
    """What kind of paper a component is: original, plain copy, certified electronic copy."""

    ORIGINAL = "original"
    COPY = "copy"
    CERTIFIED_COPY = "certified-copy"


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Applicant (người nộp) or owner (chủ hồ sơ). Texts as the user wrote them, identifiers canonical; empty = not given."""

    full_name: str
    identity_number: str = ""
    identity_type: str = ""
    issued_on: date | None = None
    issued_by: str = ""
    birthday: date | None = None
    gender: str = ""
    ethnicity: str = ""
    phone: str = ""
    fax: str = ""
    email: str = ""
    website: str = ""
    organisation: str = ""
    tax_code: str = ""
    licence_number: str = ""
    province: str = ""
    district: str = ""
    commune: str = ""
    address: str = ""

    def __repr__(self) -> str:
        return f"Person(***{self.identity_number[-3:]})"


@dataclass(frozen=True, slots=True, kw_only=True)
class SignRequest:
    """One signature a component must carry: which named signer, and where the visible signature goes (all optional)."""

    signer: str
    at: str | None = None
    page: str | None = None
    near: str | None = None
    box: str | None = None
    field_name: str | None = None
    preset: str | None = None
    reason: str | None = None
    visible: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Component:
    """A component as given: which row it answers (`row`, `code` or `match`) and its files."""

    files: tuple[Path, ...]
    row: int | None = None
    code: str | None = None
    match: str | None = None
    kind: PaperKind = PaperKind.ORIGINAL
    copies: int = 1
    as_is: bool = False
    sign: tuple[SignRequest, ...] = ()
    from_store: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ExtraPaper:
    """A paper beyond the list (giấy tờ khác); `catch_all` uses the 50 MB field."""

    name: str
    files: tuple[Path, ...]
    catch_all: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Dossier:
    """A dossier file, read and checked for shape; paths are absolute."""

    procedure: str
    applicant: Person
    owner: Person | None = None
    agency: str | None = None
    case: str | None = None
    subject: str = ""
    note: str = ""
    key: str | None = None
    period: str | None = None
    form: dict[str, str] = field(default_factory=dict)
    receive_how: str = "online"
    components: tuple[Component, ...] = ()
    extras: tuple[ExtraPaper, ...] = ()
    source: Path | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusChange:
    """One line of a dossier's history."""

    at: datetime
    status: DossierStatus | None
    status_text: str
    note: str = ""
    by: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DossierState:
    """What the portal says about a dossier. `status` is None for a word we do not know; `status_text` is kept verbatim."""

    schema: ClassVar[str] = "dvc.dossiers.state/1"
    code: str
    procedure: str
    applicant: str
    status: DossierStatus | None
    status_text: str
    submitted_at: datetime | None = None
    appointment: datetime | None = None
    history: tuple[StatusChange, ...] = ()
    papers: tuple[str, ...] = ()
    url: str = ""
    sandbox: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class SubmissionReceipt:
    """What proves the submission: the portal's code and page. NOT the agency's acceptance (Mẫu 01 comes later)."""

    code: str
    submitted_at: datetime
    procedure: str
    applicant: str
    url: str
    file_name: str
    media_type: str
    content: bytes = field(repr=False)
    sandbox: bool = False

"""The Portal protocol: what every dialect can do, with abilities as data (contracts/portal.md, submission.md §2)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Literal, Protocol

from dvc_cli.errors import Blocked, ConfigurationProblem, InvalidInput, LoginNeeded, NotFound, Temporary
from dvc_cli.model.dossier import Dossier, DossierState, SubmissionReceipt
from dvc_cli.model.procedure import FormTemplate, Procedure, ProcedurePage
from dvc_cli.model.secret import Secret


class WrongCaptcha(LoginNeeded):
    """The portal refused the captcha text; costs no password try."""

    slug = "wrong-captcha"


class WrongPassword(LoginNeeded):
    """The portal refused user name or password; never repeated by itself."""

    slug = "wrong-password"


class SessionEnded(LoginNeeded):
    """The portal no longer knows the session."""

    slug = "session-ended"


class NoSuchProcedure(NotFound):
    """The portal has no such procedure."""

    slug = "no-such-procedure"


class NoSuchDossier(NotFound):
    """The portal has no such dossier."""

    slug = "no-such-dossier"


class PortalRefused(InvalidInput):
    """The portal's own check refused what was sent (a listed validation answer: REFUSED)."""

    slug = "portal-refused"


class AccountLocked(Blocked):
    """The portal has locked the account for a while after too many wrong passwords."""

    slug = "account-locked"


class Throttled(Temporary):
    """The portal asks to come back later (429, or a pattern of the dialect); nothing took effect, not even on a commit.

    Args:
        retry_after: seconds the portal asks to wait, None when it does not say.
    """

    slug = "throttled"

    def __init__(self, message: str, *, hint: str | None = None, retry_after: float | None = None) -> None:
        super().__init__(message, hint=hint)
        self.retry_after = retry_after


class UnexpectedPage(Temporary):
    """The portal answered a read with something that the dialect does not know (maintenance, a proxy, a changed page)."""

    slug = "unexpected-page"


class ForeignRedirect(ConfigurationProblem):
    """The portal points to another address; that is never followed."""

    slug = "foreign-redirect"


@dataclass(frozen=True, slots=True, kw_only=True)
class PortalCapabilities:
    """What a dialect can do (submission.md §2)."""

    dialect: str
    sign_mode: Literal["replace", "direct"]
    reserve_code: bool = False
    echo_fields: tuple[str, ...] = ()
    single_use_token: bool = False
    token_burned: Literal["before", "with", "after", "unknown"] = "unknown"  # noqa: S105 - a mode, not a password
    list_own: bool = True
    lookup_by_code: bool = True
    settle_seconds: float | None = None
    component_replaceable: bool = True
    captcha_on_login: bool = True
    commits: bool = True  # False: a dry run, `commit` is refused
    max_component_bytes: int = 20_000_000
    max_extra_bytes: int = 50_000_000
    accepted_types: tuple[str, ...] = ("pdf", "doc", "docx", "jpg", "zip", "rar", "7z")


@dataclass(frozen=True, slots=True, kw_only=True)
class LoginChallenge:
    """A log-in form that was opened: the captcha to show and what must be sent back. `state` is opaque and secret."""

    id: str
    captcha_png: bytes | None = field(repr=False)
    state: dict[str, str] = field(repr=False)
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class PortalSession:
    """A logged-in state that can be kept and used again. `token` holds cookies or bearer tokens as JSON."""

    account: str
    display_name: str
    identity_number: str
    token: Secret
    started_at: datetime
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenedDossier:
    """A wizard that was opened at the portal for one dossier; volatile, but journalled (contract row 7)."""

    sid: str
    procedure: Procedure
    state: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredFile:
    """A file the portal has stored for a component."""

    id: str
    component: str
    stored_name: str
    original_name: str
    size: int
    sha256: str = ""
    signed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadyCommit:
    """Everything filled in; only the confirmation is missing. `token` is the single-use token, journalled before it is sent."""

    sid: str
    token: str
    state: dict[str, str] = field(default_factory=dict)
    summary: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CommitDone:
    """The portal answered with success and a dossier code."""

    code: str
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnDossier:
    """A line of the account's own list, with the echo fields a reference may stand in."""

    code: str
    procedure: str
    status_text: str
    submitted_at: datetime | None
    subject: str = ""
    note: str = ""


class Portal(Protocol):
    """A driver for one portal address. Synchronous; one instance is used by one thread, `clone()` gives another.

    Errors: `SessionEnded` when the log-in page comes back, `net.NotSent` / `net.Unanswered` for the network,
    `PortalRefused` for the portal's validation answers, `Temporary` for 5xx and maintenance on reads. On mutating requests
    everything that is neither success nor a listed refusal raises `net.Unanswered` (class UNKNOWN, submission.md §3);
    `Throttled` (429) means that nothing took effect. `commit` never raises `SessionEnded`: an ended session is UNKNOWN there.

    A component is named by its `ComponentSpec.code`, the n-th free row (`ExtraPaper`, n from 1) by `other-<n>`, the catch-all
    file by `extra`.
    """

    @property
    def capabilities(self) -> PortalCapabilities: ...
    @property
    def base_url(self) -> str: ...
    @property
    def is_sandbox(self) -> bool:
        """Whether the pages say that they are a sandbox's."""

    # sessions
    def begin_login(self, username: str) -> LoginChallenge: ...
    def finish_login(
        self, challenge: LoginChallenge, username: str, password: Secret, captcha: str | None
    ) -> PortalSession: ...
    def use_session(self, session: PortalSession | None) -> None: ...
    def session(self) -> PortalSession | None:
        """The session as it is now (cookies may have changed)."""

    def whoami(self) -> PortalSession: ...
    def logout(self) -> None: ...

    # procedures (no log-in)
    def procedures(
        self, *, query: str = "", agency: str = "", field: str = "", page: int = 1, per_page: int = 50
    ) -> ProcedurePage: ...
    def procedure(self, code: str) -> Procedure:
        """By code (`1.001612`, with or without suffix) or by the portal's own id."""

    def download_form(self, form: FormTemplate) -> tuple[str, bytes]:
        """(safe file name, content)"""

    # filing
    def open_dossier(self, dossier: Dossier, procedure: Procedure) -> OpenedDossier:
        """Open the wizard (agency and case chosen) and fill in the applicant page."""

    def upload(self, opened: OpenedDossier, component: str, file: Path, original_name: str) -> StoredFile: ...
    def replace_signed(self, opened: OpenedDossier, stored: StoredFile, file: Path, way: str) -> StoredFile:
        """Put the signed bytes in the place of `stored` (`sign_mode = replace`); way: "token" | "smartca"."""

    def uploaded(self, opened: OpenedDossier) -> list[StoredFile]: ...
    def read_back(self, opened: OpenedDossier, stored: StoredFile) -> bytes: ...
    def delete_upload(self, opened: OpenedDossier, stored: StoredFile) -> None: ...
    def prepare_commit(self, opened: OpenedDossier, dossier: Dossier, *, subject: str, note: str) -> ReadyCommit:
        """Send the components page and the fees page; stop before the confirmation."""

    def commit(self, ready: ReadyCommit) -> CommitDone:
        """Press the confirmation: creates the dossier. The caller has journalled the intent."""

    def receipt(self, code: str) -> SubmissionReceipt: ...

    # following up
    def own_dossiers(self, *, limit: int = 50, since: datetime | None = None) -> Sequence[OwnDossier]: ...
    def dossier(self, code: str) -> DossierState:
        """An own dossier with its history (needs log-in)."""

    def begin_lookup(self) -> LoginChallenge:
        """The public look-up form with its captcha."""

    def lookup(self, challenge: LoginChallenge, code: str, captcha: str) -> DossierState:
        """The public look-up (no log-in)."""

    def clone(self) -> Portal:
        """Another instance with the same session, for another thread."""

    def close(self) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class PortalAddress:
    """Where a portal is and which dialect it speaks; `data_file` replaces the dialect's own data (names marked P)."""

    url: str
    dialect: str
    data_file: Path | None = None

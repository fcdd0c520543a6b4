"""What the memory portal knows: accounts, procedures, drafts and filed dossiers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from dvc_cli.model.dossier import Dossier, DossierState, DossierStatus, StatusChange
from dvc_cli.model.procedure import Procedure
from dvc_cli.portal.base import CommitDone, PortalCapabilities, StoredFile

CAPABILITIES = PortalCapabilities(
    dialect="memory",
    sign_mode="replace",
    echo_fields=("note", "subject"),
    single_use_token=True,
    token_burned="with",  # noqa: S106 - a mode
    settle_seconds=1.0,
)
ADDRESS = "memory://portal"
LOCK_AFTER = 5
STATUS_WORDS = {
    DossierStatus.NEW: "Mới đăng ký",
    DossierStatus.ACCEPTED: "Được tiếp nhận",
    DossierStatus.NOT_ACCEPTED: "Không được tiếp nhận",
    DossierStatus.PROCESSING: "Đang xử lý",
    DossierStatus.SUPPLEMENT: "Yêu cầu bổ sung giấy tờ",
    DossierStatus.FEE: "Yêu cầu thực hiện nghĩa vụ tài chính",
    DossierStatus.WITHDRAWAL: "Công dân yêu cầu rút hồ sơ",
    DossierStatus.STOPPED: "Dừng xử lý",
    DossierStatus.DONE: "Đã xử lý xong",
    DossierStatus.RETURNED: "Đã trả kết quả",
}


@dataclass(slots=True)
class Account:
    """An account of the memory portal."""

    username: str
    password: str
    full_name: str
    identity_number: str
    wrong_passwords: int = 0


@dataclass(slots=True)
class Draft:
    """A dossier being filled in."""

    sid: str
    account: str
    dossier: Dossier
    procedure: Procedure
    files: dict[str, tuple[StoredFile, bytes]] = field(default_factory=dict)
    token: str = ""
    subject: str = ""
    note: str = ""
    code: str = ""


@dataclass(slots=True)
class World:
    """What the portal knows; shared by all clones. `on_commit` is called before a commit takes effect and may raise."""

    procedures: dict[str, Procedure]
    accounts: dict[str, Account]
    forms: dict[str, bytes] = field(default_factory=dict)
    sessions: dict[str, str] = field(default_factory=dict)
    captchas: dict[str, str] = field(default_factory=dict)
    drafts: dict[str, Draft] = field(default_factory=dict)
    states: dict[str, DossierState] = field(default_factory=dict)
    filed: dict[str, Draft] = field(default_factory=dict)
    burned: set[str] = field(default_factory=set)
    on_commit: Callable[[Draft], None] | None = None
    after_commit: Callable[[Draft], None] | None = None

    def take_effect(self, draft: Draft, now: datetime) -> CommitDone:
        """Make the dossier of a draft; a drill's late commit calls this too."""
        day = (now + timedelta(hours=7)).strftime("%y%m%d")
        today = sum(1 for code in self.filed if f"-{day}-" in code)
        draft.code = f"000.00.17.H54-{day}-{today + 1:07d}"
        self.burned.add(draft.token)
        self.filed[draft.code] = draft
        new = StatusChange(at=now, status=DossierStatus.NEW, status_text=STATUS_WORDS[DossierStatus.NEW])
        self.states[draft.code] = DossierState(
            code=draft.code,
            procedure=draft.procedure.name,
            applicant=draft.dossier.applicant.full_name,
            status=new.status,
            status_text=new.status_text,
            submitted_at=now,
            history=(new,),
            sandbox=True,
        )
        return CommitDone(code=draft.code, url=f"{ADDRESS}/{draft.code}")

    def set_status(self, code: str, status: DossierStatus, at: datetime, note: str = "") -> None:
        """What an officer does; raises KeyError for a dossier that does not exist."""
        state = self.states[code]
        change = StatusChange(at=at, status=status, status_text=STATUS_WORDS[status], note=note)
        self.states[code] = replace(
            state, status=status, status_text=change.status_text, history=(*state.history, change)
        )

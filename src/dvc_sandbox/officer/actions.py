"""What an officer may do with a dossier; shared by the officer's pages and the sandbox's admin API.

The national order of statuses is enforced by `store_dossiers.change_status`; each paper is signed before the status changes,
so that a dossier never stands in a status without its paper.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from types import MappingProxyType
from typing import TYPE_CHECKING

from dvc_sandbox.clock import LOCAL
from dvc_sandbox.papers import national
from dvc_sandbox.papers.facts import long_moment, short_moment
from dvc_sandbox.papers.flow import Built
from dvc_sandbox.papers.national import Issue
from dvc_sandbox.portal import store_dossiers
from dvc_sandbox.portal.store_dossiers import STATUS_ORDER, Dossier, StatusRefused

if TYPE_CHECKING:
    from dvc_sandbox.environment import Environment
    from dvc_sandbox.papers.facts import DossierFacts

_APOLOGY_STATUSES = frozenset({2, 4, 5, 6})
_CLOSING_HOUR = 17


class ActionRefused(ValueError):
    """The action is unknown or one of its fields is wrong; `slug` is stable, the text is for the officer."""

    def __init__(self, slug: str, message: str) -> None:
        super().__init__(message)
        self.slug, self.message = slug, message


@dataclass(frozen=True, slots=True)
class Done:
    """What an action did: the new status, and the paper it issued (`kind` "" when it issues none)."""

    code: str
    action: str
    status: int
    status_name: str
    appointment: datetime | None = None
    kind: str = ""
    paper: int = 0
    file_name: str = ""


@dataclass(slots=True)
class _Case:
    """One action under way. Fields not given have an empty text; the defaults are what a hurried officer would write."""

    environment: Environment
    dossier: Dossier
    facts: DossierFacts
    issue: Issue
    fields: Mapping[str, str]
    note: str = ""
    appointment: datetime | None = None
    after: list[Callable[[], object]] = field(default_factory=list)

    def text(self, name: str, default: str) -> str:
        """A field of the action, or the default when it was left empty."""
        return self.fields.get(name, "").strip() or default


@dataclass(frozen=True, slots=True)
class Action:
    """One button: its target status (None: the status stays), kind of paper, and the fields it reads."""

    name: str
    title: str
    status: int | None
    kind: str
    fields: tuple[str, ...]
    write: Callable[[_Case], Built | None]


def perform(environment: Environment, code: str, action: str, **fields: object) -> Done:
    """Do one action to a dossier as officer `by` (default: the sandbox's officer) and return what came of it.

    Actions: accept, refuse, processing, supplement, fee, finish, return, stop, apologise. Fields (all optional): `by`, `note`;
    `reason` (refuse, stop, apologise); `request`, `deadline` (supplement, ISO day); `name`, `amount` (fee, đồng); `text`
    (finish, return); `appointment` (accept, apologise: ISO moment). Raises DossierMissing, StatusRefused, ActionRefused.
    """
    from dvc_sandbox.papers.seal import seal_paper

    chosen = ACTIONS.get(action)
    if chosen is None:
        raise ActionRefused("unknown-action", f"Không có thao tác {action!r}; chỉ có: {', '.join(ACTIONS)}")
    case = _open(environment, code, chosen, {name: str(value) for name, value in fields.items() if value is not None})
    built = chosen.write(case)
    paper = seal_paper(environment, built, case.issue.moment) if built else b""
    _change(case, chosen)
    number, name = 0, ""
    if paper:
        name = national.file_name(chosen.kind, code)
        number = store_dossiers.add_paper(environment, code, chosen.kind, name, paper)
    for follow_up in case.after:
        follow_up()
    now = store_dossiers.get(environment, code)
    return Done(code, action, now.status, now.status_name, now.appointment, chosen.kind if paper else "", number, name)


def possible(status: int) -> list[Action]:
    """The actions that a dossier in this status allows, in the order of the buttons."""
    return [action for action in ACTIONS.values() if _allows(status, action)]


def officer_name() -> str:
    """Full name of the sandbox's officer."""
    from dvc_sandbox.officer.sessions import officers

    return officers()[0].full_name


def _allows(status: int, action: Action) -> bool:
    return status in _APOLOGY_STATUSES if action.status is None else action.status in STATUS_ORDER[status]


def _open(environment: Environment, code: str, action: Action, fields: Mapping[str, str]) -> _Case:
    from dvc_sandbox.portal.dossier_facts import facts_of

    unknown = set(fields) - {"by", "note", *action.fields}
    if unknown:
        raise ActionRefused("unknown-field", f"Thao tác {action.name} không có trường: {', '.join(sorted(unknown))}")
    dossier = store_dossiers.get(environment, code)
    if not _allows(dossier.status, action):
        raise StatusRefused(code, dossier.status, action.status or dossier.status)
    issued = environment.database.read_one("SELECT count(*) AS n FROM paper WHERE kind = ?", action.kind)
    number = int(issued["n"]) + 1 if issued else 1
    issue = Issue(number, environment.clock.now(), fields.get("by", "").strip() or officer_name())
    return _Case(environment, dossier, facts_of(environment, dossier), issue, fields)


def _change(case: _Case, action: Action) -> None:
    environment, code = case.environment, case.dossier.code
    note = case.text("note", case.note)
    if action.status is None:
        with environment.database.write() as connection:
            store_dossiers.add_event(environment, connection, code, case.dossier.status, case.issue.officer, note)
    else:
        store_dossiers.change_status(environment, code, action.status, case.issue.officer, note)
    if case.appointment is not None:
        store_dossiers.set_appointment(environment, code, case.appointment)


def working_days_after(moment: datetime, days: int) -> datetime:
    """The end of the working day `days` working days (Monday to Friday, no public holidays) after `moment`."""
    local = moment.astimezone(LOCAL)
    while days > 0:
        local += timedelta(days=1)
        days -= local.weekday() < 5
    return local.replace(hour=_CLOSING_HOUR, minute=0, second=0, microsecond=0)


def _appointment(case: _Case, default: datetime | None) -> datetime | None:
    text = case.fields.get("appointment", "").strip()
    if not text:
        return default
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise ActionRefused("appointment", f"Ngày hẹn trả không đúng: {text}") from error
    return moment if moment.tzinfo else moment.replace(tzinfo=LOCAL)


def _accept(case: _Case) -> Built:
    days = case.dossier.processing_days
    case.appointment = _appointment(case, working_days_after(case.issue.moment, days) if days is not None else None)
    due = f", hẹn trả kết quả {long_moment(case.appointment)}" if case.appointment else ""
    case.note = f"Đã tiếp nhận hồ sơ{due}"
    return national.acceptance(case.facts, case.issue, case.appointment)


def _refuse(case: _Case) -> Built:
    reason = case.text("reason", "Hồ sơ không thuộc phạm vi, thẩm quyền giải quyết của cơ quan")
    case.note = f"Từ chối tiếp nhận: {reason}"
    return national.refusal(case.facts, case.issue, reason)


def _process(case: _Case) -> None:
    case.note = "Chuyển bộ phận chuyên môn xử lý"


def _supplement(case: _Case) -> Built:
    request = case.text("request", "Đề nghị bổ sung giấy tờ còn thiếu trong thành phần hồ sơ")
    text = case.fields.get("deadline", "").strip()
    try:
        deadline = date.fromisoformat(text) if text else None
    except ValueError as error:
        raise ActionRefused("deadline", f"Thời hạn bổ sung không đúng: {text}") from error
    case.note = f"Yêu cầu bổ sung: {request}"
    case.after.append(lambda: store_dossiers.ask_supplement(case.environment, case.dossier.code, request, deadline))
    return national.supplement_request(case.facts, case.issue, request, deadline)


def _fee(case: _Case) -> Built:
    name, text = case.text("name", "Lệ phí giải quyết thủ tục hành chính"), case.text("amount", "20000")
    if not text.isascii() or not text.isdigit() or not 0 < int(text) <= 10**12:
        raise ActionRefused("amount", f"Số tiền không đúng: {text}")
    amount = int(text)
    case.note = f"Yêu cầu nộp: {name}"
    case.after.append(lambda: store_dossiers.ask_fee(case.environment, case.dossier.code, name, amount))
    return national.fee_notice(case.facts, case.issue, name, amount)


def _finish(case: _Case) -> None:
    # The result's paper comes with the return: until then the citizen may not have it.
    case.note = case.text("text", "Đồng ý giải quyết theo đề nghị")


def _return(case: _Case) -> Built:
    decided = [event.note for event in store_dossiers.history(case.environment, case.dossier.code) if event.status == 9]
    text = case.text("text", decided[-1] if decided else "Đồng ý giải quyết theo đề nghị")
    case.note = "Đã trả kết quả bản điện tử"
    return national.result(case.facts, case.issue, text)


def _stop(case: _Case) -> Built:
    reason = case.text("reason", "Quá thời hạn mà người nộp không bổ sung, hoàn thiện hồ sơ")
    case.note = f"Dừng giải quyết: {reason}"
    return national.stop_notice(case.facts, case.issue, reason)


def _apologise(case: _Case) -> Built:
    reason = case.text("reason", "Cần thêm thời gian lấy ý kiến của các cơ quan liên quan")
    start = max(case.dossier.appointment or case.issue.moment, case.issue.moment)
    case.appointment = _appointment(case, working_days_after(start, 3)) or start
    case.note = f"Xin lỗi và đề nghị gia hạn đến {short_moment(case.appointment)}: {reason}"
    return national.apology(case.facts, case.issue, reason, case.appointment)


ACTIONS: Mapping[str, Action] = MappingProxyType(
    {
        action.name: action
        for action in (
            Action("accept", "Tiếp nhận (Mẫu 01)", 2, "1", ("appointment",), _accept),
            Action("refuse", "Từ chối tiếp nhận (Mẫu 03)", 3, "3", ("reason",), _refuse),
            Action("processing", "Chuyển xử lý", 4, "", (), _process),
            Action("supplement", "Yêu cầu bổ sung (Mẫu 02)", 5, "2", ("request", "deadline"), _supplement),
            Action("fee", "Yêu cầu nghĩa vụ tài chính", 6, "fee", ("name", "amount"), _fee),
            Action("finish", "Đã xử lý xong", 9, "", ("text",), _finish),
            Action("return", "Trả kết quả", 10, "result", ("text",), _return),
            Action("stop", "Dừng xử lý (Mẫu 05)", 8, "5", ("reason",), _stop),
            Action("apologise", "Xin lỗi, gia hạn (Mẫu 04)", None, "4", ("reason", "appointment"), _apologise),
        )
    }
)

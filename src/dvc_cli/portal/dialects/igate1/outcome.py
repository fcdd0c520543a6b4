"""What an answer of the portal means, by the error table of the data file (contracts/submission.md §3)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any, NoReturn

from dvc_cli.errors import DvcError, Temporary
from dvc_cli.i18n import _
from dvc_cli.model.folding import fold
from dvc_cli.net.base import Response, Unanswered
from dvc_cli.portal.base import (
    AccountLocked,
    ForeignRedirect,
    PortalRefused,
    SessionEnded,
    Throttled,
    UnexpectedPage,
    WrongCaptcha,
    WrongPassword,
)
from dvc_cli.portal.data_file import DialectData
from dvc_cli.portal.dialects.igate1.forms import squeezed
from dvc_cli.portal.dialects.igate1.pages import Page


class Intent(Enum):
    """What the request was for; it decides what an unclear answer means."""

    READ = "read"
    CHANGE = "change"
    COMMIT = "commit"


class Meaning(Enum):
    """What an answer says."""

    FINE = "fine"
    CAPTCHA = "captcha"
    PASSWORD = "password"  # noqa: S105 - a meaning, not a password
    LOCKED = "locked"
    SESSION = "session"
    CSRF = "csrf"
    REFUSED = "refused"
    NOT_FOUND = "not-found"
    THROTTLED = "throttled"
    TEMPORARY = "temporary"
    FOREIGN = "foreign"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A meaning with the portal's own words. `retry_after` in seconds."""

    meaning: Meaning
    status: int = 0
    words: str = ""
    details: tuple[str, ...] = ()
    retry_after: float | None = None


@dataclass(frozen=True, slots=True)
class Alert:
    """An error the portal shows: its slug (may be empty) and its words."""

    slug: str
    words: str


def alerts_of(page: Page, data: DialectData) -> tuple[list[Alert], list[str]]:
    """The page's alerts and its field errors (`name: words`)."""
    attribute = data.text("page.alert_slug")
    alerts = [Alert(one.get(attribute) or "", squeezed(one)) for one in page.find(data.texts("page.alert"))]
    named = data.text("page.field_error_name")
    fields = []
    for element in page.find(data.texts("page.field_error")):
        words, name = squeezed(element), element.get(named)
        if words:
            fields.append(f"{name}: {words}" if name else words)
    return alerts, fields


def meaning_of(
    data: DialectData, status: int, alerts: Sequence[Alert], intent: Intent, *, login_page: bool = False
) -> Meaning:
    """The meaning of an answer with this status and these alerts. `login_page`: a log-in form came where none was asked for."""
    for row in data.rows("answer"):
        if _fits(row, status, alerts):
            word = row.get("commit", row["meaning"]) if intent is Intent.COMMIT else row["meaning"]
            return Meaning(word)
    if login_page:
        return Meaning.SESSION
    if 300 <= status < 400:
        return Meaning.FOREIGN
    if status >= 500:
        return Meaning.TEMPORARY
    if status >= 400 or any(one.words or one.slug for one in alerts):
        return Meaning.UNKNOWN
    return Meaning.FINE


def _fits(row: Mapping[str, Any], status: int, alerts: Sequence[Alert]) -> bool:
    if "status" in row and status not in row["status"]:
        return False
    if "slug" in row and not any(one.slug in row["slug"] for one in alerts):
        return False
    if "text" in row:
        shown = [fold(one.words) for one in alerts]
        return any(words in one for words in row["text"] for one in shown)
    return True


def page_answer(page: Page, response: Response, data: DialectData, intent: Intent, *, login_page: bool) -> Answer:
    """Judge an HTML answer."""
    alerts, fields = alerts_of(page, data)
    return Answer(
        meaning=meaning_of(data, response.status, alerts, intent, login_page=login_page),
        status=response.status,
        words="; ".join(one.words for one in alerts if one.words),
        details=tuple(fields),
        retry_after=retry_after(response),
    )


def json_answer(value: object, response: Response, data: DialectData, intent: Intent) -> Answer:
    """Judge a JSON answer (None: there was no JSON)."""
    alerts, words = [], ""
    if isinstance(value, Mapping) and value.get(data.text("upload.error")):
        words = str(value.get(data.text("upload.message")) or "")
        alerts = [Alert(str(value[data.text("upload.error")]), words)]
    meaning = meaning_of(data, response.status, alerts, intent)
    if meaning is Meaning.FINE and not isinstance(value, Mapping):
        meaning = Meaning.UNKNOWN
    return Answer(meaning=meaning, status=response.status, words=words, retry_after=retry_after(response))


def retry_after(response: Response) -> float | None:
    """Seconds of a Retry-After header; dates and nonsense count as none."""
    text = response.headers.get("retry-after", "").strip()
    return float(text) if text.isascii() and text.isdigit() and len(text) < 7 else None


def refuse(answer: Answer, intent: Intent, what: str) -> NoReturn:
    """Raise the error that `answer` means for a request of this intent; `what` names the request, translated."""
    raise error_of(answer, intent, what)


def error_of(answer: Answer, intent: Intent, what: str) -> DvcError:
    """The error that `answer` means. On a commit only a listed refusal and throttling are sure; all else is unknown."""
    match answer.meaning:
        case Meaning.THROTTLED:
            message = _("The portal asks to slow down: {what}").format(what=what)
            return Throttled(message, hint=_("Run the same command again later"), retry_after=answer.retry_after)
        case Meaning.REFUSED:
            return refusal(answer, what)
    if intent is Intent.COMMIT:
        return unanswered(what, answer)
    match answer.meaning:
        case Meaning.SESSION | Meaning.CSRF:
            return session_ended()
        case Meaning.CAPTCHA:
            return WrongCaptcha(
                _("The portal refused the captcha text"), hint=_("Run the same command again and read the new picture")
            )
        case Meaning.PASSWORD:
            return WrongPassword(_("The portal refused the user name or the password"), details=_lines(answer))
        case Meaning.LOCKED:
            return AccountLocked(
                _("The portal has locked this account after too many wrong passwords"),
                hint=_("Wait until the portal unlocks it, then log in once in the browser"),
                details=_lines(answer),
            )
        case Meaning.NOT_FOUND if intent is Intent.CHANGE:
            return refusal(answer, what)
    if intent is Intent.CHANGE:
        return unanswered(what, answer)
    return _unreadable(answer, what)


def _unreadable(answer: Answer, what: str) -> DvcError:
    if answer.meaning is Meaning.FOREIGN:
        return foreign(answer.words, what)
    if answer.meaning is Meaning.TEMPORARY:
        message = _("The portal has a fault now ({status}): {what}").format(status=answer.status, what=what)
        return Temporary(message, hint=_("Run the same command again later"), details=_lines(answer))
    return unexpected(what, answer)


def refusal(answer: Answer, what: str) -> PortalRefused:
    """The portal's own check said no."""
    message = _("The portal refused: {what}").format(what=what)
    return PortalRefused(
        message, hint=_("Correct what the portal names, then run the same command again"), details=_lines(answer)
    )


def session_ended() -> SessionEnded:
    """The portal asks for a log-in."""
    return SessionEnded(_("The portal's session has ended"), hint=_("Log in again: `dvc-cli login`"))


def unanswered(what: str, answer: Answer | None = None) -> Unanswered:
    """The request went out and its effect is not known."""
    status = f" ({answer.status})" if answer and answer.status else ""
    return Unanswered(
        _("The portal's answer does not tell whether this happened: {what}").format(what=f"{what}{status}"),
        hint=_("Do not send it again by hand; `dvc-cli track` and the portal's own list tell"),
        details=_lines(answer) if answer else (),
    )


def unexpected(what: str, answer: Answer | None = None) -> UnexpectedPage:
    """A read was answered with a page the dialect does not know."""
    status = f" ({answer.status})" if answer and answer.status else ""
    return UnexpectedPage(
        _("The portal answered with a page that this dialect does not know: {what}").format(what=f"{what}{status}"),
        hint=_(
            "Run the same command again later; if it stays so, the portal has changed and its data file must follow"
        ),
        details=_lines(answer) if answer else (),
    )


def foreign(address: str, what: str) -> ForeignRedirect:
    """The portal points elsewhere."""
    return ForeignRedirect(
        _("The portal sends this to another address, which is never followed: {address} ({what})").format(
            address=address or "?", what=what
        ),
        hint=_("If the portal has moved, change `portal_url` in the profile"),
    )


def _lines(answer: Answer) -> tuple[str, ...]:
    return tuple(line for line in (answer.words, *answer.details) if line)

"""One portal address: sends requests, reads answers, never leaves the origin."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta, timezone
from email.message import Message
from typing import Any
from urllib.parse import unquote, urljoin, urlsplit

from dvc_cli.model.file_names import safe_file_name
from dvc_cli.model.ports import Clock
from dvc_cli.net.base import FilePart, HttpClient, Response
from dvc_cli.portal.base import UnexpectedPage
from dvc_cli.portal.data_file import DialectData
from dvc_cli.portal.dialects.igate1 import forms, outcome
from dvc_cli.portal.dialects.igate1.forms import Form
from dvc_cli.portal.dialects.igate1.outcome import Answer, Intent, Meaning
from dvc_cli.portal.dialects.igate1.pages import Page, read_page

# Vietnam has had no daylight saving since 1975; a fixed offset needs no zone database.
VIETNAM = timezone(timedelta(hours=7))


class Site:
    """The portal's pages over one HTTP client."""

    def __init__(self, http: HttpClient, data: DialectData, clock: Clock) -> None:
        self.http, self.data, self.clock = http, data, clock
        self.marked_sandbox = False

    # -- addresses ---------------------------------------------------------------------------------------------------

    def path(self, key: str) -> str:
        """The absolute address of a path of the data file."""
        return urljoin(self.http.base_url.rstrip("/") + "/", self.data.text(f"paths.{key}"))

    def local(self, url: str, what: str) -> str:
        """`url` made absolute, without its fragment; raises ForeignRedirect when it lies on another origin."""
        absolute = forms.absolute(self.http.base_url.rstrip("/") + "/", url)
        if origin(absolute) != origin(self.http.base_url):
            raise outcome.foreign(absolute, what)
        return urlsplit(absolute)._replace(fragment="").geturl()

    # -- requests ----------------------------------------------------------------------------------------------------

    def read(self, url: str, what: str, *, params: Mapping[str, str] | None = None, login: bool = False) -> Page:
        """Get a page. `what` names the request to people; `login`: the log-in page itself is asked for.

        Raises:
            SessionEnded, Throttled, Temporary, UnexpectedPage, ForeignRedirect, NotSent.
        """
        response = self.http.get(self.local(url, what), params=params)
        page, answer = self.judge(response, Intent.READ, what, login=login)
        if answer.meaning is Meaning.FINE or (login and page.login_form()):
            return page
        return outcome.refuse(answer, Intent.READ, what)

    def ask(self, url: str, what: str, *, params: Mapping[str, str] | None = None) -> tuple[Page, Answer]:
        """Get a page whose refusal the caller judges (a look-up that finds nothing)."""
        response = self.http.get(self.local(url, what), params=params)
        return self.judge(response, Intent.READ, what)

    def send(
        self,
        form: Form,
        entries: Sequence[tuple[str, str]],
        what: str,
        *,
        intent: Intent = Intent.CHANGE,
        login: bool = False,
    ) -> tuple[Page, Answer]:
        """Send a form and follow the answer's redirect by a read. Raises NotSent or Unanswered; the caller judges the rest."""
        response = self.http.post(self.local(form.action, what), form=entries, follow=intent is not Intent.COMMIT)
        return self.judge(response, intent, what, login=login)

    def judge(self, response: Response, intent: Intent, what: str, *, login: bool = False) -> tuple[Page, Answer]:
        """Read an answer as a page and tell its meaning."""
        if 300 <= response.status < 400:
            target = forms.absolute(response.url, response.headers.get("location", ""))
            return _empty(response), Answer(meaning=Meaning.FOREIGN, status=response.status, words=target)
        try:
            page = _parsed(response)
        except UnexpectedPage:
            # A bare error status (429, 502) often has no page at all: the status alone still means something.
            if response.status < 400:
                if intent is Intent.READ:
                    raise
                raise outcome.unanswered(what) from None
            page = _empty(response)
        self._note_marks(page)
        login_page = not login and page.login_form() is not None and self._is_login(page)
        return page, outcome.page_answer(page, response, self.data, intent, login_page=login_page)

    def _is_login(self, page: Page) -> bool:
        """A page that only asks for a log-in; a log-in box beside other content (the guide's menu) is none."""
        where = urlsplit(page.url).path.rstrip("/")
        return where == urlsplit(self.path("login")).path.rstrip("/") or len(page.forms) == 1

    def _note_marks(self, page: Page) -> None:
        if not self.marked_sandbox and page.find(self.data.texts("page.sandbox")):
            self.marked_sandbox = True

    def fetch(self, url: str, what: str) -> Response:
        """Get a file; a page that asks for a log-in is an ended session."""
        response = self.http.get(self.local(url, what))
        if response.status == 200 and response.media_type != "text/html":
            return response
        page, answer = self.judge(response, Intent.READ, what)
        if answer.meaning is not Meaning.FINE:
            outcome.refuse(answer, Intent.READ, what)
        if page.login_form() or "content-disposition" not in response.headers:
            raise outcome.unexpected(what)
        return response

    def send_json(
        self, url: str, fields: Sequence[tuple[str, str]], what: str, files: Sequence[FilePart] = ()
    ) -> Mapping[str, Any]:
        """Send fields and files; the answer is a JSON object.

        Raises:
            NotSent, SessionEnded, PortalRefused, Throttled, Unanswered.
        """
        response = self.http.post(self.local(url, what), form=fields, files=files)
        return self._object(response, Intent.CHANGE, what)

    def read_json(self, url: str, what: str, params: Mapping[str, str] | None = None) -> Mapping[str, Any]:
        """Get a JSON object."""
        return self._object(self.http.get(self.local(url, what), params=params), Intent.READ, what)

    def _object(self, response: Response, intent: Intent, what: str) -> Mapping[str, Any]:
        try:
            value = response.json()
        except ValueError:
            value = None
        if not isinstance(value, Mapping) and response.media_type == "text/html":
            _page, answer = self.judge(response, intent, what)
            if answer.meaning is Meaning.FINE:
                answer = Answer(meaning=Meaning.UNKNOWN, status=response.status)
            return outcome.refuse(answer, intent, what)
        answer = outcome.json_answer(value, response, self.data, intent)
        if answer.meaning is not Meaning.FINE or not isinstance(value, Mapping):
            return outcome.refuse(answer, intent, what)
        return value


def origin(url: str) -> tuple[str, str, int]:
    """Scheme, host and port of an address; ("", "", 0) for what is none."""
    try:
        parts = urlsplit(url)
        port = parts.port or {"https": 443, "http": 80}.get(parts.scheme, 0)
    except ValueError:
        return "", "", 0
    if parts.username is not None or parts.password is not None:
        return "", "", 0
    return parts.scheme, (parts.hostname or "").lower(), port


def _empty(response: Response) -> Page:
    return read_page(b"<html><body></body></html>", "utf-8", response.url, response.status)


def _parsed(response: Response) -> Page:
    """The page of an answer; what calls itself something else than HTML is none. Raises UnexpectedPage."""
    if response.media_type not in ("", "text/html", "application/xhtml+xml"):
        raise outcome.unexpected(response.media_type)
    return read_page(response.content, _charset(response), response.url, response.status)


def _charset(response: Response) -> str:
    message = Message()
    message["content-type"] = response.headers.get("content-type", "")
    return message.get_content_charset() or "utf-8"


def attachment_name(response: Response, fallback: str) -> str:
    """A safe name from Content-Disposition (RFC 6266, `filename*` first), else from the address, else `fallback`."""
    message = Message()
    message["content-disposition"] = response.headers.get("content-disposition", "")
    given = message.get_filename()
    if not given:
        given = unquote(urlsplit(response.url).path.rsplit("/", 1)[-1])
        given = given if "." in given else ""
    return safe_file_name(given or fallback, fallback)


def read_moment(text: str) -> datetime | None:
    """A moment as portals show it: `dd/MM/yyyy` with or without a time, in either order, Vietnam time; None when it is none."""
    day = re.search(r"(\d{1,2})[/-](\d{1,2})[/-](\d{4})", text)
    if not day:
        return None
    time = re.search(r"(\d{1,2}):(\d{2})(?::(\d{2}))?", text)
    hour, minute, second = (int(part or 0) for part in time.groups()) if time else (0, 0, 0)
    try:
        local = datetime(int(day[3]), int(day[2]), int(day[1]), hour, minute, second, tzinfo=VIETNAM)
    except ValueError:
        return None
    return local.astimezone(UTC)

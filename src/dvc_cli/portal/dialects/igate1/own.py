"""Dossiers at the portal, contract rows 16 and 17: the account's own list and pages, and the public look-up."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from dvc_cli.i18n import _
from dvc_cli.model.dossier import DossierState, DossierStatus, StatusChange
from dvc_cli.model.folding import fold
from dvc_cli.portal.base import LoginChallenge, NoSuchDossier, OwnDossier, SessionEnded
from dvc_cli.portal.dialects.igate1 import outcome
from dvc_cli.portal.dialects.igate1.forms import squeezed
from dvc_cli.portal.dialects.igate1.login import answered_form
from dvc_cli.portal.dialects.igate1.outcome import Intent, Meaning
from dvc_cli.portal.dialects.igate1.pages import Page, table_row
from dvc_cli.portal.dialects.igate1.site import Site, read_moment


def listed(site: Site, limit: int, since: datetime | None) -> list[OwnDossier]:
    """The newest own dossiers, at most `limit`, submitted at or after `since`."""
    found: list[OwnDossier] = []
    seen: set[str] = set()
    size = min(max(limit, 1), site.data.number("own.per_page_most"))
    number = 1
    while len(found) < limit:
        rows = list(_rows(site, number, size))
        fresh = [one for one in rows if one.code not in seen]
        found += [one for one in fresh if since is None or one.submitted_at is None or one.submitted_at >= since]
        seen |= {one.code for one in fresh}
        older = since is not None and any(one.submitted_at is not None and one.submitted_at < since for one in fresh)
        if len(rows) < size or not fresh or older:
            break
        number += 1
    return found[:limit]


def _rows(site: Site, number: int, size: int) -> Iterator[OwnDossier]:
    data = site.data
    what = _("list the account's dossiers")
    params = {data.text("own.page"): str(number), data.text("own.per_page"): str(size)}
    page = site.read(site.path("own"), what, params=params)
    if not page.find(data.texts("own.list_known")):
        raise outcome.unexpected(what)
    for element in page.find(data.text("own.row")):
        row = table_row(element)
        yield OwnDossier(
            code=element.get(data.text("own.code_attribute")) or row.cell(data.texts("dossier.code")),
            procedure=row.cell(data.texts("dossier.procedure")),
            status_text=row.cell(data.texts("dossier.status")),
            submitted_at=read_moment(row.cell(data.texts("dossier.submitted_at"))),
            subject=row.cell(data.texts("dossier.subject")),
            note=row.cell(data.texts("dossier.note")),
        )


def detail(site: Site, code: str) -> DossierState:
    """An own dossier with its history and papers."""
    what = _("read dossier {code}").format(code=code)
    page, answer = site.ask(site.path("own_detail"), what, params={site.data.text("own.parameter"): code})
    if answer.meaning is Meaning.NOT_FOUND:
        raise missing(code)
    if answer.meaning is not Meaning.FINE:
        outcome.refuse(answer, Intent.READ, what)
    if not page.find(site.data.texts("own.detail_known")):
        raise outcome.unexpected(what)
    return _state(site, page, code)


def lookup(site: Site, challenge: LoginChallenge, code: str, captcha: str) -> DossierState:
    """Send the public look-up form. A wrong captcha raises WrongCaptcha; it is a read, so a lost answer is temporary."""
    what = _("look up dossier {code}").format(code=code)
    form, entries = answered_form(challenge, {"code": code, "captcha": captcha})
    page, answer = site.send(form, entries, what, intent=Intent.READ)
    if answer.meaning is Meaning.NOT_FOUND:
        raise missing(code)
    if answer.meaning in (Meaning.SESSION, Meaning.CSRF):
        raise SessionEnded(_("The look-up form is too old"), hint=_("Run the same command again"))
    if answer.meaning is not Meaning.FINE:
        outcome.refuse(answer, Intent.READ, what)
    if not page.find(site.data.texts("lookup.result")):
        raise outcome.unexpected(what)
    return _state(site, page, code)


def missing(code: str) -> NoSuchDossier:
    """The portal does not know the dossier."""
    return NoSuchDossier(
        _("The portal has no dossier {code}").format(code=code),
        hint=_("Check the code, and that it was filed at this portal"),
    )


@dataclass(frozen=True, slots=True)
class _Words:
    """Status words of the portal, to national numbers."""

    site: Site

    def status(self, text: str) -> DossierStatus | None:
        number = self.site.data.get("statuses").get(fold(text))
        return DossierStatus(number) if isinstance(number, int) else None


def _state(site: Site, page: Page, code: str) -> DossierState:
    data, words = site.data, _Words(site)

    def shown(key: str) -> str:
        return page.labelled(data.texts(f"dossier.{key}"))

    status_text = shown("status")
    if not status_text:
        raise outcome.unexpected(_("read dossier {code}").format(code=code))
    papers = page.find(data.text("dossier.paper"))
    links = [page.find(data.text("dossier.paper_name"), one) for one in papers]
    return DossierState(
        code=shown("code") or code,
        procedure=shown("procedure"),
        applicant=shown("applicant"),
        status=words.status(status_text),
        status_text=status_text,
        submitted_at=read_moment(shown("submitted_at")),
        appointment=read_moment(shown("appointment")),
        history=tuple(_history(site, page, words)),
        papers=tuple(squeezed(one[0]) for one in links if one),
        url=page.url,
        sandbox=site.marked_sandbox,
    )


def _history(site: Site, page: Page, words: _Words) -> Iterator[StatusChange]:
    data = site.data
    for element in page.find(data.text("dossier.history")):
        row = table_row(element)
        at = read_moment(row.cell(data.texts("dossier.history_at")))
        text = row.cell(data.texts("dossier.history_status"))
        if at is not None and text:
            yield StatusChange(
                at=at,
                status=words.status(text),
                status_text=text,
                note=row.cell(data.texts("dossier.history_note")),
                by=row.cell(data.texts("dossier.history_by")),
            )

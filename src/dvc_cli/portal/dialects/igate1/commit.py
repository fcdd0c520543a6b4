"""The end of the wizard, contract rows 14 and 15: fees, the confirmation with its single-use token, the receipt."""

from __future__ import annotations

import json
import re
from urllib.parse import urlsplit

from dvc_cli.errors import DvcError
from dvc_cli.i18n import _
from dvc_cli.model.dossier import Component, Dossier, SubmissionReceipt
from dvc_cli.model.folding import fold
from dvc_cli.model.identifiers import DossierCode
from dvc_cli.model.procedure import ComponentSpec
from dvc_cli.portal.base import CommitDone, NoSuchDossier, OpenedDossier, ReadyCommit
from dvc_cli.portal.dialects.igate1 import outcome, own, uploads, wizard
from dvc_cli.portal.dialects.igate1.forms import Form, elements_text, squeezed
from dvc_cli.portal.dialects.igate1.outcome import Intent, Meaning
from dvc_cli.portal.dialects.igate1.pages import Page, query_value
from dvc_cli.portal.dialects.igate1.site import Site, attachment_name, origin, read_moment
from dvc_cli.portal.dialects.igate1.wizard import Step, Stop

_CODE = re.compile(r"(?<![\w.])[A-Z0-9][A-Z0-9.]{2,40}-(?:\d{8}|\d{6})-\d{4,7}(?![\w-])")
_MOST_STEPS = 4


def prepare(site: Site, opened: OpenedDossier, dossier: Dossier, subject: str, note: str) -> ReadyCommit:
    """Send the components page and the fees page; stop before the confirmation.

    Raises:
        PortalRefused: what the portal's own check names. SessionEnded, Unanswered, NotSent.
    """
    what = _("send the components page")
    stop = wizard.components_stop(site, opened)
    files = {one.component for one in uploads.uploaded(site, opened)}
    used = {spec.code: copies_of(dossier, spec) for spec in opened.procedure.components if spec.code in files}
    values = wizard.components_values(site, stop, opened, dossier, used)
    values |= {site.data.text("components.subject"): subject, site.data.text("components.note"): note}
    page, answer = site.send(stop.form, stop.form.entries(values), what)
    for _step in range(_MOST_STEPS):
        if answer.meaning is not Meaning.FINE:
            outcome.refuse(answer, Intent.CHANGE, what)
        after = wizard.recognise(site, page)
        if after is None or after.step is stop.step:
            raise outcome.unanswered(what, answer)
        if after.step is Step.CONFIRMATION:
            return _ready(site, opened, after)
        stop, what = after, _("send the fees page")
        page, answer = site.send(stop.form, stop.form.entries(wizard.fee_values(site, stop)), what)
    raise outcome.unexpected(what)


def copies_of(dossier: Dossier, spec: ComponentSpec) -> int:
    """The number of copies the dossier gives for a row; one when it does not say."""
    found = [one.copies for one in dossier.components if _answers(one, spec)]
    return max(found, default=1)


def _answers(given: Component, spec: ComponentSpec) -> bool:
    if given.row is not None:
        return given.row == spec.row
    if given.code is not None:
        return given.code == spec.code
    return given.match is not None and fold(given.match) in fold(spec.name)


def _ready(site: Site, opened: OpenedDossier, stop: Stop) -> ReadyCommit:
    pledge = stop.form.field(*site.data.texts("confirm.pledge"))
    entries = stop.form.entries({pledge.name: True} if pledge and pledge.kind == "checkbox" else {})
    token = stop.form.field(*site.data.texts("page.csrf"))
    state = {"action": site.local(stop.form.action, _("confirm")), "entries": json.dumps(entries)}
    main = stop.page.find(["//main", "//body"])
    return ReadyCommit(
        sid=opened.sid,
        token=token.value if token else "",
        state=state,
        summary=" ".join(" ".join(elements_text(main[0], ".//text()")).split())[:2000] if main else "",
    )


def commit(site: Site, ready: ReadyCommit) -> CommitDone:
    """Press the confirmation. Only a success page with a dossier code is success; see submission.md §3.

    Raises:
        NotSent: nothing went out. Throttled: nothing took effect. PortalRefused: a listed refusal.
        Unanswered: everything else.
    """
    what = _("submit the dossier")
    form = Form(action=ready.state["action"], method="post", identifier="", fields=())
    entries = [(str(name), str(value)) for name, value in json.loads(ready.state["entries"])]
    page, answer = site.send(form, entries, what, intent=Intent.COMMIT)
    if answer.meaning is Meaning.FOREIGN and answer.status in (302, 303):
        return _after_redirect(site, answer.words, what)
    if answer.meaning is Meaning.FINE:
        return _done(site, page, what)
    if answer.meaning in (Meaning.SESSION, Meaning.CSRF) and site.data.flag("capabilities.authentication_first"):
        raise outcome.session_ended()
    return outcome.refuse(answer, Intent.COMMIT, what)


def _after_redirect(site: Site, target: str, what: str) -> CommitDone:
    """The confirmation was answered by a redirect: the receipt page it names is the evidence."""
    try:
        page = site.read(target, what)
    except DvcError as error:
        named = _code(query_value(target, site.data.text("receipt.code_parameter")))
        receipt_page = urlsplit(target).path == urlsplit(site.path("receipt")).path
        same_origin = origin(target) == origin(site.http.base_url)
        if named and receipt_page and same_origin:
            return CommitDone(code=named, url=target)
        raise outcome.unanswered(what) from error
    return _done(site, page, what)


def _done(site: Site, page: Page, what: str) -> CommitDone:
    code = receipt_code(site, page)
    if code is None or wizard.recognise(site, page) is not None:
        raise outcome.unanswered(what)
    return CommitDone(code=code, url=page.url)


def receipt_code(site: Site, page: Page) -> str | None:
    """The dossier code of a receipt page: where the data file says, else the only code on a page that tells success."""
    marked = _code(page.text(site.data.texts("receipt.code")))
    if marked:
        return marked
    main = page.find(["//main", "//body"])
    text = squeezed(main[0]) if main else ""
    found = set(_CODE.findall(text))
    told = any(words in fold(text) for words in site.data.texts("receipt.success"))
    return found.pop() if told and len(found) == 1 else None


def _code(text: str) -> str | None:
    try:
        return DossierCode.parse(text).text
    except ValueError:
        return None


def receipt(site: Site, code: str) -> SubmissionReceipt:
    """The receipt of a dossier: the portal's file, or its page where there is no file."""
    what = _("get the receipt of {code}").format(code=code)
    page, answer = site.ask(site.path("receipt"), what, params={site.data.text("receipt.code_parameter"): code})
    if answer.meaning is Meaning.NOT_FOUND:
        raise NoSuchDossier(_("The portal has no dossier {code} for this account").format(code=code))
    if answer.meaning is not Meaning.FINE:
        outcome.refuse(answer, Intent.READ, what)
    if receipt_code(site, page) != code:
        raise outcome.unexpected(what)
    links = page.find(site.data.texts("receipt.link"))
    if links:
        response = site.fetch(page.link(links[0]), what)
        name, media_type = attachment_name(response, f"{code}.pdf"), response.media_type
        content = response.content
    else:
        from lxml import html

        name, media_type = f"{code}.html", "text/html"
        content = html.tostring(page.root, encoding="utf-8", include_meta_content_type=True)
    shown = {name: page.labelled(site.data.texts(f"receipt.{name}_labels")) for name in ("procedure", "applicant")}
    submitted_at = read_moment(page.labelled(site.data.texts("receipt.submitted_labels")))
    if not (all(shown.values()) and submitted_at):
        state = own.detail(site, code)
        shown = {"procedure": state.procedure, "applicant": state.applicant}
        submitted_at = state.submitted_at or submitted_at
    return SubmissionReceipt(
        code=code,
        submitted_at=submitted_at or site.clock.now(),
        procedure=shown["procedure"],
        applicant=shown["applicant"],
        url=page.url,
        file_name=name,
        media_type=media_type or "application/octet-stream",
        content=content,
        sandbox=site.marked_sandbox,
    )

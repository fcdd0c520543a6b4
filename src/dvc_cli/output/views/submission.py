"""Views of `submit` and `dossier`."""

from __future__ import annotations

import shlex
from datetime import date
from pathlib import Path

from dvc_cli.i18n import N_, _, ngettext
from dvc_cli.model.submission import State
from dvc_cli.output.dates import show_date, show_size, show_time
from dvc_cli.output.view import Block, Column, Line, Page, Record, Table, view
from dvc_cli.services.check_dossier import DossierCheck
from dvc_cli.services.init_dossier import DossierTemplate
from dvc_cli.services.local_dossiers import DossierDetails, DossierLine, DossierList
from dvc_cli.services.plan import PlannedFile, PlannedSignature, SubmissionPlan
from dvc_cli.services.submission_result import SubmissionResult

STATES = {
    State.PLANNED: N_("planned"),
    State.VALID: N_("checked"),
    State.INVALID: N_("invalid"),
    State.SKIPPED: N_("skipped"),
    State.PREPARED: N_("files prepared"),
    State.PREP_FAIL: N_("preparing failed"),
    State.SIGNED: N_("signed, not sent yet"),
    State.SIGN_FAIL: N_("signing failed"),
    State.OPENED: N_("opened at the portal, not submitted"),
    State.STAGED: N_("uploaded, not submitted"),
    State.READY: N_("ready, not submitted"),
    State.COMMIT_INTENT: N_("being submitted, outcome unknown"),
    State.UNKNOWN: N_("outcome unknown"),
    State.SETTLING: N_("outcome being settled"),
    State.CONFLICT: N_("several dossiers at the portal"),
    State.REJECTED: N_("refused by the portal"),
    State.SUBMITTED: N_("submitted, receipt missing"),
    State.CONFIRMED: N_("submitted"),
}

EVENTS = {
    "Planned": N_("planned"),
    "Checked": N_("checked"),
    "FoundInvalid": N_("found invalid"),
    "Skipped": N_("left out by a person"),
    "Prepared": N_("files prepared"),
    "PreparationFailed": N_("preparing failed"),
    "FileSigned": N_("a file signed"),
    "Signed": N_("all files signed"),
    "SigningFailed": N_("signing failed"),
    "Retried": N_("tried again"),
    "Opening": N_("about to open it at the portal"),
    "Opened": N_("opened at the portal"),
    "Uploading": N_("about to upload a file"),
    "Uploaded": N_("a file uploaded"),
    "Removing": N_("about to delete an upload"),
    "Staged": N_("uploads read back and right"),
    "Completing": N_("about to send the last pages"),
    "Ready": N_("only the confirmation is missing"),
    "WizardLost": N_("draft at the portal lost, begun anew"),
    "CommitIntended": N_("about to confirm"),
    "CommitRepeated": N_("about to confirm once more"),
    "CommitNotSent": N_("the confirmation did not leave"),
    "CommitRefused": N_("refused by the portal"),
    "Committed": N_("the portal answered with a code"),
    "CommitUnanswered": N_("no usable answer to the confirmation"),
    "SettlingStarted": N_("waiting until the outcome is settled"),
    "LookedUp": N_("looked in the own list"),
    "Adopted": N_("found at the portal"),
    "ReceiptSaved": N_("receipt saved"),
    "Resolved": N_("decided by a person"),
    "Amended": N_("changed and planned anew"),
}


@view("dvc.submission.plan/1")
def plan(found: SubmissionPlan) -> Page:
    """What will happen, before anything does."""
    blocks: list[Block] = [Record(_plan_facts(found), title=_("This will be submitted")), _files(found.files)]
    if found.signatures:
        blocks.append(_signatures(found.signatures))
    blocks += [Line(_("Note: {text}").format(text=warning), "warn") for warning in found.warnings]
    if found.state is not None:
        text = _("Continues where the last run stopped: {state}").format(state=_(STATES[found.state]))
        blocks.append(Line(text, "warn"))
    if found.dry_run:
        blocks.append(Line(_("Dry run: nothing was signed, sent or stored"), "dim"))
    steps = (f"dvc-cli submit {_typed(found.dossier_file)}",) if found.dry_run and found.dossier_file else ()
    return Page(blocks=tuple(blocks), next_steps=steps, sandbox=found.sandbox)


def _typed(path: Path) -> str:
    """A path as a person would type it here."""
    here = Path.cwd()
    return shlex.quote(str(path.relative_to(here) if path.is_relative_to(here) else path))


def _plan_facts(found: SubmissionPlan) -> tuple[tuple[str, str], ...]:
    return (
        (_("To"), _("{portal}, account {account}").format(portal=found.portal, account=found.account)),
        (_("Procedure"), f"{found.procedure} {found.procedure_name}"),
        (_("Agency"), found.agency),
        (_("Applicant"), found.applicant),
        (_("Owner"), found.owner),
        (_("Subject"), found.subject),
        (_("Key"), " / ".join(part for part in (found.key, found.period) if part)),
        (_("Filing"), _("number {number} of this case").format(number=found.round + 1) if found.round else ""),
        (_("Reference"), found.reference),
    )


def _files(files: tuple[PlannedFile, ...]) -> Table:
    return Table(
        title=_("Files"),
        columns=(Column(_("Component")), Column(_("From")), Column(_("Size"), align="right"), Column(_("Uploaded as"))),
        rows=tuple((file.component, _sources(file), show_size(file.size), file.upload_name) for file in files),
        empty=_("No files"),
    )


def _sources(file: PlannedFile) -> str:
    names = ", ".join(source.path.name for source in file.sources)
    if not file.converts:
        return names
    pictures = ngettext("{count} picture", "{count} pictures", len(file.sources)).format(count=len(file.sources))
    return _("{names} ({pictures} become one PDF)").format(names=names, pictures=pictures)


def _signatures(signatures: tuple[PlannedSignature, ...]) -> Table:
    return Table(
        title=_("Signatures"),
        columns=(
            Column(_("File")),
            Column(_("Signer")),
            Column(_("Certificate")),
            Column(_("Valid until"), wrap=False),
            Column(_("Place")),
        ),
        rows=tuple((one.file, one.signer, _certificate(one), _day(one.valid_until), one.place) for one in signatures),
    )


def _certificate(one: PlannedSignature) -> str:
    if one.choice:
        return _("one of: {names}").format(names="; ".join(one.choice))
    if not one.certificate:
        return _("known when the signer is opened")
    return _("{name}, issued by {issuer}").format(name=one.certificate, issuer=one.issuer)


def _day(text: str) -> str:
    return show_date(date.fromisoformat(text)) if text else ""


@view("dvc.submission.result/1")
def result(found: SubmissionResult) -> Page:
    """The code, the receipt, and what the code is not."""
    facts = Record(
        (
            (_("Dossier"), found.code),
            (_("Submitted"), show_time(found.submitted_at)),
            (_("Procedure"), f"{found.procedure} {found.procedure_name}"),
            (_("Applicant"), found.applicant),
            (_("Receipt"), str(found.receipt)),
            (_("Web page"), found.url),
            (_("Reference"), found.reference),
        )
    )
    files = Table(
        title=_("Files at the portal"),
        columns=(Column(_("Component")), Column(_("File")), Column(_("Size"), align="right"), Column(_("Signatures"))),
        rows=tuple((one.component, one.name, show_size(one.size), str(one.signatures)) for one in found.files),
        empty=_("Filed by another computer; its files are not known here"),
    )
    done = Line(_("Submitted. The agency's acceptance paper (Mẫu 01) comes later"), "good")
    return Page(blocks=(done, facts, files), next_steps=(f"dvc-cli track {found.code}",), sandbox=found.sandbox)


@view("dvc.submission.check/1")
def check(found: DossierCheck) -> Page:
    """Components with their rows, then every problem."""
    table = Table(
        title=f"{found.procedure} {found.procedure_name}",
        columns=(Column(_("Row"), align="right"), Column(_("Component")), Column(_("Files")), Column(_("Signers"))),
        rows=tuple(
            (str(one.row), one.name, ", ".join(path.name for path in one.files), ", ".join(one.signers))
            for one in found.components
        ),
        empty=_("No component fits"),
    )
    blocks: list[Block] = [table]
    blocks += [Line(_("Problem: {text}").format(text=text), "bad") for text in found.problems]
    blocks += [Line(_("Note: {text}").format(text=text), "warn") for text in found.warnings]
    if not found.problems:
        blocks.append(Line(_("The dossier can be filed"), "good"))
    file = _typed(found.dossier) if found.dossier else "dossier.toml"
    steps = () if found.problems else (f"dvc-cli submit {file} --dry-run", f"dvc-cli submit {file}")
    return Page(blocks=tuple(blocks), next_steps=steps, sandbox=found.sandbox)


@view("dvc.submission.template/1")
def template(found: DossierTemplate) -> Page:
    """The new file."""
    facts = Record(
        (
            (_("Dossier file"), str(found.path)),
            (_("Procedure"), f"{found.procedure} {found.procedure_name}"),
            (
                _("Components"),
                _("{count}, {mandatory} of them mandatory").format(count=found.components, mandatory=found.mandatory),
            ),
        )
    )
    return Page(blocks=(facts,), next_steps=(f"dvc-cli dossier check {_typed(found.path)}",), sandbox=found.sandbox)


@view("dvc.submission.dossiers/1")
def dossiers(found: DossierList) -> Page:
    """A line for each."""
    table = Table(
        columns=(
            Column(_("Dossier"), wrap=False),
            Column(_("State")),
            Column(_("Procedure")),
            Column(_("Key")),
            Column(_("Submitted"), wrap=False),
            Column(_("Reference"), wrap=False),
        ),
        rows=tuple(
            (
                one.code,
                _state(one),
                one.procedure,
                " / ".join(part for part in (one.key, one.period) if part),
                show_time(one.submitted_at),
                one.reference,
            )
            for one in found.items
        ),
        empty=_("No dossier yet"),
    )
    steps = (f"dvc-cli dossier show {found.items[0].code or found.items[0].reference}",) if found.items else ()
    return Page(blocks=(table,), next_steps=steps, sandbox=found.sandbox)


def _state(line: DossierLine) -> str:
    """The portal's word, else the journal's."""
    return line.status or (_(STATES[State(line.state)]) if line.state else "")


@view("dvc.submission.dossier/1")
def dossier(found: DossierDetails) -> Page:
    """Facts, files, and what was done."""
    line, portal = found.line, found.at_portal
    facts = Record(
        (
            (_("Dossier"), line.code),
            (_("State"), _(STATES[State(line.state)]) if line.state else ""),
            (_("Status at the portal"), portal.status_text if portal else ""),
            (_("Procedure"), line.procedure),
            (_("Key"), " / ".join(part for part in (line.key, line.period) if part)),
            (_("Submitted"), show_time(line.submitted_at or (portal.submitted_at if portal else None))),
            (_("Receipt"), str(line.receipt) if line.receipt else ""),
            (_("Reference"), line.reference),
            (_("Unfinished drafts at the portal"), ", ".join(found.orphans)),
        )
    )
    files = Table(
        title=_("Files"),
        columns=(
            Column(_("Component")),
            Column(_("Name at the portal")),
            Column(_("Size"), align="right"),
            Column(_("Signatures")),
            Column("SHA-256"),
        ),
        rows=tuple(
            (one.component, one.stored_name, show_size(one.size), str(one.signatures), one.sha256)
            for one in found.files
        ),
        empty=_("No files are known here"),
    )
    steps = Table(
        title=_("What was done"),
        columns=(Column(_("Time"), wrap=False), Column(_("Step"))),
        rows=tuple((show_time(step.at), _(EVENTS[step.event])) for step in found.steps),
        empty=_("Nothing was done on this computer"),
    )
    after = (f"dvc-cli track {line.code}",) if line.code else ()
    return Page(blocks=(facts, files, steps), next_steps=after, sandbox=found.sandbox)

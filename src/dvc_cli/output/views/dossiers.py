"""Views of dossiers at the portal."""

from __future__ import annotations

from dvc_cli.i18n import _
from dvc_cli.model.dossier import DossierState, DossierStatus, StatusChange
from dvc_cli.output.dates import show_date, show_time
from dvc_cli.output.view import Block, Column, Line, Page, Record, Table, view
from dvc_cli.services.follow import NAMES, TrackReport


@view("dvc.dossiers.state/1")
def state(found: DossierState) -> Page:
    """A dossier by itself."""
    return Page(blocks=_blocks(found), sandbox=found.sandbox)


@view("dvc.dossiers.tracking/1")
def tracking(report: TrackReport) -> Page:
    """A dossier, and whether the wait was worth it."""
    blocks = _blocks(report.dossier)
    if report.waited_for and report.reached:
        blocks += (Line(_("Reached: {status}").format(status=report.waited_for), "good"),)
    elif report.waited_for:
        blocks += (Line(_("Not reached yet: {status}").format(status=report.waited_for), "warn"),)
    new = report.dossier.status is DossierStatus.NEW and not report.waited_for
    steps = (f"dvc-cli track {report.dossier.code} --wait accepted",) if new else ()
    return Page(blocks=blocks, next_steps=steps, sandbox=report.sandbox)


def _blocks(found: DossierState) -> tuple[Block, ...]:
    facts = Record(
        (
            (_("Dossier"), found.code),
            (_("Status"), _status(found.status_text, found)),
            (_("Procedure"), found.procedure),
            (_("Applicant"), found.applicant),
            (_("Submitted"), show_time(found.submitted_at)),
            (_("Result promised for"), show_date(found.appointment)),
            (_("Papers of the agency"), "; ".join(found.papers)),
            (_("Web page"), found.url),
        )
    )
    history = Table(
        title=_("History"),
        columns=(Column(_("Time"), wrap=False), Column(_("Status")), Column(_("By")), Column(_("Note"))),
        rows=tuple((show_time(one.at), _status(one.status_text, one), one.by, one.note) for one in found.history),
        empty=_("No history yet"),
    )
    return facts, history


def _status(text: str, found: DossierState | StatusChange) -> str:
    """The portal's own words; in another language with ours beside them."""
    from dvc_cli.i18n import active_language

    if found.status is None or active_language() == "vi":
        return text
    return f"{text} ({_(NAMES[found.status])})"

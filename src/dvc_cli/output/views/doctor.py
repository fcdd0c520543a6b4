"""View of `dvc-cli doctor`."""

from __future__ import annotations

from dvc_cli.i18n import _
from dvc_cli.output.view import Column, Page, Table, view
from dvc_cli.services.diagnose import Diagnosis, State


@view("dvc.doctor.diagnosis/1")
def diagnosis(result: Diagnosis) -> Page:
    """A line per check, with the remedy."""
    words = {
        State.OK: _("✓ ok"),
        State.NOTE: _("! note"),
        State.MISSING: _("- missing"),
        State.BROKEN: _("✗ broken"),
    }
    rows = tuple((check.title, words[check.state], check.detail, check.remedy) for check in result.checks)
    columns = (Column(_("What")), Column(_("State"), wrap=False), Column(_("Found")), Column(_("What to do")))
    return Page(blocks=(Table(columns=columns, rows=rows),))

"""Views of `procedures`."""

from __future__ import annotations

from dvc_cli.i18n import _
from dvc_cli.model.procedure import ComponentSpec, Procedure, ProcedurePage
from dvc_cli.output.dates import show_size, show_time
from dvc_cli.output.view import Column, Page, Record, Table, view
from dvc_cli.services.browse import FormsReport


@view("dvc.procedures.page/1")
def page(found: ProcedurePage) -> Page:
    """The lines, and where they come from."""
    rows = tuple((one.code, one.name, one.field, one.agency) for one in found.items)
    table = Table(
        title=_where(found),
        columns=(Column(_("Code"), wrap=False), Column(_("Name")), Column(_("Field")), Column(_("Agency"))),
        rows=rows,
        empty=_("No procedure fits"),
    )
    steps = (f"dvc-cli procedures show {found.items[0].code}",) if found.items else ()
    return Page(blocks=(table,), next_steps=steps, sandbox=found.sandbox)


def _where(found: ProcedurePage) -> str:
    total = "?" if found.total is None else str(found.total)
    text = _("Page {page} of {pages}, {total} in all").format(page=found.page, pages=found.pages, total=total)
    return f"{text}; {_copied(found)}" if found.from_cache else text


def _copied(found: ProcedurePage | Procedure) -> str:
    return _("copy of {moment}").format(moment=show_time(found.fetched_at))


@view("dvc.procedures.procedure/1")
def procedure(found: Procedure) -> Page:
    """Facts, then components."""
    facts = Record(
        (
            (_("Code"), found.code),
            (_("Name"), found.name),
            (_("Field"), found.field),
            (_("Agency"), "; ".join(found.agencies) or found.agency),
            (_("Cases"), "; ".join(found.cases)),
            (_("Processing time"), found.processing_time),
            (_("Fee"), found.fee),
            (_("Steps"), found.steps),
            (_("Requirements"), found.requirements),
            (_("Online filing"), _("yes") if found.online else _("no")),
            (_("Read from"), _copied(found) if found.from_cache else ""),
        )
    )
    table = Table(
        title=_("Components"),
        columns=(
            Column("#", "right"),
            Column(_("Paper")),
            Column(_("Needed")),
            Column(_("Originals"), "right"),
            Column(_("Copies"), "right"),
            Column(_("Forms")),
        ),
        rows=tuple(_component(one) for one in found.components),
        empty=_("No papers are asked for"),
    )
    forms = any(one.forms for one in found.components)
    steps = (f"dvc-cli procedures forms {found.code}",) if forms else ()
    if found.online:
        steps = (*steps, f"dvc-cli dossier init {found.code}")
    return Page(blocks=(facts, table), next_steps=steps, sandbox=found.sandbox)


def _component(one: ComponentSpec) -> tuple[str, ...]:
    if one.is_heading:
        needed = _("only to be shown")
    elif one.mandatory:
        needed = _("mandatory")
    else:
        needed = _("in some cases") if one.conditional else _("optional")
    names = "; ".join(form.name for form in one.forms)
    return str(one.row), one.name, needed, str(one.originals), str(one.copies), names


@view("dvc.procedures.forms/1")
def forms(report: FormsReport) -> Page:
    """What was saved."""
    rows = tuple((str(one.path), one.component, show_size(one.size)) for one in report.forms)
    table = Table(
        columns=(Column(_("File"), wrap=False), Column(_("Paper")), Column(_("Size"), "right")),
        rows=rows,
        empty=_("This procedure has no forms to download"),
    )
    return Page(blocks=(table,), sandbox=report.sandbox)

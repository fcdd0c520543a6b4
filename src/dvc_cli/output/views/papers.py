"""Views of `dvc-cli scan check`, `scan card` and `scan preview`."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator, Sequence

from dvc_cli.i18n import _
from dvc_cli.output.dates import show_date, show_size
from dvc_cli.output.view import Block, Column, Line, Page, Record, Table, view
from dvc_cli.scan.look import PageLook
from dvc_cli.services.cards import CardFields, CardReport
from dvc_cli.services.check_papers import Finding, PaperCheck, PapersReport
from dvc_cli.services.preview import PreviewReport


@view("dvc.papers.check/1")
def papers(report: PapersReport) -> Page:
    """The verdict on each file, what is wrong and what to do, then the facts of the pages."""
    blocks: list[Block] = []
    if report.rules.procedure:
        name = f"{report.rules.procedure} {report.rules.procedure_name}".strip()
        blocks.append(Record(((_("Procedure"), name), (_("Limit"), show_size(report.rules.limit)))))
    blocks.append(_files(report.files))
    if findings := tuple(_findings(report)):
        titles = (_("File"), "", _("Page"), _("What"), _("What to do"))
        blocks.append(Table(title=_("Findings"), columns=tuple(map(Column, titles)), rows=findings))
    blocks.append(_pages(report.files))
    if cards := tuple(_cards(report.files)):
        headings = (_("File"), _("Page"), _("Name"), _("Compared"))
        blocks.append(Table(title=_("Citizen cards"), columns=tuple(map(Column, headings)), rows=cards))
    blocks += _verdict(report)
    return Page(blocks=tuple(blocks), sandbox=report.sandbox)


def _verdict(report: PapersReport) -> list[Block]:
    if any(file.problems for file in report.files):
        return [Line(_("Not all files satisfy the rules"), "bad")]
    if report.warnings or any(file.warnings for file in report.files):
        return [Line(_("No rule is broken; look at the notes"), "warn")]
    return [Line(_("All files satisfy the rules"), "good")]


def _files(files: Sequence[PaperCheck]) -> Table:
    rows = []
    for file in files:
        verdict = _("no") if file.problems else _("yes, with notes") if file.warnings else _("yes")
        kind = f"PDF {file.version}" if file.version else file.kind.upper()
        rows.append((str(file.path), kind, str(len(file.pages)), show_size(file.size), verdict))
    columns = (
        Column(_("File")),
        Column(_("Kind")),
        Column(_("Pages"), "right"),
        Column(_("Size"), "right"),
        Column(_("Acceptable")),
    )
    return Table(columns=columns, rows=tuple(rows), empty=_("No file"))


def _findings(report: PapersReport) -> Iterator[tuple[str, ...]]:
    for file in report.files:
        for mark, found in ((_("problem"), file.problems), (_("note"), file.warnings)):
            yield from (_finding_row(file.path.name, mark, one) for one in found)
    yield from (_finding_row("", _("note"), one) for one in report.warnings)


def _finding_row(name: str, mark: str, one: Finding) -> tuple[str, ...]:
    return name, mark, page_list(one.pages), one.message, one.advice


def page_list(pages: Iterable[int]) -> str:
    """`1-3, 7` for 1, 2, 3, 7."""
    runs: list[list[int]] = []
    for page in sorted(pages):
        if runs and page == runs[-1][-1] + 1:
            runs[-1].append(page)
        else:
            runs.append([page])
    return ", ".join(str(run[0]) if len(run) == 1 else f"{run[0]}-{run[-1]}" for run in runs)


def _pages(files: Sequence[PaperCheck]) -> Table:
    """Pages that are alike and follow one another share a row."""
    rows: list[tuple[str, ...]] = []
    for file in files:
        groups: list[tuple[tuple[str, ...], list[int]]] = []
        for page in file.pages:
            facts = _page_facts(page)
            if groups and groups[-1][0] == facts:
                groups[-1][1].append(page.number)
            else:
                groups.append((facts, [page.number]))
        rows += [(file.path.name, page_list(numbers), *facts) for facts, numbers in groups]
    columns = (
        Column(_("File")),
        Column(_("Page")),
        Column("mm"),
        Column("dpi", "right"),
        Column(_("Colour")),
        Column(_("Remarks")),
    )
    return Table(title=_("Page by page"), columns=columns, rows=tuple(rows))


def _page_facts(page: PageLook) -> tuple[str, ...]:
    colours = {"color": _("colour"), "gray": _("grey"), "bw": _("black and white")}
    edges = {"top": _("top"), "bottom": _("bottom"), "left": _("left"), "right": _("right")}
    remarks = [
        _("landscape") if page.width_mm > page.height_mm else _("upright"),
        _("empty") if page.blank else "",
        _("cut off: {edges}").format(edges=", ".join(edges[edge] for edge in page.cut)) if page.cut else "",
        _("with text") if page.text else "",
        "" if page.dpi else _("not a scan"),
    ]
    return (
        f"{page.width_mm:.0f} × {page.height_mm:.0f}",
        f"{page.dpi:.0f}" if page.dpi else "",
        colours.get(page.colour, "") if page.dpi else "",
        ", ".join(remark for remark in remarks if remark),
    )


def _cards(files: Sequence[PaperCheck]) -> Iterator[tuple[str, ...]]:
    words = {"same": _("the same person"), "spelt-otherwise": _("spelt otherwise"), "other": _("another person")}
    people = {"applicant": _("applicant"), "owner": _("owner of the dossier")}
    for file in files:
        for card in file.cards:
            compared = f"{people[card.person]}: {words[card.likeness.value]}"
            yield file.path.name, str(card.page), card.full_name, compared


@view("dvc.papers.cards/1")
def cards(report: CardReport) -> Page:
    """The fields of each card."""
    blocks: list[Block] = [Record(_card_pairs(card)) for card in report.cards]
    if any(card.doubtful for card in report.cards):
        blocks.append(Line(_("The year of birth or the sex does not fit the ID number"), "warn"))
    if report.output:
        blocks.append(Line(_("The fields are in {path}").format(path=report.output), "good"))
    return Page(blocks=tuple(blocks))


def _card_pairs(card: CardFields) -> tuple[tuple[str, str], ...]:
    genders = {"male": _("male"), "female": _("female")}
    birthday = show_date(card.birthday) or (str(card.birth_year) if card.birth_year else "")
    return (
        (_("Full name"), card.full_name),
        (_("ID number"), card.identity_number),
        (_("Former number"), card.old_number),
        (_("Birthday"), birthday),
        (_("Sex"), genders.get(card.gender, "")),
        (_("Address"), card.address),
        (_("Issued on"), show_date(card.issued_on)),
        (_("Further fields"), " | ".join(card.further)),
        (_("File"), f"{card.file}:{card.page}"),
    )


@view("dvc.papers.preview/1")
def preview(report: PreviewReport) -> Page:
    """Where the sheet is."""
    shown = f"{report.shown}/{report.pages}" if report.shown < report.pages else str(report.pages)
    record = Record(
        ((_("File"), str(report.output)), (_("Pages"), shown), (_("Size"), f"{report.width} × {report.height} px"))
    )
    return Page(blocks=(record,), next_steps=(shlex.join(("dvc-cli", "scan", "check", str(report.file))),))

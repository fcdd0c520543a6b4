"""Views of `dvc-cli scan`."""

from __future__ import annotations

import shlex

from dvc_cli.i18n import _, ngettext
from dvc_cli.output.dates import show_size
from dvc_cli.output.view import Block, Column, Line, Page, Record, Table, view
from dvc_cli.scan.options import BatchReport, ConversionReport


@view("dvc.scan.conversion/1")
def conversion(report: ConversionReport) -> Page:
    """Where the PDF is, how large, and whether the resolution satisfies the authorities."""
    blocks: list[Block] = [
        Record(
            (
                (_("File"), str(output.path)),
                (_("Pages"), str(output.pages)),
                (_("Size"), show_size(output.size)),
                ("SHA-256", output.sha256),
            )
        )
        for output in report.outputs
    ]
    blocks += _remarks(report)
    paths = [str(output.path) for output in report.outputs]
    return Page(blocks=tuple(blocks), next_steps=(shlex.join(("dvc-cli", "sign", *paths)),))


@view("dvc.scan.conversions/1")
def conversions(report: BatchReport) -> Page:
    """What became of each input."""
    rows = [
        (str(output.path), str(output.pages), show_size(output.size), _low(item.low_resolution))
        for item in report.conversions
        for output in item.outputs
    ]
    columns = (Column(_("File")), Column(_("Pages"), "right"), Column(_("Size"), "right"), Column(_("Remark")))
    blocks: list[Block] = [Table(columns=columns, rows=tuple(rows), empty=_("No file"))]
    for item in report.conversions:
        blocks += _left_out(item)
    blocks += [Line(failure.message, "bad") for failure in report.failed]
    return Page(blocks=tuple(blocks))


def _remarks(report: ConversionReport) -> list[Block]:
    said: list[Block] = []
    if report.fitted:
        said.append(Line(report.fitted))
    turned = sum(1 for page in report.images if page.turned)
    if turned:
        said.append(Line(ngettext("{count} page was turned", "{count} pages were turned", turned).format(count=turned)))
    straight = sum(1 for page in report.images if page.straightened)
    if straight:
        sentence = ngettext("{count} page was straightened", "{count} pages were straightened", straight)
        said.append(Line(sentence.format(count=straight)))
    said += [Line(note) for note in report.notes]
    said += _left_out(report)
    if report.low_resolution:
        said.append(Line(_low(report.low_resolution), "warn"))
    return said


def _left_out(report: ConversionReport) -> list[Block]:
    sentence = _("Left out: {source}, page {page}: {reason}")
    return [
        Line(
            sentence.format(source=item.source, page=item.frame, reason=item.reason),
            "plain" if item.why == "blank" else "warn",
        )
        for item in report.left_out
    ]


def _low(count: int) -> str:
    if not count:
        return ""
    sentence = ngettext(
        "{count} page has less than the 200 dpi the authorities ask for",
        "{count} pages have less than the 200 dpi the authorities ask for",
        count,
    )
    return sentence.format(count=count)

"""Views of `dvc-cli scan`."""

from __future__ import annotations

import shlex

from dvc_cli.i18n import _, ngettext
from dvc_cli.output.dates import show_size
from dvc_cli.output.view import Block, Line, Page, Record, view
from dvc_cli.scan.convert import ConversionReport


@view("dvc.scan.conversion/1")
def conversion(report: ConversionReport) -> Page:
    """Where the PDF is, how large, and whether the resolution satisfies the authorities."""
    blocks: list[Block] = [
        Record(
            (
                (_("File"), str(report.output)),
                (_("Pages"), str(report.pages)),
                (_("Size"), show_size(report.size)),
                ("SHA-256", report.sha256),
            )
        )
    ]
    if report.low_resolution:
        sentence = ngettext(
            "{count} page has less than the 200 dpi the authorities ask for",
            "{count} pages have less than the 200 dpi the authorities ask for",
            report.low_resolution,
        )
        blocks.append(Line(sentence.format(count=report.low_resolution), "warn"))
    return Page(blocks=tuple(blocks), next_steps=(shlex.join(("dvc-cli", "sign", str(report.output))),))

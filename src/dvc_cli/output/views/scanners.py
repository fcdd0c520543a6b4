"""Views of `dvc-cli scan scanners` and `scan capture`."""

from __future__ import annotations

import shlex

from dvc_cli.i18n import _
from dvc_cli.output.dates import show_size
from dvc_cli.output.view import Column, Page, Record, Table, view
from dvc_cli.scan.scanner import Resolutions, ScanMode, ScannerCapabilities, ScanSource
from dvc_cli.services.capture import CaptureReport
from dvc_cli.services.scanners import ScannerList


@view("dvc.scanners.list/1")
def scanner_list(found: ScannerList) -> Page:
    """The scanners that can be named with `--device`."""
    table = Table(
        columns=(Column(_("Scanner"), wrap=False), Column(_("Model")), Column(_("Kind")), Column(_("Preset"))),
        rows=tuple((one.device, one.name, one.kind, one.preset) for one in found.scanners),
        empty=_("No scanner was found; a network scanner is named by its address, `--device escl:192.168.1.20`"),
    )
    steps = (
        (shlex.join(("dvc-cli", "scan", "capture", "-o", "scan.pdf", "--device", found.scanners[0].device)),)
        if found.scanners
        else ()
    )
    return Page(blocks=(table,), next_steps=steps)


@view("dvc.scanners.capabilities/1")
def capabilities(told: ScannerCapabilities) -> Page:
    """What one scanner can do, source by source."""
    rows = tuple(
        (
            source_name(one.source),
            ", ".join(mode_name(mode) for mode in one.modes),
            _resolutions(one.resolutions),
            f"{one.width_mm:g} × {one.height_mm:g} mm" if one.width_mm else "",
        )
        for one in told.sources
    )
    columns = (Column(_("Source")), Column(_("Modes")), Column("dpi"), Column(_("Largest area")))
    head = Record(((_("Scanner"), told.device), (_("Model"), told.name if told.name != told.device else "")))
    return Page(
        blocks=(head, Table(columns=columns, rows=rows)),
        next_steps=(shlex.join(("dvc-cli", "scan", "capture", "-o", "scan.pdf", "--device", told.device)),),
    )


@view("dvc.scanners.capture/1")
def captured(report: CaptureReport) -> Page:
    """Where the PDF is and what is in it."""
    record = Record(
        (
            (_("File"), str(report.output)),
            (_("Pages"), str(report.pages)),
            (_("Size"), show_size(report.size)),
            (_("Resolution"), f"{report.resolution} dpi"),
            (_("Mode"), mode_name(report.mode)),
            (_("Source"), source_name(report.source)),
            (_("Scanner"), report.scanner),
            ("SHA-256", report.sha256),
        )
    )
    output = str(report.output)
    steps = (shlex.join(("dvc-cli", "scan", "check", output)), shlex.join(("dvc-cli", "sign", output)))
    return Page(blocks=(record,), next_steps=steps)


def source_name(source: ScanSource) -> str:
    """For people, with the word of the option."""
    names = {
        ScanSource.FLATBED: _("glass"),
        ScanSource.FEEDER: _("feeder, one side"),
        ScanSource.DUPLEX: _("feeder, both sides"),
    }
    return f"{names[source]} ({source.value})"


def mode_name(mode: ScanMode) -> str:
    """For people, with the word of the option."""
    names = {ScanMode.COLOR: _("colour"), ScanMode.GRAY: _("grey"), ScanMode.BW: _("black and white")}
    return f"{names[mode]} ({mode.value})"


def _resolutions(known: Resolutions) -> str:
    return ", ".join(map(str, known.values)) or f"{known.least}–{known.most}"

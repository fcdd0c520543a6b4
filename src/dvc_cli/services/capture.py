"""From paper in a scanner to one PDF: pages are kept safe while scanning goes on, the PDF is whole or not there."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import ClassVar

from dvc_cli.config.scanners import ScannerPreset
from dvc_cli.errors import DvcError, UsageProblem
from dvc_cli.files import check_output
from dvc_cli.i18n import _, ngettext
from dvc_cli.model.ports import Progress, Prompter, Task
from dvc_cli.pdf.limited import Workers
from dvc_cli.scan.convert import convert
from dvc_cli.scan.images import LEAST_DPI
from dvc_cli.scan.options import ConversionOptions, PageSize, Treatment
from dvc_cli.scan.page_files import DamagedPage
from dvc_cli.scan.scanner import (
    CoverOpen,
    DoubleFeed,
    FeederEmpty,
    PaperJam,
    ScanMode,
    Scanner,
    ScannerBusy,
    ScannerCapabilities,
    ScannerFault,
    ScannerRefused,
    ScannerSilent,
    ScanRequest,
    ScanSource,
    SourceCapabilities,
)
from dvc_cli.services.scanners import Run, choose_device, open_scanner

DEFAULT_DPI = 300
_MILLIMETRES_PER_POINT = 25.4 / 72
_MENDABLE = (CoverOpen, DamagedPage, DoubleFeed, FeederEmpty, PaperJam, ScannerBusy, ScannerFault, ScannerSilent)


@dataclass(frozen=True, slots=True, kw_only=True)
class CaptureWishes:
    """How to scan.

    Args:
        source: None takes the feeder when paper is in it, else the glass.
        mode: colours.
        resolution: in dpi; None takes 300 or what is nearest.
        page_size: of the paper.
        pages: the most pages; None takes all in the feeder, and from the glass as many as the person adds.
        lossless: every pixel as scanned instead of JPEG.
        drop_blank: leave empty pages out (the backs of a duplex scan).
        overwrite: replace an existing output.
        options: for the device's own driver (SANE).
    """

    source: ScanSource | None = None
    mode: ScanMode = ScanMode.COLOR
    resolution: int | None = None
    page_size: PageSize = PageSize.A4
    pages: int | None = None
    lossless: bool = False
    drop_blank: bool = False
    overwrite: bool = False
    options: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class CaptureReport:
    """What was scanned."""

    schema: ClassVar[str] = "dvc.scanners.capture/1"
    device: str
    scanner: str
    source: ScanSource
    mode: ScanMode
    resolution: int
    pages: int
    output: Path
    size: int
    sha256: str


def capture_wishes(
    preset: ScannerPreset,
    *,
    page_size: str | None,
    usual_size: str | None,
    source: ScanSource | None = None,
    mode: ScanMode | None = None,
    resolution: int | None = None,
    pages: int | None = None,
    options: Sequence[str] = (),
    lossless: bool = False,
    drop_blank: bool = False,
    overwrite: bool = False,
) -> CaptureWishes:
    """What was asked for on the command line, completed by the preset. Raises UsageProblem for options of another form."""
    own: dict[str, str] = {}
    for text in options:
        match = re.fullmatch(r"(?:--)?([A-Za-z0-9-]+)=(.*)", text, re.DOTALL)
        if match is None:
            raise UsageProblem(_("`--option {text}` must have the form NAME=VALUE").format(text=text))
        own[match[1]] = match[2]
    preset_source = ScanSource(preset.source) if preset.source not in (None, "auto") else None
    return CaptureWishes(
        source=source or preset_source,
        mode=mode or ScanMode(preset.mode or ScanMode.COLOR.value),
        resolution=resolution or preset.resolution,
        page_size=PageSize(page_size or preset.page_size or usual_size or PageSize.A4.value),
        pages=pages,
        lossless=lossless,
        drop_blank=drop_blank,
        overwrite=overwrite,
        options=own,
    )


def capture_from(
    run: Run, device: str | None, preset: ScannerPreset, wishes: CaptureWishes, output: Path
) -> CaptureReport:
    """Scan with the device named, of the preset, or chosen; see `capture`."""
    check_output(output, overwrite=wishes.overwrite)
    scanner = open_scanner(run, choose_device(run, device, preset))
    try:
        return capture(scanner, wishes, output, prompter=run.prompter, progress=run.progress)
    finally:
        scanner.close()


def capture(
    scanner: Scanner, wishes: CaptureWishes, output: Path, *, prompter: Prompter, progress: Progress
) -> CaptureReport:
    """Scan, and write one PDF.

    Raises:
        OutputExists and the storage errors of `files`, before anything is scanned.
        ScannerRefused: the scanner cannot do what was asked for.
        The faults of `scan.scanner`, when nobody is there to mend them; nothing is written then.
    """
    check_output(output, overwrite=wishes.overwrite)
    with progress.task(_("Asking the scanner")):
        told = scanner.capabilities()
    with tempfile.TemporaryDirectory(prefix="dvc-") as folder, Workers() as workers:
        run = _Capture(scanner, told, wishes, Path(folder), workers, prompter, progress)
        request = run.collect()
        options = ConversionOptions(
            page_size=wishes.page_size,
            overwrite=wishes.overwrite,
            treatment=Treatment(drop_blank=wishes.drop_blank),
        )
        made = convert(run.pages, output, options, progress)
    return CaptureReport(
        device=told.device,
        scanner=told.name,
        source=request.source,
        mode=request.mode,
        resolution=request.resolution,
        pages=made.pages,
        output=made.output,
        size=made.size,
        sha256=made.sha256,
    )


class _Capture:
    """One run: the pages so far, and the talk with the person who feeds the scanner."""

    def __init__(
        self,
        scanner: Scanner,
        told: ScannerCapabilities,
        wishes: CaptureWishes,
        folder: Path,
        workers: Workers,
        prompter: Prompter,
        progress: Progress,
    ) -> None:
        self.pages: list[Path] = []
        self._scanner = scanner
        self._told = told
        self._wishes = wishes
        self._folder = folder
        self._workers = workers
        self._prompter = prompter
        self._progress = progress

    def collect(self) -> ScanRequest:
        """Scan all pages; returns what was asked of the scanner."""
        source, sure = self._source()
        request = self._request(source)
        try:
            self._scan_with_mending(request, ask=sure)
        except FeederEmpty:
            flat = self._told.of(ScanSource.FLATBED)
            if sure or self.pages or flat is None:
                raise
            self._progress.say(_("The feeder is empty; scanning from the glass"))
            request = self._request(flat)
            self._scan_with_mending(request, ask=True)
        return request

    # -- what to scan ------------------------------------------------------------------------------------------------

    def _source(self) -> tuple[SourceCapabilities, bool]:
        """The source, and whether it is certain (a scanner of SANE cannot tell whether paper lies in the feeder)."""
        wanted = self._wishes.source
        if wanted is not None:
            found = self._told.of(wanted)
            if found is None:
                raise self._refused(
                    _("The scanner has no source `{source}`").format(source=wanted.value),
                    [one.source.value for one in self._told.sources],
                )
            return found, True
        feeder, flat = self._told.of(ScanSource.FEEDER), self._told.of(ScanSource.FLATBED)
        if feeder is None or flat is None:
            return (feeder or flat or self._told.sources[0]), True
        loaded = self._scanner.feeder_loaded()
        return (flat if loaded is False else feeder), loaded is not None

    def _request(self, source: SourceCapabilities) -> ScanRequest:
        wishes = self._wishes
        if wishes.mode not in source.modes:
            raise self._refused(
                _("The scanner has no mode `{mode}`").format(mode=wishes.mode.value),
                [mode.value for mode in source.modes],
            )
        if wishes.resolution is not None and not source.resolutions.allows(wishes.resolution):
            known = source.resolutions
            raise self._refused(
                _("The scanner cannot do {resolution} dpi").format(resolution=wishes.resolution),
                [str(value) for value in known.values] or [f"{known.least}–{known.most}"],
            )
        resolution = wishes.resolution or source.resolutions.nearest(DEFAULT_DPI)
        width, height = self._area(source)
        self._warn(resolution)
        return ScanRequest(
            source=source.source,
            mode=wishes.mode,
            resolution=resolution,
            width_mm=width,
            height_mm=height,
            pages=wishes.pages,
            options=wishes.options,
        )

    def _area(self, source: SourceCapabilities) -> tuple[float, float]:
        points = self._wishes.page_size.points
        if points is None:
            return source.width_mm, source.height_mm
        wanted = [length * _MILLIMETRES_PER_POINT for length in points]
        limits = (source.width_mm or wanted[0], source.height_mm or wanted[1])
        if wanted[0] > limits[0] + 1 or wanted[1] > limits[1] + 1:
            message = _("The scanner reads at most {width} × {height} mm; the rest of the page stays white")
            self._progress.warn(message.format(width=round(limits[0]), height=round(limits[1])))
        return min(wanted[0], limits[0]), min(wanted[1], limits[1])

    def _warn(self, resolution: int) -> None:
        if self._wishes.mode is not ScanMode.COLOR:
            self._progress.warn(_("The authorities ask for scans in colour"))
        if resolution < LEAST_DPI:
            self._progress.warn(_("The authorities ask for at least 200 dpi"))

    def _refused(self, message: str, known: Sequence[str]) -> ScannerRefused:
        return ScannerRefused(message, hint=_("It knows: {known}").format(known=", ".join(known)))

    # -- scanning ----------------------------------------------------------------------------------------------------

    def _scan_with_mending(self, request: ScanRequest, *, ask: bool) -> None:
        """Scan; after a fault that a person can mend, ask how to go on."""
        while True:
            try:
                self._scan_all(request)
                return
            except _MENDABLE as error:
                if not self._prompter.can_ask or not (ask or self.pages):
                    raise
                if not self._goes_on(error):
                    return

    def _goes_on(self, error: DvcError) -> bool:
        """Whether to scan on; False to keep the pages there are; raises `error` to give up."""
        self._progress.warn(error.message)
        if error.hint:
            self._progress.say(error.hint)
        self._tell_count()
        choices = [_("Go on scanning"), _("Give up; nothing is written")]
        if self.pages:
            choices.insert(1, _("Write the pages scanned so far"))
        chosen = self._prompter.choose(_("What now?"), choices, flag="--no-input")
        if chosen == len(choices) - 1:
            raise error
        return chosen == 0

    def _scan_all(self, request: ScanRequest) -> None:
        if request.source is not ScanSource.FLATBED:
            self._scan_once(request, self._left())
            return
        while self._left() != 0 and (not self.pages or self._wants_another()):
            self._scan_once(request, 1)

    def _left(self) -> int | None:
        return None if self._wishes.pages is None else self._wishes.pages - len(self.pages)

    def _wants_another(self) -> bool:
        if self._wishes.pages is None:
            return self._prompter.can_ask and self._prompter.confirm(_("Add another page?"), flag="--pages")
        question = _("Put page {number} on the glass. Ready?").format(number=len(self.pages) + 1)
        return self._prompter.confirm(question, flag="--pages 1", default=True)

    def _scan_once(self, request: ScanRequest, pages: int | None) -> None:
        if pages == 0:
            return
        with self._progress.task(_("Scanning page {number}").format(number=len(self.pages) + 1), pages) as task:
            scanning = self._scanner.scan(replace(request, pages=pages), self._folder)
            try:
                for path in scanning:
                    self._keep(path, request, task)
            finally:
                close = getattr(scanning, "close", None)
                if close is not None:
                    close()

    def _keep(self, path: Path, request: ScanRequest, task: Task) -> None:
        number = len(self.pages) + 1
        arguments = {
            "path": str(path),
            "target": str(self._folder / f"{number:06d}"),
            "dpi": request.resolution,
            "bw": request.mode is ScanMode.BW,
            "lossless": self._wishes.lossless,
        }
        about = _("page {number}").format(number=number)
        made = self._workers.call("dvc_cli.scan.page_files:prepare", arguments, about=about)
        self.pages.append(Path(made["path"]))
        if self.pages[-1] != path:
            path.unlink(missing_ok=True)
        task.advance()
        task.update(_("Scanning page {number}").format(number=number + 1))

    def _tell_count(self) -> None:
        count = len(self.pages)
        text = ngettext("{count} page is scanned so far", "{count} pages are scanned so far", count)
        self._progress.say(text.format(count=count))

"""The emulated device: pages in its feeder, a sheet on its glass, its state, and the faults that were ordered."""

from __future__ import annotations

import io
import itertools
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

Fault = Literal[
    "",
    "busy",  # POST ScanJobs: 503 as long as it lasts
    "busy-once",  # POST ScanJobs: 503 the first time
    "warming-up",  # NextDocument: 503 twice, then the page
    "jam",  # after `fault_after` pages the feeder jams
    "hatch",  # the cover is open
    "multipick",  # two sheets at once after `fault_after` pages
    "forbidden",  # 403
    "refused",  # 409: the settings do not fit
    "cancelled",  # someone presses the button after `fault_after` pages
    "aborted",  # the device gives up after `fault_after` pages
    "gone",  # the connection drops within a page
    "cut",  # a page's picture ends in the middle
    "no-picture",  # the page is a web page
    "silent",  # NextDocument: 503 for ever
    "no-xml",  # capabilities are no XML
    "bomb",  # capabilities are XML with entities
    "missing",  # there is no eSCL at this address
    "foreign-location",  # the job's address names another host
]
UNITS_PER_INCH = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A scan in progress: what was asked and the pages still to come, encoded."""

    number: int
    source: str
    color: str
    resolution: int
    size: tuple[int, int]
    pages: list[bytes] = field(repr=False)


@dataclass(slots=True, kw_only=True)
class Device:
    """The scanner's state. Sheets are pictures (bytes of any kind Pillow reads); `back_sides` are read by duplex scans.

    `settings_seen` keeps the bodies of `POST ScanJobs`, `deleted` the numbers of ended jobs, `requests` method and path.
    """

    feeder: list[bytes] = field(default_factory=list)
    glass: bytes = b""
    fault: Fault = ""
    fault_after: int = 0
    jobs: dict[str, Job] = field(default_factory=dict)
    reasons: dict[str, str] = field(default_factory=dict)
    settings_seen: list[bytes] = field(default_factory=list)
    deleted: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)
    given: int = 0
    refusals: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)
    numbers: itertools.count[int] = field(default_factory=lambda: itertools.count(1))

    @property
    def state(self) -> str:
        """The device's state word."""
        return "Processing" if self.jobs or self.fault == "busy" else "Idle"

    @property
    def feeder_state(self) -> str:
        """The feeder's state word."""
        reached = self.given >= self.fault_after
        match self.fault:
            case "jam" if reached:
                return "ScannerAdfJam"
            case "multipick" if reached:
                return "ScannerAdfMultipickDetected"
            case "hatch":
                return "ScannerAdfHatchOpen"
            case _:
                return "ScannerAdfLoaded" if self.feeder else "ScannerAdfEmpty"

    @property
    def stops_now(self) -> bool:
        """Whether an ordered fault has ended the running job."""
        return self.fault in ("jam", "multipick", "cancelled", "aborted", "hatch") and self.given >= self.fault_after

    def begin(self, *, source: str, color: str, resolution: int, size: tuple[int, int], duplex: bool) -> Job:
        """Start a job: the sheets are taken in now, each turned into a picture of the wanted size."""
        sheets = self.feeder if source == "Feeder" else [self.glass]
        if source == "Feeder":
            self.feeder = []
        pages = [picture(sheet, color, resolution, size) for sheet in sheets]
        if duplex:
            blank = picture(b"", color, resolution, size)
            pages = [side for page in pages for side in (page, blank)]
        number = next(self.numbers)
        job = Job(number=number, source=source, color=color, resolution=resolution, size=size, pages=pages)
        self.jobs[str(number)] = job
        self.given = 0
        return job


def picture(sheet: bytes, color: str, resolution: int, size: tuple[int, int]) -> bytes:
    """The JPEG a device sends for a sheet: no resolution written in it, as with many devices. `size` in 1/300 inch."""
    from PIL import Image

    pixels = (
        max(1, round(size[0] * resolution / UNITS_PER_INCH)),
        max(1, round(size[1] * resolution / UNITS_PER_INCH)),
    )
    mode = "RGB" if color == "RGB24" else "L"
    if not sheet:
        page = Image.new(mode, pixels, "white")
    else:
        with Image.open(io.BytesIO(sheet)) as image:
            page = image.convert(mode).resize(pixels)
    if color == "BlackAndWhite1":
        page = page.point([0] * 128 + [255] * 128)
    buffer = io.BytesIO()
    page.save(buffer, "JPEG", quality=88)
    return buffer.getvalue()


def loaded(sheets: Sequence[bytes]) -> Device:
    """A device with `sheets` in its feeder and the first of them on its glass."""
    return Device(feeder=list(sheets), glass=sheets[0] if sheets else b"")

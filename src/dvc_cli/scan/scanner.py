"""What a scanner is: the protocol of the drivers, what can be asked of one, and the faults it reports."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import ClassVar, Protocol

from dvc_cli.errors import ConfigurationProblem, Interrupted, InvalidInput, Temporary


class ScanSource(Enum):
    """Where the paper lies: on the glass, in the feeder, in the feeder with both sides read."""

    FLATBED = "flatbed"
    FEEDER = "feeder"
    DUPLEX = "duplex"


class ScanMode(Enum):
    """Colour, shades of grey, or black and white. The authorities ask for colour (contracts/portal.md §5)."""

    COLOR = "color"
    GRAY = "gray"
    BW = "bw"


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolutions:
    """Resolutions in dpi: a list, or every number from `least` to `most`."""

    values: tuple[int, ...] = ()
    least: int = 0
    most: int = 0

    def allows(self, wanted: int) -> bool:
        """Whether the scanner does `wanted` exactly."""
        return wanted in self.values or (not self.values and self.least <= wanted <= self.most)

    def nearest(self, wanted: int) -> int:
        """`wanted`, or the next higher one, or the highest there is."""
        if not self.values:
            return min(max(wanted, self.least), self.most)
        return min((value for value in self.values if value >= wanted), default=max(self.values))


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceCapabilities:
    """What one source can do. Sizes are the largest area in millimetres, 0 when the scanner does not tell."""

    source: ScanSource
    resolutions: Resolutions
    modes: tuple[ScanMode, ...]
    width_mm: float = 0
    height_mm: float = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ScannerCapabilities:
    """What a scanner can do."""

    schema: ClassVar[str] = "dvc.scanners.capabilities/1"
    device: str
    name: str
    sources: tuple[SourceCapabilities, ...]

    def of(self, source: ScanSource) -> SourceCapabilities | None:
        """The capabilities of one source, None when the scanner has none of that kind."""
        return next((one for one in self.sources if one.source is source), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class ScanRequest:
    """What to scan. `width_mm` × `height_mm` is the area, 0 for all there is; `pages` the most pages, None for all in the
    feeder; `options` are named options of the driver itself (SANE)."""

    source: ScanSource
    mode: ScanMode
    resolution: int
    width_mm: float = 0
    height_mm: float = 0
    pages: int | None = None
    options: Mapping[str, str] = field(default_factory=dict)


class Scanner(Protocol):
    """A scanner. One job at a time; `close` when done."""

    @property
    def device(self) -> str:
        """The name that finds it again."""

    def capabilities(self) -> ScannerCapabilities:
        """Ask what it can do. Raises the faults below."""

    def feeder_loaded(self) -> bool | None:
        """Whether paper lies in the feeder; None when the scanner cannot tell without trying."""

    def scan(self, request: ScanRequest, folder: Path) -> Iterator[Path]:
        """Scan, and give each page's picture (a whole file below `folder`) as soon as it is there.

        Ending the iteration early stops the scanner. Pages given before a fault stay whole; nothing else stays in `folder`.

        Raises:
            FeederEmpty: no paper at all (the end of the stack after some pages is no fault).
            PaperJam, CoverOpen, DoubleFeed, ScannerBusy, ScannerFault, ScannerSilent, ScanCancelled, ScannerRefused,
            ScannerLocked.
        """

    def close(self) -> None:
        """Let go of the scanner."""


class FeederEmpty(Temporary):
    """The document feeder holds no paper."""

    slug = "feeder-empty"


class PaperJam(Temporary):
    """Paper is jammed in the scanner's feeder."""

    slug = "paper-jam"


class DoubleFeed(Temporary):
    """The feeder took several sheets at once, or a sheet of a length it cannot read."""

    slug = "double-feed"


class CoverOpen(Temporary):
    """The scanner's cover or hatch is open."""

    slug = "cover-open"


class ScannerBusy(Temporary):
    """Somebody else is using the scanner, or it is warming up."""

    slug = "scanner-busy"


class ScannerFault(Temporary):
    """The scanner or the connection to it failed during the work."""

    slug = "scanner-fault"


class ScannerSilent(Temporary):
    """The scanner did not give a page in time."""

    slug = "scanner-silent"


class ScanCancelled(Interrupted):
    """The scan was cancelled at the scanner."""

    slug = "scan-cancelled"


class ScannerRefused(InvalidInput):
    """The scanner cannot do what was asked: resolution, mode, source or an option of its own."""

    slug = "scanner-refused"


class ScannerLocked(ConfigurationProblem):
    """This user may not use the scanner."""

    slug = "scanner-locked"


class NoScanner(ConfigurationProblem):
    """There is no scanner of that name, or none at all."""

    slug = "no-scanner"

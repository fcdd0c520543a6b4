"""What can be asked of `scan convert`, and what it reports."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass
from enum import Enum
from pathlib import Path
from typing import Any, ClassVar

from dvc_cli.errors import ExitCode, UsageProblem
from dvc_cli.i18n import _
from dvc_cli.scan.images import MILLIMETRE, ImagePage

# portal.md §5 and §7: what a portal takes for one component when it does not say otherwise.
DEFAULT_LIMIT = 20_000_000


class BadSize(UsageProblem):
    """A size on the command line is no number of bytes."""

    slug = "bad-size"


class ColourUnclear(UsageProblem):
    """Grey and black and white were asked for at once."""

    slug = "colour-unclear"


class PageSize(Enum):
    """Size of the pages made from pictures; `image` is the picture's own."""

    A4 = "A4"
    A3 = "A3"
    A5 = "A5"
    LETTER = "letter"
    IMAGE = "image"

    @property
    def points(self) -> tuple[float, float] | None:
        """Width and height of an upright page in points, None for the picture's own size."""
        sizes = {
            PageSize.A4: (210, 297),
            PageSize.A3: (297, 420),
            PageSize.A5: (148, 210),
            PageSize.LETTER: (215.9, 279.4),
        }
        if self not in sizes:
            return None
        width, height = sizes[self]
        return width * MILLIMETRE, height * MILLIMETRE


class Order(Enum):
    """Order of the pages' files: as given (folders and patterns in natural order), by name, by date taken, or backwards."""

    GIVEN = "given"
    NAME = "name"
    DATE = "date"
    REVERSE = "reverse"


class Each(Enum):
    """One PDF for every file, or for every folder that holds files."""

    FILE = "file"
    FOLDER = "folder"


class Colour(Enum):
    """Colours of the pages made from pictures."""

    AS_IS = "as-is"
    GRAY = "gray"
    BLACK_AND_WHITE = "bw"


@dataclass(frozen=True, slots=True, kw_only=True)
class Treatment:
    """What is done to the pictures themselves; the default leaves every pixel alone."""

    crop: bool = False
    deskew: bool = False
    rotate_auto: bool = False
    clean: bool = False
    drop_blank: bool = False
    colour: Colour = Colour.AS_IS

    @property
    def wanted(self) -> bool:
        """Whether anything is to be done."""
        return self != Treatment()

    def plain(self) -> dict[str, Any]:
        """As JSON types, for the pipe to a worker."""
        return {**asdict(self), "colour": self.colour.value}

    @classmethod
    def from_plain(cls, facts: dict[str, Any]) -> Treatment:
        """The opposite of `plain`."""
        return cls(**{**facts, "colour": Colour(facts["colour"])})


@dataclass(frozen=True, slots=True, kw_only=True)
class ConversionOptions:
    """How to convert.

    Args:
        page_size: of pages made from pictures.
        overwrite: replace an existing output.
        order: of the files.
        treatment: what is done to the pictures.
        limit: bytes the output may have (`--fit`), or None.
        split: several outputs when one does not fit.
        skip_broken: leave damaged files out and report them.
        ocr: add an invisible text layer.
        pdfa: make PDF/A-2b.
    """

    page_size: PageSize = PageSize.A4
    overwrite: bool = False
    order: Order = Order.GIVEN
    treatment: Treatment = Treatment()
    limit: int | None = None
    split: bool = False
    skip_broken: bool = False
    ocr: bool = False
    pdfa: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class OutputFile:
    """A PDF that was written. `size` in bytes."""

    path: Path
    pages: int
    size: int
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOut:
    """A page that is not in the output: damaged (`skipped`) or empty (`blank`)."""

    source: str
    frame: int
    why: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ConversionReport:
    """What became of the inputs.

    Args:
        output, size, sha256: of the first PDF written, normally the only one.
        pages: of all of them.
        images: the pages made from pictures.
        low_resolution: pages under 200 dpi (portal.md §5).
        outputs: every PDF written; several after `--split`.
        left_out: pages that are not there.
        fitted: what was done to the pictures to get under the limit; empty when nothing had to be done.
        notes: what a person should know.
    """

    schema: ClassVar[str] = "dvc.scan.conversion/1"
    output: Path
    pages: int
    size: int
    sha256: str
    images: tuple[ImagePage, ...]
    low_resolution: int
    outputs: tuple[OutputFile, ...] = ()
    left_out: tuple[LeftOut, ...] = ()
    fitted: str = ""
    notes: tuple[str, ...] = ()

    @property
    def exit_code(self) -> ExitCode:
        """0: what was left out was asked to be left out."""
        return ExitCode.DONE


@dataclass(frozen=True, slots=True, kw_only=True)
class FailedConversion:
    """An input that became no PDF."""

    source: str
    error: str
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchReport:
    """What became of many inputs, each for itself (`--each`)."""

    schema: ClassVar[str] = "dvc.scan.conversions/1"
    conversions: tuple[ConversionReport, ...]
    failed: tuple[FailedConversion, ...]

    @property
    def exit_code(self) -> ExitCode:
        """10 when an input could not be converted."""
        return ExitCode.INVALID_INPUT if self.failed else ExitCode.DONE


def colour_of(*, gray: bool, bw: bool) -> Colour:
    """The colours that were asked for. Raises ColourUnclear."""
    if gray and bw:
        raise ColourUnclear(_("`--gray` and `--bw` cannot go together"), hint=_("Give one of the two"))
    if bw:
        return Colour.BLACK_AND_WHITE
    return Colour.GRAY if gray else Colour.AS_IS


def read_size(text: str) -> int:
    """Bytes of `20MB`, `500 kB`, `1.5MiB`, `3000000`; MB = 10^6 bytes (decisions.md). Raises BadSize."""
    found = re.fullmatch(r"\s*(\d+(?:[.,]\d+)?)\s*([KMG]?)(I?)B?\s*", text.upper())
    if not found:
        raise BadSize(_("`{text}` is no size").format(text=text), hint=_("Write for example `20MB` or `500kB`"))
    number, unit, binary = found.groups()
    step = 1024 if binary else 1000
    size = float(number.replace(",", ".")) * step ** " KMG".index(unit or " ")
    if size < 1:
        raise BadSize(_("`{text}` is no size").format(text=text), hint=_("Write for example `20MB` or `500kB`"))
    return int(size)

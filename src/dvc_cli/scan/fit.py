"""Make pages small enough for a portal's limit (`--fit`): lossless while that fits, then step by step, never under 200 dpi."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from dvc_cli.errors import DvcError, InvalidInput
from dvc_cli.i18n import _, ngettext
from dvc_cli.model.ports import Task
from dvc_cli.scan.images import LEAST_DPI, Picture
from dvc_cli.scan.options import ConversionOptions
from dvc_cli.scan.pieces import Piece, Shop
from dvc_cli.scan.write import size_of

# What a page costs beside its picture, and a document beside its pages, in bytes.
_PAGE, _DOCUMENT, _ARCHIVE = 600, 1_000, 8_000


class CannotFit(InvalidInput):
    """The pages cannot be made small enough without going under 200 dpi."""

    slug = "cannot-fit"


class Step(NamedTuple):
    """JPEG quality and the most dots an inch of one step."""

    quality: int
    dpi: int


STEPS = (
    Step(90, 600),
    Step(85, 400),
    Step(80, 300),
    Step(75, 250),
    Step(70, LEAST_DPI),
    Step(55, LEAST_DPI),
    Step(40, LEAST_DPI),
)


class Fitted(NamedTuple):
    """The pages of each PDF, and what was done, in words."""

    parts: list[list[Piece]]
    words: str


def fit(pieces: list[Piece], limit: int, options: ConversionOptions, shop: Shop, task: Task) -> Fitted:
    """Bring `pieces` under `limit` bytes, or under it in several PDFs with `options.split`.

    The mildest step is taken that needs no more PDFs than the hardest one.

    Raises:
        CannotFit: not even the hardest step helps.
    """
    stairs = _Stairs(pieces, limit, options, shop, task)
    if len(found := stairs.parts(0)) == 1:
        return Fitted(found, "")
    last = len(STEPS)
    least = stairs.parts(last)
    if len(least) > 1 and not options.split:
        raise _cannot_fit(stairs.total(last), limit)
    low, high = 0, last
    while high - low > 1:
        middle = (low + high) // 2
        if len(stairs.parts(middle)) <= len(least):
            high = middle
        else:
            low = middle
    step = low if len(stairs.parts(low)) <= len(least) else high
    return Fitted(stairs.parts(step), _words(pieces, stairs.at(step), step, len(stairs.parts(step))))


class _Stairs:
    """The pages after each step, made when first asked for; step 0 leaves them alone."""

    def __init__(self, pieces: list[Piece], limit: int, options: ConversionOptions, shop: Shop, task: Task) -> None:
        self._limit, self._options, self._shop, self._task = limit, options, shop, task
        self._made: dict[int, list[Piece]] = {0: pieces}
        self._parts: dict[int, list[list[Piece]]] = {}

    def at(self, step: int) -> list[Piece]:
        """The pages after `step`."""
        if step not in self._made:
            self._task.update(
                _("Making pages smaller: quality {quality}, {dpi} dpi").format(
                    quality=STEPS[step - 1].quality, dpi=STEPS[step - 1].dpi
                )
            )
            self._made[step] = _shrunk(self._made[0], STEPS[step - 1], self._options, self._shop)
        return self._made[step]

    def total(self, step: int) -> int:
        """Bytes of one PDF with the pages after `step`."""
        return size_of(self.at(step), self._options, self._shop)

    def parts(self, step: int) -> list[list[Piece]]:
        """The pages after `step`, in as few PDFs under the limit as their order allows. Raises CannotFit for a page too large."""
        if step not in self._parts:
            self._parts[step] = self._divided(self.at(step), last=step == len(STEPS))
        return self._parts[step]

    def _divided(self, pieces: list[Piece], *, last: bool) -> list[list[Piece]]:
        parts: list[list[Piece]] = []
        sizes = _sizes(pieces, self._options, self._shop)
        room = 0
        for piece, size in zip(pieces, sizes, strict=True):
            if size > room:
                if last and size + self._overhead > self._limit:
                    raise _cannot_fit(size + self._overhead, self._limit, piece)
                parts.append([])
                room = self._limit - self._overhead
            parts[-1].append(piece)
            room -= size
        return [half for part in parts for half in self._proved(part)]

    def _proved(self, part: list[Piece]) -> list[list[Piece]]:
        """`part`, in two where its size was guessed too small."""
        if all(piece.pdf is None and piece.text is None for piece in part) and not self._options.pdfa:
            return [part]  # the sizes of pictures are exact
        if len(part) == 1 or size_of(part, self._options, self._shop) <= self._limit:
            return [part]
        middle = len(part) // 2
        return [*self._proved(part[:middle]), *self._proved(part[middle:])]

    @property
    def _overhead(self) -> int:
        return _DOCUMENT + (_ARCHIVE if self._options.pdfa else 0)


def _sizes(pieces: Sequence[Piece], options: ConversionOptions, shop: Shop) -> list[int]:
    """Bytes of each page; those of existing PDFs are measured alone, so that fonts shared by pages count with each."""
    whole = _whole_files(pieces)
    sizes = []
    for piece in pieces:
        text = piece.text.stat().st_size if piece.text else 0
        if piece.picture is not None:
            sizes.append(piece.picture.length + len(piece.picture.icc) + len(piece.picture.colour) + _PAGE + text)
        elif piece.pdf in whole:
            sizes.append(piece.pdf.stat().st_size // piece.count + 1 + text)
        else:
            sizes.append(size_of([replace(piece, text=None)], options, shop) + text)
    return sizes


def _whole_files(pieces: Sequence[Piece]) -> set[Path]:
    """The PDFs whose pages are all there."""
    counts: dict[Path, int] = {}
    for piece in pieces:
        if piece.pdf is not None:
            counts[piece.pdf] = counts.get(piece.pdf, 0) + 1
    return {piece.pdf for piece in pieces if piece.pdf is not None and counts[piece.pdf] == piece.count}


def _shrunk(pieces: Sequence[Piece], step: Step, options: ConversionOptions, shop: Shop) -> list[Piece]:
    pdfs: dict[Path, Path] = {}
    for pdf in dict.fromkeys(piece.pdf for piece in pieces if piece.pdf is not None):
        target = shop.target().with_suffix(".pdf")
        arguments = {"path": str(pdf), "output": str(target), "quality": step.quality, "most_dpi": step.dpi}
        shop.call("dvc_cli.scan.pdf_pictures:shrink", arguments, str(pdf))
        pdfs[pdf] = target

    def smaller(piece: Piece) -> Piece:
        if piece.picture is None:
            return replace(piece, pdf=pdfs[piece.pdf] if piece.pdf else None)
        width, height = piece.picture.upright_size
        drawn = piece.page(options.page_size.points).drawn
        arguments = {
            "picture": piece.picture.plain(),
            "target": str(shop.target()),
            "quality": step.quality,
            "most_dpi": step.dpi,
            "shown_dpi": min(width / drawn[0], height / drawn[1]) * 72,
            "name": piece.source,
        }
        return replace(
            piece, picture=Picture.from_plain(shop.call("dvc_cli.scan.frames:shrink", arguments, piece.source))
        )

    made = []
    for _piece, outcome in shop.map(smaller, pieces):
        if isinstance(outcome, DvcError):
            raise outcome
        made.append(outcome)
    return made


def _words(before: Sequence[Piece], after: Sequence[Piece], step: int, parts: int) -> str:
    said = []
    changed = sum(1 for old, new in zip(before, after, strict=True) if old.picture != new.picture or old.pdf != new.pdf)
    if step and changed:
        sentence = ngettext(
            "{count} page was made smaller: JPEG quality {quality}, at most {dpi} dpi",
            "{count} pages were made smaller: JPEG quality {quality}, at most {dpi} dpi",
            changed,
        )
        said.append(sentence.format(count=changed, quality=STEPS[step - 1].quality, dpi=STEPS[step - 1].dpi))
    if parts > 1:
        said.append(_("split into {count} files").format(count=parts))
    return "; ".join(said)


def _cannot_fit(size: int, limit: int, piece: Piece | None = None) -> CannotFit:
    numbers = {"size": f"{size / 1e6:.1f}", "limit": f"{limit / 1e6:.1f}"}
    if piece is None:
        message = _("The pages have {size} MB at the lowest quality that is allowed; {limit} MB is the limit")
        return CannotFit(
            message.format(**numbers), hint=_("Add `--split` for several files, or `--gray` or `--bw` for less colour")
        )
    message = _(
        "Page {number} of {path} alone has {size} MB at the lowest quality that is allowed; {limit} MB is the limit"
    )
    return CannotFit(
        message.format(number=piece.frame, path=piece.source, **numbers), hint=_("Scan it again at 200 to 300 dpi")
    )

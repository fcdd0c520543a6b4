"""From files to the pages they become: pictures and pages of PDFs, in order, with what had to be left out."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import count
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, TypeVar

from dvc_cli.errors import DvcError, InvalidInput
from dvc_cli.i18n import _
from dvc_cli.model.ports import Task
from dvc_cli.pdf.kinds import FileKind, kind_of
from dvc_cli.pdf.raster import RasterPage
from dvc_cli.scan.images import Picture
from dvc_cli.scan.inputs import MissingInput, Source
from dvc_cli.scan.jpeg import read_jpeg
from dvc_cli.scan.options import ConversionOptions, LeftOut

if TYPE_CHECKING:
    from concurrent.futures import Future, ThreadPoolExecutor
    from tempfile import TemporaryDirectory

    from dvc_cli.pdf.inspect import PdfFacts
    from dvc_cli.pdf.limited import Workers

WORKERS = 2
_FRAMES = "dvc_cli.scan.frames"
_In = TypeVar("_In")
_Out = TypeVar("_Out")


class UnsupportedKind(InvalidInput):
    """A file is of a kind that cannot become a PDF page."""

    slug = "unsupported-kind"


class SignedInput(InvalidInput):
    """A signed or certified PDF must go up byte for byte and is never converted."""

    slug = "signed-input"


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """A page of the output.

    Args:
        source, frame: what it comes from, for people.
        picture: the picture on it, or None for a page of `pdf`.
        pdf, index: an existing page, index from 0, and the number of pages of that file.
        paper: page size in points when the picture came from a PDF and keeps that size.
        text: a PDF with the invisible text of the page.
        turned, straightened: degrees.
    """

    source: str
    frame: int
    picture: Picture | None = None
    pdf: Path | None = None
    index: int = 0
    count: int = 1
    paper: tuple[float, float] | None = None
    text: Path | None = None
    turned: int = 0
    straightened: float = 0.0

    def page(self, page_size: tuple[float, float] | None) -> RasterPage:
        """The page that shows the picture. Raises ValueError for a page of a PDF."""
        if self.picture is None:
            raise ValueError(self.source)
        return self.picture.page(self.paper or page_size)


class Shop:
    """Where one conversion works: a private folder, worker processes and threads that talk to them, all begun when needed."""

    def __init__(self) -> None:
        self._folder: TemporaryDirectory[str] | None = None
        self._numbers = count(1)
        self._workers: Workers | None = None
        self._threads: ThreadPoolExecutor | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._workers is not None:
            self._workers.__exit__(kind, error, trace)
        if self._threads is not None:
            self._threads.shutdown(wait=True, cancel_futures=True)
        if self._folder is not None:
            self._folder.cleanup()

    @property
    def folder(self) -> Path:
        """The private folder."""
        if self._folder is None:
            from tempfile import TemporaryDirectory

            self._folder = TemporaryDirectory(prefix="dvc-", ignore_cleanup_errors=True)
        return Path(self._folder.name)

    @property
    def workers(self) -> Workers:
        """The processes that decode."""
        if self._workers is None:
            from dvc_cli.pdf.limited import Workers

            self._workers = Workers()
        return self._workers

    def call(self, function: str, arguments: dict[str, Any], about: str) -> Any:
        """One call in a worker; see `pdf.limited.Workers.call`."""
        return self.workers.call(function, arguments, about=about)

    def target(self) -> Path:
        """A new path without ending in the private folder."""
        return self.folder / f"{next(self._numbers):06d}"

    def map(self, work: Callable[[_In], _Out], items: Iterable[_In]) -> Iterator[tuple[_In, _Out | DvcError]]:
        """Do `work` on `items`, two at a time, and give them in order with what came of it or why nothing did.

        Few are begun ahead, so that neither results nor temporary files pile up.
        """
        if self._threads is None:
            from concurrent.futures import ThreadPoolExecutor

            _one_of_each = self.folder, self.workers  # before threads could make two
            self._threads = ThreadPoolExecutor(WORKERS, thread_name_prefix="scan")
        begun: deque[tuple[_In, Future[_Out]]] = deque()
        for item in items:
            begun.append((item, self._threads.submit(work, item)))
            if len(begun) > 2 * WORKERS:
                first, future = begun.popleft()
                yield first, _try(future.result)
        for item, future in begun:
            yield item, _try(future.result)


@dataclass(slots=True)
class Collection:
    """The pages found, what was left out, and what a person should know."""

    pieces: list[Piece] = field(default_factory=list)
    left_out: list[LeftOut] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def collect(sources: Iterable[Source], options: ConversionOptions, shop: Shop, task: Task) -> Collection:
    """The pages of `sources`, each proved to be whole.

    Raises:
        MissingInput, UnsupportedKind, SignedInput, BrokenImage, ImageTooLarge, BrokenPdf, EncryptedPdf, TooHeavy,
        DecoderFailed: unless `options.skip_broken`; SignedInput always.
    """
    found = Collection()
    for leaf, outcome in _outcomes(sources, options, shop):
        if isinstance(outcome, DvcError):
            if not options.skip_broken or isinstance(outcome, SignedInput):
                raise outcome
            found.left_out.append(
                LeftOut(source=leaf.source.name, frame=leaf.frame, why="skipped", reason=outcome.message)
            )
        else:
            found.pieces += outcome.pieces
            found.left_out += outcome.left_out
            found.notes += [note for note in outcome.notes if note not in found.notes]
        if leaf.last:
            task.update(_("Converting {name}").format(name=Path(leaf.source.name).name))
            task.advance()
    return found


@dataclass(frozen=True, slots=True)
class _Leaf:
    """A file, or a page of a file with several pictures."""

    source: Source
    kind: FileKind = FileKind.UNKNOWN
    frame: int = 1
    several: bool = False
    last: bool = True
    problem: DvcError | None = None


def _outcomes(
    sources: Iterable[Source], options: ConversionOptions, shop: Shop
) -> Iterator[tuple[_Leaf, Collection | DvcError]]:
    waiting = deque(sources)
    while waiting and not options.treatment.wanted:
        leaf = _Leaf(waiting[0], FileKind.JPEG)
        # Nothing is decoded here: quicker than asking another process, and as safe.
        picture = _try(partial(read_jpeg, leaf.source.path, leaf.source.name, quick=True))
        if picture is None:
            break
        waiting.popleft()
        yield leaf, picture if isinstance(picture, DvcError) else _one(leaf, picture)
    if waiting:
        leaves = _leaves((_leaf(source) for source in waiting), shop)
        yield from shop.map(lambda leaf: _worked(leaf, options, shop), leaves)


def _leaf(source: Source) -> _Leaf:
    try:
        kind = kind_of(source.path)
    except OSError:
        return _Leaf(source, problem=MissingInput(_("{path} cannot be read").format(path=source.name)))
    return _Leaf(source, kind)


def _leaves(leaves: Iterable[_Leaf], shop: Shop) -> Iterator[_Leaf]:
    """`leaves` with files of several pictures taken apart."""
    for leaf in leaves:
        if leaf.kind is not FileKind.TIFF:
            yield leaf
            continue
        arguments = {"path": str(leaf.source.path), "name": leaf.source.name}
        frames = _try(partial(shop.call, f"{_FRAMES}:count", arguments, leaf.source.name))
        if isinstance(frames, DvcError):
            yield _Leaf(leaf.source, leaf.kind, problem=frames)
            continue
        for frame in range(1, frames + 1):
            yield _Leaf(leaf.source, leaf.kind, frame, several=frames > 1, last=frame == frames)


def _try(work: Callable[[], _Out]) -> _Out | DvcError:
    try:
        return work()
    except DvcError as error:
        return error
    except OSError as error:
        return MissingInput(_("{path} cannot be read").format(path=error.filename))


def _worked(leaf: _Leaf, options: ConversionOptions, shop: Shop) -> Collection:
    """The pages of one leaf; runs in a thread, decoding runs in a worker."""
    if leaf.problem is not None:
        raise leaf.problem
    if leaf.kind is FileKind.PDF:
        return _pdf_pages(leaf, leaf.source.path, options, shop)
    if leaf.kind in (FileKind.DOC, FileKind.DOCX):
        from dvc_cli.scan.office import document_pdf

        return _pdf_pages(leaf, document_pdf(leaf.source.path, leaf.source.name, shop.target()), options, shop)
    if not leaf.kind.is_image:
        raise _unsupported(leaf)
    if not options.treatment.wanted and (picture := _as_it_lies(leaf)) is not None:
        return _one(leaf, picture)
    return _drawn(leaf, options, shop)


def _as_it_lies(leaf: _Leaf) -> Picture | None:
    """The picture of a JPEG or PNG file that needs no decoding."""
    path, name = leaf.source.path, leaf.source.name
    if leaf.kind is FileKind.JPEG:
        return _or_raise(_try(partial(read_jpeg, path, name, quick=True)))
    if leaf.kind is FileKind.PNG:
        from dvc_cli.scan.png import read_png

        return _or_raise(_try(partial(read_png, path, name)))
    return None


def _or_raise(outcome: _Out | DvcError) -> _Out:
    if isinstance(outcome, DvcError):
        raise outcome
    return outcome


def _drawn(leaf: _Leaf, options: ConversionOptions, shop: Shop) -> Collection:
    return _treated(leaf, {"path": str(leaf.source.path), "kind": leaf.kind.value}, leaf.frame, options, shop)


def _treated(leaf: _Leaf, scan: dict[str, Any], frame: int, options: ConversionOptions, shop: Shop) -> Collection:
    name = leaf.source.name
    arguments = {
        "path": scan["path"],
        "name": name,
        "kind": scan["kind"],
        "frame": frame,
        "target": str(shop.target()),
        "treatment": options.treatment.plain(),
        "shown": scan.get("shown"),
    }
    answer: dict[str, Any] = shop.call(f"{_FRAMES}:draw", arguments, name)
    if answer.get("blank"):
        reason = _("the page is blank")
        return Collection(left_out=[LeftOut(source=name, frame=frame, why="blank", reason=reason)])
    piece = Piece(
        source=name,
        frame=frame,
        picture=Picture.from_plain(answer["picture"]),
        turned=int(answer.get("turned", 0)),
        straightened=float(answer.get("straightened", 0)),
    )
    return Collection(pieces=[piece])


def _one(leaf: _Leaf, picture: Picture) -> Collection:
    return Collection(pieces=[Piece(source=leaf.source.name, frame=leaf.frame, picture=picture)])


def _pdf_pages(leaf: _Leaf, path: Path, options: ConversionOptions, shop: Shop) -> Collection:
    from dvc_cli.pdf.inspect import PdfFacts

    name = leaf.source.name
    facts = PdfFacts(**shop.call("dvc_cli.pdf.inspect:facts", {"path": str(path), "name": name}, name))
    require_unsigned(name, facts)
    pages = [
        Piece(source=name, frame=index + 1, pdf=path, index=index, count=facts.pages) for index in range(facts.pages)
    ]
    if not options.treatment.wanted:
        return Collection(pieces=pages)
    scans = shop.call("dvc_cli.scan.pdf_pictures:scans", {"path": str(path), "target": str(shop.target())}, name)
    found = Collection()
    for page, scan in zip(pages, scans, strict=True):
        if scan is None:
            found.pieces.append(page)
            found.notes = [_("Pages of {path} that are no scans were left as they are").format(path=name)]
            continue
        one = _treated(leaf, scan, 1, options, shop)
        found.left_out += [replace(item, frame=page.frame) for item in one.left_out]
        paper = (float(scan["paper"][0]), float(scan["paper"][1]))
        found.pieces += [replace(piece, frame=page.frame, paper=paper) for piece in one.pieces]
    return found


def require_unsigned(name: str, facts: PdfFacts) -> None:
    """Raises SignedInput."""
    if facts.signed or facts.certified:
        raise SignedInput(
            _("{path} is signed; converting it would destroy the signature").format(path=name),
            hint=_("Upload it as it is, byte for byte"),
        )


def _unsupported(leaf: _Leaf) -> UnsupportedKind:
    names = {
        FileKind.EMPTY: _("an empty file"),
        FileKind.HTML: _("a web page"),
        FileKind.TEXT: _("a text file"),
        FileKind.DOC: _("an Office document"),
        FileKind.DOCX: _("a Word document"),
        FileKind.XLSX: _("an Excel workbook"),
    }
    archives = (FileKind.ZIP, FileKind.RAR, FileKind.SEVEN_ZIP)
    kind = names.get(leaf.kind) or (_("an archive") if leaf.kind in archives else _("of an unknown kind"))
    return UnsupportedKind(
        _("{path} cannot become a PDF page: it is {kind}").format(path=leaf.source.name, kind=kind),
        hint=_("Give JPEG, PNG, TIFF, WebP, HEIC, AVIF, BMP, GIF, JPEG 2000, PDF or Word files"),
    )

"""What was named on the command line, as a list of files: folders, patterns (also where the shell knows none), stdin."""

from __future__ import annotations

import glob
import re
import sys
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol

from dvc_cli.errors import InvalidInput
from dvc_cli.i18n import _
from dvc_cli.pdf.kinds import FileKind, kind_of
from dvc_cli.scan.jpeg import date_taken
from dvc_cli.scan.options import Each, Order

STDIN = "-"
_MAX_STDIN = 1_000_000_000
_OFFICE = (FileKind.DOC, FileKind.DOCX)


class MissingInput(InvalidInput):
    """An input file or folder is missing or cannot be read."""

    slug = "missing-input"


class SameName(InvalidInput):
    """Two inputs would be written to the same output file."""

    slug = "same-output-name"


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A file to convert; `name` is what messages call it."""

    path: Path
    name: str

    @classmethod
    def of(cls, path: Path) -> Source:
        """A file on the disk, called by its path."""
        return cls(path=path, name=str(path))


class Keeper(Protocol):
    """Gives a new path in a private folder."""

    def target(self) -> Path: ...


def gathered(inputs: Sequence[Path], order: Order, keeper: Keeper) -> list[Source]:
    """The files of `inputs` in `order`; `-` is read into a file of `keeper`. Raises MissingInput."""
    sources: list[Source] = []
    for path in inputs:
        sources += (
            [_from_stdin(keeper.target())] if str(path) == STDIN else [Source.of(found) for found in expanded([path])]
        )
    if not sources:
        raise MissingInput(
            _("There is nothing to convert"), hint=_("Name pictures, PDF files or folders that hold some")
        )
    return ordered(sources, order)


def expanded(inputs: Sequence[Path]) -> list[Path]:
    """Files of `inputs`; a folder or pattern gives the convertible files in it, in natural order. Raises MissingInput."""
    found: list[Path] = []
    for path in inputs:
        if path.is_dir():
            found += sorted((item for item in path.iterdir() if _is_convertible(item)), key=natural)
        elif path.is_file():
            found.append(path)
        elif matches := _matches(path):
            found += matches
        else:
            raise MissingInput(
                _("{path} does not exist or is no file").format(path=path), hint=_("Check the name and the folder")
            )
    return found


def _matches(pattern: Path) -> list[Path]:
    """The convertible files that a pattern names: `*.jpg`, `quet/**/trang-?.png`."""
    names = glob.glob(str(pattern), recursive=True)  # noqa: PTH207 - Path.glob refuses absolute patterns
    return sorted((path for path in map(Path, names) if _is_convertible(path)), key=natural)


def ordered(sources: Sequence[Source], order: Order) -> list[Source]:
    """`sources` in `order`."""
    match order:
        case Order.GIVEN:
            return list(sources)
        case Order.REVERSE:
            return list(reversed(sources))
        case Order.NAME:
            return sorted(sources, key=lambda source: natural(Path(source.path.name)))
        case Order.DATE:
            return sorted(sources, key=lambda source: (_date(source.path), natural(source.path)))


def groups(inputs: Sequence[Path], each: Each, folder: Path) -> list[tuple[Path, list[Path]]]:
    """(output, inputs) for one PDF a file or a folder, outputs in `folder`. Raises MissingInput, SameName."""
    if each is Each.FILE:
        pairs = [(path.stem, [path]) for path in expanded(inputs)]
    else:
        pairs = [(home.resolve().name, files) for home, files in _by_folder(inputs).items()]
    if not pairs:
        raise MissingInput(
            _("There is nothing to convert"), hint=_("Name pictures, PDF files or folders that hold some")
        )
    seen: dict[str, list[Path]] = {}
    for stem, files in pairs:
        key = unicodedata.normalize("NFC", stem).casefold()
        if other := seen.get(key):
            raise SameName(
                _("{first} and {second} would both become {name}").format(
                    first=other[0], second=files[0], name=f"{stem}.pdf"
                ),
                hint=_("Convert them into different folders with `--out-dir`"),
            )
        seen[key] = files
    return [(folder / f"{stem}.pdf", files) for stem, files in pairs]


def _by_folder(inputs: Sequence[Path]) -> dict[Path, list[Path]]:
    found: dict[Path, list[Path]] = {}
    for path in inputs:
        if path.is_dir():
            homes = [path, *sorted((item for item in path.rglob("*") if item.is_dir()), key=natural)]
            for home in homes:
                if files := expanded([home]):
                    found.setdefault(home, []).extend(files)
        else:
            for file in expanded([path]):
                found.setdefault(file.parent, []).append(file)
    return found


def natural(path: Path) -> tuple[tuple[tuple[int, int, str], ...], ...]:
    """A key that puts `trang 9` before `trang 10`, whatever the case and the way accents are written."""
    return tuple(_natural_name(part) for part in path.parts)


def _natural_name(name: str) -> tuple[tuple[int, int, str], ...]:
    pieces = re.split(r"(\d+)", unicodedata.normalize("NFC", name).casefold())
    return tuple(
        (1, 0, piece) if number % 2 == 0 else (0, _digits(piece), "") for number, piece in enumerate(pieces) if piece
    )


def _digits(text: str) -> int:
    return int(text[:300])


def _is_convertible(path: Path) -> bool:
    if path.name.startswith((".", "~$")) or not path.is_file():
        return False
    try:
        kind = kind_of(path)
    except OSError:
        return False
    return kind.is_image or kind is FileKind.PDF or kind in _OFFICE


def _date(path: Path) -> str:
    try:
        with path.open("rb") as file:
            is_jpeg = file.read(3) == b"\xff\xd8\xff"
        if is_jpeg and (taken := date_taken(path)):
            return taken
        return datetime.fromtimestamp(path.stat().st_mtime).astimezone().strftime("%Y:%m:%d %H:%M:%S")
    except OSError as error:
        raise MissingInput(_("{path} cannot be read").format(path=path)) from error


def _from_stdin(target: Path) -> Source:
    size = 0
    with target.open("xb") as file:
        while piece := sys.stdin.buffer.read(1_000_000):
            size += len(piece)
            if size > _MAX_STDIN:
                raise MissingInput(_("There is more on standard input than can be one file"))
            file.write(piece)
    return Source(path=target, name=STDIN)

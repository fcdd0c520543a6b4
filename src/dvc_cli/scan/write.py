"""Pages → a PDF on the disk: straight through when all are pictures, joined in a worker when not."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any, BinaryIO

from dvc_cli.files import atomic_file
from dvc_cli.pdf.raster import RasterPdf
from dvc_cli.scan.options import ConversionOptions, OutputFile
from dvc_cli.scan.pieces import Piece, Shop

_PIECE = 131_072  # larger ones cost a page fault every 4 kB


def write_pdf(pieces: Sequence[Piece], output: Path, options: ConversionOptions, shop: Shop) -> OutputFile:
    """Write one PDF, whole or not at all. Raises the errors of `files`, BrokenImage, BrokenPdf, NotArchivable."""
    if _is_plain(pieces, options):
        with atomic_file(output, overwrite=options.overwrite) as file:
            size, digest = _write_pictures(file, pieces, options)
        return OutputFile(path=output, pages=len(pieces), size=size, sha256=digest)
    made = assembled(pieces, options, shop, output.stem)
    with atomic_file(output, overwrite=options.overwrite) as file:
        size, digest = _copy(made, file)
    made.unlink()
    return OutputFile(path=output, pages=len(pieces), size=size, sha256=digest)


def assembled(pieces: Sequence[Piece], options: ConversionOptions, shop: Shop, title: str) -> Path:
    """The PDF of `pieces` in the private folder."""
    output = shop.target().with_suffix(".pdf")
    parts, temporary = _parts(pieces, options, shop)
    arguments = {"parts": parts, "output": str(output), "pdfa": options.pdfa, "title": title}
    shop.call("dvc_cli.pdf.assemble:assemble", arguments, pieces[0].source)
    for path in temporary:
        path.unlink()
    return output


def size_of(pieces: Sequence[Piece], options: ConversionOptions, shop: Shop) -> int:
    """Bytes that `pieces` take as one PDF, found by writing it into the private folder."""
    if _is_plain(pieces, options):
        with (shop.target().with_suffix(".pdf")).open("wb") as file:
            size, _digest = _write_pictures(file, pieces, options)
        Path(file.name).unlink()
        return size
    made = assembled(pieces, options, shop, "")
    size = made.stat().st_size
    made.unlink()
    return size


def _is_plain(pieces: Sequence[Piece], options: ConversionOptions) -> bool:
    return not options.pdfa and all(piece.picture is not None and piece.text is None for piece in pieces)


def _write_pictures(file: BinaryIO, pieces: Sequence[Piece], options: ConversionOptions) -> tuple[int, str]:
    pdf = RasterPdf(file)
    for piece in pieces:
        pdf.add(piece.page(options.page_size.points))
    digest = pdf.finish()
    return pdf.size, digest


def _parts(pieces: Sequence[Piece], options: ConversionOptions, shop: Shop) -> tuple[list[dict[str, Any]], list[Path]]:
    parts, temporary = [], []
    for pdf, group in groupby(pieces, key=lambda piece: piece.pdf):
        run = list(group)
        if pdf is None:
            path = shop.target().with_suffix(".pdf")
            temporary.append(path)
            with path.open("wb") as file:
                _write_pictures(file, run, options)
            indices = list(range(len(run)))
        else:
            path, indices = pdf, [piece.index for piece in run]
        texts = {str(index): str(piece.text) for index, piece in zip(indices, run, strict=True) if piece.text}
        parts.append({"pdf": str(path), "pages": indices, "name": run[0].source, "texts": texts})
    return parts, temporary


def _copy(source: Path, target: BinaryIO) -> tuple[int, str]:
    digest = hashlib.sha256()
    size = 0
    for piece in _pieces_of(source):
        digest.update(piece)
        size += len(piece)
        target.write(piece)
    return size, digest.hexdigest()


def _pieces_of(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while piece := file.read(_PIECE):
            yield piece

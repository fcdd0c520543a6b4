"""Pictures, PDFs and Word files → PDF (`scan convert`; step 2 of the guide)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from dvc_cli.errors import InvalidInput, UsageProblem
from dvc_cli.files import UnsafeOutput, check_output
from dvc_cli.i18n import _
from dvc_cli.model.ports import Progress, Task
from dvc_cli.scan.images import LEAST_DPI, BrokenImage, ImagePage, ImageTooLarge
from dvc_cli.scan.inputs import MissingInput, Source, expanded, gathered, groups
from dvc_cli.scan.options import (
    BatchReport,
    Colour,
    ConversionOptions,
    ConversionReport,
    Each,
    FailedConversion,
    Order,
    OutputFile,
    PageSize,
    Treatment,
)
from dvc_cli.scan.pieces import Collection, Piece, Shop, SignedInput, UnsupportedKind, collect

__all__ = [
    "BatchReport",
    "BrokenImage",
    "Colour",
    "ConversionOptions",
    "ConversionReport",
    "Each",
    "ImageTooLarge",
    "MissingInput",
    "Order",
    "PageSize",
    "SignedInput",
    "Treatment",
    "UnsupportedKind",
    "convert",
    "convert_each",
    "expanded",
]


class NothingLeft(InvalidInput):
    """Every page was left out, so there is no PDF to write."""

    slug = "nothing-left"


class SplitWithoutLimit(UsageProblem):
    """`--split` needs to know how large a part may be."""

    slug = "split-without-limit"


def convert(inputs: Sequence[Path], output: Path, options: ConversionOptions, progress: Progress) -> ConversionReport:
    """Make one PDF of `inputs`, in their order (folders: their files in natural order). The output is whole or not there.

    Raises:
        MissingInput, UnsupportedKind, SignedInput, BrokenImage, ImageTooLarge, BrokenPdf, EncryptedPdf, TooHeavy,
        DecoderFailed, NothingLeft, CannotFit: exit code 10. OcrMissing, OfficeMissing: 13.
        OutputExists and the storage errors of `files`.
    """
    _require_sense(options)
    check_output(output, overwrite=options.overwrite)
    with Shop() as shop:
        sources = gathered(inputs, options.order, shop)
        with progress.task(_("Converting"), len(sources)) as task:
            return _converted(_Work(sources, output, options, shop, progress, task))


def convert_each(
    inputs: Sequence[Path], folder: Path, each: Each, options: ConversionOptions, progress: Progress
) -> BatchReport:
    """One PDF for every file or folder of `inputs`, in `folder`. One that fails does not stop the others.

    Raises:
        MissingInput, SameName, SplitWithoutLimit, OutputExists: before anything is written.
    """
    _require_sense(options)
    pairs = groups(inputs, each, folder)
    for output, _files in pairs:
        check_output(output, overwrite=options.overwrite)
    done: list[ConversionReport] = []
    failed: list[FailedConversion] = []
    with Shop() as shop, progress.task(_("Converting"), sum(len(files) for _output, files in pairs)) as task:
        for output, files in pairs:
            try:
                sources = gathered(files, options.order, shop)
                done.append(_converted(_Work(sources, output, options, shop, progress, task)))
            except InvalidInput as error:
                name = str(files[0] if each is Each.FILE else files[0].parent)
                failed.append(FailedConversion(source=name, error=error.slug, message=error.message))
                progress.warn(error.message)
    return BatchReport(conversions=tuple(done), failed=tuple(failed))


@dataclass(frozen=True, slots=True)
class _Work:
    sources: list[Source]
    output: Path
    options: ConversionOptions
    shop: Shop
    progress: Progress
    task: Task


def _require_sense(options: ConversionOptions) -> None:
    if options.split and options.limit is None:
        raise SplitWithoutLimit(
            _("`--split` needs to know how large a part may be"), hint=_("Add for example `--fit 20MB`")
        )
    if options.ocr or options.treatment.rotate_auto:
        from dvc_cli.scan.ocr import LANGUAGE, ORIENTATION, require_ocr

        require_ocr(*([LANGUAGE] if options.ocr else []), *([ORIENTATION] if options.treatment.rotate_auto else []))


def _converted(work: _Work) -> ConversionReport:
    options = work.options
    _require_other_file(work)
    found = collect(work.sources, options, work.shop, work.task)
    if not found.pieces:
        raise NothingLeft(
            _("No page is left for {path}").format(path=work.output),
            details=tuple(item.reason for item in found.left_out),
        )
    pieces = found.pieces
    if options.ocr:
        from dvc_cli.scan.ocr import with_text

        pieces = with_text(pieces, options, work.shop, work.task)
    parts, fitted = [pieces], ""
    if options.limit is not None:
        from dvc_cli.scan.fit import fit

        parts, fitted = fit(pieces, options.limit, options, work.shop, work.task)
        if fitted:
            work.progress.say(fitted)
    return _report(found, parts, _written(parts, work), fitted, options)


def _require_other_file(work: _Work) -> None:
    if work.output.exists() and any(source.path.samefile(work.output) for source in work.sources):
        raise UnsafeOutput(_("{path} is an input and the output at once").format(path=work.output))


def _written(parts: Sequence[Sequence[Piece]], work: _Work) -> list[OutputFile]:
    """Every PDF, or none."""
    from dvc_cli.scan.write import write_pdf

    outputs = [work.output]
    if len(parts) > 1:
        outputs = [work.output.with_name(f"{work.output.stem}-{number}.pdf") for number in range(1, len(parts) + 1)]
        for output in outputs:
            check_output(output, overwrite=work.options.overwrite)
    written: list[OutputFile] = []
    try:
        for output, part in zip(outputs, parts, strict=True):
            written.append(write_pdf(part, output, work.options, work.shop))
    except BaseException:
        for done in written:
            done.path.unlink(missing_ok=True)
        raise
    return written


def _report(
    found: Collection,
    parts: Sequence[Sequence[Piece]],
    outputs: Sequence[OutputFile],
    fitted: str,
    options: ConversionOptions,
) -> ConversionReport:
    images = tuple(image_page(piece, options) for part in parts for piece in part if piece.picture is not None)
    return ConversionReport(
        output=outputs[0].path,
        pages=sum(output.pages for output in outputs),
        size=outputs[0].size,
        sha256=outputs[0].sha256,
        images=images,
        low_resolution=sum(1 for page in images if page.dpi < LEAST_DPI - 1),
        outputs=tuple(outputs),
        left_out=tuple(found.left_out),
        fitted=fitted,
        notes=tuple(found.notes),
    )


def image_page(piece: Piece, options: ConversionOptions) -> ImagePage:
    """What the report says of a page made from a picture."""
    page = piece.page(options.page_size.points)
    raster, drawn = page.raster, page.drawn
    width, height = (raster.height, raster.width) if page.orientation >= 5 else (raster.width, raster.height)
    return ImagePage(
        source=piece.source,
        frame=piece.frame,
        width_px=width,
        height_px=height,
        dpi=round(min(width / drawn[0], height / drawn[1]) * 72, 1),
        lossless=piece.picture is not None and piece.picture.lossless,
        turned=piece.turned,
        straightened=piece.straightened,
    )

"""`dvc-cli scan`: from paper to PDF."""

from __future__ import annotations

from pathlib import Path

from dvc_cli.commands import scan_devices, scan_look
from dvc_cli.i18n import _
from dvc_cli.lazy import Annotated, App, Argument, Context, Option, examples, run_of
from dvc_cli.scan.options import Each, Order, PageSize

app = App(help=_("Turn scans into PDF"))

_INPUTS_HELP = _("Pictures, PDF or Word files, folders that hold them, patterns, or `-` for standard input")
_PAGE_SIZE_HELP = _("Size of the pages made from pictures")
_ORDER_HELP = _("As given, by name, by date taken, or backwards")
_EACH_HELP = _("One PDF for every file or every folder, instead of one for all")
_FIT_HELP = _("Make it at most this large, such as `20MB`; never under 200 dpi")
_PROCEDURE_HELP = _("Make it at most as large as the portal takes for this procedure")
_DESKEW_HELP = _("Straighten slanted pages and photographs taken at an angle")

Inputs = Annotated[list[Path], Argument(metavar="INPUT...", help=_INPUTS_HELP, show_default=False)]
Output = Annotated[Path | None, Option("-o", "--output", metavar="FILE", help=_("The PDF to write"))]
EachOption = Annotated[Each | None, Option("--each", help=_EACH_HELP)]
OutDir = Annotated[Path | None, Option("--out-dir", metavar="FOLDER", help=_("Where `--each` writes; by default here"))]
Size = Annotated[PageSize | None, Option("--page-size", help=_PAGE_SIZE_HELP, show_default=False, case_sensitive=False)]
OrderOption = Annotated[Order, Option("--order", help=_ORDER_HELP)]
Fit = Annotated[str | None, Option("--fit", metavar="SIZE", help=_FIT_HELP)]
Procedure = Annotated[str | None, Option("--procedure", metavar="CODE", help=_PROCEDURE_HELP)]
Split = Annotated[bool, Option("--split", help=_("Make several PDFs when one cannot be made small enough"))]
Deskew = Annotated[bool, Option("--deskew", help=_DESKEW_HELP)]
RotateAuto = Annotated[bool, Option("--rotate-auto", help=_("Turn pages so that their text is upright (Tesseract)"))]
DropBlank = Annotated[bool, Option("--drop-blank", help=_("Leave out empty pages, such as blank backs"))]
Clean = Annotated[bool, Option("--clean", help=_("Even out shadows, whiten the paper, remove specks"))]
Crop = Annotated[bool, Option("--crop", help=_("Cut away what lies around the paper"))]
Gray = Annotated[bool, Option("--gray", help=_("Make pictures grey"))]
BlackWhite = Annotated[bool, Option("--bw", help=_("Make pictures black and white"))]
Ocr = Annotated[bool, Option("--ocr", help=_("Add the text, invisible, so that it can be searched (Tesseract)"))]
PdfA = Annotated[bool, Option("--pdfa", help=_("Make PDF/A-2b, for keeping"))]
SkipBroken = Annotated[bool, Option("--skip-broken", help=_("Leave damaged files out instead of stopping"))]
Force = Annotated[bool, Option("-f", "--force", help=_("Overwrite the output"))]


@app.command(
    "convert",
    help=_("Make a PDF of pictures, PDF files and Word files, in the order given"),
    epilog=examples(
        "dvc-cli scan convert trang-1.jpg trang-2.png -o don.pdf",
        "dvc-cli scan convert ho-so/ -o ho-so.pdf --fit 20MB",
        "dvc-cli scan convert anh-chup/*.heic -o don.pdf --deskew --clean --ocr",
        "dvc-cli scan convert ho-so/ --each file --out-dir pdf/",
    ),
)
def convert_command(
    ctx: Context,
    inputs: Inputs,
    output: Output = None,
    each: EachOption = None,
    out_dir: OutDir = None,
    page_size: Size = None,
    order: OrderOption = Order.GIVEN,
    fit: Fit = None,
    procedure: Procedure = None,
    split: Split = False,
    deskew: Deskew = False,
    rotate_auto: RotateAuto = False,
    drop_blank: DropBlank = False,
    clean: Clean = False,
    crop: Crop = False,
    gray: Gray = False,
    bw: BlackWhite = False,
    ocr: Ocr = False,
    pdfa: PdfA = False,
    skip_broken: SkipBroken = False,
    force: Force = False,
) -> None:
    """Convert and show what was made."""
    from dvc_cli.scan.options import ConversionOptions, Treatment, colour_of
    from dvc_cli.services.convert_scans import convert_scans

    run = run_of(ctx)
    colour = colour_of(gray=gray, bw=bw)
    treatment = Treatment(
        crop=crop, deskew=deskew, rotate_auto=rotate_auto, clean=clean, drop_blank=drop_blank, colour=colour
    )
    size = page_size or PageSize(run.settings.text("scan.page_size"))
    options = ConversionOptions(
        page_size=size, overwrite=force, order=order, treatment=treatment, split=split, skip_broken=skip_broken,
        ocr=ocr, pdfa=pdfa,
    )  # fmt: skip
    report = convert_scans(run, inputs, options, output=output, each=each, folder=out_dir, fit=fit, procedure=procedure)
    run.finish(report)


scan_devices.register(app)
scan_look.register(app)

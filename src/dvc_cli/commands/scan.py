"""`dvc-cli scan`: from paper to PDF."""

from __future__ import annotations

from pathlib import Path

from dvc_cli.commands import scan_devices, scan_look
from dvc_cli.i18n import _
from dvc_cli.lazy import Annotated, App, Argument, Context, Option, examples, run_of
from dvc_cli.scan.convert import PageSize

app = App(help=_("Turn scans into PDF"))


@app.command(
    "convert",
    help=_("Make one PDF of pictures and PDF files, in the order given"),
    epilog=examples(
        "dvc-cli scan convert trang-1.jpg trang-2.png -o don.pdf",
        "dvc-cli scan convert ho-so/ -o ho-so.pdf",
    ),
)
def convert_command(
    ctx: Context,
    inputs: Annotated[
        list[Path],
        Argument(metavar="INPUT...", help=_("Pictures, PDF files, or folders that hold them"), show_default=False),
    ],
    output: Annotated[Path, Option("-o", "--output", metavar="FILE", help=_("The PDF to write"))],
    page_size: Annotated[
        PageSize | None,
        Option("--page-size", help=_("Size of the pages made from pictures"), show_default=False, case_sensitive=False),
    ] = None,
    force: Annotated[bool, Option("-f", "--force", help=_("Overwrite the output"))] = False,
) -> None:
    """Convert and show what was made."""
    from dvc_cli.scan.convert import ConversionOptions, convert

    run = run_of(ctx)
    size = page_size or PageSize(run.settings.text("scan.page_size"))
    options = ConversionOptions(page_size=size, overwrite=force)
    run.out.show(convert(inputs, output, options, run.progress))


scan_devices.register(app)
scan_look.register(app)

"""`dvc-cli scan scanners` and `scan capture`: from paper in a scanner to PDF."""

from __future__ import annotations

from pathlib import Path

from dvc_cli.i18n import _
from dvc_cli.lazy import Annotated, App, Context, Option, examples, run_of
from dvc_cli.scan.options import PageSize
from dvc_cli.scan.scanner import ScanMode, ScanSource

_DEVICE_HELP = _("The scanner: a name of `scan scanners`, or `escl:ADDRESS` for one in the network")
_PAGES_HELP = _("The most pages; by default all in the feeder, on the glass as many as you add")
_SOURCE_HELP = _("Where the paper lies; by default the feeder when paper is in it, else the glass")
_RESOLUTION_HELP = _("Dots per inch; by default 300 or what is nearest")
_OPTION_HELP = _("An option of the scanner's own driver (SANE), such as `brightness=10`")

Device = Annotated[str | None, Option("-d", "--device", metavar="NAME", help=_DEVICE_HELP)]
Output = Annotated[Path, Option("-o", "--output", metavar="FILE", help=_("The PDF to write"))]
Preset = Annotated[str | None, Option("--preset", metavar="NAME", help=_("A scanner preset of yours"))]
Source = Annotated[ScanSource | None, Option("--source", help=_SOURCE_HELP)]
Mode = Annotated[ScanMode | None, Option("--mode", help=_("Colour, grey, or black and white; colour by default"))]
Resolution = Annotated[int | None, Option("--resolution", metavar="DPI", min=50, max=2400, help=_RESOLUTION_HELP)]
Size = Annotated[PageSize | None, Option("--page-size", help=_("Size of the paper"), case_sensitive=False)]
Pages = Annotated[int | None, Option("--pages", metavar="N", min=1, max=2000, help=_PAGES_HELP)]
Lossless = Annotated[bool, Option("--lossless", help=_("Keep every pixel as scanned; the PDF becomes much larger"))]
DropBlank = Annotated[bool, Option("--drop-blank", help=_("Leave out empty pages, such as blank backs"))]
Options = Annotated[list[str] | None, Option("--option", metavar="NAME=VALUE", help=_OPTION_HELP)]
Force = Annotated[bool, Option("-f", "--force", help=_("Overwrite the output"))]


def register(app: App) -> None:
    """Add the commands to the group `scan`."""
    app.command(
        "scanners",
        help=_("List the scanners, or show what one can do"),
        epilog=examples("dvc-cli scan scanners", "dvc-cli scan scanners --device escl:192.168.1.20"),
    )(scanners_command)
    app.command(
        "capture",
        help=_("Scan paper into one PDF"),
        epilog=examples(
            "dvc-cli scan capture -o don.pdf",
            "dvc-cli scan capture -o ho-so.pdf --source feeder --resolution 200",
            "dvc-cli scan capture -o ho-so.pdf --device escl:192.168.1.20 --source duplex",
        ),
    )(capture_command)


def scanners_command(ctx: Context, device: Device = None) -> None:
    """List scanners, or ask one."""
    from dvc_cli.services.scanners import describe_scanner, list_scanners

    run = run_of(ctx)
    run.out.show(describe_scanner(run, device) if device else list_scanners(run))


def capture_command(
    ctx: Context,
    output: Output,
    device: Device = None,
    preset: Preset = None,
    source: Source = None,
    mode: Mode = None,
    resolution: Resolution = None,
    page_size: Size = None,
    pages: Pages = None,
    lossless: Lossless = False,
    drop_blank: DropBlank = False,
    option: Options = None,
    force: Force = False,
) -> None:
    """Scan and show what was made."""
    from dvc_cli.config.scanners import preset_of
    from dvc_cli.services.capture import capture_from, capture_wishes

    run = run_of(ctx)
    kept = preset_of(run.paths, preset)
    wishes = capture_wishes(
        kept,
        page_size=page_size.value if page_size else None,
        usual_size=run.settings.text("scan.page_size"),
        source=source,
        mode=mode,
        resolution=resolution,
        pages=pages,
        options=option or (),
        lossless=lossless,
        drop_blank=drop_blank,
        overwrite=force,
    )
    run.out.show(capture_from(run, device, kept, wishes, output))

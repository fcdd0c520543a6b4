"""`dvc-cli verify`: verify the signatures of PDF files."""

from __future__ import annotations

from pathlib import Path

from dvc_cli.i18n import _
from dvc_cli.lazy import Annotated, App, Argument, Context, Option, examples, run_of

app = App()

_STRICT_HELP = _("Fail on anything added or shown differently after signing")
_AT_TIME_HELP = _("Judge the certificates at this time, or at the time each signature names (`claimed`)")

_HTML_HELP = _("Also write the report as a page for printing")


@app.command(
    "verify",
    help=_("Verify the signatures of PDF files"),
    epilog=examples(
        "dvc-cli verify don.signed.pdf",
        "dvc-cli verify *.pdf --trust root-ca.pem --json",
        "dvc-cli verify don.signed.pdf --strict --at-time claimed",
    ),
)
def verify_command(
    ctx: Context,
    files: Annotated[list[Path], Argument(metavar="FILE...", help=_("Signed PDF files"), show_default=False)],
    trust: Annotated[
        list[Path] | None,
        Option("--trust", metavar="FILE", help=_("PEM file with trusted root certificates, beside the profile's")),
    ] = None,
    strict: Annotated[bool, Option("--strict", help=_STRICT_HELP)] = False,
    at_time: Annotated[str, Option("--at-time", metavar="TIME", help=_AT_TIME_HELP, show_default=False)] = "",
    html: Annotated[Path | None, Option("--html", metavar="FILE", help=_HTML_HELP)] = None,
    force: Annotated[bool, Option("-f", "--force", help=_("Overwrite the output"))] = False,
) -> None:
    """Judge every file and end with the worst verdict."""
    from dvc_cli.files import check_output
    from dvc_cli.output.html import write_page
    from dvc_cli.services.verify import VerifyOptions, verify_files

    run = run_of(ctx)
    options = VerifyOptions(strict=strict, at_time=at_time)
    roots = [*run.trust, *(trust or ())]
    if html is not None:
        check_output(html, overwrite=force)
    report = verify_files(files, roots, clock=run.clock, progress=run.progress, options=options)
    if html is not None:
        write_page(report, html, title=_("Report on signatures"), made_at=run.clock.now(), overwrite=force)
    run.finish(report)

"""`dvc-cli verify`: verify the signatures of PDF files."""

from __future__ import annotations

from pathlib import Path

from dvc_cli.i18n import _
from dvc_cli.lazy import Annotated, App, Argument, Context, Option, examples, run_of

app = App()


@app.command(
    "verify",
    help=_("Verify the signatures of PDF files"),
    epilog=examples("dvc-cli verify don.signed.pdf", "dvc-cli verify *.pdf --trust root-ca.pem --json"),
)
def verify_command(
    ctx: Context,
    files: Annotated[list[Path], Argument(metavar="FILE...", help=_("Signed PDF files"), show_default=False)],
    trust: Annotated[
        list[Path] | None,
        Option("--trust", metavar="FILE", help=_("PEM file with trusted root certificates, beside the profile's")),
    ] = None,
) -> None:
    """Judge every file and end with the worst verdict."""
    from dvc_cli.services.verify import verify_files

    run = run_of(ctx)
    run.finish(verify_files(files, [*run.trust, *(trust or ())], clock=run.clock, progress=run.progress))

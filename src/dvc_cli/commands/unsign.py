"""`dvc-cli unsign`: take back one's own last signature."""

from __future__ import annotations

from pathlib import Path

from dvc_cli.i18n import _
from dvc_cli.lazy import Annotated, App, Argument, Context, Option, examples, run_of

app = App()

_ANY_HELP = _("Take the last signature back whoever made it")
_CERT_HELP = _("Your certificate, by serial, fingerprint or subject; by default those of the profile's signers")
_OUTPUT_HELP = _("The document as it was before; NAME.unsigned.pdf by default")


@app.command(
    "unsign",
    help=_("Take back your own last signature"),
    epilog=examples("dvc-cli unsign don.signed.pdf", "dvc-cli unsign don.signed.pdf -o don.pdf --cert 54010b2c"),
)
def unsign_command(
    ctx: Context,
    file: Annotated[Path, Argument(metavar="FILE", help=_("Signed PDF file"), show_default=False)],
    output: Annotated[Path | None, Option("-o", "--output", metavar="FILE", help=_OUTPUT_HELP)] = None,
    signer: Annotated[str | None, Option("--signer", metavar="NAME", help=_("A signer of the profile"))] = None,
    cert: Annotated[str, Option("--cert", metavar="TEXT", help=_CERT_HELP, show_default=False)] = "",
    anyone: Annotated[bool, Option("--any", help=_ANY_HELP)] = False,
    force: Annotated[bool, Option("-f", "--force", help=_("Overwrite the output"))] = False,
) -> None:
    """Write a copy as it was before the last signature; the signed file stays."""
    from dvc_cli.services.profile_signers import own_signers
    from dvc_cli.services.unsign import Ownership, unsign

    run = run_of(ctx)
    signers = () if anyone or cert else own_signers(run, signer)
    owner = Ownership(certificate=cert, signers=signers, anyone=anyone)
    run.out.show(unsign(file, output, owner, overwrite=force, progress=run.progress))

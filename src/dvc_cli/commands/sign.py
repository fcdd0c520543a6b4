"""`dvc-cli sign`: sign PDF files."""

from __future__ import annotations

from pathlib import Path

from dvc_cli.i18n import _
from dvc_cli.lazy import Annotated, App, Argument, Context, Option, examples, run_of
from dvc_cli.model.signing import Anchor, SignatureLevel, SignatureProfile

app = App()

_AT_HELP = _("Place of the visible signature: {places}; bottom-right by default").format(
    places=", ".join(anchor.value for anchor in Anchor)
)
_PROFILE_HELP = _("Kind of signature: pades (ETSI) or cms (Adobe), as the portal wants it")


@app.command(
    "sign",
    help=_("Sign PDF files with a USB token, a PKCS#12 file or SmartCA"),
    epilog=examples(
        "dvc-cli sign don.pdf --signer director",
        "dvc-cli sign don.pdf -o don-da-ky.pdf --token my-token --at bottom-right --page last",
        "dvc-cli sign *.pdf --out-dir signed --p12 key.p12 --passphrase-file pass.txt --invisible",
    ),
)
def sign_command(
    ctx: Context,
    files: Annotated[list[Path], Argument(metavar="FILE...", help=_("PDF files to sign"), show_default=False)],
    output: Annotated[
        Path | None, Option("-o", "--output", metavar="FILE", help=_("The signed copy; for one input"))
    ] = None,
    out_dir: Annotated[Path | None, Option("--out-dir", metavar="DIR", help=_("Folder for the signed copies"))] = None,
    signer: Annotated[str | None, Option("--signer", metavar="NAME", help=_("A signer of the profile"))] = None,
    p12: Annotated[Path | None, Option("--p12", metavar="FILE", help=_("Sign with this PKCS#12 file"))] = None,
    passphrase_file: Annotated[
        Path | None, Option("--passphrase-file", metavar="FILE", help=_("File with the passphrase of the PKCS#12 file"))
    ] = None,
    token: Annotated[
        str | None, Option("--token", metavar="NAME", help=_("The token, by its label or serial number"))
    ] = None,
    module: Annotated[
        Path | None, Option("--module", metavar="PATH", help=_("PKCS#11 library of the token's vendor"))
    ] = None,
    cert: Annotated[
        str | None,
        Option("--cert", metavar="TEXT", help=_("The certificate, by label, serial, fingerprint, ID or subject")),
    ] = None,
    pin_file: Annotated[Path | None, Option("--pin-file", metavar="FILE", help=_("File with the PIN"))] = None,
    pin_fd: Annotated[int | None, Option("--pin-fd", metavar="N", help=_("Read the PIN from this descriptor"))] = None,
    confirm_pin: Annotated[bool, Option("--confirm-pin", help=_("Try a PIN although the last one was wrong"))] = False,
    at: Annotated[Anchor | None, Option("--at", metavar="PLACE", help=_AT_HELP)] = None,
    box: Annotated[
        str | None,
        Option("--box", metavar="X,Y,W,H", help=_("Its box in mm from the top left corner of the page as displayed")),
    ] = None,
    invisible: Annotated[bool, Option("--invisible", help=_("Sign without a visible signature"))] = False,
    page: Annotated[str, Option("--page", metavar="PAGE", help=_("Page: first, last or a number"))] = "last",
    reason: Annotated[str, Option("--reason", metavar="TEXT", help=_("Reason, shown and stored"))] = "",
    level: Annotated[SignatureLevel, Option("--level", help=_("Level of the signature"))] = SignatureLevel.B_B,
    signature_profile: Annotated[
        SignatureProfile, Option("--signature-profile", help=_PROFILE_HELP)
    ] = SignatureProfile.PADES,
    force: Annotated[bool, Option("-f", "--force", help=_("Overwrite the output"))] = False,
    dry_run: Annotated[bool, Option("-n", "--dry-run", help=_("Check everything and show the plan only"))] = False,
) -> None:
    """Choose the signer and the place, sign, and show a line per file."""
    from dvc_cli.services.sign import sign_documents
    from dvc_cli.services.sign_choice import SignerChoice, placement_of
    from dvc_cli.services.sign_plan import SignOptions

    run = run_of(ctx)
    options = SignOptions(
        placement=placement_of(at, box, page, invisible=invisible),
        profile=signature_profile,
        level=level,
        reason=reason,
        output=output,
        folder=out_dir,
        overwrite=force,
        dry_run=dry_run,
    )
    choice = SignerChoice(
        signer=signer,
        p12=p12,
        passphrase_file=passphrase_file,
        token=token,
        module=module,
        cert=cert,
        pin_file=pin_file,
        pin_fd=pin_fd,
        confirm_pin=confirm_pin,
    )
    driver = run.signer(choice.spec(run.signer_spec if run.has_profile else None))
    run.finish(sign_documents(files, driver, options, clock=run.clock, progress=run.progress, prompter=run.prompter))

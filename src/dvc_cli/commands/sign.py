"""`dvc-cli sign`: sign PDF files."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from dvc_cli.i18n import _
from dvc_cli.lazy import Annotated, App, Argument, Context, Option, Run, examples, run_of
from dvc_cli.model.signing import Anchor, SignatureLevel, SignatureProfile, SignReport

if TYPE_CHECKING:
    from dvc_cli.services.sign_choice import SignerChoice
    from dvc_cli.services.sign_plan import SignOptions
    from dvc_cli.sign.pades.levels import Evidence

app = App()

_PLACES = ", ".join(anchor.value for anchor in Anchor)
_AT_HELP = _("Place of the visible signature: {places}; bottom-right by default").format(places=_PLACES)
_BOX_HELP = _("Its box in mm from the top left corner of the page as displayed")
_CERT_HELP = _("The certificate, by label, serial, fingerprint, ID or subject")
_PASSPHRASE_HELP = _("File with the passphrase of the PKCS#12 file")
_PROFILE_HELP = _("Kind of signature: pades (ETSI) or cms (Adobe); by default what the profile says, else pades")
_LEVEL_HELP = _("Level of the signature; by default b-t where a time-stamping service is known, else b-b")
_TSA_HELP = _("Time-stamping service, instead of the profile's; several are tried in order")
_TRUST_HELP = _("PEM file with trusted roots, beside the profile's; for b-lt and b-lta")
_REVOCATION_HELP = _("Refuse to sign when the issuer cannot say whether the certificate was revoked")

Files = Annotated[list[Path] | None, Argument(metavar="FILE...", help=_("PDF files to sign"), show_default=False)]
Resume = Annotated[bool, Option("--resume", help=_("Finish what an interrupted run sent to SmartCA"))]
Output = Annotated[Path | None, Option("-o", "--output", metavar="FILE", help=_("The signed copy; for one input"))]
OutDir = Annotated[Path | None, Option("--out-dir", metavar="DIR", help=_("Folder for the signed copies"))]
SignerName = Annotated[str | None, Option("--signer", metavar="NAME", help=_("A signer of the profile"))]
P12 = Annotated[Path | None, Option("--p12", metavar="FILE", help=_("Sign with this PKCS#12 file"))]
PassphraseFile = Annotated[Path | None, Option("--passphrase-file", metavar="FILE", help=_PASSPHRASE_HELP)]
TokenName = Annotated[str | None, Option("--token", metavar="NAME", help=_("The token, by its label or serial number"))]
Module = Annotated[Path | None, Option("--module", metavar="PATH", help=_("PKCS#11 library of the token's vendor"))]
Cert = Annotated[str | None, Option("--cert", metavar="TEXT", help=_CERT_HELP)]
PinFile = Annotated[Path | None, Option("--pin-file", metavar="FILE", help=_("File with the PIN"))]
PinFd = Annotated[int | None, Option("--pin-fd", metavar="N", help=_("Read the PIN from this descriptor"))]
ConfirmPin = Annotated[bool, Option("--confirm-pin", help=_("Try a PIN although the last one was wrong"))]
At = Annotated[Anchor | None, Option("--at", metavar="PLACE", help=_AT_HELP)]
Box = Annotated[str | None, Option("--box", metavar="X,Y,W,H", help=_BOX_HELP)]
Invisible = Annotated[bool, Option("--invisible", help=_("Sign without a visible signature"))]
Page = Annotated[str, Option("--page", metavar="PAGE", help=_("Page: first, last or a number"))]
Reason = Annotated[str, Option("--reason", metavar="TEXT", help=_("Reason, shown and stored"))]
Level = Annotated[SignatureLevel | None, Option("--level", help=_LEVEL_HELP)]
Tsa = Annotated[list[str] | None, Option("--tsa", metavar="URL", help=_TSA_HELP)]
Trust = Annotated[list[Path] | None, Option("--trust", metavar="FILE", help=_TRUST_HELP)]
Revocation = Annotated[bool, Option("--require-revocation", help=_REVOCATION_HELP)]
Upgrade = Annotated[bool, Option("--upgrade", help=_("Raise the level of files that are signed already"))]
Kind = Annotated[SignatureProfile | None, Option("--signature-profile", help=_PROFILE_HELP)]
Force = Annotated[bool, Option("-f", "--force", help=_("Overwrite the output"))]
DryRun = Annotated[bool, Option("-n", "--dry-run", help=_("Check everything and show the plan only"))]


@app.command(
    "sign",
    help=_("Sign PDF files"),
    epilog=examples(
        "dvc-cli sign don.pdf --signer director",
        "dvc-cli sign don.pdf -o don-da-ky.pdf --token my-token --at bottom-right --page last",
        "dvc-cli sign don.pdf --level b-lta --tsa http://tsa.example.vn",
        "dvc-cli sign --upgrade don.signed.pdf --level b-lta",
        "dvc-cli sign --resume",
        "dvc-cli sign *.pdf --out-dir signed --p12 key.p12 --passphrase-file pass.txt --invisible",
    ),
)
def sign_command(
    ctx: Context,
    files: Files = None,
    output: Output = None,
    out_dir: OutDir = None,
    signer: SignerName = None,
    p12: P12 = None,
    passphrase_file: PassphraseFile = None,
    token: TokenName = None,
    module: Module = None,
    cert: Cert = None,
    pin_file: PinFile = None,
    pin_fd: PinFd = None,
    confirm_pin: ConfirmPin = False,
    at: At = None,
    box: Box = None,
    invisible: Invisible = False,
    page: Page = "last",
    reason: Reason = "",
    level: Level = None,
    tsa: Tsa = None,
    trust: Trust = None,
    require_revocation: Revocation = False,
    signature_profile: Kind = None,
    force: Force = False,
    dry_run: DryRun = False,
    resume: Resume = False,
    upgrade: Upgrade = False,
) -> None:
    """Choose the signer and the place, sign, and show a line per file."""
    from dvc_cli.services.sign_choice import SignerChoice, TokenChoice, inputs_of, placement_of
    from dvc_cli.services.sign_plan import SignOptions

    run = run_of(ctx)
    inputs = inputs_of(files, resume=resume)
    kind = signature_profile or run.signature_profile
    options = SignOptions(
        placement=placement_of(at, box, page, invisible=invisible), profile=kind, level=level, reason=reason
    ).to(output, out_dir, overwrite=force, dry_run=dry_run, require_revocation=require_revocation)
    on_token = TokenChoice(
        token=token, module=module, cert=cert, pin_file=pin_file, pin_fd=pin_fd, confirm_pin=confirm_pin
    )
    choice = SignerChoice(signer=signer, p12=p12, passphrase_file=passphrase_file, on_token=on_token)
    evidence = run.evidence(tsa, trust)
    if resume:
        run.finish(_resumed(run, evidence))
    elif upgrade:
        run.finish(_upgraded(run, inputs, options, evidence))
    else:
        run.finish(_signed(run, inputs, options, choice, evidence))


def _resumed(run: Run, evidence: Evidence) -> SignReport:
    from dvc_cli.services.resume_signing import resume_signing

    kept = run.kept_batches(evidence=evidence)
    return resume_signing(kept, run.signer, progress=run.progress, prompter=run.prompter)


def _upgraded(run: Run, inputs: list[Path], options: SignOptions, evidence: Evidence) -> SignReport:
    from dvc_cli.services.upgrade import upgrade_files

    return upgrade_files(inputs, options, evidence, clock=run.clock, progress=run.progress)


def _signed(run: Run, inputs: list[Path], options: SignOptions, choice: SignerChoice, evidence: Evidence) -> SignReport:
    from dvc_cli.services.sign import sign_documents

    spec = choice.spec(run.signer_spec if run.has_profile else None)
    return sign_documents(
        inputs,
        run.signer(spec),
        options,
        clock=run.clock,
        progress=run.progress,
        prompter=run.prompter,
        kept=run.kept_batches(spec, evidence),
        evidence=evidence,
    )

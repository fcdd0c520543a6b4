"""`dvc-cli tokens`: USB tokens and smart cards."""

from __future__ import annotations

from pathlib import Path

from dvc_cli.i18n import _
from dvc_cli.lazy import Annotated, App, Context, Option, examples, run_of

app = App(help=_("USB tokens and smart cards"))

_CERT_HELP = _("The certificate, by label, serial, fingerprint, ID or subject")

SignerName = Annotated[str | None, Option("--signer", metavar="NAME", help=_("A signer of the profile"))]
TokenName = Annotated[str | None, Option("--token", metavar="NAME", help=_("The token, by its label or serial number"))]
Module = Annotated[Path | None, Option("--module", metavar="PATH", help=_("PKCS#11 library of the token's vendor"))]
Cert = Annotated[str | None, Option("--cert", metavar="TEXT", help=_CERT_HELP)]
PinFile = Annotated[Path | None, Option("--pin-file", metavar="FILE", help=_("File with the PIN"))]
PinFd = Annotated[int | None, Option("--pin-fd", metavar="N", help=_("Read the PIN from this descriptor"))]
ConfirmPin = Annotated[bool, Option("--confirm-pin", help=_("Try a PIN although the last one was wrong"))]


@app.command(
    "list",
    help=_("List the tokens that are plugged in, with their certificates"),
    epilog=examples("dvc-cli tokens list", "dvc-cli tokens list --module /usr/lib/opensc-pkcs11.so --json"),
)
def list_(ctx: Context, module: Module = None) -> None:
    """Show tokens, certificates and why one is not offered; no PIN is asked."""
    from dvc_cli.services.profile_signers import token_sources
    from dvc_cli.services.tokens import list_tokens

    run = run_of(ctx)
    run.finish(list_tokens(token_sources(run, module), clock=run.clock, progress=run.progress))


@app.command(
    "test",
    help=_("Make one signature with a token and verify it; no document is signed"),
    epilog=examples("dvc-cli tokens test", "dvc-cli tokens test --token my-token --pin-file pin.txt"),
)
def try_(
    ctx: Context,
    signer: SignerName = None,
    token: TokenName = None,
    module: Module = None,
    cert: Cert = None,
    pin_file: PinFile = None,
    pin_fd: PinFd = None,
    confirm_pin: ConfirmPin = False,
) -> None:
    """Log in, sign once, verify."""
    from functools import partial

    from dvc_cli.services.profile_signers import token_spec
    from dvc_cli.services.sign_choice import SignerChoice, TokenChoice
    from dvc_cli.services.tokens import try_token

    run = run_of(ctx)
    on_token = TokenChoice(
        token=token, module=module, cert=cert, pin_file=pin_file, pin_fd=pin_fd, confirm_pin=confirm_pin
    )
    choice = SignerChoice(signer=signer, on_token=on_token)
    driver = run.signer(choice.spec(partial(token_spec, run)))
    run.out.show(try_token(driver, clock=run.clock, progress=run.progress, prompter=run.prompter))

"""`dvc-cli trust`: the roots that signatures are judged by."""

from __future__ import annotations

from pathlib import Path

from dvc_cli.i18n import _
from dvc_cli.lazy import Annotated, App, Argument, Context, Option, examples, run_of

app = App(help=_("The roots that signatures are judged by"))

_FINGERPRINT_HELP = _("Its SHA-256 fingerprint, instead of being asked")

ThisProfile = Annotated[bool, Option("--this-profile", help=_("Trust it with the profile in use only"))]


@app.command(
    "list",
    help=_("List the trusted roots"),
    epilog=examples("dvc-cli trust list", "dvc-cli trust list --json"),
)
def list_(ctx: Context) -> None:
    """Show the imported roots and those that the profile names."""
    from dvc_cli.services.trust import list_roots

    run = run_of(ctx)
    name, files = (run.profile.name, run.profile.trust) if run.has_profile else (None, ())
    run.out.show(list_roots(run.trust_store, name, files))


@app.command(
    "import",
    help=_("Trust a root certificate after comparing its fingerprint"),
    epilog=examples("dvc-cli trust import root-ca.pem", "dvc-cli trust import root-ca.pem --fingerprint 3F:A0:..."),
)
def import_(
    ctx: Context,
    file: Annotated[Path, Argument(metavar="FILE", help=_("PEM or DER file"), show_default=False)],
    fingerprint: Annotated[
        str, Option("--fingerprint", metavar="SHA256", help=_FINGERPRINT_HELP, show_default=False)
    ] = "",
    this_profile: ThisProfile = False,
) -> None:
    """Show the certificate, have it confirmed, and keep it."""
    from dvc_cli.services.trust import import_roots

    run = run_of(ctx)
    profile = run.profile.name if this_profile else None
    run.out.show(import_roots(file, run.trust_store, profile=profile, fingerprint=fingerprint, prompter=run.prompter))


@app.command(
    "remove",
    help=_("Trust an imported root no longer"),
    epilog=examples("dvc-cli trust remove 3fa0b1c2"),
)
def remove(
    ctx: Context,
    fingerprint: Annotated[
        str, Argument(metavar="SHA256", help=_("The first 8 digits of its fingerprint or more"), show_default=False)
    ],
) -> None:
    """Forget one imported root."""
    from dvc_cli.services.trust import remove_root

    run = run_of(ctx)
    run.out.show(remove_root(fingerprint, run.trust_store, run.profile.name if run.has_profile else None))

"""`dvc-cli signers`: the named signers of the profile."""

from __future__ import annotations

from pathlib import Path

from dvc_cli.i18n import _
from dvc_cli.lazy import Annotated, App, Argument, Context, Option, examples, run_of


def _complete_signer(incomplete: str) -> list[str]:
    import os

    from dvc_cli.config.paths import default_paths
    from dvc_cli.config.profiles import ProfileStore
    from dvc_cli.errors import DvcError

    store = ProfileStore(default_paths(os.environ))
    try:
        name = store.current()
        known = list(store.load(name).signers) if name else []
    except DvcError:
        return []
    return [one for one in known if one.startswith(incomplete)]


app = App(help=_("The named signers of the profile"))

_CERT_HELP = _("The certificate, by label, serial, fingerprint, ID or subject")

Name = Annotated[
    str | None, Argument(metavar="NAME", help=_("A signer of the profile"), autocompletion=_complete_signer)
]
Cert = Annotated[str | None, Option("--cert", metavar="TEXT", help=_CERT_HELP)]
PassphraseFile = Annotated[
    Path | None, Option("--passphrase-file", metavar="FILE", help=_("File with the passphrase of the PKCS#12 file"))
]


@app.command(
    "list",
    help=_("List the signers of the profile"),
    epilog=examples("dvc-cli signers list", "dvc-cli signers list --json"),
)
def list_(ctx: Context) -> None:
    """Show the table; nothing is opened or contacted."""
    from dvc_cli.services.signers import list_signers

    run = run_of(ctx)
    run.out.show(list_signers(run.profile))


@app.command(
    "test",
    help=_("Show the certificates of a signer and why one is not offered; nothing is signed, no PIN is asked"),
    epilog=examples("dvc-cli signers test", "dvc-cli signers test director", "dvc-cli signers test smartca --json"),
)
def try_(ctx: Context, name: Name = None, cert: Cert = None, passphrase_file: PassphraseFile = None) -> None:
    """Fetch and judge the certificates."""
    from dvc_cli.services.sign_choice import SignerChoice, TokenChoice
    from dvc_cli.services.signers import try_signer

    run = run_of(ctx)
    choice = SignerChoice(signer=name, passphrase_file=passphrase_file, on_token=TokenChoice(cert=cert))
    spec = choice.spec(run.signer_spec)
    run.finish(try_signer(spec, run.signer(spec), clock=run.clock, progress=run.progress))

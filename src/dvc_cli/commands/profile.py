"""`dvc-cli profile`: portals, accounts and signers to work with."""

from __future__ import annotations

from pathlib import Path

from dvc_cli.i18n import _
from dvc_cli.lazy import Annotated, App, Argument, Context, Option, examples, run_of


def _complete_name(incomplete: str) -> list[str]:
    import os

    from dvc_cli.config.paths import default_paths
    from dvc_cli.config.profiles import ProfileStore

    return [name for name in ProfileStore(default_paths(os.environ)).names() if name.startswith(incomplete)]


NameArgument = Annotated[str, Argument(metavar="NAME", help=_("Name of the profile"), autocompletion=_complete_name)]
ForceOption = Annotated[bool, Option("-f", "--force", help=_("Overwrite what exists"))]

app = App(help=_("Portals and accounts to work with"))


@app.command(
    "list", help=_("List the profiles"), epilog=examples("dvc-cli profile list", "dvc-cli profile list --json")
)
def list_(ctx: Context) -> None:
    """Show the table."""
    from dvc_cli.services.profiles import list_profiles

    run = run_of(ctx)
    run.out.show(list_profiles(run.profiles, run.settings))


@app.command(
    "show",
    help=_("Show a profile, or the one in use"),
    epilog=examples("dvc-cli profile show", "dvc-cli profile show cong-ty"),
)
def show(
    ctx: Context,
    name: Annotated[
        str | None, Argument(metavar="NAME", help=_("Name of the profile"), autocompletion=_complete_name)
    ] = None,
) -> None:
    """Show one profile; the reference key only as present or missing."""
    from dvc_cli.services.profiles import show_profile

    run = run_of(ctx)
    run.out.show(show_profile(run.profiles, run.settings, name))


@app.command("use", help=_("Choose the profile to work with"), epilog=examples("dvc-cli profile use cong-ty"))
def use(ctx: Context, name: NameArgument) -> None:
    """Write the choice into the user's settings."""
    from dvc_cli.services.profiles import use_profile

    run = run_of(ctx)
    run.out.show(use_profile(run.profiles, name))


@app.command(
    "add",
    help=_("Add a profile"),
    epilog=examples(
        "dvc-cli profile add cong-ty --portal https://dichvucong.example.gov.vn --account 0101234567 --use",
        "dvc-cli profile add cong-ty --portal https://dichvucong.example.gov.vn \\",
        "  --signer giam-doc=token,serial=00ab12 --signer ke-toan=p12,file=ketoan.p12",
        "dvc-cli profile add cong-ty --from cong-ty.profile.toml",
    ),
)
def add(
    ctx: Context,
    name: Annotated[str, Argument(metavar="NAME", help=_("Name of the profile"))],
    portal: Annotated[str | None, Option("--portal", metavar="URL", help=_("Address of the portal"))] = None,
    dialect: Annotated[
        str | None, Option("--dialect", metavar="NAME", help=_("Kind of portal software; igate1 unless given"))
    ] = None,
    account: Annotated[str | None, Option("--account", metavar="NAME", help=_("User name at the portal"))] = None,
    signer: Annotated[
        list[str] | None,
        Option(
            "--signer",
            metavar="NAME=KIND,KEY=VALUE...",
            help=_("A signer: token, p12, smartca, csc or mysign; may be repeated"),
        ),
    ] = None,
    default_signer: Annotated[
        str | None, Option("--default-signer", metavar="NAME", help=_("The signer used when none is named"))
    ] = None,
    trust: Annotated[
        list[Path] | None, Option("--trust", metavar="FILE", help=_("PEM file of root certificates; may be repeated"))
    ] = None,
    tsa: Annotated[
        list[str] | None, Option("--tsa", metavar="URL", help=_("Time-stamping service; may be repeated"))
    ] = None,
    extra_ca: Annotated[
        Path | None, Option("--extra-ca", metavar="FILE", help=_("PEM file of CAs trusted for connections"))
    ] = None,
    password_command: Annotated[
        str | None, Option("--password-command", metavar="COMMAND", help=_("Command that prints the portal password"))
    ] = None,
    data_file: Annotated[
        Path | None, Option("--data-file", metavar="FILE", help=_("Own data of the portal's dialect"))
    ] = None,
    source: Annotated[Path | None, Option("--from", metavar="FILE", help=_("Take over an exported profile"))] = None,
    use_it: Annotated[bool, Option("--use", help=_("Also choose it to work with"))] = False,
    force: ForceOption = False,
) -> None:
    """Store a profile; its reference key is made once and kept when it is replaced."""
    from dvc_cli.services.profiles import NewProfile, add_profile

    run = run_of(ctx)
    options = NewProfile(
        name=name, portal=portal, dialect=dialect, account=account, signers=signer or (), default_signer=default_signer,
        trust=trust or (), tsa=tsa or (), password_command=password_command, extra_ca=extra_ca, data_file=data_file,
        source=source,
    )  # fmt: skip
    run.out.show(add_profile(run.profiles, options, use=use_it, force=force))


@app.command(
    "remove",
    help=_("Remove a profile; its journal and receipts are kept"),
    epilog=examples("dvc-cli profile remove cong-ty", "dvc-cli profile remove cong-ty --yes"),
)
def remove(
    ctx: Context, name: NameArgument, yes: Annotated[bool, Option("-y", "--yes", help=_("Do not ask"))] = False
) -> None:
    """Delete the file after asking."""
    from dvc_cli.services.profiles import remove_profile

    run = run_of(ctx)
    run.out.show(remove_profile(run.profiles, name, agreed=yes, prompter=run.prompter))


@app.command(
    "export",
    help=_("Write a profile with its reference key to a file, for other stations"),
    epilog=examples("dvc-cli profile export cong-ty -o cong-ty.profile.toml"),
)
def export(
    ctx: Context,
    name: NameArgument,
    output: Annotated[Path, Option("-o", "--output", metavar="FILE", help=_("The file to write"))],
    force: ForceOption = False,
) -> None:
    """Write a private file (0600)."""
    from dvc_cli.services.profiles import export_profile

    run = run_of(ctx)
    run.out.show(export_profile(run.profiles, name, output, force=force))

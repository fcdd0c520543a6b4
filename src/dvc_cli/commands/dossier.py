"""`dvc-cli dossier`: write and check dossier files, and look at what was filed."""

from __future__ import annotations

from pathlib import Path

from dvc_cli.i18n import _
from dvc_cli.lazy import Annotated, App, Argument, Context, Option, examples, run_of

app = App(help=_("Write and check dossier files, and look at what was filed"))

LocalOption = Annotated[bool, Option("--local", help=_("Only what this computer knows; the portal is not asked"))]


@app.command(
    "init",
    help=_("Write a commented dossier file for a procedure"),
    epilog=examples("dvc-cli dossier init 1.001612", "dvc-cli dossier init 1.001612 -o ho-so/dossier.toml --offline"),
)
def init_command(
    ctx: Context,
    procedure: Annotated[str, Argument(metavar="PROCEDURE", help=_("Code of the procedure"), show_default=False)],
    output: Annotated[Path, Option("-o", "--output", metavar="FILE", help=_("The new file"))] = Path("dossier.toml"),
    offline: Annotated[bool, Option("--offline", help=_("Only from the copy kept of what was seen before"))] = False,
    force: Annotated[bool, Option("-f", "--force", help=_("Overwrite an existing file"))] = False,
) -> None:
    """Write the file."""
    from dvc_cli.services.init_dossier import init_dossier

    run = run_of(ctx)
    found = run.shelf.show_procedure(procedure, offline=offline)
    session, signer = run.access.resume(), run.profile.default_signer
    run.out.show(init_dossier(found, output, session=session, signer=signer, overwrite=force))


@app.command(
    "check",
    help=_("Check a dossier file and its papers; nothing is sent"),
    epilog=examples("dvc-cli dossier check dossier.toml", "dvc-cli dossier check dossier.toml --offline --json"),
)
def check_command(
    ctx: Context,
    dossier: Annotated[Path, Argument(metavar="DOSSIER", help=_("The dossier file (TOML)"), show_default=False)],
    offline: Annotated[bool, Option("--offline", help=_("Only from the copy kept of what was seen before"))] = False,
) -> None:
    """Show every problem at once."""
    from dvc_cli.services.check_dossier import check_dossier, today_in_vietnam
    from dvc_cli.services.dossier_file import read_dossier

    run = run_of(ctx)
    found = read_dossier(dossier)
    procedure = run.shelf.show_procedure(found.procedure, offline=offline)
    run.finish(check_dossier(found, procedure, run.portal.capabilities, today_in_vietnam(run.clock.now())))


@app.command(
    "list",
    help=_("List your dossiers: what this computer filed, and what the portal knows"),
    epilog=examples("dvc-cli dossier list", "dvc-cli dossier list --local --json"),
)
def list_command(ctx: Context, local: LocalOption = False) -> None:
    """Show a line for each dossier."""
    from dvc_cli.services.local_dossiers import Kept, list_dossiers, portal_list

    run = run_of(ctx)
    own = None if local else portal_list(run.access, run.portal)
    run.out.show(
        list_dossiers(run.journal, Kept.of(run.paths.state, run.profile.name), own, sandbox=run.profile.sandbox)
    )


@app.command(
    "show",
    help=_("Show a dossier: its state, files, receipt and what was done"),
    epilog=examples("dvc-cli dossier show 000.00.17.H54-260131-0000001", "dvc-cli dossier show DVC-… --local"),
)
def show_command(
    ctx: Context,
    name: Annotated[str, Argument(metavar="CODE", help=_("Code, reference or key of the dossier"), show_default=False)],
    local: LocalOption = False,
) -> None:
    """Show what is known here and at the portal."""
    from dvc_cli.services.local_dossiers import Kept, portal_state, show_dossier

    run = run_of(ctx)
    state_of = None if local else portal_state(run.access, run.portal)
    run.out.show(
        show_dossier(
            name, run.journal, Kept.of(run.paths.state, run.profile.name), state_of, sandbox=run.profile.sandbox
        )
    )

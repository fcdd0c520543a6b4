"""`dvc-cli submit`: file a dossier, from scans to a receipt."""

from __future__ import annotations

from pathlib import Path

from dvc_cli.i18n import _
from dvc_cli.lazy import Annotated, App, Argument, Context, Option, examples, run_of

app = App()

_REFILE = _("File the case anew after this earlier dossier was refused, withdrawn or stopped")
_CONTENT = _("Take the content itself as the key: only the very same papers count as the same case")
_BEHALF = _("The signer acts for the applicant; needs an authorisation paper (giấy ủy quyền) in the dossier")


@app.command(
    "submit",
    help=_("File a dossier: convert, sign, upload, submit; run it again to continue"),
    epilog=examples(
        "dvc-cli submit dossier.toml",
        "dvc-cli submit dossier.toml --dry-run",
        "dvc-cli submit dossier.toml --yes --json --key NV001",
        "dvc-cli submit dossier.toml --refile 000.00.17.H54-260131-0000001",
    ),
)
def submit_command(
    ctx: Context,
    dossier: Annotated[Path, Argument(metavar="DOSSIER", help=_("The dossier file (TOML)"), show_default=False)],
    dry_run: Annotated[bool, Option("-n", "--dry-run", help=_("Show the plan and do nothing"))] = False,
    yes: Annotated[bool, Option("-y", "--yes", help=_("Do not ask before submitting"))] = False,
    key: Annotated[
        str | None, Option("--key", metavar="TEXT", help=_("Name of the case for duplicate protection"))
    ] = None,
    key_from_content: Annotated[bool, Option("--key-from-content", help=_CONTENT)] = False,
    refile: Annotated[str | None, Option("--refile", metavar="CODE", help=_REFILE)] = None,
    amend: Annotated[bool, Option("--amend", help=_("Prepare and sign anew what was changed since"))] = False,
    on_behalf: Annotated[bool, Option("--on-behalf", help=_BEHALF)] = False,
) -> None:
    """Show the plan, ask, and file."""
    from dvc_cli.services.open_desk import account_of, reference_key_of
    from dvc_cli.services.submit import SubmitRequest, submit
    from dvc_cli.services.submit import dry_run as plan_only

    run = run_of(ctx)
    request = SubmitRequest(
        dossier_file=dossier,
        account=account_of(run),
        reference_key=reference_key_of(run.profile),
        key=key,
        key_from_content=key_from_content,
        refile=refile,
        amend=amend,
        yes=yes,
    )
    desk = run.desk(on_behalf=on_behalf)
    run.out.show(plan_only(desk, request) if dry_run else submit(desk, request, run.preview))

"""`dvc-cli procedures`: list, show, and download the forms of administrative procedures."""

from __future__ import annotations

from pathlib import Path

from dvc_cli.i18n import _
from dvc_cli.lazy import Annotated, App, Argument, Context, Option, examples, run_of

app = App(help=_("List, search and show procedures"))

CodeArgument = Annotated[
    str, Argument(metavar="CODE", help=_("Code of the procedure, or the portal's number"), show_default=False)
]
OfflineOption = Annotated[bool, Option("--offline", help=_("Only from the copy kept of what was seen before"))]


@app.command(
    "list",
    help=_("List or search procedures; accents may be left out"),
    epilog=examples(
        "dvc-cli procedures list",
        'dvc-cli procedures list "khai sinh" --field "Hộ tịch"',
        "dvc-cli procedures list --all --json",
    ),
)
def list_command(
    ctx: Context,
    words: Annotated[list[str] | None, Argument(metavar="[WORD]...", help=_("Words to search for"))] = None,
    agency: Annotated[str, Option("--agency", metavar="TEXT", help=_("Only procedures of this agency"))] = "",
    field: Annotated[str, Option("--field", metavar="TEXT", help=_("Only procedures of this field"))] = "",
    page: Annotated[int, Option("--page", min=1, metavar="N", help=_("Page of the list"))] = 1,
    per_page: Annotated[int, Option("--per-page", min=1, max=50, metavar="N", help=_("Lines on a page"))] = 20,
    everything: Annotated[bool, Option("--all", help=_("All pages"))] = False,
    offline: OfflineOption = False,
) -> None:
    """Show a page of the list."""
    from dvc_cli.services.browse import ListWishes

    run = run_of(ctx)
    wishes = ListWishes(
        query=" ".join(words or ()),
        agency=agency,
        field=field,
        page=page,
        per_page=per_page,
        everything=everything,
        offline=offline,
    )
    run.out.show(run.shelf.list_procedures(wishes))


@app.command(
    "show",
    help=_("Show a procedure: components, time, fees, agencies"),
    epilog=examples("dvc-cli procedures show 1.001612", "dvc-cli procedures show 1.001612 --offline --json"),
)
def show_command(ctx: Context, code: CodeArgument, offline: OfflineOption = False) -> None:
    """Show one procedure."""
    run = run_of(ctx)
    run.out.show(run.shelf.show_procedure(code, offline=offline))


@app.command(
    "forms",
    help=_("Download the form templates of a procedure"),
    epilog=examples("dvc-cli procedures forms 1.001612", "dvc-cli procedures forms 1.001612 -o forms --force"),
)
def forms_command(
    ctx: Context,
    code: CodeArgument,
    output: Annotated[Path, Option("-o", "--output", metavar="DIR", help=_("Folder to save them in"))] = Path(),
    force: Annotated[bool, Option("-f", "--force", help=_("Overwrite files of the same name"))] = False,
) -> None:
    """Save the forms and show where."""
    run = run_of(ctx)
    run.out.show(run.shelf.download_forms(code, output, overwrite=force))

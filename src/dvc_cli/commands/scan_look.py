"""`dvc-cli scan check`, `scan card` and `scan preview`: look at scans before they go anywhere."""

from __future__ import annotations

from pathlib import Path

from dvc_cli.i18n import _
from dvc_cli.lazy import Annotated, App, Argument, Context, Option, examples, run_of

_CHECK_HELP = _("Check scans against the rules: resolution, colour, size, empty or cut pages, the right person")
_AGAINST_HELP = _(
    "Compare the citizen cards found with the applicant of this dossier file; without FILE check its files"
)
_FIELDS_HELP = _("Write the person's fields as TOML, to be put into a dossier file")

Papers = Annotated[
    list[Path] | None, Argument(metavar="[FILE...]", help=_("PDF files, pictures or folders"), show_default=False)
]
Cards = Annotated[
    list[Path], Argument(metavar="FILE...", help=_("Pictures or PDF files with cards"), show_default=False)
]
One = Annotated[Path, Argument(metavar="FILE", help=_("A PDF file or picture"), show_default=False)]
ProcedureCode = Annotated[
    str | None, Option("--procedure", metavar="CODE", help=_("Check against the limits of this procedure's portal"))
]
Against = Annotated[Path | None, Option("--against", metavar="DOSSIER", help=_AGAINST_HELP)]
Fields = Annotated[Path | None, Option("-o", "--output", metavar="FILE", help=_FIELDS_HELP)]
Sheet = Annotated[Path, Option("-o", "--output", metavar="FILE", help=_("The PNG to write"))]
Columns = Annotated[int, Option("--columns", metavar="N", min=1, max=12, help=_("Pages side by side"))]
Width = Annotated[int, Option("--width", metavar="PIXELS", min=100, max=1600, help=_("Width of one page in pixels"))]
Force = Annotated[bool, Option("-f", "--force", help=_("Overwrite the output"))]


def register(app: App) -> None:
    """Add the commands to the group `scan`."""
    app.command(
        "check",
        help=_CHECK_HELP,
        epilog=examples(
            "dvc-cli scan check don.pdf",
            "dvc-cli scan check ho-so/ --procedure 1.001612",
            "dvc-cli scan check --against dossier.toml",
        ),
    )(check_command)
    app.command(
        "card",
        help=_("Read the QR codes of citizen cards"),
        epilog=examples("dvc-cli scan card cccd.jpg", "dvc-cli scan card ho-so.pdf -o nguoi-nop.toml"),
    )(card_command)
    app.command(
        "preview",
        help=_("Draw all pages of a file on one sheet"),
        epilog=examples("dvc-cli scan preview don.pdf -o sheet.png"),
    )(preview_command)


def check_command(ctx: Context, files: Papers = None, procedure: ProcedureCode = None, against: Against = None) -> None:
    """Look at the files; status 10 when a rule is broken."""
    from dvc_cli.services.check_papers import check_papers
    from dvc_cli.services.dossier_file import read_dossier
    from dvc_cli.services.paper_rules import rules_for

    run = run_of(ctx)
    dossier = read_dossier(against) if against else None
    run.finish(check_papers(files or (), rules_for(run, procedure), run.progress, against=dossier))


def card_command(ctx: Context, files: Cards, output: Fields = None, force: Force = False) -> None:
    """Show the fields of the cards, or write them."""
    from dvc_cli.services.cards import read_cards

    run = run_of(ctx)
    run.out.show(read_cards(files, run.progress, output=output, overwrite=force))


def preview_command(
    ctx: Context, file: One, output: Sheet, columns: Columns = 4, width: Width = 320, force: Force = False
) -> None:
    """Draw the sheet."""
    from dvc_cli.services.preview import preview_file

    run = run_of(ctx)
    run.out.show(preview_file(file, output, run.progress, columns=columns, width=width, overwrite=force))

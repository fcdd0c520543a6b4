"""`dvc-cli doctor`: what this computer has and what is missing."""

from __future__ import annotations

from dvc_cli.i18n import _
from dvc_cli.lazy import App, Context, examples, run_of

app = App()


@app.command(
    "doctor",
    help=_("Find out what is missing on this computer"),
    epilog=examples("dvc-cli doctor", "dvc-cli doctor --json"),
)
def doctor(ctx: Context) -> None:
    """Look at everything; exit code 13 when something that is set up does not work."""
    from dvc_cli.services.diagnose import diagnose

    run = run_of(ctx)
    with run.progress.task(_("Looking at this computer")):
        result = diagnose(run.examinations())
    run.finish(result)

"""`dvc-cli whoami`: whose session is kept, at which portal, until when."""

from __future__ import annotations

from dvc_cli.i18n import _
from dvc_cli.lazy import App, Context, examples, run_of

app = App()


@app.command(
    "whoami",
    help=_("Show who is logged in, where, and for how long"),
    epilog=examples("dvc-cli whoami", "dvc-cli whoami --json"),
)
def whoami_command(ctx: Context) -> None:
    """Ask the portal; exit code 4 when nobody is logged in."""
    run = run_of(ctx)
    run.out.show(run.access.whoami())

"""`dvc-cli logout`: end the session at the portal and forget it."""

from __future__ import annotations

from dvc_cli.i18n import _
from dvc_cli.lazy import App, Context, examples, run_of

app = App()


@app.command(
    "logout",
    help=_("End the session and forget it"),
    epilog=examples("dvc-cli logout", "dvc-cli logout --profile sandbox"),
)
def logout_command(ctx: Context) -> None:
    """Tell the portal, delete what is kept, show what was ended."""
    run = run_of(ctx)
    run.out.show(run.access.log_out())

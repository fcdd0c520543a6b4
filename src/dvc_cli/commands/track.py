"""`dvc-cli track`: where a dossier stands, and waiting for a change."""

from __future__ import annotations

from dvc_cli.i18n import _
from dvc_cli.lazy import Annotated, App, Argument, Context, Option, examples, run_of

app = App()

_WAIT = _("Wait for this status: {words}").format(
    words="new, accepted, not-accepted, processing, supplement, fee, withdrawal, stopped, done, returned, final"
)


@app.command(
    "track",
    help=_("Follow a dossier up: by your account when logged in, else by the public look-up"),
    epilog=examples(
        "dvc-cli track 000.00.17.H54-260131-0000001",
        "dvc-cli track 000.00.17.H54-260131-0000001 --wait accepted --timeout 3600",
        "dvc-cli track 000.00.17.H54-260131-0000001 --public",
    ),
)
def track_command(
    ctx: Context,
    code: Annotated[str, Argument(metavar="CODE", help=_("Code of the dossier"), show_default=False)],
    wait: Annotated[str | None, Option("--wait", metavar="STATUS", help=_WAIT)] = None,
    timeout: Annotated[
        float, Option("--timeout", min=0, metavar="SECONDS", help=_("How long to wait; exit code 8 when it ends"))
    ] = 3600.0,
    public: Annotated[bool, Option("--public", help=_("Use the public look-up, with its captcha"))] = False,
) -> None:
    """Show the state; with --wait, when it is reached or the time is up."""
    from dvc_cli.services.follow import TrackWishes, track

    run = run_of(ctx)
    wishes = TrackWishes(code=code, wait=wait, timeout=timeout, public=public)
    run.finish(
        track(
            wishes,
            portal=run.portal,
            access=run.access,
            prompter=run.prompter,
            progress=run.progress,
            clock=run.clock,
        )
    )

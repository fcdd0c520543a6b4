"""`dvc-cli config`: show and change settings."""

from __future__ import annotations

from pathlib import Path

from dvc_cli.i18n import _
from dvc_cli.lazy import Annotated, App, Argument, Context, Option, examples, run_of


def _complete_key(incomplete: str) -> list[str]:
    from dvc_cli.services.settings import setting_names

    return [name for name in setting_names() if name.startswith(incomplete)]


KeyArgument = Annotated[
    str, Argument(metavar="KEY", help=_("Name of a setting, such as output.language"), autocompletion=_complete_key)
]
OriginOption = Annotated[bool, Option("--origin", help=_("Also show where the value comes from"))]

app = App(help=_("Show and change settings"))


@app.command(
    "list",
    help=_("List all settings"),
    epilog=examples("dvc-cli config list", "dvc-cli config list --origin", "dvc-cli config list --json"),
)
def list_(ctx: Context, origin: OriginOption = False) -> None:
    """Show the table."""
    from dvc_cli.services.settings import list_settings

    run = run_of(ctx)
    run.out.show(list_settings(run.settings, with_origin=origin))


@app.command(
    "get",
    help=_("Show one setting"),
    epilog=examples("dvc-cli config get output.language", "dvc-cli config get network.proxy --origin"),
)
def get(ctx: Context, key: KeyArgument, origin: OriginOption = False) -> None:
    """Show the value."""
    from dvc_cli.services.settings import show_setting

    run = run_of(ctx)
    run.out.show(show_setting(run.settings, key, with_origin=origin))


@app.command(
    "set",
    help=_("Write a setting into your own settings file"),
    epilog=examples("dvc-cli config set output.language vi", "dvc-cli config set network.read_timeout 120"),
)
def set_(
    ctx: Context, key: KeyArgument, value: Annotated[str, Argument(metavar="VALUE", help=_("The new value"))]
) -> None:
    """Change the user's file; comments in it stay."""
    from dvc_cli.services.settings import change_setting

    run = run_of(ctx)
    run.out.show(change_setting(run.paths, run.settings, key, value))


@app.command(
    "unset",
    help=_("Take a setting out of your own settings file"),
    epilog=examples("dvc-cli config unset network.proxy"),
)
def unset(ctx: Context, key: KeyArgument) -> None:
    """Change the user's file back."""
    from dvc_cli.services.settings import remove_setting

    run = run_of(ctx)
    run.out.show(remove_setting(run.paths, run.settings, key))


@app.command(
    "path",
    help=_("Show where settings, profiles, journal and cache are"),
    epilog=examples("dvc-cli config path", "dvc-cli config path --json"),
)
def path(ctx: Context) -> None:
    """Show the folders."""
    from dvc_cli.services.settings import settings_paths

    run = run_of(ctx)
    run.out.show(settings_paths(run.paths, Path.cwd()))

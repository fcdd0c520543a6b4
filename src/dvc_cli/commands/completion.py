"""`dvc-cli completion`: completion scripts for four shells."""

from __future__ import annotations

from dvc_cli.i18n import _
from dvc_cli.lazy import Annotated, App, Argument, Context, command_tree, examples, run_of
from dvc_cli.output.completion import Shell, script_for

app = App()


@app.command(
    "completion",
    help=_("Print the completion script of a shell"),
    epilog=examples(
        "dvc-cli completion bash > ~/.local/share/bash-completion/completions/dvc-cli",
        "dvc-cli completion zsh > ~/.zfunc/_dvc-cli",
        "dvc-cli completion fish > ~/.config/fish/completions/dvc-cli.fish",
        "dvc-cli completion powershell >> $PROFILE",
    ),
)
def completion(
    ctx: Context, shell: Annotated[Shell, Argument(metavar="SHELL", help="bash, zsh, fish, powershell")]
) -> None:
    """Print the script."""
    run_of(ctx).out.raw(script_for(shell, command_tree(ctx.find_root().command)))

"""`dvc-cli login`: log in to the portal, at a terminal or in two steps."""

from __future__ import annotations

from pathlib import Path

from dvc_cli.i18n import _
from dvc_cli.lazy import Annotated, App, Context, Option, examples, run_of

app = App()

_CAPTCHA_OUT = _("First of two steps: save the captcha picture here and print a challenge")


@app.command(
    "login",
    help=_("Log in to the portal"),
    epilog=examples(
        "dvc-cli login",
        "dvc-cli login --keep --account 034199000123",
        "dvc-cli login --captcha-out captcha.png --json",
        "dvc-cli login --challenge ID --captcha TEXT --password-file password.txt",
    ),
)
def login_command(
    ctx: Context,
    account: Annotated[
        str | None, Option("--account", metavar="NAME", help=_("User name or ID number; the profile's by default"))
    ] = None,
    password_file: Annotated[
        Path | None, Option("--password-file", metavar="FILE", help=_("File with the password"))
    ] = None,
    password_fd: Annotated[
        int | None, Option("--password-fd", metavar="N", help=_("Read the password from this descriptor"))
    ] = None,
    password_stdin: Annotated[
        bool, Option("--password-stdin", help=_("Read the password from standard input"))
    ] = False,
    captcha_out: Annotated[Path | None, Option("--captcha-out", metavar="FILE", help=_CAPTCHA_OUT)] = None,
    challenge: Annotated[
        str | None, Option("--challenge", metavar="ID", help=_("Second of two steps: the challenge to answer"))
    ] = None,
    captcha: Annotated[
        str | None, Option("--captcha", metavar="TEXT", help=_("Text in the picture of the challenge"))
    ] = None,
    keep: Annotated[bool, Option("--keep", help=_("Keep the session in the keyring"))] = False,
    save_password: Annotated[
        bool, Option("--save-password", help=_("Keep the password in the keyring if it is right"))
    ] = False,
    insecure_storage: Annotated[
        bool, Option("--insecure-storage", help=_("Keep them in a plain file instead of the keyring"))
    ] = False,
    retry_password: Annotated[
        bool, Option("--retry-password", help=_("Try a password although the last one was wrong"))
    ] = False,
    force: Annotated[bool, Option("-f", "--force", help=_("Overwrite the captcha picture"))] = False,
) -> None:
    """Log in and show the session, or one of the two steps."""
    from dvc_cli.services.login_facts import LoginSteps, LoginWishes

    run = run_of(ctx)
    steps = LoginSteps(picture=captcha_out, challenge=challenge, captcha=captcha, overwrite=force)
    wishes = LoginWishes(
        account=account,
        password_file=password_file,
        password_fd=password_fd,
        password_stdin=password_stdin,
        keep=keep,
        save_password=save_password,
        insecure_storage=insecure_storage,
        retry_password=retry_password,
    )
    run.out.show(run.access_with(wishes).take(steps))

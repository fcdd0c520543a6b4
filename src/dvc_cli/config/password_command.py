"""A command of the user's that prints a secret (`pass show portal`, `op read …`)."""

from __future__ import annotations

import os

from dvc_cli.errors import ConfigurationProblem
from dvc_cli.i18n import _
from dvc_cli.model.secret import Secret

TIMEOUT = 120.0
"""Seconds; a person may have to unlock the store first."""


class PasswordCommandFailed(ConfigurationProblem):
    """The command that should print a secret failed or printed nothing."""

    slug = "password-command-failed"


def run_password_command(command: str, *, timeout: float = TIMEOUT) -> Secret:
    """The first line the command prints. No shell is involved; stderr and the terminal stay with the command.

    Raises:
        PasswordCommandFailed: it cannot be started, fails, takes longer than `timeout` seconds or prints nothing.
    """
    import subprocess

    arguments = _split(command)
    name = arguments[0] if arguments else command
    try:
        done = subprocess.run(arguments, stdout=subprocess.PIPE, timeout=timeout, check=True)
        line = done.stdout.decode("utf-8").split("\n")[0].removesuffix("\r")
    except subprocess.TimeoutExpired as error:
        raise _failed(name, _("no answer within {seconds} seconds").format(seconds=f"{timeout:g}")) from error
    except subprocess.CalledProcessError as error:
        raise _failed(name, _("it ended with status {status}").format(status=error.returncode)) from None
    except (OSError, IndexError) as error:
        raise _failed(name, _("it cannot be started")) from error
    except UnicodeDecodeError:
        raise _failed(name, _("it is not UTF-8 text")) from None
    if not line:
        raise _failed(name, _("it printed nothing"))
    return Secret(line)


def _split(command: str) -> list[str]:
    import shlex

    try:
        # Windows: backslashes are part of paths there.
        words = shlex.split(command, posix=os.name != "nt")
    except ValueError as error:
        raise _failed(command.split(" ", maxsplit=1)[0], _("its quotes do not match")) from error
    return [word.strip('"') for word in words] if os.name == "nt" else words


def _failed(name: str, reason: str) -> PasswordCommandFailed:
    return PasswordCommandFailed(
        _("The password command `{name}` failed: {reason}").format(name=name, reason=reason),
        hint=_("Run it by hand; it must print the secret on its first line"),
    )

"""Entry point: language, run, error → text and status. The only place that ends the process."""

from __future__ import annotations

import gc
import os
import signal
import sys
from collections.abc import Sequence
from io import TextIOWrapper
from types import FrameType
from typing import TYPE_CHECKING, Any, NoReturn

from dvc_cli.errors import DvcError, ExitCode, Interrupted
from dvc_cli.i18n import _, activate, detect_language

if TYPE_CHECKING:
    from dvc_cli.context import Context

COMPLETE_VARIABLE = "_DVC_CLI_COMPLETE"


def run() -> NoReturn:
    """The executable `dvc-cli`."""
    gc.set_threshold(50_000)  # starting makes many objects and drops few: looking through them less often saves a tenth
    sys.exit(main(sys.argv[1:]))


def main(arguments: Sequence[str]) -> int:
    """Run one command line and return the status (`ExitCode`)."""
    _use_utf8()
    activate(detect_language(_language_option(arguments), _language_setting()))
    if os.environ.get(COMPLETE_VARIABLE):
        _prepare_completion()
    from dvc_cli.context import Context

    context = Context()
    if "--json" in arguments:
        context.apply({"json": True})
    previous = _catch_sigterm()
    try:
        return _guarded(list(arguments), context)
    finally:
        if previous is not None:
            signal.signal(signal.SIGTERM, previous)


def _guarded(arguments: list[str], context: Context) -> int:
    from dvc_cli.output import report

    try:
        status = _invoke(arguments, context)
    except DvcError as error:
        return report.expected(error, context.options)
    except KeyboardInterrupt:
        return report.expected(
            Interrupted(_("Interrupted"), hint=_("Run the same command again to continue")), context.options
        )
    except BrokenPipeError:
        _discard_stdout()
        return ExitCode.DONE
    except Exception as error:  # noqa: BLE001 - the one net under everything: a redacted crash file instead of a traceback
        return report.unexpected(error, context)
    return status


def _invoke(arguments: list[str], context: Context) -> int:
    from typer._click.exceptions import ClickException
    from typer.exceptions import Abort
    from typer.main import get_command

    from dvc_cli.app import root_app
    from dvc_cli.output import report

    if arguments[:1] == ["help"]:
        arguments = [*arguments[1:], "--help"]
    try:
        command: Any = get_command(root_app())
        outcome = command.main(arguments, prog_name="dvc-cli", standalone_mode=False, obj=context)
    except ClickException as error:
        return report.usage(error, context.options)
    except Abort as error:
        raise KeyboardInterrupt from error
    finally:
        context.close()
    if outcome == ExitCode.INTERRUPTED:  # how Typer hands a Ctrl-C on
        raise KeyboardInterrupt
    return outcome if isinstance(outcome, int) and outcome else context.exit_code


def _language_option(arguments: Sequence[str]) -> str | None:
    for number, argument in enumerate(arguments):
        if argument == "--":
            return None
        if argument == "--lang" and number + 1 < len(arguments):
            return arguments[number + 1]
        if argument.startswith("--lang="):
            return argument.removeprefix("--lang=")
    return None


def _language_setting() -> str | None:
    from dvc_cli.config.language import language_setting

    return language_setting(os.environ)


def _use_utf8() -> None:
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")


def _prepare_completion() -> None:
    from typer import _completion_classes

    # Only strips rich markup, which our help has none of; the original imports rich (70 ms a keypress).
    _completion_classes._sanitize_help_text = lambda text: text
    _completion_classes.completion_init()


def _catch_sigterm() -> Any:
    def interrupt(number: int, frame: FrameType | None) -> None:
        del number, frame
        raise KeyboardInterrupt

    try:
        return signal.signal(signal.SIGTERM, interrupt)
    except ValueError:  # not in the main thread (tests, embedding)
        return None


def _discard_stdout() -> None:
    with open(os.devnull, "w", encoding="utf-8") as sink:  # noqa: PTH123
        os.dup2(sink.fileno(), sys.stdout.fileno())

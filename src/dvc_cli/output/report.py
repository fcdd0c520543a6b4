"""Errors as text or JSON on stderr, and the status of the process."""

from __future__ import annotations

import json
import os
import re
import sys
from typing import TYPE_CHECKING, Any, Protocol

from dvc_cli.errors import DvcError, ExitCode
from dvc_cli.i18n import N_, _
from dvc_cli.output.renderer import colour_wanted
from dvc_cli.output.safe import safe

if TYPE_CHECKING:
    from pathlib import Path


class _Options(Protocol):
    @property
    def json(self) -> bool: ...
    @property
    def no_color(self) -> bool: ...


class _Run(Protocol):
    @property
    def options(self) -> Any: ...
    @property
    def paths(self) -> Any: ...


def expected(error: DvcError, options: _Options) -> int:
    """Tell an expected failure and return its status."""
    if options.json:
        _tell_json(error.slug, error.exit_code, error.message, error.hint, error.details, retryable=error.retryable)
    else:
        _tell(error.message, error.hint, error.details, color=not options.no_color)
    return error.exit_code


def usage(error: Any, options: _Options) -> int:
    """Tell a mistake of the command line (an exception of Typer), or show help when nothing was given."""
    if type(error).__name__ == "NoArgsIsHelpError":
        sys.stderr.write(error.format_message() + "\n")
        return ExitCode.USAGE
    message = _usage_message(error)
    path = error.ctx.command_path if getattr(error, "ctx", None) else "dvc-cli"
    hint = _("See `{command} --help`").format(command=path)
    if options.json:
        _tell_json("usage", ExitCode.USAGE, message, hint, (), retryable=False)
    else:
        _tell(message, hint, (), color=not options.no_color)
    return ExitCode.USAGE


def unexpected(error: Exception, run: _Run) -> int:
    """Tell a fault of ours: no traceback on the screen, a redacted one in a file."""
    path = _write_crash(error, run)
    message = _("Something went wrong inside dvc-cli ({kind})").format(kind=type(error).__name__)
    hint = _("Please report it with this file (secrets are masked): {path}").format(path=path) if path else None
    if run.options.json:
        _tell_json("internal", ExitCode.FAILED, message, hint, (), retryable=False)
    else:
        _tell(message, hint, (), color=not run.options.no_color)
    return ExitCode.FAILED


def _tell(message: str, hint: str | None, details: tuple[str, ...], *, color: bool) -> None:
    coloured = colour_wanted(sys.stderr, allowed=color)
    word = _("error:")
    lines = [f"\x1b[1;31m{word}\x1b[0m {safe(message)}" if coloured else f"{word} {safe(message)}"]
    lines += [f"  - {safe(detail)}" for detail in details]
    if hint:
        lines.append(_("hint:") + f" {safe(hint)}")
    sys.stderr.write("\n".join(lines) + "\n")


def _tell_json(
    slug: str, code: int, message: str, hint: str | None, details: tuple[str, ...], *, retryable: bool
) -> None:
    document = {
        "schema": "dvc.error/1",
        "error": slug,
        "exit_code": int(code),
        "message": message,
        "hint": hint,
        "details": list(details),
        "retryable": retryable,
    }
    sys.stderr.write(json.dumps(document, ensure_ascii=False, indent=2) + "\n")


def _write_crash(error: Exception, run: _Run) -> Path | None:
    import traceback
    from datetime import UTC, datetime

    from dvc_cli.net.redact import redact

    try:
        folder: Path = run.paths.state / "crashes"
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        path = folder / f"{datetime.now(UTC):%Y%m%dT%H%M%S}-{os.getpid()}.txt"
        path.touch(mode=0o600)
        path.write_text(redact("".join(traceback.format_exception(error))), encoding="utf-8")
    except Exception:  # noqa: BLE001 - the report itself must not fail
        return None
    return path


# Typer's own sentences that are not in its gettext domain, by pattern (a test runs every one of them).
_SENTENCES = (
    (r"No such option: (?P<name>.+)", N_("No such option: {name}")),
    (r"Missing argument (?P<name>'.+')\.", N_("Missing argument {name}")),
    (r"Missing option (?P<name>.+)\.", N_("Missing option {name}")),
    (
        r"Invalid value for (?P<name>.+): (?P<value>.+) is not a valid (?P<kind>\w+)\.",
        N_("{value} is not a valid {kind} for {name}"),
    ),
    (
        r"Invalid value for (?P<name>.+): (?P<value>.+) is not one of (?P<choices>.+)\.",
        N_("{value} is not one of {choices} for {name}"),
    ),
    (
        r"Invalid value for (?P<name>.+): (?P<value>.+) is not in the range (?P<range>.+)\.",
        N_("{value} is not in the range {range} for {name}"),
    ),
    (r"Invalid value for (?P<name>.+): (?P<rest>.+)", N_("Invalid value for {name}: {rest}")),
    (r"Option (?P<name>.+) requires an argument\.", N_("Option {name} needs a value")),
    (r"Option (?P<name>.+) does not take a value\.", N_("Option {name} takes no value")),
    (r"Got unexpected extra argument(?:\(?s\)?)? \((?P<rest>.+)\)", N_("Unexpected argument: {rest}")),
    (
        r"No such command (?P<name>'.+?')\. Did you mean (?P<rest>.+)\?",
        N_("No such command {name}; did you mean {rest}?"),
    ),
)


def _usage_message(error: Any) -> str:
    text: str = error.format_message()
    for pattern, sentence in _SENTENCES:
        if match := re.fullmatch(pattern, text, re.DOTALL):
            return _(sentence).format(**match.groupdict())
    if suggestion := re.fullmatch(r"(?P<head>.+)\. Did you mean (?P<rest>.+)\?", text, re.DOTALL):
        return _("{head}; did you mean {rest}?").format(**suggestion.groupdict())
    return text.rstrip(".")

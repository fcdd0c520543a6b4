"""Questions to a person: only at a terminal, never with `--no-input`, each naming the option that answers it."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path

from dvc_cli.errors import UsageProblem
from dvc_cli.i18n import _
from dvc_cli.model.secret import Secret
from dvc_cli.output.safe import safe


class NobodyToAsk(UsageProblem):
    """An answer is needed and no person can be asked."""

    slug = "nobody-to-ask"


class TerminalPrompter:
    """Asks at the terminal (port `Prompter`); questions go to stderr so that stdout stays data."""

    def __init__(self, *, allowed: bool, temporary: Path) -> None:
        self._allowed = allowed
        self._temporary = temporary

    @property
    def can_ask(self) -> bool:
        """A terminal on stdin and stderr, and `--no-input` not given."""
        return self._allowed and sys.stdin is not None and sys.stdin.isatty() and sys.stderr.isatty()

    def text(self, question: str, *, flag: str, default: str | None = None) -> str:
        """Ask until something is answered."""
        self._require(question, flag)
        suffix = f" [{safe(default)}]" if default else ""
        while True:
            if answer := self._line(f"{safe(question)}{suffix}: ").strip() or default:
                return answer

    def secret(self, question: str, *, flag: str) -> Secret:
        """Ask without echo."""
        self._require(question, flag)
        import getpass

        return Secret(getpass.getpass(f"{safe(question)}: ", stream=sys.stderr))

    def confirm(self, question: str, *, flag: str, default: bool = False) -> bool:
        """Ask for yes or no; both languages' letters are understood."""
        self._require(question, flag)
        yes, no = _("y"), _("n")
        choice = f"[{yes.upper()}/{no}]" if default else f"[{yes}/{no.upper()}]"
        while True:
            answer = self._line(f"{safe(question)} {choice} ").strip().casefold()
            if not answer:
                return default
            if answer in ("y", "yes", "c", "co", "có"):
                return True
            if answer in ("n", "no", "k", "khong", "không"):
                return False

    def choose(self, question: str, choices: Sequence[str], *, flag: str) -> int:
        """Show a numbered list and ask for a number."""
        self._require(question, flag)
        for number, choice in enumerate(choices, 1):
            sys.stderr.write(f"  {number}. {safe(choice)}\n")
        while True:
            answer = self._line(f"{safe(question)} (1-{len(choices)}): ").strip()
            if answer.isdecimal() and 1 <= int(answer) <= len(choices):
                return int(answer) - 1

    def show_image(self, png: bytes, *, caption: str) -> str | None:
        """Draw where the terminal can; else save privately and open the viewer."""
        from dvc_cli.output.picture import drawing_for

        if self.can_ask and (drawing := drawing_for(png, os.environ)):
            sys.stderr.write(f"{safe(caption)}\n{drawing}\n")
            return None
        return self._open_picture(png, caption)

    def _open_picture(self, png: bytes, caption: str) -> str:
        import tempfile

        from typer import launch

        self._temporary.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle, name = tempfile.mkstemp(prefix="captcha-", suffix=".png", dir=self._temporary)
        with os.fdopen(handle, "wb") as file:
            file.write(png)
        sys.stderr.write(f"{safe(caption)}: {name}\n")
        if self.can_ask and (
            os.environ.get("DISPLAY")
            or os.environ.get("WAYLAND_DISPLAY")
            or os.name == "nt"
            or sys.platform == "darwin"
        ):
            launch(name)
        return name

    def _line(self, prompt: str) -> str:
        sys.stderr.write(prompt)
        sys.stderr.flush()
        line = sys.stdin.readline()
        if not line:
            raise NobodyToAsk(_("The input ended before the question was answered"))
        return line

    def _require(self, question: str, flag: str) -> None:
        if not self.can_ask:
            raise NobodyToAsk(
                _("Needed, but nobody can be asked: {question}").format(question=question),
                hint=_("Give it with {flag}").format(flag=f"`{flag}`"),
            )

"""A real terminal: a pseudo terminal with a shell in it, and an emulator that draws what a person would see."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

_PROMPT = r"\[(\d+)\] dvc\$ $"


class Terminal:
    """A shell (bash) on a screen of `columns` x `rows`, with a home of its own in `home`."""

    def __init__(self, home: Path, folder: Path, *, language: str, columns: int = 100, rows: int = 40) -> None:
        import pexpect
        import pyte

        self.columns = columns
        self._screen = pyte.HistoryScreen(columns, rows, history=5000, ratio=1)
        self._stream = pyte.Stream(self._screen)
        # Typing into the log as well would hide whether the terminal echoes.
        self.child: Any = pexpect.spawn(
            "bash",
            ["--noprofile", "--norc", "-i"],
            cwd=str(folder),
            env=environment(home, language=language),
            dimensions=(rows, columns),
            encoding="utf-8",
            timeout=30,
            echo=True,
        )
        self.child.delaybeforesend = 0
        self.child.sendline("PS1='[$?] dvc$ '; bind 'set enable-bracketed-paste off'; stty -ixon; clear")
        self.raw = ""
        self.expect(_PROMPT)  # what was typed holds the prompt's pattern, not the prompt
        self.forget()

    def forget(self) -> None:
        """Clear the screen, its history and the record."""
        self._screen.reset()
        self._screen.history.top.clear()
        self.raw = ""

    def run(self, line: str, answers: dict[str, str] | None = None) -> int:
        """Type a command, answer its questions, and return its status.

        `answers`: regular expression of a question's end -> what is typed; in this order.
        """
        self.start(line)
        for question, answer in (answers or {}).items():
            self.expect(question)
            self.child.sendline(answer)
        return self._end()

    def start(self, line: str) -> None:
        """Type a command and return at once."""
        self.child.sendline(line)

    def answer(self, line: str) -> int:
        """Answer the last question of a command and return its status."""
        self.child.sendline(line)
        return self._end()

    def expect(self, pattern: str, timeout: float = 30) -> None:
        """Wait until the terminal got this."""
        self.child.expect(pattern, timeout=timeout)
        self._take()

    def press(self, keys: str) -> None:
        """Type keys without Enter."""
        self.child.send(keys)

    def text(self) -> str:
        """All that was drawn since `forget`, with what has scrolled away, without trailing blanks."""
        top = ["".join(line[column].data for column in range(self.columns)) for line in self._screen.history.top]
        lines = [line.rstrip() for line in (*top, *self._screen.display)]
        return "\n".join(lines).rstrip() + "\n"

    def close(self) -> None:
        """End the shell."""
        self.child.close(force=True)

    def _end(self) -> int:
        self.expect(_PROMPT)
        found = self.child.match
        assert found is not None
        return int(found.group(1))

    def _take(self) -> None:
        got = (self.child.before or "") + (self.child.after if isinstance(self.child.after, str) else "")
        self.raw += got
        self._stream.feed(got)


def environment(home: Path, *, language: str) -> dict[str, str]:
    """A person's environment: a fresh home, a colour terminal, nothing of the one who runs the tests."""
    kept = {name: os.environ[name] for name in ("PATH", "SYSTEMROOT", "TMPDIR") if name in os.environ}
    programs = str(Path(sys.executable).parent)
    return {
        **kept,
        "PATH": os.pathsep.join((programs, kept.get("PATH", ""))),
        "HOME": str(home),
        "DVC_HOME": str(home / "dvc"),
        "DVC_LANG": language,
        "LANG": "C.UTF-8",
        "TERM": "xterm-256color",
        "HISTFILE": "",
        "BASH_SILENCE_DEPRECATION_WARNING": "1",
        "PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring",
    }

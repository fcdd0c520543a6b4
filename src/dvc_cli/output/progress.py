"""Talk on stderr: bars at a terminal after a second, lines elsewhere, nothing when quiet."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from dvc_cli.model.ports import Progress, Task
from dvc_cli.output.renderer import colour_wanted
from dvc_cli.output.safe import safe


class _SilentTask:
    def advance(self, amount: float = 1) -> None:
        """Nothing to show."""

    def update(self, text: str) -> None:
        """Nothing to show."""


class LineProgress:
    """One line per thing that is done; for pipes and logs, or for nobody when quiet."""

    def __init__(self, *, quiet: bool, color: bool) -> None:
        self._quiet = quiet
        self._color = color

    @contextmanager
    def task(self, text: str, total: float | None = None) -> Iterator[Task]:
        """Say that the work begins."""
        del total
        self.say(text)
        yield _SilentTask()

    def say(self, text: str) -> None:
        """One line."""
        if not self._quiet:
            sys.stderr.write(safe(text) + "\n")
            sys.stderr.flush()

    def warn(self, text: str) -> None:
        """One line that is also written when quiet."""
        line = safe(text)
        sys.stderr.write((f"\x1b[33m{line}\x1b[0m" if self._color else line) + "\n")
        sys.stderr.flush()

    def close(self) -> None:
        """Nothing is held."""


class _BarTask:
    def __init__(self, bars: Any, number: Any) -> None:
        self._bars = bars
        self._number = number

    def advance(self, amount: float = 1) -> None:
        """Move the bar."""
        self._bars.advance(self._number, amount)

    def update(self, text: str) -> None:
        """Change the bar's text."""
        self._bars.update(self._number, description=safe(text))


class BarProgress(LineProgress):
    """Live bars and spinners at a terminal; lines that stay are printed above them."""

    def __init__(self, *, color: bool) -> None:
        super().__init__(quiet=False, color=color)
        self._bars: Any = None

    @contextmanager
    def task(self, text: str, total: float | None = None) -> Iterator[Task]:
        """Show a bar until the work ends; nested work shows below."""
        outermost = self._bars is None
        if outermost:
            self._bars = self._open()
            self._bars.start()
        number = self._bars.add_task(safe(text), total=total)
        try:
            yield _BarTask(self._bars, number)
        finally:
            self._bars.remove_task(number)
            if outermost:
                self.close()

    def say(self, text: str) -> None:
        """One line above the bars."""
        self._above(text, "")

    def warn(self, text: str) -> None:
        """One line above the bars, in yellow."""
        self._above(text, "yellow")

    def close(self) -> None:
        """Take the bars away."""
        if self._bars is not None:
            self._bars.stop()
            self._bars = None

    def _above(self, text: str, style: str) -> None:
        if self._bars is None:
            (super().warn if style else super().say)(text)
            return
        from rich.text import Text

        self._bars.console.print(Text(safe(text), style=style if self._color else ""))

    def _open(self) -> Any:
        from rich.console import Console
        from rich.progress import BarColumn, SpinnerColumn, TextColumn, TimeElapsedColumn
        from rich.progress import Progress as Bars

        console = Console(file=sys.stderr, no_color=not self._color, highlight=False, markup=False, emoji=False)
        columns = (SpinnerColumn(), TextColumn("{task.description}", markup=False), BarColumn(), TimeElapsedColumn())
        return Bars(*columns, console=console, transient=True)


def open_progress(*, quiet: bool, color: bool) -> Progress:
    """Bars at a terminal, lines elsewhere."""
    coloured = colour_wanted(sys.stderr, allowed=color)
    if quiet or not sys.stderr.isatty():
        return LineProgress(quiet=quiet, color=coloured)
    return BarProgress(color=coloured)

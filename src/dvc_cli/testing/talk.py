"""Stand-ins for the person and the screen: the ports `Prompter` and `Progress` with prepared answers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from dvc_cli.model.secret import Secret


@dataclass
class PreparedTalk:
    """Answers questions from `answers` in order; without answers nobody is there. Keeps what was said and asked."""

    answers: list[Any] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    said: list[str] = field(default_factory=list)

    @property
    def can_ask(self) -> bool:
        """Whether an answer is left."""
        return bool(self.answers)

    @contextmanager
    def task(self, text: str, total: float | None = None) -> Iterator[PreparedTalk]:
        """Port `Progress`: the task is this object itself."""
        del total
        self.said.append(text)
        yield self

    def advance(self, amount: float = 1) -> None:
        """Port `Task`."""

    def update(self, text: str) -> None:
        """Port `Task`."""
        self.said.append(text)

    def say(self, text: str) -> None:
        """Port `Progress`."""
        self.said.append(text)

    def warn(self, text: str) -> None:
        """Port `Progress`."""
        self.said.append(text)

    def text(self, question: str, *, flag: str, default: str | None = None) -> str:
        """Port `Prompter`."""
        del flag, default
        return str(self._answer(question))

    def secret(self, question: str, *, flag: str) -> Secret:
        """Port `Prompter`."""
        del flag
        return Secret(str(self._answer(question)))

    def confirm(self, question: str, *, flag: str, default: bool = False) -> bool:
        """Port `Prompter`."""
        del flag, default
        return bool(self._answer(question))

    def choose(self, question: str, choices: Sequence[str], *, flag: str) -> int:
        """Port `Prompter`."""
        del flag
        self.asked.extend(choices)
        return int(self._answer(question))

    def show_image(self, png: bytes, *, caption: str) -> str | None:
        """Port `Prompter`: nothing is shown."""
        del png
        self.said.append(caption)
        return None

    def _answer(self, question: str) -> Any:
        self.asked.append(question)
        return self.answers.pop(0)

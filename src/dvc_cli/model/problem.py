"""A fault in what the user wrote, with its place; all are collected and said at once."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Problem:
    """`where` names the place for people (`dossier.toml:12`); `message` is in the user's language, without a full stop."""

    where: str
    message: str

    def __str__(self) -> str:
        return f"{self.where}: {self.message}" if self.where else self.message

"""The command tree as plain data, for completion scripts and reference pages."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Switch:
    """An option: its names, whether a value follows, and the values it can have."""

    names: tuple[str, ...]
    takes_value: bool
    help: str
    choices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """A command or group; `path` begins with `dvc-cli`."""

    path: tuple[str, ...]
    help: str
    switches: tuple[Switch, ...]
    children: tuple[Node, ...] = ()

    def walk(self) -> Iterator[Node]:
        """This node and all below it."""
        yield self
        for child in self.children:
            yield from child.walk()

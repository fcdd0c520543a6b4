"""Shells in real terminals, one home each; what they showed is kept where DVC_CAPTURES says."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from dvc_sandbox import control
from tests.terminal.terminal import Terminal

# Read before the tests' own environment takes the variables of the program under test away.
_CAPTURES = os.environ.get("DVC_CAPTURES")


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Callable[..., Terminal]]:
    """Opens terminals; a sandbox started in one is stopped with it."""
    if sys.platform == "win32" or not shutil.which("bash"):
        pytest.skip("bash is not installed")
    home, folder = tmp_path / "home", tmp_path / "work"
    home.mkdir()
    folder.mkdir()
    opened: list[Terminal] = []

    def open_terminal(language: str, **size: int) -> Terminal:
        opened.append(Terminal(home, folder, language=language, **size))
        return opened[-1]

    yield open_terminal
    for one in opened:
        one.close()
    control.stop(home / "dvc" / "data" / "sandbox")


@pytest.fixture
def keep(tmp_path: Path) -> Callable[[str, str], None]:
    """Keeps a capture as a text file for people to look at."""
    folder = Path(_CAPTURES or tmp_path / "captures")
    folder.mkdir(parents=True, exist_ok=True)

    def write(name: str, text: str) -> None:
        (folder / f"{name}.txt").write_text(text, encoding="utf-8")

    return write

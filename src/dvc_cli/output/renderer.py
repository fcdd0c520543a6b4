"""The door to stdout: one result, three renderings (JSON, plain, rich)."""

from __future__ import annotations

import os
import sys
from typing import Any, Protocol, TextIO

from dvc_cli.i18n import _
from dvc_cli.output.safe import safe, safe_cell
from dvc_cli.output.view import Block, Line, Page, Record, Table, page_of

SANDBOX_MARK = "THỬ NGHIỆM / SANDBOX"


class Renderer(Protocol):
    """Shows results on stdout."""

    def show(self, result: Any) -> None:
        """Print one result."""

    def raw(self, text: str) -> None:
        """Print text that is data itself (a script, a path), unless another form was asked for."""

    def line(self, text: str) -> None:
        """Print one line now, for people who watch."""


class JsonRenderer:
    """One JSON document per run."""

    def show(self, result: Any) -> None:
        """Print the result as JSON."""
        from dvc_cli.output.encode import encode

        sys.stdout.write(encode(result))

    def raw(self, text: str) -> None:
        """Print the text as it is."""
        sys.stdout.write(text)

    def line(self, text: str) -> None:
        """Print one line now."""
        _print_line(text)


class PlainRenderer:
    """Tab-separated rows for pipes: full values, no header, no colour."""

    def show(self, result: Any) -> None:
        """Print the result's tables and records."""
        for block in page_of(result).blocks:
            sys.stdout.write(plain_block(block))

    def raw(self, text: str) -> None:
        """Print the text as it is."""
        sys.stdout.write(text)

    def line(self, text: str) -> None:
        """Print one line now."""
        _print_line(text)


class RichRenderer:
    """Tables for people at a terminal."""

    def __init__(self, *, color: bool, quiet: bool) -> None:
        self._color = color
        self._quiet = quiet

    def show(self, result: Any) -> None:
        """Print the result's page."""
        from dvc_cli.output.rich_page import print_page

        page = page_of(result)
        print_page(page, color=self._color, next_steps=() if self._quiet else page.next_steps)

    def raw(self, text: str) -> None:
        """Print the text as it is."""
        sys.stdout.write(text)

    def line(self, text: str) -> None:
        """Print one line now."""
        _print_line(text)


def _print_line(text: str) -> None:
    sys.stdout.write(safe(text) + "\n")
    sys.stdout.flush()


def plain_block(block: Block) -> str:
    """A block as tab-separated lines, safe for terminals and pipes."""
    if isinstance(block, Table):
        return "".join("\t".join(safe_cell(cell) for cell in row) + "\n" for row in block.rows)
    if isinstance(block, Record):
        return "".join(f"{safe_cell(label)}\t{safe_cell(value)}\n" for label, value in block.pairs if value)
    return safe(block.text) + "\n"


def open_renderer(*, json: bool, color: bool, quiet: bool) -> Renderer:
    """JSON when asked for, rich at a terminal, plain otherwise."""
    if json:
        return JsonRenderer()
    if sys.stdout.isatty() and os.environ.get("TERM") != "dumb":
        return RichRenderer(color=color and not os.environ.get("NO_COLOR"), quiet=quiet)
    return PlainRenderer()


def colour_wanted(stream: TextIO, *, allowed: bool) -> bool:
    """Whether `stream` gets colour: a terminal, not dumb, NO_COLOR empty."""
    return allowed and stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def sandbox_line(page: Page) -> Line | None:
    """The mark everything from a sandbox carries."""
    return Line(SANDBOX_MARK + " — " + _("nothing here is legally valid"), "warn") if page.sandbox else None

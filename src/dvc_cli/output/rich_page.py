"""Pages at a terminal, drawn with rich; every text passes `safe` and markup is off."""

from __future__ import annotations

import sys
from typing import TextIO

from dvc_cli.i18n import _
from dvc_cli.output.renderer import sandbox_line
from dvc_cli.output.safe import safe, safe_cell
from dvc_cli.output.view import Block, Line, Page, Record, Table

_STYLES = {"plain": "", "good": "green", "bad": "bold red", "warn": "yellow", "dim": "dim"}


def print_page(page: Page, *, color: bool, next_steps: tuple[str, ...], file: TextIO | None = None) -> None:
    """Print `page` on stdout (or `file`) at the terminal's width."""
    from rich.console import Console
    from rich.text import Text

    console = Console(
        file=file or sys.stdout, no_color=not color, highlight=False, markup=False, emoji=False, soft_wrap=False
    )
    mark = sandbox_line(page)
    for block in (*((mark,) if mark else ()), *page.blocks):
        console.print(_draw(block))
    if next_steps:
        console.print()
        console.print(Text(_("Next:"), style="dim" if color else ""))
        for command in next_steps:
            console.print(Text(f"  {safe(command)}", style="cyan" if color else ""), soft_wrap=True)


def _draw(block: Block) -> object:
    from rich.text import Text

    if isinstance(block, Table):
        return _draw_table(block) if block.rows else Text(block.empty, style="dim")
    if isinstance(block, Record):
        return _draw_record(block)
    return _draw_line(block)


def _draw_line(line: Line) -> object:
    from rich.text import Text

    return Text(safe(line.text), style=_STYLES[line.tone])


def _draw_table(block: Table) -> object:
    from rich import box
    from rich.table import Table as RichTable
    from rich.text import Text

    table = RichTable(
        box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, title=block.title or None, title_justify="left"
    )
    for column in block.columns:
        table.add_column(column.title, justify=column.align, no_wrap=not column.wrap, overflow="fold")
    for row in block.rows:
        table.add_row(*(Text(safe_cell(cell)) for cell in row))
    return table


def _draw_record(block: Record) -> object:
    from rich.table import Table as RichTable
    from rich.text import Text

    table = RichTable(box=None, show_header=False, pad_edge=False, title=block.title or None, title_justify="left")
    table.add_column(style="bold", no_wrap=True)
    table.add_column(overflow="fold")
    for label, value in block.pairs:
        if value:
            table.add_row(safe_cell(label), Text(safe(value)))
    return table

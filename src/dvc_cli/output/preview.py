"""Showing on stderr what is about to be done, before the question; stdout is kept for the result."""

from __future__ import annotations

import sys
from typing import Any

from dvc_cli.output.renderer import colour_wanted, plain_block, sandbox_line
from dvc_cli.output.view import page_of


def preview(result: Any, *, color: bool, quiet: bool) -> None:
    """The page of `result` on stderr: drawn at a terminal, tab-separated lines elsewhere; nothing when `quiet`."""
    if quiet:
        return
    page = page_of(result)
    if sys.stderr.isatty():
        from dvc_cli.output.rich_page import print_page

        print_page(page, color=colour_wanted(sys.stderr, allowed=color), next_steps=(), file=sys.stderr)
        return
    mark = sandbox_line(page)
    for block in (*((mark,) if mark else ()), *page.blocks):
        sys.stderr.write(plain_block(block))
    sys.stderr.flush()

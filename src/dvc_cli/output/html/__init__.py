"""Results as pages for printing (owner of jinja2): one file, no scripts, nothing loaded from elsewhere."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

from dvc_cli import __version__
from dvc_cli.files import write_atomically
from dvc_cli.i18n import _, active_language
from dvc_cli.output.dates import show_time
from dvc_cli.output.safe import safe
from dvc_cli.output.view import Line, Record, Table, page_of


def write_page(result: Any, path: Path, *, title: str, made_at: datetime, overwrite: bool) -> None:
    """Write the view of `result` to `path` as HTML in the active language; foreign text is escaped.

    Raises:
        OutputExists, UnsafeOutput, NoSuchFolder, StorageProblem: as `files.write_atomically`.
    """
    write_atomically(path, page_html(result, title=title, made_at=made_at).encode("utf-8"), overwrite=overwrite)


def page_html(result: Any, *, title: str, made_at: datetime) -> str:
    """The page as text."""
    from importlib.resources import files

    from jinja2 import Environment, StrictUndefined

    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    environment.filters["safe_text"] = safe
    environment.tests.update(
        table=lambda one: isinstance(one, Table),
        record=lambda one: isinstance(one, Record),
        line=lambda one: isinstance(one, Line),
    )
    page = page_of(result)
    template = (files("dvc_cli.output.html") / "page.html").read_text(encoding="utf-8")
    made = _("Made on {time} by {program}").format(time=show_time(made_at), program=f"dvc-cli {__version__}")
    warning = _("Everything here comes from the sandbox and has no legal value") if page.sandbox else ""
    return environment.from_string(template).render(
        language=active_language(), title=title, made=made, warning=warning, blocks=page.blocks
    )

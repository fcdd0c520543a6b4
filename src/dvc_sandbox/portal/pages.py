"""Rendering of the portal's pages (Jinja2, autoescape on) and the headers each page carries."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from dvc_sandbox.environment import Environment
from dvc_sandbox.portal import text
from dvc_sandbox.portal.store_dossiers import STATUS_NAMES

if TYPE_CHECKING:
    import jinja2

HEADERS = MappingProxyType(
    {
        "Content-Security-Policy": "default-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "same-origin",
        "Cache-Control": "no-store",
    }
)
_HERE = Path(__file__).parent


@lru_cache(maxsize=1)
def templates() -> jinja2.Environment:
    """The templates of the citizen's and the officer's pages; both extend ``base.html``."""
    import jinja2

    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader([_HERE / "templates", _HERE.parent / "officer" / "templates"]),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(
        moment=text.show_moment, day=text.show_day, money=text.show_money, size=text.show_size, from_iso=text.from_iso
    )
    environment.globals.update(status_names=STATUS_NAMES)
    return environment


def render(environment: Environment, template: str, **values: Any) -> str:
    """Render one page. ``account`` and ``path`` steer the menu; ``error`` is a pair of slug and message."""
    defaults: dict[str, Any] = {
        "account": None,
        "path": "",
        "error": None,
        "field_errors": {},
        "urls": environment.urls,
    }
    return templates().get_template(template).render({**defaults, **values})

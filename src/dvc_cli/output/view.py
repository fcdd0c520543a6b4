"""The shape of what people see: a page of tables, records and lines; and the registry from schema to view."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import Any, Literal, TypeVar

_View = TypeVar("_View", bound=Callable[..., "Page"])
_registry: dict[str, Callable[[Any], Page]] = {}


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table; `align` right for numbers, `style` good/bad/dim by meaning, never by colour alone."""

    title: str
    align: Literal["left", "right"] = "left"
    wrap: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Rows of one kind. `empty` is shown at a terminal when there are none."""

    columns: tuple[Column, ...]
    rows: tuple[tuple[str, ...], ...]
    title: str = ""
    empty: str = ""


@dataclass(frozen=True, slots=True)
class Record:
    """One thing as label and value; pairs with an empty value are left out."""

    pairs: tuple[tuple[str, str], ...]
    title: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """A sentence. `tone` only adds colour to what the words already say."""

    text: str
    tone: Literal["plain", "good", "bad", "warn", "dim"] = "plain"


Block = Table | Record | Line


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Everything shown for one result; `next_steps` are commands worth running now."""

    blocks: tuple[Block, ...]
    next_steps: tuple[str, ...] = ()
    sandbox: bool = False


def view(schema: str) -> Callable[[_View], _View]:
    """Register the view of the results with this schema; it lives in `output/views/<area>.py` of `dvc.<area>.<thing>/<n>`."""

    def register(function: _View) -> _View:
        _registry[schema] = function
        return function

    return register


def page_of(result: Any) -> Page:
    """The page for a result, its view module loaded on first use."""
    schema: str = result.schema
    if schema not in _registry:
        import_module(f"dvc_cli.output.views.{schema.split('.')[1]}")
    return _registry[schema](result)

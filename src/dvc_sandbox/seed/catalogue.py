"""The catalogue of procedures: the facts of ``procedures.toml`` followed by the generated ones."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

from dvc_sandbox.seed import generated


@dataclass(frozen=True, slots=True)
class Component:
    """One row of thành phần hồ sơ; ``case`` None means every case; ``forms`` are the names of its templates."""

    code: str
    name: str
    originals: int = 0
    copies: int = 0
    conditional: bool = False
    heading: bool = False
    case: int | None = None
    forms: tuple[str, ...] = ()

    @property
    def mandatory(self) -> bool:
        """Marked ``*``: everything that is neither conditional nor a heading."""
        return not self.conditional and not self.heading


@dataclass(frozen=True, slots=True)
class Fee:
    """A fee in đồng: ``kind`` is ``phi`` or ``le-phi``."""

    name: str
    kind: str
    amount: int
    online: int


@dataclass(frozen=True, slots=True)
class Procedure:
    """One administrative procedure (thủ tục hành chính)."""

    id: int
    code: str
    name: str
    field: str
    place: str
    agencies: tuple[str, ...]
    audience: str = "tat-ca"
    time: str = ""
    days: int | None = None
    online: bool = True
    cases: tuple[str, ...] = ()
    requirements: str = ""
    components: tuple[Component, ...] = ()
    fees: tuple[Fee, ...] = ()

    def forms(self) -> list[tuple[Component, str]]:
        """The templates in order; template ``n`` of ``form_file(code, n)`` is entry ``n - 1``."""
        return [(component, name) for component in self.components for name in component.forms]


def _text() -> dict[str, Any]:
    source = files("dvc_sandbox.seed").joinpath("procedures.toml").read_text(encoding="utf-8")
    return tomllib.loads(source)


def agencies() -> list[dict[str, str]]:
    """Return the agencies: code, name, level."""
    return list(_text()["agency"])


def procedures(seed: int) -> list[Procedure]:
    """Return all procedures, in the order of their internal numbers."""
    return list(_procedures([*_text()["procedure"], *generated.procedures(seed)]))


def _procedures(entries: Iterable[dict[str, Any]]) -> Iterator[Procedure]:
    for entry in entries:
        values = dict(entry)
        components = tuple(
            Component(**{**row, "forms": tuple(row.get("forms", ()))}) for row in values.pop("component", [])
        )
        fees = tuple(Fee(**row) for row in values.pop("fee", []))
        for name in ("agencies", "cases"):
            values[name] = tuple(values.get(name, ()))
        yield Procedure(**values, components=components, fees=fees)

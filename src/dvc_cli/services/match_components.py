"""Which row of the procedure each component of a dossier answers: exactly one, or an error that names the candidates."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from dvc_cli.i18n import _
from dvc_cli.model.dossier import Component, Dossier
from dvc_cli.model.folding import contains_words, fold
from dvc_cli.model.problem import Problem
from dvc_cli.model.procedure import ComponentSpec, Procedure


@dataclass(frozen=True, slots=True)
class MatchedComponent:
    """A component and the row it answers."""

    given: Component
    spec: ComponentSpec


def label_of(component: Component) -> str:
    """How the user named the component."""
    if component.row is not None:
        return _("component row {row}").format(row=component.row)
    return _("component `{name}`").format(name=component.code or component.match or "")


def match_components(dossier: Dossier, procedure: Procedure) -> tuple[list[MatchedComponent], list[Problem]]:
    """Pairs in the order of the procedure's rows, and what could not be paired or is missing."""
    matched: list[MatchedComponent] = []
    problems: list[Problem] = []
    for component in dossier.components:
        found = candidates(component, procedure.components)
        problem = _problem(found, procedure)
        if problem is None and any(pair.spec.row == found[0].row for pair in matched):
            problem = _("row {row} is given twice; put its files into one component").format(row=found[0].row)
        if problem:
            problems.append(Problem(label_of(component), problem))
        else:
            matched.append(MatchedComponent(component, found[0]))
    given = {pair.spec.row for pair in matched}
    problems += [_missing(spec) for spec in procedure.components if _is_required(spec) and spec.row not in given]
    return sorted(matched, key=lambda pair: pair.spec.row), problems


def candidates(component: Component, specs: Sequence[ComponentSpec]) -> list[ComponentSpec]:
    """Rows that the component may mean. A `match` equal to a whole name wins over a part of others."""
    if component.row is not None:
        return [spec for spec in specs if spec.row == component.row]
    if component.code is not None:
        return [spec for spec in specs if fold(spec.code) == fold(component.code)]
    wanted = component.match or ""
    whole = [spec for spec in specs if fold(spec.name) == fold(wanted)]
    return whole or [spec for spec in specs if contains_words(spec.name, wanted) and fold(wanted)]


def _problem(found: Sequence[ComponentSpec], procedure: Procedure) -> str | None:
    if not found:
        rows = _listed(spec for spec in procedure.components if not spec.is_heading)
        return _("matches no component of {procedure}; there are: {rows}").format(procedure=procedure.code, rows=rows)
    if len(found) > 1:
        return _("matches {count} components: {rows}; choose one by `row`").format(
            count=len(found), rows=_listed(found)
        )
    if found[0].is_heading:
        return _("row {row} is a heading (papers to show); nothing is uploaded for it").format(row=found[0].row)
    return None


def _listed(specs: Iterable[ComponentSpec]) -> str:
    return "; ".join(f"{spec.row} “{spec.name}”" for spec in specs)


def _is_required(spec: ComponentSpec) -> bool:
    return spec.mandatory and not spec.conditional and not spec.is_heading


def _missing(spec: ComponentSpec) -> Problem:
    place = _("component row {row}").format(row=spec.row)
    return Problem(place, _("mandatory component “{name}” is missing").format(name=spec.name))

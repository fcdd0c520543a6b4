"""Which rules scans are checked against: the general ones, or those of a procedure's portal."""

from __future__ import annotations

from typing import Protocol

from dvc_cli.portal.base import Portal
from dvc_cli.services.browse import Shelf
from dvc_cli.services.check_papers import Rules


class Run(Protocol):
    """The part of `context.Context` that is needed."""

    @property
    def portal(self) -> Portal: ...
    @property
    def shelf(self) -> Shelf: ...


def rules_for(run: Run, procedure: str | None) -> Rules:
    """The rules; with a procedure code its portal's limits. Raises NoSuchProcedure, NothingCached, NoProfile."""
    if procedure is None:
        return Rules()
    found, capabilities = run.shelf.show_procedure(procedure), run.portal.capabilities
    return Rules(
        limit=capabilities.max_component_bytes,
        procedure=found.code,
        procedure_name=found.name,
        accepted=capabilities.accepted_types,
        sandbox=found.sandbox,
    )

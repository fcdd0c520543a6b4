"""Procedures seen before, for work without a network: one JSON file per portal in the cache folder."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from dvc_cli.files import make_private_folder, write_atomically
from dvc_cli.model.procedure import ComponentSpec, FormTemplate, Procedure, ProcedureSummary

SCHEMA = 1


@dataclass(frozen=True, slots=True)
class CachedSummary:
    """A line of the portal's list and when it was read."""

    summary: ProcedureSummary
    fetched_at: datetime


class ProcedureCache:
    """Lines and full procedures of one portal. A damaged file counts as empty; it is only a copy."""

    def __init__(self, folder: Path, portal: str) -> None:
        digest = hashlib.sha256(portal.encode()).hexdigest()[:16]
        self._path = folder / f"procedures-{digest}.json"
        self._portal = portal

    def remember(self, summaries: Iterable[ProcedureSummary], fetched_at: datetime, *, sandbox: bool) -> None:
        """Add or refresh lines; an agency learnt earlier stays when the new line has none."""
        values = self._read()
        moment = fetched_at.isoformat()
        for one in summaries:
            known = values["list"].get(one.portal_id, {})
            row = asdict(one) | {"fetched_at": moment}
            row["agency"] = one.agency or known.get("agency", "")
            values["list"][one.portal_id] = row
        values["sandbox"] = sandbox
        self._write(values)

    def remember_full(self, procedure: Procedure) -> None:
        """Add or refresh a procedure, and its line."""
        values = self._read()
        values["full"][procedure.portal_id] = asdict(procedure) | {"fetched_at": procedure.fetched_at.isoformat()}
        values["sandbox"] = procedure.sandbox
        self._write(values)

    def summaries(self) -> list[CachedSummary]:
        """All lines, in the order in which they were first seen; agencies of full procedures filled in."""
        values = self._read()
        found = []
        for identifier, row in values["list"].items():
            full = values["full"].get(identifier, {})
            try:
                summary = ProcedureSummary(
                    code=row["code"],
                    name=row["name"],
                    field=row["field"],
                    agency=row["agency"] or full.get("agency", ""),
                    portal_id=row["portal_id"],
                    level=row.get("level", ""),
                )
                found.append(CachedSummary(summary, datetime.fromisoformat(row["fetched_at"])))
            except (KeyError, TypeError, ValueError):
                continue
        return found

    def procedure(self, code: str) -> Procedure | None:
        """A procedure seen in full, by code (with or without suffix) or the portal's number."""
        wanted = code.strip().upper()
        for row in self._read()["full"].values():
            codes = (str(row.get("code", "")).upper(), str(row.get("portal_id", "")).upper())
            if wanted in codes:
                return _procedure(row)
        return None

    @property
    def is_sandbox(self) -> bool:
        """Whether the copies are a sandbox's."""
        return self._read().get("sandbox") is True

    def _read(self) -> dict[str, Any]:
        empty: dict[str, Any] = {"schema": SCHEMA, "portal": self._portal, "sandbox": False, "list": {}, "full": {}}
        try:
            values = json.loads(self._path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return empty
        if not isinstance(values, dict) or values.get("schema") != SCHEMA or values.get("portal") != self._portal:
            return empty
        if not all(isinstance(values.get(name), dict) for name in ("list", "full")):
            return empty
        return values

    def _write(self, values: Mapping[str, Any]) -> None:
        make_private_folder(self._path.parent)
        write_atomically(self._path, json.dumps(values, ensure_ascii=False).encode(), overwrite=True)


def _procedure(row: Mapping[str, Any]) -> Procedure | None:
    try:
        components = tuple(
            ComponentSpec(**{**one, "forms": tuple(FormTemplate(**form) for form in one["forms"])})
            for one in row["components"]
        )
        values = {**row, "components": components, "fetched_at": datetime.fromisoformat(row["fetched_at"])}
        values |= {name: tuple(row[name]) for name in ("agencies", "cases")}
        return replace(Procedure(**values), from_cache=True)
    except (KeyError, TypeError, ValueError):
        return None

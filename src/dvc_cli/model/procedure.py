"""Procedures (thủ tục hành chính) and what they ask for."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar


@dataclass(frozen=True, slots=True, kw_only=True)
class FormTemplate:
    """A form to download (mẫu đơn, tờ khai)."""

    name: str
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ComponentSpec:
    """A component the procedure asks for (thành phần hồ sơ): one row of its list.

    `row` counts from 1 over all rows as the portal shows them, headings included; `code` is the portal's own id of the row.
    `originals` and `copies` are numbers of papers; both 0 marks a heading row (a paper only to be shown).
    """

    row: int
    code: str
    name: str
    mandatory: bool
    conditional: bool = False
    originals: int = 1
    copies: int = 0
    forms: tuple[FormTemplate, ...] = ()

    @property
    def is_heading(self) -> bool:
        """A 0/0 row: papers to show, nothing to upload."""
        return self.originals == 0 and self.copies == 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcedureSummary:
    """One line of the portal's list."""

    code: str
    name: str
    field: str
    agency: str
    portal_id: str
    level: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcedurePage:
    """A page of the list, and where it came from."""

    schema: ClassVar[str] = "dvc.procedures.page/1"
    items: tuple[ProcedureSummary, ...]
    page: int
    pages: int
    total: int | None
    fetched_at: datetime
    from_cache: bool = False
    sandbox: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Procedure:
    """A procedure in full."""

    schema: ClassVar[str] = "dvc.procedures.procedure/1"
    code: str
    name: str
    field: str
    agency: str
    portal_id: str
    processing_time: str = ""
    fee: str = ""
    steps: str = ""
    requirements: str = ""
    online: bool = True
    components: tuple[ComponentSpec, ...] = ()
    agencies: tuple[str, ...] = ()
    cases: tuple[str, ...] = ()
    fetched_at: datetime
    from_cache: bool = False
    sandbox: bool = False

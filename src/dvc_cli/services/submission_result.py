"""What `submit` ends with: the code, the receipt, and the files as the portal holds them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import ClassVar

from dvc_cli.model.events import Committed
from dvc_cli.model.submission import Row, State
from dvc_cli.services.desk import Desk
from dvc_cli.services.file_dossier import receipts_folder, submitted_at
from dvc_cli.services.plan import SubmissionPlan
from dvc_cli.services.prepare import Workplace


@dataclass(frozen=True, slots=True, kw_only=True)
class FiledFile:
    """A file as the portal holds it; `path` is the same bytes on this computer."""

    component: str
    name: str
    path: Path | None
    stored_name: str
    size: int
    sha256: str
    signatures: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SubmissionResult:
    """Result of `submit`. The code shown is not the agency's acceptance: the legal receipt (Mẫu 01) comes later."""

    schema: ClassVar[str] = "dvc.submission.result/1"
    code: str
    reference: str
    state: State
    procedure: str
    procedure_name: str
    applicant: str
    submitted_at: datetime | None
    receipt: Path
    url: str
    files: tuple[FiledFile, ...]
    sandbox: bool = False


def result_of(desk: Desk, plan: SubmissionPlan, row: Row) -> SubmissionResult:
    """The result for a row that is CONFIRMED."""
    names = {file.slot: file for file in plan.files}
    stored = {item.slot: item for item in row.stored}
    events = [entry.event for entry in desk.journal.entries(row.reference)]
    url = next((event.url for event in events if isinstance(event, Committed)), "")
    return SubmissionResult(
        code=row.code,
        reference=row.reference,
        state=row.state,
        procedure=plan.procedure,
        procedure_name=plan.procedure_name,
        applicant=plan.applicant,
        submitted_at=submitted_at(desk, row.reference),
        receipt=receipts_folder(desk) / row.receipt,
        url=url,
        files=tuple(
            FiledFile(
                component=names[file.slot].component,
                name=names[file.slot].upload_name,
                path=Workplace.of(desk, plan).final(plan, names[file.slot], row),
                stored_name=stored[file.slot].stored_name if file.slot in stored else "",
                size=stored[file.slot].size if file.slot in stored else file.size,
                sha256=row.final_sha256(file),
                signatures=file.signatures,
            )
            for file in row.files
            if file.slot in names
        ),
        sandbox=plan.sandbox,
    )

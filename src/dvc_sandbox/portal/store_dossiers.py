"""Submitted dossiers: reading them, their files and papers, and the one door through which a status changes.

Shared with the officer side. Statuses and their order: portal contract, section 4.
"""

from __future__ import annotations

import io
import json
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from types import MappingProxyType

from dvc_sandbox.environment import Environment
from dvc_sandbox.portal.creation import apply_late_commits
from dvc_sandbox.portal.store_blobs import write_blob
from dvc_sandbox.portal.text import fold, from_iso, to_iso

STATUS_NAMES: Mapping[int, str] = MappingProxyType(
    {
        1: "Mới đăng ký",
        2: "Được tiếp nhận",
        3: "Không được tiếp nhận",
        4: "Đang xử lý",
        5: "Yêu cầu bổ sung giấy tờ",
        6: "Yêu cầu thực hiện nghĩa vụ tài chính",
        7: "Công dân yêu cầu rút hồ sơ",
        8: "Dừng xử lý",
        9: "Đã xử lý xong",
        10: "Đã trả kết quả",
    }
)

STATUS_ORDER: Mapping[int, frozenset[int]] = MappingProxyType(
    {
        1: frozenset({2, 3, 7}),
        2: frozenset({4, 7}),
        3: frozenset(),
        4: frozenset({5, 6, 7, 8, 9}),
        5: frozenset({4, 7}),
        6: frozenset({4, 7}),
        7: frozenset(),
        8: frozenset(),
        9: frozenset({10}),
        10: frozenset(),
    }
)


class StatusRefused(Exception):
    """The national order of statuses does not allow this change."""

    def __init__(self, code: str, old: int, new: int) -> None:
        super().__init__(f"{code}: {old} -> {new} is not allowed")
        self.code, self.old, self.new = code, old, new


class DossierMissing(Exception):
    """There is no dossier with this code."""


@dataclass(frozen=True, slots=True)
class Dossier:
    """One submitted dossier (hồ sơ). ``applicant`` and ``owner`` keep the form's own field names."""

    code: str
    account: int
    procedure: int
    procedure_code: str
    procedure_name: str
    processing_time: str
    processing_days: int | None
    case_number: int
    agency: str
    agency_name: str
    status: int
    submitted_at: datetime
    appointment: datetime | None
    subject: str
    note: str
    reference: str
    applicant: Mapping[str, str]
    owner: Mapping[str, str]
    applicant_name: str

    @property
    def status_name(self) -> str:
        """National name of the status, in Vietnamese."""
        return STATUS_NAMES[self.status]


@dataclass(frozen=True, slots=True)
class DossierFile:
    """One stored file of a dossier; its bytes are in table ``blob`` under ``sha256``."""

    id: int
    slot: str
    component_name: str
    copies: int
    stored_name: str
    original_name: str
    media_type: str
    size: int
    sha256: str
    unsigned_sha256: str | None
    signed_way: str
    signed_at: datetime | None
    signer: str
    supplement: int | None


@dataclass(frozen=True, slots=True)
class Event:
    """One line of a dossier's history."""

    at: datetime
    status: int
    by: str
    note: str

    @property
    def status_name(self) -> str:
        """National name of the status, in Vietnamese."""
        return STATUS_NAMES[self.status]


@dataclass(frozen=True, slots=True)
class Paper:
    """A paper the agency issued: ``kind`` is "1".."5" for Mẫu 01..05 (TT 03/2025/TT-VPCP), "fee" or "result"."""

    id: int
    dossier: str
    kind: str
    file_name: str
    media_type: str
    sha256: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Supplement:
    """A request of the agency for more papers, and the citizen's answer once there is one."""

    id: int
    asked_at: datetime
    deadline: date | None
    request: str
    answered_at: datetime | None
    answer: str


@dataclass(frozen=True, slots=True)
class Fee:
    """A sum in đồng that the agency asked for."""

    id: int
    name: str
    amount: int
    asked_at: datetime
    paid_at: datetime | None


_SELECT = """SELECT d.*, p.code AS procedure_code, p.name AS procedure_name, p.processing_time, p.processing_days,
  a.name AS agency_name FROM dossier d JOIN procedure p ON p.id = d.procedure JOIN agency a ON a.code = d.agency"""


def _dossier(row: sqlite3.Row) -> Dossier:
    return Dossier(
        code=row["code"],
        account=row["account"],
        procedure=row["procedure"],
        procedure_code=row["procedure_code"],
        procedure_name=row["procedure_name"],
        processing_time=row["processing_time"],
        processing_days=row["processing_days"],
        case_number=row["case_number"],
        agency=row["agency"],
        agency_name=row["agency_name"],
        status=row["status"],
        submitted_at=from_iso(row["submitted_at"]),
        appointment=from_iso(row["appointment"]) if row["appointment"] else None,
        subject=row["subject"],
        note=row["note"],
        reference=row["reference"],
        applicant=json.loads(row["applicant"]),
        owner=json.loads(row["owner"]),
        applicant_name=row["applicant_name"],
    )


def find(environment: Environment, code: str) -> Dossier | None:
    """Return the dossier with this code, or None."""
    apply_late_commits(environment)
    row = environment.database.read_one(f"{_SELECT} WHERE d.code = ?", code)
    return _dossier(row) if row else None


def get(environment: Environment, code: str) -> Dossier:
    """Return the dossier with this code; raises ``DossierMissing``."""
    dossier = find(environment, code)
    if dossier is None:
        raise DossierMissing(code)
    return dossier


def search(
    environment: Environment,
    *,
    account: int | None = None,
    text: str = "",
    status: int | None = None,
    page: int = 1,
    size: int = 10,
) -> tuple[list[Dossier], int]:
    """Return one page of dossiers, newest first, and the number of all that match.

    ``text`` is sought in code, applicant, procedure, subject and note without regard to diacritics.
    """
    apply_late_commits(environment)
    where, arguments = ["1 = 1"], list[object]()
    if account is not None:
        where.append("d.account = ?")
        arguments.append(account)
    if status is not None:
        where.append("d.status = ?")
        arguments.append(status)
    for word in fold(text).split():
        where.append("instr(d.search_text, ?) > 0")
        arguments.append(word)
    condition = " AND ".join(where)
    count = environment.database.read_one(f"SELECT count(*) AS n FROM dossier d WHERE {condition}", *arguments)  # noqa: S608 - fixed conditions
    rows = environment.database.read(
        f"{_SELECT} WHERE {condition} ORDER BY d.submitted_at DESC, d.code DESC LIMIT ? OFFSET ?",
        *arguments,
        size,
        (page - 1) * size,
    )
    return [_dossier(row) for row in rows], int(count["n"]) if count else 0


def files(environment: Environment, code: str) -> list[DossierFile]:
    """Return the dossier's files in the order of its components."""
    rows = environment.database.read(
        """SELECT f.*, coalesce(c.name, '') AS component_name, coalesce(c.copies, 1) AS copies
           FROM dossier_file f LEFT JOIN dossier_component c ON c.dossier = f.dossier AND c.slot = f.slot
           WHERE f.dossier = ? ORDER BY f.id""",
        code,
    )
    return [
        DossierFile(
            id=row["id"],
            slot=row["slot"],
            component_name=row["component_name"],
            copies=row["copies"],
            stored_name=row["stored_name"],
            original_name=row["original_name"],
            media_type=row["media_type"],
            size=row["size"],
            sha256=row["sha256"],
            unsigned_sha256=row["unsigned_sha256"],
            signed_way=row["signed_way"],
            signed_at=from_iso(row["signed_at"]) if row["signed_at"] else None,
            signer=row["signer"],
            supplement=row["supplement"],
        )
        for row in rows
    ]


def history(environment: Environment, code: str) -> list[Event]:
    """Return every change of status, oldest first."""
    rows = environment.database.read("SELECT * FROM dossier_event WHERE dossier = ? ORDER BY id", code)
    return [Event(from_iso(row["at"]), row["status"], row["by"], row["note"]) for row in rows]


def add_event(
    environment: Environment, connection: sqlite3.Connection, code: str, status: int, by: str, note: str
) -> None:
    """Append a line to the history inside the caller's transaction."""
    connection.execute(
        "INSERT INTO dossier_event (dossier, at, status, by, note) VALUES (?, ?, ?, ?, ?)",
        (code, to_iso(environment.clock.now()), status, by, note),
    )


def change_status(environment: Environment, code: str, new: int, by: str, note: str = "") -> Dossier:
    """Move a dossier to another national status and write its history.

    Raises ``DossierMissing`` or ``StatusRefused`` (order of the portal contract, section 4).
    """
    with environment.database.write() as connection:
        row = connection.execute("SELECT status FROM dossier WHERE code = ?", (code,)).fetchone()
        if row is None:
            raise DossierMissing(code)
        old = int(row["status"])
        if new not in STATUS_ORDER[old]:
            raise StatusRefused(code, old, new)
        connection.execute("UPDATE dossier SET status = ? WHERE code = ?", (new, code))
        add_event(environment, connection, code, new, by, note)
    return get(environment, code)


def set_appointment(environment: Environment, code: str, moment: datetime) -> None:
    """Set the day of return (ngày hẹn trả)."""
    with environment.database.write() as connection:
        connection.execute("UPDATE dossier SET appointment = ? WHERE code = ?", (to_iso(moment), code))


def add_paper(
    environment: Environment, code: str, kind: str, file_name: str, content: bytes, media_type: str = "application/pdf"
) -> int:
    """Keep a paper of the agency ("1".."5", "fee" or "result") for the citizen to download; return its id."""
    with environment.database.write() as connection:
        digest, _ = write_blob(connection, io.BytesIO(content))
        cursor = connection.execute(
            "INSERT INTO paper (dossier, kind, file_name, media_type, sha256, created_at) VALUES (?, ?, ?, ?, ?, ?)",
            (code, kind, file_name, media_type, digest, to_iso(environment.clock.now())),
        )
        return int(cursor.lastrowid or 0)


def papers(environment: Environment, code: str) -> list[Paper]:
    """Return the papers of a dossier, oldest first; their bytes by ``store_blobs.read_blob``."""
    rows = environment.database.read("SELECT * FROM paper WHERE dossier = ? ORDER BY id", code)
    return [
        Paper(r["id"], r["dossier"], r["kind"], r["file_name"], r["media_type"], r["sha256"], from_iso(r["created_at"]))
        for r in rows
    ]


def ask_supplement(environment: Environment, code: str, request: str, deadline: date | None = None) -> int:
    """Record what the agency asks for (the status change is the caller's); return the request's id."""
    with environment.database.write() as connection:
        cursor = connection.execute(
            "INSERT INTO supplement_request (dossier, asked_at, deadline, request) VALUES (?, ?, ?, ?)",
            (code, to_iso(environment.clock.now()), deadline.isoformat() if deadline else None, request),
        )
        return int(cursor.lastrowid or 0)


def supplements(environment: Environment, code: str) -> list[Supplement]:
    """Return the requests for more papers, oldest first."""
    rows = environment.database.read("SELECT * FROM supplement_request WHERE dossier = ? ORDER BY id", code)
    return [
        Supplement(
            id=row["id"],
            asked_at=from_iso(row["asked_at"]),
            deadline=date.fromisoformat(row["deadline"]) if row["deadline"] else None,
            request=row["request"],
            answered_at=from_iso(row["answered_at"]) if row["answered_at"] else None,
            answer=row["answer"],
        )
        for row in rows
    ]


def ask_fee(environment: Environment, code: str, name: str, amount: int) -> int:
    """Record a sum in đồng to pay (the status change is the caller's); return its id."""
    with environment.database.write() as connection:
        cursor = connection.execute(
            "INSERT INTO dossier_fee (dossier, name, amount, asked_at) VALUES (?, ?, ?, ?)",
            (code, name, amount, to_iso(environment.clock.now())),
        )
        return int(cursor.lastrowid or 0)


def fees(environment: Environment, code: str) -> list[Fee]:
    """Return the sums asked for, oldest first."""
    rows = environment.database.read("SELECT * FROM dossier_fee WHERE dossier = ? ORDER BY id", code)
    return [
        Fee(r["id"], r["name"], r["amount"], from_iso(r["asked_at"]), from_iso(r["paid_at"]) if r["paid_at"] else None)
        for r in rows
    ]

"""Procedures, their components, forms, fees and agencies, as the pages show them."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

from dvc_sandbox.environment import Environment
from dvc_sandbox.portal.text import fold

LEVELS = {"toan-trinh": "Dịch vụ công trực tuyến toàn trình", "mot-phan": "Dịch vụ công trực tuyến một phần",
          "thong-tin": "Cung cấp thông tin trực tuyến"}  # fmt: skip
AUDIENCES = {"ca-nhan": "Công dân", "to-chuc": "Doanh nghiệp, tổ chức", "tat-ca": "Công dân, doanh nghiệp, tổ chức"}
PLACES = {"tinh": "Cấp tỉnh", "xa": "Cấp xã"}


@dataclass(frozen=True, slots=True)
class Procedure:
    """One procedure (thủ tục hành chính); ``id`` is the integer of iGate 1 pages."""

    id: int
    code: str
    name: str
    field: str
    level: str
    audience: str
    place: str
    processing_time: str
    processing_days: int | None
    online: bool
    steps: str
    requirements: str


@dataclass(frozen=True, slots=True)
class ComponentSpec:
    """One row of the procedure's thành phần hồ sơ."""

    id: int
    row: int
    code: str
    name: str
    mandatory: bool
    conditional: bool
    originals: int
    copies: int
    heading: bool

    @property
    def slot(self) -> str:
        """Key of the row among a draft's rows and files."""
        return str(self.id)


@dataclass(frozen=True, slots=True)
class Form:
    """A template of a procedure: the ``number``-th, offered at one component."""

    number: int
    component: int
    name: str


@dataclass(frozen=True, slots=True)
class Fee:
    """A fee in đồng at the counter and online."""

    name: str
    kind: str
    amount: int
    online_amount: int


@dataclass(frozen=True, slots=True)
class Choice:
    """Something to choose: an agency or a case, with its key."""

    key: str
    name: str


@dataclass(frozen=True, slots=True)
class Query:
    """Filters of the procedure list; empty means any."""

    words: str = ""
    field: str = ""
    level: str = ""
    agency: str = ""
    audience: str = ""
    place: str = ""
    size: int = 10
    page: int = 1


def _procedure(row: sqlite3.Row) -> Procedure:
    values = {name: row[name] for name in Procedure.__slots__}
    return Procedure(**{**values, "online": bool(row["online"])})


def find(environment: Environment, number: int) -> Procedure | None:
    """Return the procedure with this internal number, or None."""
    row = environment.database.read_one("SELECT * FROM procedure WHERE id = ?", number)
    return _procedure(row) if row else None


def search(environment: Environment, query: Query) -> tuple[list[Procedure], int]:
    """Return one page of procedures and the number of all that match; words match without diacritics."""
    where, arguments = ["1 = 1"], list[object]()
    for word in fold(query.words).split():
        where.append("instr(search_name, ?) > 0")
        arguments.append(word)
    for column, value in (("field", query.field), ("level", query.level), ("place", query.place)):
        if value:
            where.append(f"{column} = ?")
            arguments.append(value)
    if query.audience:
        where.append("audience IN (?, 'tat-ca')")
        arguments.append(query.audience)
    if query.agency:
        where.append("id IN (SELECT procedure FROM procedure_agency WHERE agency = ?)")
        arguments.append(query.agency)
    condition = " AND ".join(where)
    count = environment.database.read_one(f"SELECT count(*) AS n FROM procedure WHERE {condition}", *arguments)  # noqa: S608 - fixed conditions
    rows = environment.database.read(
        f"SELECT * FROM procedure WHERE {condition} "  # noqa: S608 - fixed conditions
        "ORDER BY instr(search_name, ?) = 0, id LIMIT ? OFFSET ?",
        *arguments,
        fold(query.words),
        query.size,
        (query.page - 1) * query.size,
    )
    return [_procedure(row) for row in rows], int(count["n"]) if count else 0


def fields(environment: Environment) -> list[str]:
    """Names of all fields (lĩnh vực)."""
    return [row["field"] for row in environment.database.read("SELECT DISTINCT field FROM procedure ORDER BY field")]


def agencies(environment: Environment, procedure: int | None = None) -> list[Choice]:
    """Return the agencies of one procedure, or all of them."""
    if procedure is None:
        rows = environment.database.read("SELECT code, name FROM agency ORDER BY level, code")
    else:
        rows = environment.database.read(
            """SELECT a.code, a.name FROM procedure_agency p JOIN agency a ON a.code = p.agency
               WHERE p.procedure = ? ORDER BY p.rowid""",
            procedure,
        )
    return [Choice(row["code"], row["name"]) for row in rows]


def cases(environment: Environment, procedure: int) -> list[Choice]:
    """Return the cases (trường hợp) of a procedure; there is always one."""
    rows = environment.database.read(
        "SELECT number, name FROM procedure_case WHERE procedure = ? ORDER BY number", procedure
    )
    return [Choice(str(row["number"]), row["name"]) for row in rows]


def components(environment: Environment, procedure: int, case: int | None = None) -> list[ComponentSpec]:
    """Return the component rows of a procedure, of one case or of all."""
    rows = environment.database.read(
        """SELECT * FROM component_spec WHERE procedure = ?
           AND (? IS NULL OR case_number IS NULL OR case_number = ?) ORDER BY row""",
        procedure,
        case,
        case,
    )
    return [
        ComponentSpec(
            id=row["id"],
            row=row["row"],
            code=row["code"],
            name=row["name"],
            mandatory=bool(row["mandatory"]),
            conditional=bool(row["conditional"]),
            originals=row["originals"],
            copies=row["copies"],
            heading=bool(row["heading"]),
        )
        for row in rows
    ]


def forms(environment: Environment, procedure: int) -> list[Form]:
    """Return the templates of a procedure in their order."""
    rows = environment.database.read("SELECT * FROM component_form WHERE procedure = ? ORDER BY number", procedure)
    return [Form(row["number"], row["component"], row["name"]) for row in rows]


def fees(environment: Environment, procedure: int) -> list[Fee]:
    """Return the fees of a procedure."""
    rows = environment.database.read("SELECT * FROM procedure_fee WHERE procedure = ? ORDER BY number", procedure)
    return [Fee(row["name"], row["kind"], row["amount"], row["online_amount"]) for row in rows]


def online_fee(environment: Environment, procedure: int) -> int:
    """Sum in đồng that an online dossier costs."""
    return sum(fee.online_amount for fee in fees(environment, procedure))

"""Fills an empty portal database: accounts, procedures, administrative units."""

from __future__ import annotations

import sqlite3
import tomllib
from importlib.resources import files
from typing import Any

from dvc_sandbox.environment import Environment
from dvc_sandbox.portal.accounts import hash_password
from dvc_sandbox.portal.text import fold
from dvc_sandbox.seed import catalogue, generated

_ACCOUNT = (
    "username", "kind", "full_name", "identity_number", "issued_on", "issued_by", "birthday", "gender", "phone", "email",
    "organisation", "tax_code", "certificate",
)  # fmt: skip


def prepare(environment: Environment) -> None:
    """Create the tables and, in an empty database, the invented data. Safe to call at every start and after a reset."""
    schema = files("dvc_sandbox.portal").joinpath("schema.sql").read_text(encoding="utf-8")
    environment.database.apply(schema)
    if environment.database.read_one("SELECT 1 FROM account LIMIT 1"):
        return
    accounts = _accounts(environment.seed)
    with environment.database.write() as connection:
        _add_units(connection)
        _add_accounts(connection, accounts)
        connection.executemany(
            "INSERT INTO agency (code, name, level) VALUES (:code, :name, :level)", catalogue.agencies()
        )
        component = 5000
        for procedure in catalogue.procedures(environment.seed):
            component = _add_procedure(connection, procedure, component)


def _accounts(seed: int) -> list[dict[str, str]]:
    source = tomllib.loads(files("dvc_sandbox.seed").joinpath("people.toml").read_text(encoding="utf-8"))
    entries: list[dict[str, Any]] = [*source["account"], *generated.people(seed, source["generated"]["count"])]
    return [{**entry, "password_hash": hash_password(entry["password"])} for entry in entries]


def _add_accounts(connection: sqlite3.Connection, entries: list[dict[str, str]]) -> None:
    names = ", ".join([*_ACCOUNT, "password_hash"])
    marks = ", ".join("?" * (len(_ACCOUNT) + 1))
    connection.executemany(
        f"INSERT INTO account ({names}) VALUES ({marks})",  # noqa: S608 - fixed column names
        [(*(entry.get(name, "") for name in _ACCOUNT), entry["password_hash"]) for entry in entries],
    )


def _add_units(connection: sqlite3.Connection) -> None:
    text = files("dvc_sandbox.seed").joinpath("units.tsv").read_text(encoding="utf-8")
    rows = [line.split("\t") for line in text.splitlines() if line and not line.startswith("#")]
    district_of = {code: parent for kind, _, code, parent, _ in rows if kind == "district"}
    for kind, levels, code, parent, name in rows:
        if kind == "province":
            connection.execute("INSERT INTO province VALUES (?, ?, ?)", (code, int(levels), name))
        elif kind == "district":
            connection.execute("INSERT INTO district VALUES (?, ?, ?)", (code, parent, name))
        else:
            province, district = (parent, "") if levels == "2" else (district_of[parent], parent)
            connection.execute(
                "INSERT INTO commune VALUES (?, ?, ?, ?, ?)", (code, int(levels), province, district, name)
            )


def _add_procedure(connection: sqlite3.Connection, item: catalogue.Procedure, component: int) -> int:
    place = "cấp xã" if item.place == "xa" else "cấp tỉnh"
    steps = (
        f"Bước 1: Người nộp chuẩn bị hồ sơ và nộp trực tuyến hoặc trực tiếp tại cơ quan {place}.\n"
        "Bước 2: Cơ quan tiếp nhận kiểm tra thành phần hồ sơ, cấp Giấy tiếp nhận hồ sơ và hẹn trả kết quả.\n"
        "Bước 3: Cơ quan có thẩm quyền giải quyết và trả kết quả theo giấy hẹn."
    )
    connection.execute(
        "INSERT INTO procedure VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            item.id, item.code, item.name, fold(f"{item.code} {item.name}"), item.field,
            "toan-trinh" if item.online else "thong-tin", item.audience, item.place,
            item.time, item.days, int(item.online), steps, item.requirements or "Không có.",
        ),
    )  # fmt: skip
    connection.executemany("INSERT INTO procedure_agency VALUES (?, ?)", [(item.id, code) for code in item.agencies])
    connection.executemany(
        "INSERT INTO procedure_case VALUES (?, ?, ?)",
        [(item.id, number, name) for number, name in enumerate(item.cases or ("Trường hợp chung",), start=1)],
    )
    connection.executemany(
        "INSERT INTO procedure_fee VALUES (?, ?, ?, ?, ?, ?)",
        [(item.id, n, fee.name, fee.kind, fee.amount, fee.online) for n, fee in enumerate(item.fees, start=1)],
    )
    return _add_components(connection, item, component)


def _add_components(connection: sqlite3.Connection, item: catalogue.Procedure, component: int) -> int:
    form = 0
    for row, spec in enumerate(item.components, start=1):
        component += 1
        connection.execute(
            "INSERT INTO component_spec VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                component, item.id, row, spec.case, spec.code, spec.name, int(spec.mandatory),
                int(spec.conditional), spec.originals, spec.copies, int(spec.heading),
            ),
        )  # fmt: skip
        for name in spec.forms:
            form += 1
            connection.execute("INSERT INTO component_form VALUES (?, ?, ?, ?)", (item.id, form, component, name))
    return component

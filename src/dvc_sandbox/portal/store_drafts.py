"""Dossiers being filled in: each belongs to one account and is addressed by its ``sid``."""

from __future__ import annotations

import json
import secrets
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from dvc_sandbox.environment import Environment
from dvc_sandbox.portal.text import from_iso, to_iso

STEPS = ("applicant", "components", "fees", "confirmation")


@dataclass(frozen=True, slots=True)
class Draft:
    """One draft. ``step`` is the furthest page that may be opened; ``dossier`` the code once it was submitted."""

    sid: str
    account: int
    procedure: int
    case_number: int
    agency: str
    step: str
    applicant: Mapping[str, str]
    owner: Mapping[str, str]
    subject: str
    note: str
    payment: str
    file_token: str
    state: str
    dossier: str | None
    created_at: datetime

    def reached(self, step: str) -> bool:
        """Whether the page of this step may be opened."""
        return STEPS.index(step) <= STEPS.index(self.step)


@dataclass(frozen=True, slots=True)
class DraftRow:
    """What the applicant said about one row: tick, copies, and the name of a free row."""

    ticked: bool = False
    copies: int = 1
    name: str = ""


def from_row(row: sqlite3.Row) -> Draft:
    """Build a draft from its database row."""
    values = {name: row[name] for name in Draft.__slots__}
    return Draft(
        **{
            **values,
            "applicant": json.loads(row["applicant"]),
            "owner": json.loads(row["owner"]),
            "created_at": from_iso(row["created_at"]),
        }
    )


def create(environment: Environment, account: int, procedure: int, case: int, agency: str) -> str:
    """Start a draft and return its ``sid``."""
    sid = secrets.token_hex(16)
    with environment.database.write() as connection:
        connection.execute(
            """INSERT INTO draft (sid, account, procedure, case_number, agency, file_token, created_at)
               VALUES (?, ?, ?, ?, ?, ?, ?)""",
            (sid, account, procedure, case, agency, secrets.token_urlsafe(24), to_iso(environment.clock.now())),
        )
    return sid


def find(environment: Environment, sid: str, account: int) -> Draft | None:
    """Return the draft if it is this account's, else None: a ``sid`` is bound to its account."""
    row = environment.database.read_one("SELECT * FROM draft WHERE sid = ? AND account = ?", sid, account)
    return from_row(row) if row else None


def open_drafts(environment: Environment, account: int) -> list[sqlite3.Row]:
    """Return the account's open drafts with the names of their procedures, newest first."""
    return environment.database.read(
        """SELECT d.sid, d.created_at, d.step, d.subject, p.code, p.name,
                  (SELECT count(*) FROM upload u WHERE u.sid = d.sid) AS files
           FROM draft d JOIN procedure p ON p.id = d.procedure
           WHERE d.account = ? AND d.state = 'open' ORDER BY d.created_at DESC, d.rowid DESC""",
        account,
    )


def discard(environment: Environment, sid: str, account: int) -> bool:
    """Delete an open draft with its files; False when there is no such draft."""
    with environment.database.write() as connection:
        cursor = connection.execute(
            "DELETE FROM draft WHERE sid = ? AND account = ? AND state = 'open'", (sid, account)
        )
        return cursor.rowcount == 1


def save_applicant(
    environment: Environment, draft: Draft, applicant: Mapping[str, str], owner: Mapping[str, str]
) -> None:
    """Keep the applicant page; the components page may be opened from now on."""
    step = draft.step if draft.reached("components") else "components"
    with environment.database.write() as connection:
        connection.execute(
            "UPDATE draft SET applicant = ?, owner = ?, step = ? WHERE sid = ?",
            (
                json.dumps(dict(applicant), ensure_ascii=False),
                json.dumps(dict(owner), ensure_ascii=False),
                step,
                draft.sid,
            ),
        )


def save_components(
    environment: Environment, draft: Draft, rows: Mapping[str, DraftRow], subject: str, note: str
) -> None:
    """Keep ticks, copies, names of free rows, subject and note of the components page."""
    with environment.database.write() as connection:
        connection.executemany(
            """INSERT INTO draft_row (sid, slot, ticked, copies, name) VALUES (?, ?, ?, ?, ?)
               ON CONFLICT (sid, slot) DO UPDATE SET ticked = excluded.ticked, copies = excluded.copies,
               name = excluded.name""",
            [(draft.sid, slot, int(row.ticked), row.copies, row.name) for slot, row in rows.items()],
        )
        connection.execute("UPDATE draft SET subject = ?, note = ? WHERE sid = ?", (subject, note, draft.sid))


def advance(environment: Environment, draft: Draft, step: str, payment: str | None = None) -> None:
    """Allow a later page, and keep the way of payment."""
    with environment.database.write() as connection:
        connection.execute(
            "UPDATE draft SET step = ?, payment = coalesce(?, payment) WHERE sid = ?", (step, payment, draft.sid)
        )


def rows(environment: Environment, sid: str) -> dict[str, DraftRow]:
    """Return what was said about each row, by slot."""
    found = environment.database.read("SELECT * FROM draft_row WHERE sid = ?", sid)
    return {row["slot"]: DraftRow(bool(row["ticked"]), row["copies"], row["name"]) for row in found}

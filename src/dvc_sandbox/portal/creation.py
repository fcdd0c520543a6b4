"""The commit: one confirmed draft becomes one dossier, with the token burned before, with or after it."""

from __future__ import annotations

import json
import re
import sqlite3
from datetime import datetime, timedelta

from dvc_sandbox.clock import LOCAL
from dvc_sandbox.environment import Environment
from dvc_sandbox.portal import sessions, settings, store_drafts
from dvc_sandbox.portal.sessions import Session
from dvc_sandbox.portal.store_drafts import Draft
from dvc_sandbox.portal.text import fold, from_iso, to_iso

_REFERENCE = re.compile(r"DVC-[A-Z2-7]{16}(?![A-Z2-7])")
_ONLINE = "Nộp hồ sơ trực tuyến"


class TokenRefused(Exception):
    """The confirmation's token is ``used`` or ``unknown``."""

    def __init__(self, state: str) -> None:
        super().__init__(state)
        self.state = state


class CommitFailed(Exception):
    """A drill made the commit fail (``commit_failures``)."""


class CommitDelayed(Exception):
    """A drill makes the commit take effect later (``late_commits``)."""


def purpose_of(sid: str) -> str:
    """Purpose of the confirmation's form token."""
    return f"confirm:{sid}"


def submit(environment: Environment, session: Session, draft: Draft, token: str) -> str:
    """Create the dossier and return its code; raises ``TokenRefused``, ``CommitFailed`` or ``CommitDelayed``."""
    state = sessions.token_state(environment, session, purpose_of(draft.sid), token)
    if state != "valid":
        raise TokenRefused(state)
    burn = settings.load(environment).burn
    if burn == "before":
        with environment.database.write() as connection:
            if not sessions.burn_token(connection, token, environment.clock.now()):
                raise TokenRefused("used")
    if settings.take(environment, "late_commits"):
        _postpone(environment, draft.sid, token)
        raise CommitDelayed
    fail = settings.take(environment, "commit_failures")
    with environment.database.write() as connection:
        now = environment.clock.now()
        if burn == "with" and not sessions.burn_token(connection, token, now):
            raise TokenRefused("used")
        code = _create(connection, draft.sid, now, close=burn != "after")
        if fail:
            raise CommitFailed
    return code


def finish_after(environment: Environment, code: str) -> None:
    """In mode ``after`` the token and the draft end only here: when the receipt page is read."""
    now = to_iso(environment.clock.now())
    row = environment.database.read_one(
        "SELECT d.sid FROM dossier d JOIN draft t ON t.sid = d.sid AND t.state = 'open' WHERE d.code = ?", code
    )
    if row is None:
        return
    with environment.database.write() as connection:
        connection.execute("UPDATE draft SET state = 'submitted', dossier = ? WHERE sid = ?", (code, row["sid"]))
        connection.execute(
            "UPDATE csrf_token SET used_at = ? WHERE purpose = ? AND used_at IS NULL", (now, purpose_of(row["sid"]))
        )


def _postpone(environment: Environment, sid: str, token: str) -> None:
    due = environment.clock.now() + timedelta(seconds=settings.load(environment).late_seconds)
    with environment.database.write() as connection:
        connection.execute("INSERT INTO late_commit (sid, token, due_at) VALUES (?, ?, ?)", (sid, token, to_iso(due)))


def apply_late_commits(environment: Environment) -> None:
    """Let postponed commits whose time has come take effect; called before every request and every look by the admin."""
    now = to_iso(environment.clock.now())
    if not environment.database.read("SELECT 1 FROM late_commit WHERE due_at <= ? LIMIT 1", now):
        return
    burn = settings.load(environment).burn
    with environment.database.write() as connection:
        due = connection.execute("SELECT * FROM late_commit WHERE due_at <= ? ORDER BY id", (now,)).fetchall()
        for row in due:
            connection.execute("DELETE FROM late_commit WHERE id = ?", (row["id"],))
            moment = from_iso(row["due_at"])
            if burn != "with" or sessions.burn_token(connection, row["token"], moment):
                _create(connection, row["sid"], moment, close=burn != "after")


def next_code(connection: sqlite3.Connection, agency: str, now: datetime) -> str:
    """Draw the next dossier code ``<agency>-<yymmdd>-<nnnnnnn>``; the number starts again each local day."""
    day = now.astimezone(LOCAL).strftime("%y%m%d")
    row = connection.execute(
        """INSERT INTO dossier_counter (agency, day, last) VALUES (?, ?, 1)
           ON CONFLICT (agency, day) DO UPDATE SET last = last + 1 RETURNING last""",
        (agency, day),
    ).fetchone()
    return f"{agency}-{day}-{int(row[0]):07d}"


def _create(connection: sqlite3.Connection, sid: str, now: datetime, *, close: bool) -> str:
    row = connection.execute("SELECT * FROM draft WHERE sid = ?", (sid,)).fetchone()
    draft = store_drafts.from_row(row)
    procedure = connection.execute("SELECT code, name FROM procedure WHERE id = ?", (draft.procedure,)).fetchone()
    uploads = connection.execute("SELECT original_name FROM upload WHERE sid = ? ORDER BY id", (sid,)).fetchall()
    names = [upload["original_name"] for upload in uploads]
    found = next(filter(None, (_REFERENCE.search(text) for text in (draft.note, draft.subject, *names))), None)
    code = next_code(connection, draft.agency, now)
    applicant_name = draft.applicant["CongDan_tenCongDan"]
    words = f"{code} {applicant_name} {procedure['code']} {procedure['name']} {draft.subject} {draft.note}"
    connection.execute(
        """INSERT INTO dossier (code, sid, account, procedure, case_number, agency, status, submitted_at, subject, note,
           reference, applicant, owner, applicant_name, search_text) VALUES (?, ?, ?, ?, ?, ?, 1, ?, ?, ?, ?, ?, ?, ?, ?)""",
        (
            code, sid, draft.account, draft.procedure, draft.case_number, draft.agency, to_iso(now), draft.subject,
            draft.note, found[0] if found else "", json.dumps(dict(draft.applicant), ensure_ascii=False),
            json.dumps(dict(draft.owner), ensure_ascii=False), applicant_name, fold(words),
        ),
    )  # fmt: skip
    _copy_rows(connection, draft, code)
    connection.execute(
        "INSERT INTO dossier_event (dossier, at, status, by, note) VALUES (?, ?, 1, ?, ?)",
        (code, to_iso(now), applicant_name, _ONLINE),
    )
    if close:
        connection.execute("UPDATE draft SET state = 'submitted', dossier = ? WHERE sid = ?", (code, sid))
    return code


def _copy_rows(connection: sqlite3.Connection, draft: Draft, code: str) -> None:
    connection.execute(
        """INSERT INTO dossier_component (dossier, slot, name, ticked, copies)
           SELECT ?, r.slot, coalesce(c.name, r.name), r.ticked, r.copies FROM draft_row r
           LEFT JOIN component_spec c ON CAST(c.id AS TEXT) = r.slot
           WHERE r.sid = ? AND (r.ticked OR EXISTS (SELECT 1 FROM upload u WHERE u.sid = r.sid AND u.slot = r.slot))
           ORDER BY c.row IS NULL, c.row, r.slot""",
        (code, draft.sid),
    )
    connection.execute(
        """INSERT INTO dossier_component (dossier, slot, name, ticked, copies)
           SELECT ?, 'extra', 'Tệp tin khác', 1, 1 WHERE EXISTS (SELECT 1 FROM upload WHERE sid = ? AND slot = 'extra')""",
        (code, draft.sid),
    )
    connection.execute(
        """INSERT INTO dossier_file (dossier, slot, stored_name, original_name, media_type, size, sha256, unsigned_sha256,
           signed_way, signed_at, signer, created_at)
           SELECT ?, u.slot, u.stored_name, u.original_name, u.media_type, u.size, u.sha256, u.unsigned_sha256, u.signed_way,
           u.signed_at, u.signer, u.created_at FROM upload u LEFT JOIN component_spec c ON CAST(c.id AS TEXT) = u.slot
           WHERE u.sid = ? ORDER BY c.row IS NULL, c.row, u.slot, u.id""",
        (code, draft.sid),
    )

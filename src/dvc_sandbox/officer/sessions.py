"""Officers' log-in: invented people of `seed/people.toml` with public passwords, sessions of their own beside the citizens'."""

from __future__ import annotations

import hashlib
import secrets
import tomllib
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

from dvc_sandbox.portal.text import from_iso, to_iso

if TYPE_CHECKING:
    from dvc_sandbox.environment import Environment

COOKIE = "CANBOSESSION"
_IDLE = timedelta(hours=8)
SCHEMA = """CREATE TABLE IF NOT EXISTS officer_session (
  id TEXT PRIMARY KEY,                            -- SHA-256 of the cookie's value
  username TEXT NOT NULL,
  form_token TEXT NOT NULL,                       -- proves that a form came from our own page
  seen_at TEXT NOT NULL
) STRICT;"""


@dataclass(frozen=True, slots=True)
class Officer:
    """One official (cán bộ)."""

    username: str
    password: str
    full_name: str


@dataclass(frozen=True, slots=True)
class OfficerSession:
    """A logged-in officer."""

    id: str
    officer: Officer
    form_token: str


@cache
def officers() -> tuple[Officer, ...]:
    """The invented officers."""
    content = tomllib.loads(files("dvc_sandbox").joinpath("seed/people.toml").read_text(encoding="utf-8"))
    return tuple(Officer(row["username"], row["password"], row["full_name"]) for row in content["officer"])


def log_in(environment: Environment, username: str, password: str) -> str | None:
    """Open a session and return its cookie value; None for a wrong name or password."""
    found = next((one for one in officers() if one.username == username.strip().lower()), None)
    if found is None or not secrets.compare_digest(found.password.encode(), password.encode()):
        return None
    value = secrets.token_urlsafe(32)
    with environment.database.write() as connection:
        connection.execute(
            "INSERT INTO officer_session (id, username, form_token, seen_at) VALUES (?, ?, ?, ?)",
            (_digest(value), found.username, secrets.token_urlsafe(24), to_iso(environment.clock.now())),
        )
    return value


def find(environment: Environment, cookie: str | None) -> OfficerSession | None:
    """The live session of a cookie; it ends after eight idle hours of the sandbox's clock."""
    if not cookie:
        return None
    row = environment.database.read_one("SELECT * FROM officer_session WHERE id = ?", _digest(cookie))
    officer = next((one for one in officers() if row is not None and one.username == row["username"]), None)
    now = environment.clock.now()
    if row is None or officer is None or abs(now - from_iso(row["seen_at"])) > _IDLE:
        return None
    if now - from_iso(row["seen_at"]) > timedelta(minutes=1):
        with environment.database.write() as connection:
            connection.execute("UPDATE officer_session SET seen_at = ? WHERE id = ?", (to_iso(now), row["id"]))
    return OfficerSession(row["id"], officer, row["form_token"])


def log_out(environment: Environment, session: OfficerSession) -> None:
    """End the session."""
    with environment.database.write() as connection:
        connection.execute("DELETE FROM officer_session WHERE id = ?", (session.id,))


def _digest(value: str) -> str:
    return hashlib.sha256(value.encode()).hexdigest()

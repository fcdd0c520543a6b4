"""Browser sessions, which end by the sandbox's clock, and form tokens that work once."""

from __future__ import annotations

import hashlib
import secrets
import sqlite3
from dataclasses import dataclass
from datetime import datetime, timedelta

from dvc_sandbox.environment import Environment
from dvc_sandbox.portal import settings
from dvc_sandbox.portal.text import from_iso, to_iso

COOKIE = "JSESSIONID"
_TOUCH_AFTER = timedelta(seconds=30)


@dataclass(frozen=True, slots=True)
class Session:
    """One browser session. ``cookie`` is set only when the browser must be told a new value."""

    id: str
    account: int | None
    cookie: str | None = None


def _digest(value: str) -> str:
    return hashlib.sha256(value.encode()).hexdigest()


def _ended(environment: Environment, seen: datetime) -> bool:
    return environment.clock.now() - seen > timedelta(minutes=settings.load(environment).session_minutes)


def open_session(environment: Environment, account: int | None = None) -> Session:
    """Start a session: anonymous before the log-in, bound to an account after it."""
    value = secrets.token_urlsafe(32)
    now = to_iso(environment.clock.now())
    with environment.database.write() as connection:
        connection.execute(
            "INSERT INTO login_session (id, account, created_at, seen_at) VALUES (?, ?, ?, ?)",
            (_digest(value), account, now, now),
        )
    return Session(_digest(value), account, value)


def find_session(environment: Environment, cookie: str | None) -> Session | None:
    """Return the live session of a cookie and note that it was used; None when there is none or it has ended."""
    if not cookie:
        return None
    row = environment.database.read_one("SELECT * FROM login_session WHERE id = ?", _digest(cookie))
    if row is None:
        return None
    seen = from_iso(row["seen_at"])
    if _ended(environment, seen):
        drop_session(environment, cookie)
        return None
    now = environment.clock.now()
    if abs(now - seen) > _TOUCH_AFTER:
        with environment.database.write() as connection:
            connection.execute("UPDATE login_session SET seen_at = ? WHERE id = ?", (to_iso(now), row["id"]))
    return Session(row["id"], row["account"])


def drop_session(environment: Environment, cookie: str) -> None:
    """End the session of a cookie, with its form tokens and captchas."""
    key = _digest(cookie)
    with environment.database.write() as connection:
        connection.execute("DELETE FROM login_session WHERE id = ?", (key,))
        connection.execute("DELETE FROM csrf_token WHERE session = ?", (key,))
        connection.execute("DELETE FROM captcha WHERE session = ?", (key,))


def issue_token(environment: Environment, session: Session, purpose: str) -> str:
    """Make the single-use token of one form."""
    token = secrets.token_urlsafe(24)
    with environment.database.write() as connection:
        connection.execute(
            "INSERT INTO csrf_token (token, session, purpose, created_at) VALUES (?, ?, ?, ?)",
            (token, session.id, purpose, to_iso(environment.clock.now())),
        )
    return token


def token_state(environment: Environment, session: Session, purpose: str, token: str) -> str:
    """Tell ``valid``, ``used`` or ``unknown`` (never issued to this session for this purpose)."""
    row = environment.database.read_one(
        "SELECT used_at FROM csrf_token WHERE token = ? AND session = ? AND purpose = ?", token, session.id, purpose
    )
    if row is None:
        return "unknown"
    return "used" if row["used_at"] else "valid"


def burn_token(connection: sqlite3.Connection, token: str, at: datetime) -> bool:
    """Use a token up inside the caller's transaction; False when it was used before."""
    cursor = connection.execute(
        "UPDATE csrf_token SET used_at = ? WHERE token = ? AND used_at IS NULL", (to_iso(at), token)
    )
    return cursor.rowcount == 1

"""Accounts of citizens and organisations: passwords (scrypt) and the lock after five wrong ones."""

from __future__ import annotations

import hashlib
import secrets
import sqlite3
from dataclasses import dataclass
from datetime import datetime, timedelta

from dvc_sandbox.environment import Environment
from dvc_sandbox.portal import settings
from dvc_sandbox.portal.text import from_iso, to_iso

MAX_WRONG_PASSWORDS = 5
_COST = 1 << 12


@dataclass(frozen=True, slots=True)
class Account:
    """A user of the portal; what the dossier takes over and does not let change is name and ID number."""

    id: int
    username: str
    kind: str
    full_name: str
    identity_number: str
    issued_on: str
    issued_by: str
    birthday: str
    gender: str
    phone: str
    email: str
    organisation: str
    tax_code: str


@dataclass(frozen=True, slots=True)
class LoginResult:
    """Outcome of a log-in: an account, or why not and how many tries are left before the lock."""

    account: Account | None
    locked_until: datetime | None = None
    tries_left: int = MAX_WRONG_PASSWORDS


def hash_password(password: str) -> str:
    """Derive the stored form of a password."""
    salt = secrets.token_bytes(16)
    return f"scrypt${salt.hex()}${_derive(password, salt).hex()}"


def _derive(password: str, salt: bytes) -> bytes:
    return hashlib.scrypt(password.encode(), salt=salt, n=_COST, r=8, p=1)


def _matches(password: str, stored: str) -> bool:
    _, salt, expected = stored.split("$")
    return secrets.compare_digest(_derive(password, bytes.fromhex(salt)).hex(), expected)


def _account(row: sqlite3.Row) -> Account:
    return Account(**{name: row[name] for name in Account.__slots__})


def account_by_id(environment: Environment, number: int) -> Account | None:
    """Return the account, or None when a reset removed it."""
    row = environment.database.read_one("SELECT * FROM account WHERE id = ?", number)
    return _account(row) if row else None


def log_in(environment: Environment, name: str, password: str) -> LoginResult:
    """Check a user name or ID number with its password; five wrong ones in a row lock the account for a while."""
    row = environment.database.read_one("SELECT * FROM account WHERE username = ? OR identity_number = ?", name, name)
    if row is None:
        _derive(password, b"same-effort-for-unknown-names")
        return LoginResult(None)
    now = environment.clock.now()
    locked_until = from_iso(row["locked_until"]) if row["locked_until"] else None
    if locked_until and locked_until > now:
        return LoginResult(None, locked_until, 0)
    right = _matches(password, row["password_hash"])
    with environment.database.write() as connection:
        if right:
            connection.execute(
                "UPDATE account SET failed_passwords = 0, locked_until = NULL WHERE id = ?", (row["id"],)
            )
            return LoginResult(_account(row))
        return _count_failure(environment, connection, row["id"], expired=locked_until is not None)


def _count_failure(
    environment: Environment, connection: sqlite3.Connection, number: int, *, expired: bool
) -> LoginResult:
    updated = connection.execute(
        "UPDATE account SET failed_passwords = CASE WHEN ? THEN 1 ELSE failed_passwords + 1 END, locked_until = NULL "
        "WHERE id = ? RETURNING failed_passwords",
        (expired, number),
    ).fetchone()
    left = MAX_WRONG_PASSWORDS - int(updated[0])
    if left > 0:
        return LoginResult(None, None, left)
    until = environment.clock.now() + timedelta(minutes=settings.load(environment).lock_minutes)
    connection.execute("UPDATE account SET locked_until = ? WHERE id = ?", (to_iso(until), number))
    return LoginResult(None, until, 0)

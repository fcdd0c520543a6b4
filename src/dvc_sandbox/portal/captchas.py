"""Captcha pictures: bound to a session, good for one answer, and only for a few minutes."""

from __future__ import annotations

import secrets
from datetime import timedelta

from dvc_sandbox.environment import Environment
from dvc_sandbox.portal import settings
from dvc_sandbox.portal.sessions import Session
from dvc_sandbox.portal.text import from_iso, to_iso

_LETTERS = "23456789ACDEFHKMNPRTVXY"  # without pairs that look alike
_LENGTH = 5


def _text() -> str:
    return "".join(secrets.choice(_LETTERS) for _ in range(_LENGTH))


def issue(environment: Environment, session: Session) -> str:
    """Make a captcha for a page and return its id; the picture is fetched by the id."""
    number = secrets.token_urlsafe(16)
    with environment.database.write() as connection:
        connection.execute(
            "INSERT INTO captcha (id, answer, session, created_at) VALUES (?, ?, ?, ?)",
            (number, _text(), session.id, to_iso(environment.clock.now())),
        )
    return number


def reload(environment: Environment, session: Session, number: str) -> None:
    """Draw another text for the same id, unless it was answered already."""
    with environment.database.write() as connection:
        connection.execute(
            "UPDATE captcha SET answer = ?, created_at = ? WHERE id = ? AND session = ? AND used_at IS NULL",
            (_text(), to_iso(environment.clock.now()), number, session.id),
        )


def picture(environment: Environment, session: Session, number: str) -> bytes | None:
    """Draw the PNG; None when this session has no such captcha."""
    from captcha.image import ImageCaptcha

    row = environment.database.read_one("SELECT answer FROM captcha WHERE id = ? AND session = ?", number, session.id)
    if row is None:
        return None
    return bytes(ImageCaptcha(width=190, height=64).generate(row["answer"]).getvalue())


def check(environment: Environment, session: Session, number: str, text: str) -> bool:
    """Compare an answer, regardless of case. Right or wrong, the captcha is used up."""
    now = environment.clock.now()
    with environment.database.write() as connection:
        row = connection.execute(
            "UPDATE captcha SET used_at = ? WHERE id = ? AND session = ? AND used_at IS NULL RETURNING answer, created_at",
            (to_iso(now), number, session.id),
        ).fetchone()
    if row is None:
        return False
    fresh = now - from_iso(row["created_at"]) <= timedelta(minutes=settings.load(environment).captcha_minutes)
    return fresh and secrets.compare_digest(row["answer"], text.strip().upper().encode("ascii", "ignore").decode())


def answer(environment: Environment, number: str) -> str | None:
    """The right answer, for the admin API of the sandbox alone; `latest` is the newest one not yet used."""
    if number == "latest":
        newest = "SELECT answer FROM captcha WHERE used_at IS NULL ORDER BY created_at DESC, rowid DESC LIMIT 1"
        row = environment.database.read_one(newest)
    else:
        row = environment.database.read_one("SELECT answer FROM captcha WHERE id = ?", number)
    return str(row["answer"]) if row else None

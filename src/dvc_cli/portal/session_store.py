"""The portal session and open log-in challenges between two commands: private files in the state folder (ADR 0005)."""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from dvc_cli.errors import LoginNeeded
from dvc_cli.files import make_private_folder, write_atomically
from dvc_cli.i18n import _
from dvc_cli.model.file_names import safe_file_name
from dvc_cli.model.secret import Secret
from dvc_cli.portal.base import LoginChallenge, PortalSession

SCHEMA = 1
# A portal that tells no expiry does not get a session kept for ever.
LONGEST = timedelta(hours=12)
CHALLENGE_LIFE = timedelta(minutes=10)
_LARGEST = 1_000_000


class NoSuchChallenge(LoginNeeded):
    """The log-in challenge does not exist, has been used or is too old."""

    slug = "no-such-challenge"


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredSession:
    """What the file holds. `token` is None when the keyring holds it (`in_keyring`)."""

    portal: str
    account: str
    display_name: str
    identity_number: str
    started_at: datetime
    expires_at: datetime | None
    token: Secret | None
    in_keyring: bool = False

    def session(self, token: Secret) -> PortalSession:
        """The session with its secret part."""
        return PortalSession(
            account=self.account,
            display_name=self.display_name,
            identity_number=self.identity_number,
            token=token,
            started_at=self.started_at,
            expires_at=self.expires_at,
        )

    def is_over(self, now: datetime) -> bool:
        """Whether the portal has surely ended it, or it is older than we keep any."""
        return now >= (self.expires_at or self.started_at + LONGEST)


class SessionStore:
    """Files of one profile. Raises the storage errors of `dvc_cli.files`; an unreadable or foreign file counts as absent."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @property
    def path(self) -> Path:
        """The session's file."""
        return self._folder / "session.json"

    def save(self, portal: str, session: PortalSession, *, in_keyring: bool = False) -> None:
        """Write the session (0600), without its token when the keyring holds that."""
        make_private_folder(self._folder)
        values = {
            "schema": SCHEMA,
            "portal": portal,
            "account": session.account,
            "display_name": session.display_name,
            "identity_number": session.identity_number,
            "started_at": session.started_at.isoformat(),
            "expires_at": session.expires_at.isoformat() if session.expires_at else None,
            "in_keyring": in_keyring,
            "token": None if in_keyring else session.token.reveal(),
        }
        write_atomically(self.path, json.dumps(values, ensure_ascii=False).encode(), overwrite=True)

    def load(self, portal: str) -> StoredSession | None:
        """The session kept for this portal address, or None."""
        values = _read(self.path)
        if values is None or values.get("portal") != portal:
            return None
        try:
            token = values["token"]
            return StoredSession(
                portal=portal,
                account=str(values["account"]),
                display_name=str(values["display_name"]),
                identity_number=str(values["identity_number"]),
                started_at=_moment(values["started_at"]),
                expires_at=_moment(values["expires_at"]) if values["expires_at"] else None,
                token=Secret(str(token)) if token else None,
                in_keyring=values.get("in_keyring") is True,
            )
        except (KeyError, ValueError, TypeError):
            return None

    def delete(self) -> bool:
        """Forget the session; whether there was one."""
        there = self.path.is_symlink() or self.path.exists()
        self.path.unlink(missing_ok=True)
        return there

    # -- challenges of the log-in in two steps -----------------------------------------------------------------------

    def save_challenge(self, portal: str, account: str, challenge: LoginChallenge) -> datetime:
        """Keep an opened log-in form until its captcha is answered; returns when it ends. Old ones are removed."""
        folder = self._challenges()
        make_private_folder(folder)
        self.prune(challenge.created_at)
        values = {
            "schema": SCHEMA,
            "portal": portal,
            "account": account,
            "created_at": challenge.created_at.isoformat(),
            "state": dict(challenge.state),
        }
        write_atomically(folder / _challenge_name(challenge.id), json.dumps(values).encode(), overwrite=True)
        return challenge.created_at + CHALLENGE_LIFE

    def take_challenge(self, portal: str, identifier: str, now: datetime) -> tuple[str, LoginChallenge]:
        """Account and form of a challenge; it can be taken once.

        Raises:
            NoSuchChallenge: unknown, used, another portal's, or older than ten minutes.
        """
        path = self._challenges() / _challenge_name(identifier)
        values = _read(path)
        path.unlink(missing_ok=True)
        try:
            if values is None or values["portal"] != portal or now >= _moment(values["created_at"]) + CHALLENGE_LIFE:
                raise _no_challenge(identifier)
            state = {str(name): str(value) for name, value in values["state"].items()}
            created_at = _moment(values["created_at"])
            account = str(values["account"])
        except (KeyError, ValueError, TypeError, AttributeError) as error:
            raise _no_challenge(identifier) from error
        return account, LoginChallenge(id=identifier, captcha_png=None, state=state, created_at=created_at)

    def prune(self, now: datetime) -> None:
        """Remove challenges that are too old."""
        for path in self._challenges().glob("*.json"):
            values = _read(path)
            created = values.get("created_at") if values else None
            if not isinstance(created, str) or now >= _moment(created) + CHALLENGE_LIFE:
                path.unlink(missing_ok=True)

    def _challenges(self) -> Path:
        return self._folder / "challenges"


def _challenge_name(identifier: str) -> str:
    return safe_file_name(f"{identifier}.json")


def _no_challenge(identifier: str) -> NoSuchChallenge:
    return NoSuchChallenge(
        _("There is no log-in challenge `{id}`, or it is too old").format(id=identifier),
        hint=_("Start again: `dvc-cli login --captcha-out captcha.png --json`"),
    )


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(text)
    return moment


def _read(path: Path) -> Mapping[str, Any] | None:
    """The JSON object in a private file of ours; None for anything else (a link, another's file, readable by others)."""
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    try:
        handle = os.open(path, flags)
    except OSError:
        return None
    with os.fdopen(handle, "rb") as file:
        found = os.fstat(file.fileno())
        private = os.name == "nt" or (found.st_uid == os.geteuid() and not stat.S_IMODE(found.st_mode) & 0o077)
        if not stat.S_ISREG(found.st_mode) or not private:
            return None
        content = file.read(_LARGEST)
    try:
        values = json.loads(content)
    except ValueError:
        return None
    return values if isinstance(values, dict) and values.get("schema") == SCHEMA else None

"""Users and credentials of the emulator, read from `people.toml`."""

from __future__ import annotations

import base64
import tomllib
from dataclasses import dataclass, field
from importlib.resources import files


@dataclass(frozen=True, slots=True, kw_only=True)
class CscCredential:
    """A key with its rules; `pin` None = no PIN, `otp` "" = no one-time password, `implicit` = neither is asked."""

    id: str
    user_id: str
    entity: str
    scal: str
    multisign: int
    implicit: bool = False
    otp: str = ""
    pin: str | None = field(default=None, repr=False)
    totp_key: bytes | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class CscUser:
    """A person or firm that logs in by HTTP Basic."""

    user_id: str
    password: str = field(repr=False)
    credentials: tuple[CscCredential, ...]


@dataclass(frozen=True, slots=True)
class CscPeople:
    """Everybody the service knows."""

    client_id: str
    client_secret: str = field(repr=False)
    users: dict[str, CscUser]

    def credential(self, name: str) -> CscCredential | None:
        """The credential of that id, whoever owns it."""
        every = (one for user in self.users.values() for one in user.credentials)
        return next((one for one in every if one.id == name), None)


def read_people() -> CscPeople:
    """The contents of `people.toml`."""
    seed = tomllib.loads(files("dvc_sandbox.csc").joinpath("people.toml").read_text(encoding="utf-8"))
    users = [
        CscUser(
            row["user_id"],
            row["password"],
            tuple(_credential(one, row["user_id"]) for one in row.get("credential", ())),
        )
        for row in seed["user"]
    ]
    return CscPeople(seed["client"]["client_id"], seed["client"]["client_secret"], {one.user_id: one for one in users})


def _credential(row: dict[str, object], user_id: str) -> CscCredential:
    secret = row.get("totp_secret")
    return CscCredential(
        id=str(row["id"]),
        user_id=user_id,
        entity=str(row["entity"]),
        scal=str(row["scal"]),
        multisign=int(str(row["multisign"])),
        implicit=bool(row.get("implicit")),
        otp=str(row.get("otp", "")),
        pin=str(row["pin"]) if "pin" in row else None,
        totp_key=base64.b32decode(str(secret)) if secret else None,
    )

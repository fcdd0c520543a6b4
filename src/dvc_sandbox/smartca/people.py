"""Service providers and subscribers of the emulator, read from the sandbox's seed."""

from __future__ import annotations

import base64
import tomllib
from dataclasses import dataclass, field
from importlib.resources import files


@dataclass(frozen=True, slots=True)
class Provider:
    """An account of an organisation that may ask for signatures (`sp_id`)."""

    sp_id: str
    sp_password: str = field(repr=False)
    name: str


@dataclass(frozen=True, slots=True)
class Subscriber:
    """A person or firm with certificates; `password` and `totp_key` only for "TH" accounts."""

    user_id: str
    full_name: str
    certificates: tuple[str, ...]
    password: str | None = field(default=None, repr=False)
    totp_key: bytes | None = field(default=None, repr=False)

    @property
    def has_otp(self) -> bool:
        """Whether this is a "TH" account (password and OTP instead of a tap)."""
        return self.password is not None and self.totp_key is not None


@dataclass(frozen=True, slots=True)
class People:
    """Everybody the emulator knows, by identifier."""

    providers: dict[str, Provider]
    subscribers: dict[str, Subscriber]


def read_people() -> People:
    """The `[smartca]` part of `seed/people.toml`."""
    seed = tomllib.loads(files("dvc_sandbox").joinpath("seed/people.toml").read_text(encoding="utf-8"))["smartca"]
    providers = [Provider(row["sp_id"], row["sp_password"], row["name"]) for row in seed["provider"]]
    subscribers = [
        Subscriber(
            user_id=row["user_id"],
            full_name=row["full_name"],
            certificates=tuple(row["certificates"]),
            password=row.get("password"),
            totp_key=base64.b64decode(row["totp_secret"]) if "totp_secret" in row else None,
        )
        for row in seed["subscriber"]
    ]
    return People({one.sp_id: one for one in providers}, {one.user_id: one for one in subscribers})

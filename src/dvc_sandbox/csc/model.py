"""The nouns of the emulator: refusals, tokens, activation data, and the switchable variants."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime


class CscRefusal(Exception):
    """An error answer: HTTP status, the standard's error code and its sentence (CSC API 1.0.4.0, 10 and 11)."""

    def __init__(self, status: int, error: str, description: str) -> None:
        super().__init__(description)
        self.status = status
        self.error = error
        self.description = description


def invalid(description: str) -> CscRefusal:
    """The standard's `invalid_request`."""
    return CscRefusal(400, "invalid_request", description)


@dataclass(frozen=True, slots=True)
class Caller:
    """Whom a bearer token stands for; `user_id` None = a service provider that may act for any user."""

    user_id: str | None


@dataclass(frozen=True, slots=True)
class TokenPair:
    """What a log-in gives; the refresh token may be missing."""

    access: str = field(repr=False)
    refresh: str | None = field(repr=False)
    seconds: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Activation:
    """Signature activation data (SAD): what may still be signed with it, and until when."""

    sad: str = field(repr=False)
    credential: str
    hashes: tuple[str, ...] | None  # base64; None: bound to the number only (SCAL 1 without hashes)
    left: int
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class CscVariants:
    """Every way in which answers of real services differ, or must be feared to (README.md says which is which)."""

    specs: str = "1.0.4.0"
    token_seconds: int = 3600
    refresh_tokens: bool = True
    sad_seconds: int = 300
    multisign: int = 0  # 0: the credential's own
    specific_codes: bool = True  # invalid_pin, invalid_otp; else invalid_request with the standard's sentence
    text_numbers: bool = False  # multisign, len, expiresIn as strings
    page_size: int = 0  # credentials/list in pages; 0: all at once
    no_list: bool = False
    algorithms: str = ""  # key.algo in place of the true ones, separated by spaces
    single_certificate: bool = False
    line_breaks: bool = False
    shuffled: bool = False
    missing_value: bool = False
    empty_value: bool = False
    wrong_signature: bool = False
    raw_ecdsa: bool = False  # r||s in place of the DER sequence

    @classmethod
    def from_mapping(cls, values: Mapping[str, object]) -> CscVariants:
        """The variants with `values` over the defaults; ValueError names an unknown switch or a wrong value."""
        known = {one.name: one.default for one in dataclasses.fields(cls)}
        for name, value in values.items():
            if name not in known:
                raise ValueError(f"unknown variant {name!r}; known: {', '.join(known)}")
            if type(value) is not type(known[name]):
                raise ValueError(f"variant {name!r} takes a {type(known[name]).__name__}, not {value!r}")
        return cls(**dict(values))  # type: ignore[arg-type]  # types were checked above

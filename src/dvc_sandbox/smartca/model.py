"""The nouns of the emulator: transactions, modes, variants and refusals."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class State(StrEnum):
    """Where a signing transaction stands."""

    WAITING = "waiting"  # for the tap on the phone
    ACTIVATED = "activated"  # v2: password and OTP were right, `confirm` is missing
    SIGNED = "signed"
    REJECTED = "rejected"
    EXPIRED = "expired"
    FAILED = "failed"

    @property
    def is_open(self) -> bool:
        """Whether a decision can still come."""
        return self in (State.WAITING, State.ACTIVATED)


class Mode(StrEnum):
    """Who decides: a person on the phone page, or the emulator by itself."""

    MANUAL = "manual"
    APPROVE = "approve"
    REJECT = "reject"
    EXPIRE = "expire"
    FAIL = "fail"

    @property
    def outcome(self) -> State | None:
        """The state that this mode leads to by itself; None for a person's decision."""
        return {
            Mode.MANUAL: None,
            Mode.APPROVE: State.SIGNED,
            Mode.REJECT: State.REJECTED,
            Mode.EXPIRE: State.EXPIRED,
            Mode.FAIL: State.FAILED,
        }[self]


@dataclass(frozen=True, slots=True)
class Document:
    """One digest of a batch; `signature` is the raw value once approved."""

    doc_id: str
    digest: str
    file_type: str
    signature: bytes | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Transaction:
    """One request for signatures: what the phone shows and what the status call reports."""

    id: str
    tran_code: str
    sp_id: str
    user_id: str
    certificate: str
    description: str
    state: State
    created_at: datetime
    expires_at: datetime
    decided_at: datetime | None
    sad: str | None
    documents: tuple[Document, ...]


class Refusal(Exception):
    """An error answer of the service.

    `status` is the documented code (400, 401, 403, 500); `family` the back end's number (contract smartca.md §1), 0 = none.
    """

    def __init__(self, status: int, family: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.family = family
        self.message = message


_CHOICES: dict[str, tuple[object, ...]] = {
    "pending_word": ("PENDING", "sig_wait_for_user_confirm", "PROCESSING"),
    "expired_word": ("EXPIRED", "TIMEOUT"),
    "rejected_word": ("REJECTED", "CANCELLED"),
    "terminal_status": (200, 400, 403, 408),
    "errors": ("http", "json"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Variants:
    """Every way in which answers of the real service were seen, or must be feared, to differ (contract smartca.md §2.4)."""

    pending_word: str = "PENDING"
    expired_word: str = "EXPIRED"
    rejected_word: str = "REJECTED"
    terminal_status: int = 200
    errors: str = "http"
    message_codes: bool = True
    pending_data_null: bool = False
    line_breaks: bool = False
    shuffled: bool = False
    omit_document: bool = False
    omit_doc_id: bool = False
    empty_value: bool = False
    wrong_signature: bool = False
    pkcs7: bool = False
    no_cert_status_code: bool = False
    no_expired_in: bool = False
    no_sad: bool = False
    status_by_tran_code: bool = False
    otp_single_use: bool = False
    quota: bool = False
    expires_in: int = 300

    @classmethod
    def from_mapping(cls, values: Mapping[str, object]) -> Variants:
        """The variants with `values` over the defaults; ValueError names an unknown switch or a wrong value."""
        known = {field.name: field.default for field in dataclasses.fields(cls)}
        for name, value in values.items():
            if name not in known:
                raise ValueError(f"unknown variant {name!r}; known: {', '.join(known)}")
            if type(value) is not type(known[name]):
                raise ValueError(f"variant {name!r} takes a {type(known[name]).__name__}, not {value!r}")
            if name in _CHOICES and value not in _CHOICES[name]:
                raise ValueError(f"variant {name!r} takes one of {_CHOICES[name]}, not {value!r}")
        chosen = cls(**dict(values))  # type: ignore[arg-type]  # types were checked above
        if chosen.expires_in < 1:
            raise ValueError("variant 'expires_in' takes a positive number of seconds")
        return chosen


@dataclass(frozen=True, slots=True)
class Behaviour:
    """The persisted switches: who decides, after how many seconds, and in which shape answers come."""

    mode: Mode = Mode.MANUAL
    delay_seconds: float = 0.0
    variants: Variants = Variants()

"""Time-based one-time passwords (RFC 6238: HMAC-SHA-1, 30 s, 6 digits)."""

from __future__ import annotations

import hashlib
import hmac
from datetime import datetime

STEP_SECONDS = 30
DIGITS = 6


def step_of(moment: datetime) -> int:
    """The number of 30-second steps since the Unix epoch."""
    return int(moment.timestamp()) // STEP_SECONDS


def code_of(key: bytes, step: int) -> str:
    """The 6-digit code of one step (RFC 4226 §5.3 dynamic truncation)."""
    mac = hmac.new(key, step.to_bytes(8, "big"), hashlib.sha1).digest()
    offset = mac[-1] & 0x0F
    number = int.from_bytes(mac[offset : offset + 4], "big") & 0x7FFFFFFF
    return str(number % 10**DIGITS).zfill(DIGITS)


def matching_step(key: bytes, code: str, moment: datetime) -> int | None:
    """The step whose code was given: the present one or a neighbour (RFC 6238 §5.2), else None."""
    present = step_of(moment)
    for step in (present, present - 1, present + 1):
        if hmac.compare_digest(code_of(key, step).encode(), code.encode()):
            return step
    return None

"""One-time codes from a stored secret: RFC 6238 with HMAC-SHA-1, 30 s, 6 digits."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
from urllib.parse import parse_qs, urlsplit

from dvc_cli.errors import ConfigurationProblem
from dvc_cli.i18n import _
from dvc_cli.model.ports import Clock, TransactionStore
from dvc_cli.model.secret import Secret

STEP_SECONDS = 30
DIGITS = 6
SHORTEST_KEY = 10  # bytes; RFC 4226 asks for 16, many authenticators show 10


_SCHEMA = "dvc.otp.step/1"
_MOST_AHEAD = 2  # steps; a mark farther ahead was made by a clock that has been set back since


class LastStep:
    """Durable memory of the step whose code was given out last, so that two runs within 30 s do not send the same code."""

    def __init__(self, store: TransactionStore, subject: str) -> None:
        self._store = store
        self._id = f"otp-step:{hashlib.sha256(subject.encode()).hexdigest()[:32]}"

    def read(self) -> int:
        """The step, -1 when none is known."""
        payload = self._store.load(self._id)
        try:
            step = json.loads(payload or b"{}").get("step", -1)
        except ValueError:
            step = -1
        return step if isinstance(step, int) else -1

    def keep(self, step: int) -> None:
        """Remember `step`; durable when this returns."""
        self._store.save(self._id, json.dumps({"schema": _SCHEMA, "step": step}).encode())


class OneTimeCodes:
    """Makes codes, never the same one twice (RFC 6238 §5.2 lets a verifier refuse that)."""

    def __init__(self, secret: Secret, clock: Clock, last: LastStep) -> None:
        self._key = key_of(secret)
        self._clock = clock
        self._last = last

    def next(self) -> Secret:
        """The present code; waits for the next 30 seconds when the present one was given out before."""
        step, last = self._step(), self._last.read()
        if step <= last <= step + _MOST_AHEAD:
            self._clock.sleep((last + 1) * STEP_SECONDS - self._clock.now().timestamp())
            step = max(self._step(), last + 1)
        self._last.keep(step)
        return Secret(code_of(self._key, step))

    def _step(self) -> int:
        return int(self._clock.now().timestamp()) // STEP_SECONDS


def key_of(secret: Secret) -> bytes:
    """The raw key of a base32 secret as authenticators show it, or of an `otpauth://totp/…` address.

    Raises:
        ConfigurationProblem: neither, or too short.
    """
    text = secret.reveal().strip()
    if text.startswith("otpauth://"):
        text = parse_qs(urlsplit(text).query).get("secret", [""])[0]
    text = "".join(text.split()).replace("-", "").rstrip("=").upper()
    try:
        key = base64.b32decode(text + "=" * (-len(text) % 8))
    except (binascii.Error, ValueError):
        key = b""
    if len(key) < SHORTEST_KEY:
        raise ConfigurationProblem(
            _("The stored OTP secret is not one of an authenticator"),
            hint=_("Store the base32 text or the `otpauth://` address exactly as the service showed it"),
        )
    return key


def code_of(key: bytes, step: int) -> str:
    """The code of one 30-second step (RFC 4226 §5.3)."""
    mac = hmac.new(key, step.to_bytes(8, "big"), hashlib.sha1).digest()
    offset = mac[-1] & 0x0F
    number = int.from_bytes(mac[offset : offset + 4], "big") & 0x7FFFFFFF
    return str(number % 10**DIGITS).zfill(DIGITS)

"""One-time codes from a stored secret: RFC 6238 with HMAC-SHA-1, 30 s, 6 digits."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from urllib.parse import parse_qs, urlsplit

from dvc_cli.errors import ConfigurationProblem
from dvc_cli.i18n import _
from dvc_cli.model.ports import Clock
from dvc_cli.model.secret import Secret

STEP_SECONDS = 30
DIGITS = 6
SHORTEST_KEY = 10  # bytes; RFC 4226 asks for 16, many authenticators show 10


class OneTimeCodes:
    """Makes codes, never the same one twice (RFC 6238 §5.2 lets a verifier refuse that)."""

    def __init__(self, secret: Secret, clock: Clock) -> None:
        self._key = key_of(secret)
        self._clock = clock
        self._last_step = -1

    def next(self) -> Secret:
        """The present code; waits for the next 30 seconds when the present one was given out before."""
        step = self._step()
        if step <= self._last_step:
            self._clock.sleep((self._last_step + 1) * STEP_SECONDS - self._clock.now().timestamp())
            step = max(self._step(), self._last_step + 1)
        self._last_step = step
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

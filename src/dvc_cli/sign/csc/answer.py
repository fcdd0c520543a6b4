"""One answer of a CSC service: its fields, or the standard's `error` and `error_description` (CSC API 1.0.4.0 §10.1)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum, auto

from dvc_cli.net.base import Response
from dvc_cli.sign.cloud.reply import LostReplyError, json_of

_LENGTH = 200


class Refusal(Enum):
    """What an error answer says, as far as it matters here."""

    TOKEN = auto()
    UNAUTHORIZED = auto()  # HTTP 401 without a code that says of what
    ACCOUNT = auto()
    SECRET = auto()
    LOCKED = auto()
    ACTIVATION = auto()
    MISSING = auto()
    OTHER = auto()


# Error codes, the standard's and those services are known to add to it.
_CODES = {
    "invalid_token": Refusal.TOKEN,
    "expired_token": Refusal.TOKEN,
    "authentication_error": Refusal.ACCOUNT,
    "invalid_client": Refusal.ACCOUNT,
    "invalid_grant": Refusal.ACCOUNT,
    "unauthorized_client": Refusal.ACCOUNT,
    "access_denied": Refusal.ACCOUNT,
    "invalid_pin": Refusal.SECRET,
    "invalid_otp": Refusal.SECRET,
    "invalid_sad": Refusal.ACTIVATION,
    "expired_sad": Refusal.ACTIVATION,
    "not_implemented_method": Refusal.MISSING,
}
# The standard has one code for many refusals and fixes their sentences (§11.6 and §11.9); these are compared as a whole.
_SENTENCES = {
    "the pin is invalid": Refusal.SECRET,
    "the otp is invalid": Refusal.SECRET,
    "pin locked": Refusal.LOCKED,
    "otp locked": Refusal.LOCKED,
    "sad expired": Refusal.ACTIVATION,
    "invalid parameter sad": Refusal.ACTIVATION,
}


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer that can be used; `refusal` None = accepted."""

    fields: Mapping[str, object] = field(repr=False)
    refusal: Refusal | None
    said: str

    def text(self, key: str) -> str:
        """A text field, or empty."""
        return text_of(self.fields.get(key))

    def number(self, key: str, default: int) -> int:
        """A whole number, also one written as text."""
        return number_of(self.fields.get(key), default)

    def part(self, key: str) -> Mapping[str, object]:
        """An object inside, or an empty one."""
        return part_of(self.fields.get(key))


def text_of(value: object) -> str:
    """A text, or empty."""
    return value if isinstance(value, str) else ""


def number_of(value: object, default: int) -> int:
    """A whole number, also one written as text; the default for anything else."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    return int(value) if isinstance(value, str) and value.isascii() and value.isdecimal() else default


def part_of(value: object) -> Mapping[str, object]:
    """An object, or an empty one."""
    return value if isinstance(value, Mapping) else {}


def read_answer(response: Response) -> Answer:
    """What an HTTP answer says.

    Raises:
        LostReplyError: it cannot be used (a breakdown, a proxy's page, a cut body).
        SignerUnavailable: the service throttles.
    """
    if response.status == 404:
        return Answer({}, Refusal.MISSING, "")
    body = json_of(response)
    if body is None:
        return Answer({}, None, "")
    if not isinstance(body, Mapping):
        raise LostReplyError
    if response.status < 300 and "error" not in body:
        return Answer(body, None, "")
    sentence = text_of(body.get("error_description"))
    return Answer(body, _refusal(response.status, text_of(body.get("error")), sentence), sentence[:_LENGTH])


def _refusal(status: int, code: str, sentence: str) -> Refusal:
    by_sentence = _SENTENCES.get(sentence.strip().rstrip(".").lower())
    if by_sentence is Refusal.LOCKED:
        return by_sentence
    if found := _CODES.get(code.lower()):
        return found
    if by_sentence is not None:
        return by_sentence
    return {401: Refusal.UNAUTHORIZED, 501: Refusal.MISSING}.get(status, Refusal.OTHER)

"""One answer of the service: the envelope `{status_code, message, data}`, and what a status answer means."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

from dvc_cli.net.base import Response
from dvc_cli.sign.smartca.problems import LostReplyError

INPUT, INTERNAL, NO_CREDENTIAL, CREDENTIAL_STATUS = 30000, 50000, 60000, 60003
NOT_FOUND, EXPIRED, NOT_WAITING, DATA_FORMAT, AUTHENTICATION, QUOTA = 62000, 62002, 62003, 62010, 63000, 65000
_FAMILIES = (
    *(INPUT, INTERNAL, NO_CREDENTIAL, CREDENTIAL_STATUS),
    *(NOT_FOUND, EXPIRED, NOT_WAITING, DATA_FORMAT, AUTHENTICATION, QUOTA),
)
_NUMBER = re.compile(r"(?<!\d)(\d{5})(?!\d)")
_MESSAGE_LENGTH = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """An answer in the vendor's shape; `family` is the back end's number found in it, 0 = none."""

    code: int
    message: str
    family: int
    data: Mapping[str, object] = field(repr=False)
    retry_after: float | None = None

    @property
    def is_success(self) -> bool:
        """Whether the call was accepted."""
        return self.code in (0, 200) and not self.family

    @property
    def is_breakdown(self) -> bool:
        """Whether the service itself failed, so that the outcome of a mutating call is unknown."""
        return 500 <= self.code < 600 or self.family == INTERNAL

    def text(self, key: str) -> str:
        """A text field of `data`, or ""."""
        value = self.data.get(key)
        return value if isinstance(value, str) else ""

    def rows(self, key: str) -> list[object] | None:
        """A list field of `data`, or None."""
        value = self.data.get(key)
        return value if isinstance(value, list) else None


def read_answer(response: Response) -> Answer:
    """The envelope of an HTTP answer.

    Raises:
        LostReplyError: it is not the vendor's JSON (a proxy's page, a cut body), or a breakdown without signatures.
    """
    try:
        body = response.json()
    except ValueError:
        body = None
    if not isinstance(body, dict) or not isinstance(body.get("message", ""), str):
        if response.status == 429:
            return Answer(code=429, message="", family=0, data={}, retry_after=_seconds(response))
        raise LostReplyError
    data = body.get("data")
    code = body.get("status_code")
    number = code if isinstance(code, int) and not isinstance(code, bool) else response.status
    answer = Answer(
        code=number if number not in (0, 200) else response.status,
        message=body.get("message", "")[:_MESSAGE_LENGTH],
        family=_family(number, body.get("message", "")),
        data=data if isinstance(data, dict) else {},
        retry_after=_seconds(response),
    )
    # A breakdown that carries signatures all the same: signatures win (contract smartca.md §1).
    if answer.is_breakdown and not answer.rows("signatures"):
        raise LostReplyError
    return answer


def _family(code: int, message: str) -> int:
    numbers = [code, *(int(text) for text in _NUMBER.findall(message))]
    return next((number for number in numbers if number in _FAMILIES), 0)


def _seconds(response: Response) -> float | None:
    text = response.headers.get("retry-after", "")
    return float(text) if text.isdecimal() else None


class Progressed(Enum):
    """What a status answer says about a transaction."""

    SIGNED = "signed"
    WAITING = "waiting"
    REJECTED = "rejected"
    EXPIRED = "expired"
    FAILED = "failed"
    UNKNOWN_ID = "unknown-id"


_WORDS = {
    "EXPIRED": Progressed.EXPIRED,
    "TIMEOUT": Progressed.EXPIRED,
    "REJECTED": Progressed.REJECTED,
    "CANCELLED": Progressed.REJECTED,
    "FAILED": Progressed.FAILED,
}
_NUMBERS = {
    EXPIRED: Progressed.EXPIRED,
    CREDENTIAL_STATUS: Progressed.FAILED,
    QUOTA: Progressed.FAILED,
    NOT_FOUND: Progressed.UNKNOWN_ID,
}


@dataclass(frozen=True, slots=True)
class Status:
    """A status answer, understood."""

    progressed: Progressed
    signatures: list[object] = field(default_factory=list, repr=False)
    message: str = ""
    retry_after: float | None = None


def read_status(answer: Answer) -> Status:
    """What the answer of the status call (or of v2 confirm) means; a word nobody knows means waiting."""
    signatures = answer.rows("signatures")
    if signatures or (signatures is not None and answer.message.strip().upper() == "SUCCESS"):
        return Status(Progressed.SIGNED, signatures, answer.message)
    known = _WORDS.get(answer.message.strip().upper()) or _NUMBERS.get(answer.family)
    if known is None and answer.code in (400, 404):
        known = Progressed.UNKNOWN_ID  # the id is all that this call can get wrong
    return Status(known or Progressed.WAITING, [], answer.message, answer.retry_after)

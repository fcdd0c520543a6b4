"""The portal as a SmartCA service provider: the three calls its button needs (contract smartca.md §1, H = documented).

The portal's own account `sandbox-portal` signs in; the citizen only confirms on the phone. Nothing is repeated here: after a
lost answer the caller asks for the status of the same transaction.
"""

from __future__ import annotations

import base64
import http.client
import json
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib.resources import files
from typing import Any
from urllib.parse import urlsplit

BASE_PATH = "/sca/sp769"
SP_ID = "sandbox-portal"
_TIMEOUT = 10.0
_LONGEST_ANSWER = 4_000_000


class SmartcaUnreachable(Exception):
    """No answer, or none that is SmartCA's: whether the call took effect is not known."""


class SmartcaRefused(Exception):
    """SmartCA answered no; `code` is its status code, the text its message."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code, self.message = code, message


class Outcome(StrEnum):
    """What a status call says about a transaction."""

    WAITING = "waiting"
    SIGNED = "signed"
    REJECTED = "rejected"
    EXPIRED = "expired"
    FAILED = "failed"
    UNKNOWN = "unknown"


_WORDS = {
    "REJECTED": Outcome.REJECTED,
    "CANCELLED": Outcome.REJECTED,
    "EXPIRED": Outcome.EXPIRED,
    "TIMEOUT": Outcome.EXPIRED,
    "FAILED": Outcome.FAILED,
}


@dataclass(frozen=True, slots=True)
class SubscriberChoice:
    """A subscriber's certificate: DER, its issuers (DER), kind (`SMARTCA` personal, `ESEAL` seal) and whether it may sign."""

    serial: str
    kind: str
    status: str
    active: bool
    certificate: bytes
    chain: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Opened:
    """An open transaction: SmartCA's own code for it, and the seconds until it expires."""

    tran_code: str
    expires_in: int


@dataclass(frozen=True, slots=True)
class Status:
    """A status answer; `values` are the raw signatures by document id once the outcome is SIGNED."""

    outcome: Outcome
    values: Mapping[str, bytes]


class SmartcaClient:
    """Calls to one SmartCA host, given as a base address without a path."""

    def __init__(self, base_url: str) -> None:
        parts = urlsplit(base_url)
        self._host, self._port = parts.hostname or "", parts.port or 80

    def certificates(self, user: str, transaction: str) -> list[SubscriberChoice]:
        """The subscriber's certificates. Raises SmartcaUnreachable, SmartcaRefused (401: no such subscriber)."""
        fields = {"user_id": user, "serial_number": "", "transaction_id": transaction}
        data = _good(self._call("/v1/credentials/get_certificate", _signed_in(fields)))
        try:
            return [_choice(row) for row in data.get("user_certificates") or []]
        except (KeyError, TypeError, ValueError) as error:
            raise SmartcaUnreachable("certificates that cannot be read") from error

    def sign(self, user: str, serial: str, transaction: str, description: str, digests: Mapping[str, str]) -> Opened:
        """Open a transaction for several digests (hexadecimal) by document id. Raises SmartcaUnreachable, SmartcaRefused."""
        documents = [
            {"data_to_be_signed": digest, "doc_id": name, "file_type": "pdf", "sign_type": "hash"}
            for name, digest in digests.items()
        ]
        fields: dict[str, object] = {"user_id": user, "serial_number": serial, "transaction_id": transaction}
        fields |= {"transaction_desc": description, "sign_files": documents}
        data = _good(self._call("/v1/signatures/sign", _signed_in(fields)))
        expires = data.get("expired_in")
        return Opened(str(data.get("tran_code") or ""), expires if isinstance(expires, int) and expires > 0 else 300)

    def status(self, transaction: str, tran_code: str) -> Status:
        """Ask for a transaction; where it is not found, once more by its code. Raises SmartcaUnreachable."""
        found = _status(self._call(f"/v1/signatures/sign/{transaction}/status", {}))
        if found.outcome is Outcome.UNKNOWN and tran_code:
            return _status(self._call(f"/v1/signatures/sign/{tran_code}/status", {}))
        return found

    def _call(self, path: str, body: Mapping[str, object]) -> Mapping[str, Any]:
        connection = http.client.HTTPConnection(self._host, self._port, timeout=_TIMEOUT)
        try:
            headers = {"Content-Type": "application/json", "Accept": "application/json"}
            connection.request("POST", BASE_PATH + path, json.dumps(body), headers)
            response = connection.getresponse()
            answer = json.loads(response.read(_LONGEST_ANSWER))
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise SmartcaUnreachable(type(error).__name__) from error
        finally:
            connection.close()
        if not isinstance(answer, dict) or "message" not in answer:
            raise SmartcaUnreachable("an answer of another shape")
        return {"status_code": response.status, **answer}


@cache
def _password() -> str:
    content = tomllib.loads(files("dvc_sandbox").joinpath("seed/people.toml").read_text(encoding="utf-8"))
    providers: Sequence[Mapping[str, str]] = content["smartca"]["provider"]
    return next(row["sp_password"] for row in providers if row["sp_id"] == SP_ID)


def _signed_in(fields: Mapping[str, object]) -> dict[str, object]:
    return {"sp_id": SP_ID, "sp_password": _password(), **fields}


def _good(answer: Mapping[str, Any]) -> Mapping[str, Any]:
    """The data of a good answer; an error may stand in the JSON while HTTP says 200."""
    data = answer.get("data")
    code = answer["status_code"]
    if code == 200 and isinstance(data, dict):
        return data
    if isinstance(code, int) and code >= 500:
        raise SmartcaUnreachable(f"{code} {answer['message']}")
    raise SmartcaRefused(code if isinstance(code, int) else 0, str(answer["message"]))


def _status(answer: Mapping[str, Any]) -> Status:
    """Signatures that are there always win; an unknown word means waiting."""
    data = answer.get("data")
    rows = data.get("signatures") if isinstance(data, dict) else None
    if rows:
        return Status(Outcome.SIGNED, {row["doc_id"]: _value(row) for row in rows if "doc_id" in row})
    word = str(answer["message"]).strip().upper()
    if word in _WORDS:
        return Status(_WORDS[word], {})
    if "62000" in word or (answer["status_code"] in {400, 404} and "KHÔNG TÌM THẤY" in word):
        return Status(Outcome.UNKNOWN, {})
    if isinstance(answer["status_code"], int) and answer["status_code"] >= 500:
        raise SmartcaUnreachable(f"{answer['status_code']} {answer['message']}")
    return Status(Outcome.WAITING, {})


def _value(row: Mapping[str, Any]) -> bytes:
    try:
        return base64.b64decode("".join(str(row.get("signature_value") or "").split()), validate=True)
    except ValueError:
        return b""


def _choice(row: Mapping[str, Any]) -> SubscriberChoice:
    chain = row.get("chain_data") or {}
    return SubscriberChoice(
        serial=str(row["serial_number"]),
        kind=str(row.get("service_type") or "SMARTCA"),
        status=str(row.get("cert_status") or ""),
        # The code is not documented and may be missing; the Vietnamese text is.
        active=row.get("cert_status_code", "VALID") == "VALID" and row.get("cert_status") == "Đang hoạt động",
        certificate=_der(row["cert_data"]),
        chain=tuple(_der(chain[name]) for name in ("ca_cert",) if chain.get(name)),
    )


def _der(text: object) -> bytes:
    return base64.b64decode("".join(str(text).split()), validate=True)

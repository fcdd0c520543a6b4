"""The four documented calls of MySign's gateway (contract smartca.md §3). Refusals become errors here, by number."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum, auto
from functools import cached_property

from dvc_cli.errors import DvcError
from dvc_cli.i18n import _
from dvc_cli.model.ports import Clock
from dvc_cli.model.secret import Secret
from dvc_cli.net.base import HttpClient, Unanswered
from dvc_cli.sign.base import CertificateUnusable
from dvc_cli.sign.cloud.guard import SecretGuard
from dvc_cli.sign.cloud.reply import LostReplyError, json_of
from dvc_cli.sign.mysign.account import MySignAccount
from dvc_cli.sign.mysign.names import in_base64
from dvc_cli.sign.mysign.problems import MySignAccountRefused, MySignQuota, MySignRequestRefused

_SHA256, _RSA = "2.16.840.1.101.3.4.2.1", "1.2.840.113549.1.1.1"
_POLLED = 1  # async: the answer is a transaction to be asked for
_TOKEN_SECONDS = 3600
_MARGIN = 60
_LENGTH = 200
_ACCOUNT = {58007, 58008, 59033, 86002, 86024}
_CERTIFICATE, _QUOTA, _INTERNAL = 13004, 4005, 50000


class Progressed(Enum):
    """What the status call says about a request."""

    SIGNED = auto()
    WAITING = auto()
    EXPIRED = auto()
    REJECTED = auto()
    FAILED = auto()
    QUOTA = auto()
    CERTIFICATE = auto()
    UNKNOWN = auto()


_STATUS = {
    1: Progressed.SIGNED,
    4000: Progressed.WAITING,
    6000: Progressed.WAITING,  # confirmed, being signed
    4001: Progressed.EXPIRED,
    4002: Progressed.REJECTED,
    4004: Progressed.FAILED,
    _QUOTA: Progressed.QUOTA,
    _CERTIFICATE: Progressed.CERTIFICATE,
}


@dataclass(frozen=True, slots=True)
class Status:
    """A status answer, understood; a number nobody knows means waiting."""

    progressed: Progressed
    values: object = field(default=None, repr=False)
    number: int = 0


@dataclass(frozen=True, slots=True)
class _Answer:
    """An answer: its body, and the number of the error in it (0 = none)."""

    body: object = field(repr=False)
    http_status: int
    number: int
    said: str

    def field(self, key: str) -> object:
        """A field of the body, or None."""
        return self.body.get(key) if isinstance(self.body, Mapping) else None

    @property
    def is_refusal(self) -> bool:
        """Whether the call was refused."""
        return self.http_status >= 400 or bool(self.number or self.said)


class Calls:
    """Speaks with one host for one user. The client secret is asked for when it is needed first."""

    def __init__(
        self,
        client: HttpClient,
        account: MySignAccount,
        secret: Callable[[], Secret],
        guard: SecretGuard,
        clock: Clock,
    ) -> None:
        self._client = client
        self._account = account
        self._ask_secret = secret
        self._guard = guard
        self._clock = clock
        self._token: Secret | None = None
        self._until = 0.0

    def certificates(self) -> list[Mapping[str, object]]:
        """The user's certificates as the service gives them.

        Raises:
            MySignAccountRefused, MySignRequestRefused, LostReplyError, NotSent, SignerUnavailable.
        """
        body = {
            **self._parties(),
            "profile_id": self._account.profile_id,
            "user_id": self._account.user_id,
            "certificates": "chain",
            "certInfo": True,
            "authInfo": True,
        }
        answer = self._accepted("/vtss/service/certificates/info", body)
        return [row for row in answer.body if isinstance(row, dict)] if isinstance(answer.body, list) else []

    def open(self, credential: str, documents: Sequence[tuple[str, bytes]], description: str) -> Secret:
        """Ask the app for a confirmation; the transaction's id.

        Args:
            credential: the id of the certificate.
            documents: the name to show and the SHA-256 digest of each.
            description: what the app shows.

        Raises:
            MySignQuota, CertificateUnusable; else as `certificates`.
        """
        body = {
            **self._parties(),
            "credentialID": credential,
            "numSignatures": len(documents),
            "description": in_base64(description),
            "documents": [
                {"document_id": str(number), "document_name": in_base64(name)}
                for number, (name, _digest) in enumerate(documents, 1)
            ],
            "hash": [base64.b64encode(digest).decode() for _name, digest in documents],
            "hashAlgo": _SHA256,
            "signAlgo": _RSA,
            "async": _POLLED,
        }
        answer = self._accepted("/vtss/service/signHash", body)
        transaction = answer.field("transactionId")
        if not isinstance(transaction, str) or not transaction:
            raise LostReplyError
        return Secret(transaction)

    def status(self, transaction: Secret) -> Status:
        """Where a request stands. Raises MySignAccountRefused, LostReplyError, NotSent, SignerUnavailable."""
        answer = self._answered("/vtss/service/requests/status", {"transactionId": transaction.reveal()})
        values = answer.field("signatures")
        number = _number(answer.field("status")) or answer.number
        if isinstance(values, list) and values:
            return Status(Progressed.SIGNED, values, number)
        if number in _ACCOUNT:
            raise self._refused(answer)
        if number == _INTERNAL:
            raise LostReplyError
        known = _STATUS.get(number)
        if known is None and answer.http_status in (400, 404):
            known = Progressed.UNKNOWN  # the id is all that this call can get wrong
        return Status(known or Progressed.WAITING, values, number)

    # -- requests ----------------------------------------------------------------------------------------------------

    def _parties(self) -> dict[str, object]:
        return {"client_id": self._account.client_id, "client_secret": self._secret.reveal()}

    @cached_property
    def _secret(self) -> Secret:
        return self._ask_secret()

    def _bearer(self) -> str:
        if self._token is None or self._clock.monotonic() >= self._until:
            body = {**self._parties(), "profile_id": self._account.profile_id, "user_id": self._account.user_id}
            with self._guard.one_try():
                answer = self._posted("/vtss/service/ras/v1/login", body, "")
                if answer.is_refusal:
                    raise self._refused(answer, is_log_in=True)
                token = answer.field("access_token")
                if not isinstance(token, str) or not token:
                    raise LostReplyError
            self._token = Secret(token)
            self._until = self._clock.monotonic() + (_number(answer.field("expires_in")) or _TOKEN_SECONDS) - _MARGIN
        return f"Bearer {self._token.reveal()}"

    def _accepted(self, path: str, body: Mapping[str, object]) -> _Answer:
        answer = self._answered(path, body)
        if answer.is_refusal:
            raise self._refused(answer)
        return answer

    def _answered(self, path: str, body: Mapping[str, object]) -> _Answer:
        answer = self._posted(path, body, self._bearer())
        if answer.http_status == 401 and answer.number not in _ACCOUNT:
            self._token = None  # the token was refused, so the request was not looked at
            answer = self._posted(path, body, self._bearer())
        return answer

    def _posted(self, path: str, body: Mapping[str, object], authorization: str) -> _Answer:
        headers = {"Accept": "application/json"} | ({"Authorization": authorization} if authorization else {})
        try:
            response = self._client.post(self._account.address.path + path, json=body, headers=headers, follow=False)
        except Unanswered as error:
            raise LostReplyError from error
        content = json_of(response)
        if not isinstance(content, Mapping | list):
            raise LostReplyError
        code = content.get("error") if isinstance(content, Mapping) else None
        said = content.get("error_description") if isinstance(content, Mapping) else None
        return _Answer(content, response.status, _number(code), said[:_LENGTH] if isinstance(said, str) else "")

    def _refused(self, answer: _Answer, *, is_log_in: bool = False) -> DvcError:
        said = (_("MySign says: {message}").format(message=answer.said or answer.number),)
        if answer.number == _INTERNAL:
            raise LostReplyError
        if is_log_in or answer.number in _ACCOUNT or answer.http_status == 401:
            return MySignAccountRefused(
                _("MySign refuses the client {client} or does not know the user {user}").format(
                    client=self._account.client_id, user=self._account.user_id
                ),
                hint=_("Check `client_id`, its secret and `user_id` of this signer; it was tried once"),
                details=said,
            )
        if answer.number == _QUOTA:
            return quota_exhausted(self._account, said)
        if answer.number == _CERTIFICATE:
            return certificate_refused(self._account, said)
        return MySignRequestRefused(
            _("MySign refuses the signing request of {user}").format(user=self._account.user_id),
            hint=_("When another request is open in the app, confirm or reject it there, then run again"),
            details=said,
        )


def quota_exhausted(account: MySignAccount, said: tuple[str, ...]) -> MySignQuota:
    """No signatures left."""
    return MySignQuota(
        _("The MySign account of {user} has no signatures left").format(user=account.user_id),
        hint=_("Renew the package with Viettel"),
        details=said,
    )


def certificate_refused(account: MySignAccount, said: tuple[str, ...]) -> CertificateUnusable:
    """Expired or revoked, says the service."""
    return CertificateUnusable(
        _("MySign refuses the certificate of {user}: expired or revoked").format(user=account.user_id),
        hint=_("Choose another certificate with `--cert`, or have this one renewed by Viettel"),
        details=said,
    )


def _number(value: object) -> int:
    """A number, also one written as text; 0 for anything else."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    return int(value) if isinstance(value, str) and value.isascii() and value.isdecimal() else 0

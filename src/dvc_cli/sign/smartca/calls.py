"""The five calls of the `sp769` API (contract smartca.md §1). Refusals become errors here, by code and number, never by words."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field

from dvc_cli.errors import DvcError
from dvc_cli.i18n import _
from dvc_cli.model.secret import Secret
from dvc_cli.net.base import HttpClient, Unanswered
from dvc_cli.sign.base import CertificateUnusable, SignerUnavailable
from dvc_cli.sign.smartca import answer as numbers
from dvc_cli.sign.smartca.account import Account
from dvc_cli.sign.smartca.answer import Answer, Status, read_answer, read_status
from dvc_cli.sign.smartca.guard import PasswordGuard
from dvc_cli.sign.smartca.problems import (
    AccountRefused,
    LostReplyError,
    PasswordRefused,
    QuotaExhausted,
    RequestRefused,
    TransactionExpired,
)
from dvc_cli.sign.smartca.record import DEFAULT_SECONDS, PendingTransaction

_LONGEST_WAIT = 3600


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """The service has taken a transaction; `activation` (v2) is what `confirm` must bring back."""

    tran_code: Secret | None
    seconds: int
    activation: Secret | None = field(default=None)


@dataclass(frozen=True, slots=True)
class Guards:
    """The guards of the two passwords: the service provider's and (TH accounts) the subscriber's."""

    provider: PasswordGuard
    subscriber: PasswordGuard


class Calls:
    """Speaks with one host as one service provider, for one subscriber."""

    def __init__(self, client: HttpClient, account: Account, sp_password: Secret, guards: Guards) -> None:
        self._client = client
        self._account = account
        self._sp_password = sp_password
        self._guards = guards

    def certificates(self) -> list[Mapping[str, object]]:
        """`user_certificates[]` as the service gives it.

        Raises:
            AccountRefused, RequestRefused, SignerUnavailable, NotSent, LostReplyError.
        """
        body = {**self._parties(), "serial_number": "", "transaction_id": str(uuid.uuid4())}
        with self._guards.provider.one_try():
            answer = self._post("/v1/credentials/get_certificate", body)
            if not answer.is_success:
                raise self._refusal(answer)
        return [row for row in answer.rows("user_certificates") or [] if isinstance(row, dict)]

    def open_by_phone(self, transaction: PendingTransaction) -> Opened:
        """v1 sign: the phone will ask.

        Raises:
            LostReplyError: the outcome is unknown.
            NotSent: nothing went out.
            AccountRefused, CertificateUnusable, QuotaExhausted, RequestRefused, SignerUnavailable.
        """
        return self._open("/v1/signatures/sign", self._request(transaction))

    def open_by_otp(self, transaction: PendingTransaction, password: Secret, otp: Secret) -> Opened:
        """v2 sign: password and one-time password; raises as `open_by_phone`, and PasswordRefused."""
        secrets = {"password": password.reveal(), "otp": otp.reveal()}
        with self._guards.subscriber.one_try():
            return self._open("/v2/signatures/sign", {**self._request(transaction), **secrets})

    def confirm(self, transaction: PendingTransaction, password: Secret, activation: Secret) -> Status:
        """v2 confirm: the signatures at once. Raises as `open_by_otp`."""
        secrets = {"password": password.reveal(), "sad": activation.reveal()}
        body = {**self._parties(), **secrets, "transaction_id": transaction.id.reveal()}
        with self._guards.subscriber.one_try():
            answer = self._post("/v2/signatures/confirm", body)
            if not answer.is_success and not answer.rows("signatures"):
                raise self._refusal(answer, password=True)
        return read_status(answer)

    def status(self, identifier: Secret) -> Status:
        """Where a transaction stands, by its id or its `tran_code`. Raises NotSent, LostReplyError."""
        return read_status(self._post(f"/v1/signatures/sign/{identifier.reveal()}/status", {}))

    def _open(self, path: str, body: dict[str, object]) -> Opened:
        answer = self._post(path, body)
        if not answer.is_success:
            raise self._refusal(answer, password="otp" in body)
        seconds = answer.data.get("expired_in")
        known = isinstance(seconds, int) and 0 < seconds <= _LONGEST_WAIT
        return Opened(
            tran_code=Secret(answer.text("tran_code")) if answer.text("tran_code") else None,
            seconds=seconds if known and isinstance(seconds, int) else DEFAULT_SECONDS,
            activation=Secret(answer.text("sad")) if answer.text("sad") else None,
        )

    def _parties(self) -> dict[str, object]:
        return {
            "sp_id": self._account.sp_id,
            "sp_password": self._sp_password.reveal(),
            "user_id": self._account.user_id,
        }

    def _request(self, transaction: PendingTransaction) -> dict[str, object]:
        return {
            **self._parties(),
            "transaction_id": transaction.id.reveal(),
            "transaction_desc": transaction.description,
            "serial_number": transaction.serial,
            "sign_files": [
                {"data_to_be_signed": one.digest, "doc_id": one.shown_id, "file_type": "pdf", "sign_type": "hash"}
                for one in transaction.documents
            ],
        }

    def _post(self, path: str, body: dict[str, object]) -> Answer:
        try:
            # Not even a redirect inside the host: nothing in this API redirects.
            response = self._client.post(self._account.path + path, json=body, follow=False)
        except Unanswered as error:
            raise LostReplyError from error
        return read_answer(response)

    def _refusal(self, answer: Answer, *, password: bool = False) -> DvcError:
        """The error for an answer that refuses; the service's own words go into the details."""
        said = (_("SmartCA says: {message}").format(message=answer.message),) if answer.message else ()
        if answer.code == 429:
            return SignerUnavailable(_("SmartCA asks to slow down"), hint=_("Run the same command again in a minute"))
        match answer.family or answer.code:
            case numbers.QUOTA:
                message = _("The SmartCA package of {user} has no signatures left or is not valid")
                return QuotaExhausted(self._named(message), hint=_("Renew the package with VNPT"), details=said)
            case numbers.NO_CREDENTIAL | numbers.CREDENTIAL_STATUS | 403:
                message = _("SmartCA refuses the certificate of {user}")
                hint = _("Choose another certificate with `--cert`, or have this one renewed by VNPT")
                return CertificateUnusable(self._named(message), hint=hint, details=said)
            case numbers.EXPIRED:
                return TransactionExpired(_("The SmartCA transaction has expired"), details=said)
            case numbers.AUTHENTICATION | 401:
                return self._authentication(said, password=password)
        return RequestRefused(
            self._named(_("SmartCA refuses the signing request of {user}")),
            hint=_("When another request is open on the phone, confirm or reject it there, then run again"),
            details=said,
        )

    def _authentication(self, said: tuple[str, ...], *, password: bool) -> DvcError:
        if password:
            return PasswordRefused(
                self._named(_("SmartCA refuses the password or the one-time password of {user}")),
                hint=_(
                    "Check both, and the clock of this computer; it was tried once and will not be repeated by itself"
                ),
                details=said,
            )
        return AccountRefused(
            _("SmartCA refuses the service-provider account {sp} or does not know the subscriber {user}").format(
                sp=self._account.sp_id, user=self._account.user_id
            ),
            hint=_("Check `sp_id`, its password and `user_id` of this signer in the profile"),
            details=said,
        )

    def _named(self, message: str) -> str:
        return message.format(user=self._account.user_id)

"""A CSC session: batches of digests in, verified raw signatures out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from dvc_cli.errors import DvcError, InvalidInput
from dvc_cli.i18n import _
from dvc_cli.model.ports import Clock, Progress, Prompter, TransactionStore
from dvc_cli.model.secret import Secret
from dvc_cli.model.signing import DocumentDigest, RawSignature, SigningCertificate
from dvc_cli.sign.base import SecretSource, SignerUnavailable
from dvc_cli.sign.cloud.codes import LastStep, OneTimeCodes
from dvc_cli.sign.cloud.guard import SecretGuard
from dvc_cli.sign.cloud.reply import LostReplyError
from dvc_cli.sign.cloud.values import check_values
from dvc_cli.sign.csc.account import CscAccount, OtpSource
from dvc_cli.sign.csc.calls import Calls
from dvc_cli.sign.csc.credential import Credential
from dvc_cli.sign.csc.problems import CscActivationRefused, CscSecretLocked, CscSecretRefused

_DESCRIPTION_LENGTH = 250
_ATTEMPTS = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What a session needs from outside; `store` remembers which one-time code was given out last."""

    secrets: SecretSource
    prompter: Prompter
    progress: Progress
    clock: Clock
    store: TransactionStore


class CscSession:
    """Signs with one credential. Each authorization covers at most `multisign` documents and is bound to their digests."""

    def __init__(
        self, account: CscAccount, credential: Credential, calls: Calls, guard: SecretGuard, around: Surroundings
    ) -> None:
        self._account = account
        self._credential = credential
        self._calls = calls
        self._guard = guard
        self._around = around
        self._refused: CscSecretRefused | CscSecretLocked | None = None

    @property
    def certificate(self) -> SigningCertificate:
        """The one certificate this session signs with."""
        return self._credential.certificate

    def sign(self, digests: Sequence[DocumentDigest], *, description: str) -> Iterator[RawSignature]:
        """Sign a batch (see `SigningSession.sign`); a batch above the key's `multisign` takes several authorizations.

        Raises:
            CscSecretRefused, CscSecretLocked, CscActivationRefused, CscRequestRefused, CscAccountRefused, BadSignature,
            PinLocked, SignerUnavailable, NotSent.
        """
        if len(digests) > self._account.max_batch:
            raise InvalidInput(
                _("This signer takes 1 to {most} documents at once, not {count}").format(
                    most=self._account.max_batch, count=len(digests)
                )
            )
        if len({one.doc_id for one in digests}) != len(digests):
            raise InvalidInput(_("Two documents of the batch have the same id"))
        size = self._credential.multisign
        for start in range(0, len(digests), size):
            part = digests[start : start + size]
            checked = check_values(part, self._signed(part, description), self.certificate)
            yield from checked.good
            checked.require_complete(self._account.host)

    def _signed(self, part: Sequence[DocumentDigest], description: str) -> object:
        """The service's values; an authorization that ran out between the two calls is asked for once more."""
        digests = [one.digest for one in part]
        for attempt in range(_ATTEMPTS):
            activation = self._authorized(digests, description)
            try:
                return self._values(digests, activation)
            except CscActivationRefused:
                if attempt == _ATTEMPTS - 1:
                    raise
        raise AssertionError("unreachable")

    def _values(self, digests: Sequence[bytes], activation: Secret) -> object:
        """After a lost answer the same request is made once more: it can only give the same signatures again, or be refused."""
        try:
            return self._calls.sign_hash(self._credential, digests, activation)
        except LostReplyError:
            self._around.progress.say(_("The answer of the signing service was lost; asking once more"))
        try:
            return self._calls.sign_hash(self._credential, digests, activation)
        except LostReplyError as error:
            raise self._silent() from error

    def _authorized(self, digests: Sequence[bytes], description: str) -> Secret:
        if self._refused is not None:
            raise self._refused
        credential = self._credential
        pin, otp = self._secrets_for(credential)
        shown = " ".join(description.split())[:_DESCRIPTION_LENGTH]
        try:
            if pin is None and otp is None:
                return self._calls.authorize(credential, digests, shown, None, None)
            with self._guard.one_try():
                return self._calls.authorize(credential, digests, shown, pin, otp)
        except (CscSecretRefused, CscSecretLocked) as refusal:
            self._refused = refusal
            raise
        except LostReplyError as error:
            raise self._silent() from error

    def _secrets_for(self, credential: Credential) -> tuple[Secret | None, Secret | None]:
        wants_pin = credential.asks_pin or (credential.may_take_pin and self._account.has_pin_file)
        if wants_pin or credential.asks_otp:
            self._guard.allow(self._around.prompter)
        return self._pin if wants_pin else None, self._code() if credential.asks_otp else None

    @cached_property
    def _pin(self) -> Secret:
        return self._around.secrets(
            "pin",
            f"{self._credential.id}@{self._account.host}",
            flag="--pin-file",
            question=_("PIN of the key {key} at {host}").format(key=self._credential.id, host=self._account.host),
        )

    @cached_property
    def _codes(self) -> OneTimeCodes:
        subject = f"{self._credential.id}@{self._account.host}"
        secret = self._around.secrets(
            "otp_secret",
            subject,
            flag="otp_secret_file",
            question=_("OTP secret of the key {key} at {host}").format(
                key=self._credential.id, host=self._account.host
            ),
        )
        return OneTimeCodes(secret, self._around.clock, LastStep(self._around.store, subject))

    def _code(self) -> Secret:
        if self._credential.sends_otp:
            self._send_code()
        elif self._account.otp is OtpSource.STORED:
            return self._codes.next()
        label = self._credential.otp_label or "OTP"
        return self._around.prompter.secret(
            _("One-time password ({label}) for the key {key}").format(label=label, key=self._credential.id),
            flag="otp_secret_file",
        )

    def _send_code(self) -> None:
        try:
            self._calls.send_otp(self._credential.id)
        except LostReplyError:
            self._around.progress.warn(_("It is not known whether the service has sent a one-time password"))

    def _silent(self) -> DvcError:
        return SignerUnavailable(
            _("{host} gave no usable answer; nothing was signed").format(host=self._account.host),
            hint=_("Run the same command again in a minute"),
        )

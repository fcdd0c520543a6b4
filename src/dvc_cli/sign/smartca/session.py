"""A SmartCA session: batches of digests in, verified raw signatures out."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property

from dvc_cli.errors import InvalidInput
from dvc_cli.i18n import _
from dvc_cli.model.ports import Clock, Progress, Prompter
from dvc_cli.model.secret import Secret
from dvc_cli.model.signing import DocumentDigest, RawSignature, SigningCertificate
from dvc_cli.sign.base import BadSignature, SecretSource, SignatureRejected
from dvc_cli.sign.smartca.account import Account, AccountKind, OtpSource
from dvc_cli.sign.smartca.answer import Progressed, Status
from dvc_cli.sign.smartca.calls import Calls
from dvc_cli.sign.smartca.guard import PasswordGuard
from dvc_cli.sign.smartca.opening import Opening
from dvc_cli.sign.smartca.otp import OneTimePasswords
from dvc_cli.sign.smartca.problems import PasswordRefused, TransactionExpired, TransactionFailed, TransactionLost
from dvc_cli.sign.smartca.record import (
    PendingDocument,
    PendingTransaction,
    PendingTransactions,
    Stage,
    pending_documents,
)
from dvc_cli.sign.smartca.values import CheckedValues, check_values
from dvc_cli.sign.smartca.waiting import FIRST_PAUSE, Waiting

_DESCRIPTION_LENGTH = 200
_KEEP_APPROVED = timedelta(days=1)  # as long as the prepared documents are kept


def _random_id() -> Secret:
    return Secret(str(uuid.uuid4()))


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What a session needs from outside; `new_id` gives unguessable transaction ids."""

    secrets: SecretSource
    prompter: Prompter
    progress: Progress
    clock: Clock
    new_id: Callable[[], Secret] = _random_id


class SmartCaSession:
    """Signs batches with one certificate of one account. One transaction at a time, one confirmation per batch."""

    def __init__(
        self,
        account: Account,
        certificate: SigningCertificate,
        calls: Calls,
        pending: PendingTransactions,
        guard: PasswordGuard,
        around: Surroundings,
    ) -> None:
        self._account = account
        self._certificate = certificate
        self._calls = calls
        self._pending = pending
        self._guard = guard
        self._around = around
        self._opening = Opening(calls, pending, around.clock, around.progress)
        self._refused: PasswordRefused | None = None

    @property
    def certificate(self) -> SigningCertificate:
        """The one certificate this session signs with."""
        return self._certificate

    def sign(self, digests: Sequence[DocumentDigest], *, description: str) -> Iterator[RawSignature]:
        """Sign a batch (see `SigningSession.sign`); an approved transaction of an interrupted run is used first.

        The stored transaction is removed after the last value was taken from the iterator, that is, handled by the caller.

        Raises:
            SignatureRejected, TransactionExpired, TransactionFailed, TransactionPending, TransactionLost, BadSignature,
            PasswordRefused, QuotaExhausted, CertificateUnusable, RequestRefused, SignerUnavailable, NotSent.
        """
        if not digests:
            return
        documents = self._checked(digests)
        transaction, status = self._resumed(documents) or self._opened(documents, description)
        while status.progressed is Progressed.EXPIRED:
            transaction, status = self._again(transaction)
        values = self._values(transaction, status)
        yield from values.good
        self._pending.drop(transaction)
        if not values.complete:
            raise _incomplete(values)

    def _checked(self, digests: Sequence[DocumentDigest]) -> tuple[PendingDocument, ...]:
        most = self._account.max_batch
        if len(digests) > most:
            raise InvalidInput(
                _("SmartCA signs 1 to {most} documents at once, not {count}").format(most=most, count=len(digests))
            )
        if len({one.doc_id for one in digests}) != len(digests):
            raise InvalidInput(_("Two documents of the batch have the same id"))
        return pending_documents(digests)

    def _resumed(self, documents: tuple[PendingDocument, ...]) -> tuple[PendingTransaction, Status] | None:
        """The transaction of an interrupted run over the same digests, taken up again; others of the account are tidied."""
        found: tuple[PendingTransaction, Status] | None = None
        for transaction in self._pending.all():
            same = transaction.serial == self._certificate.serial and transaction.documents == documents
            status = self._opening.recall(transaction)
            if found or not same:
                self._tidy(transaction, status)
            elif status.progressed not in (Progressed.SIGNED, Progressed.WAITING):
                self._pending.drop(transaction)  # it ended without signatures; this run is the new request
            else:
                self._around.progress.say(_("Going on with the SmartCA transaction of an earlier run"))
                found = transaction, status
        if found is None:
            return None
        return found[0], self._decided(*found)

    def _tidy(self, transaction: PendingTransaction, status: Status) -> None:
        age = self._around.clock.now() - transaction.opened_at
        if status.progressed is Progressed.SIGNED and age < _KEEP_APPROVED:
            self._around.progress.say(
                _(
                    "An approved request of an earlier run is not used yet: {description}; repeat its command to finish it"
                ).format(description=transaction.description)
            )
            return
        if status.progressed is not Progressed.WAITING:
            self._pending.drop(transaction)
            return
        self._around.progress.warn(
            _("An earlier request is still open on the phone, reject it there: {description}").format(
                description=transaction.description
            )
        )

    def _opened(self, documents: tuple[PendingDocument, ...], description: str) -> tuple[PendingTransaction, Status]:
        if self._refused is not None:
            raise self._refused
        by_otp = self._account.kind is AccountKind.TH
        if by_otp:
            self._guard.allow(self._around.prompter)
        # The password is asked for before the clock of the transaction starts.
        password = self._password if by_otp else None
        transaction = PendingTransaction(
            id=self._around.new_id(),
            account=self._account.key,
            serial=self._certificate.serial,
            description=" ".join(description.split())[:_DESCRIPTION_LENGTH] or self._account.user_id,
            documents=documents,
            opened_at=self._around.clock.now(),
            by_otp=by_otp,
        )
        transaction = self._pending.keep(transaction)
        if password is None:
            transaction, status = self._opening.by_phone(transaction)
        else:
            try:
                transaction, status = self._opening.by_otp(transaction, password, self._code)
            except PasswordRefused as refusal:
                self._refused = refusal
                raise
        return transaction, self._decided(transaction, status)

    def _decided(self, transaction: PendingTransaction, status: Status) -> Status:
        if status.progressed is not Progressed.WAITING:
            return status
        if transaction.by_otp and transaction.stage in (Stage.ACTIVATED, Stage.AMBIGUOUS, Stage.NEW):
            raise TransactionLost(
                _("An interrupted SmartCA transaction blocks the account until it expires; nothing was signed"),
                hint=_("Run the same command again in five minutes"),
            )
        around = self._around
        try:
            return Waiting(self._calls, around.clock, around.progress, transaction).until_decided()
        except KeyboardInterrupt:
            around.progress.warn(
                _("Stopped waiting; the request is still open on the phone until it is rejected there")
            )
            raise

    def _again(self, expired: PendingTransaction) -> tuple[PendingTransaction, Status]:
        self._pending.drop(expired)
        question = _("Nobody confirmed in time. Open another request on the phone?")
        prompter = self._around.prompter
        if not prompter.can_ask or not prompter.confirm(question, flag="--no-input"):
            raise TransactionExpired(
                _("Nobody confirmed the SmartCA transaction in time; nothing was signed"),
                hint=_("Have the phone at hand and run the same command again"),
            )
        return self._opened(expired.documents, expired.description)

    def _values(self, transaction: PendingTransaction, status: Status) -> CheckedValues:
        match status.progressed:
            case Progressed.REJECTED:
                self._pending.drop(transaction)
                raise SignatureRejected(
                    _("The request was rejected on the phone; nothing was signed"),
                    hint=_("Run the same command again to ask once more"),
                )
            case Progressed.SIGNED:
                pass
            case _:
                self._pending.drop(transaction)
                said = (_("SmartCA says: {message}").format(message=status.message),) if status.message else ()
                raise TransactionFailed(_("SmartCA ended the transaction without signing"), details=said)
        transaction = self._pending.keep(transaction, stage=Stage.SIGNED)
        values = check_values(transaction.documents, status.signatures, self._certificate)
        if values.complete:
            return values
        # A service that was still gathering its answer has it a moment later.
        self._around.clock.sleep(FIRST_PAUSE)
        once_more = self._opening.recall(transaction)
        return check_values(transaction.documents, [*status.signatures, *once_more.signatures], self._certificate)

    @cached_property
    def _password(self) -> Secret:
        return self._around.secrets(
            "th_password",
            self._account.key,
            flag="th_password_file",
            question=_("SmartCA password of {user}").format(user=self._account.user_id),
        )

    @cached_property
    def _codes(self) -> OneTimePasswords:
        secret = self._around.secrets(
            "otp_secret",
            self._account.key,
            flag="otp_secret_file",
            question=_("SmartCA OTP secret of {user}").format(user=self._account.user_id),
        )
        return OneTimePasswords(secret, self._around.clock)

    def _code(self) -> Secret:
        if self._account.otp is OtpSource.STORED:
            return self._codes.next()
        return self._around.prompter.secret(_("One-time password shown by the SmartCA app"), flag="otp_secret_file")


def _incomplete(values: CheckedValues) -> BadSignature:
    missing = [_("{name}: no value came").format(name=name) for name in values.missing]
    return BadSignature(
        _("SmartCA returned no usable signature for {count} of the documents; these were not signed").format(
            count=len(values.missing) + len(values.bad)
        ),
        hint=_("Run the same command again; when it happens again, report it to VNPT"),
        details=(*missing, *values.bad),
    )

"""Opening a transaction exactly once: stored before it is sent, and after a lost reply asked for before anything is repeated."""

from __future__ import annotations

from collections.abc import Callable

from dvc_cli.errors import DvcError
from dvc_cli.i18n import _
from dvc_cli.model.ports import Clock, Progress
from dvc_cli.model.secret import Secret
from dvc_cli.net.base import NotSent
from dvc_cli.sign.base import SignerUnavailable
from dvc_cli.sign.smartca.answer import Progressed, Status
from dvc_cli.sign.smartca.calls import Calls, Opened
from dvc_cli.sign.smartca.problems import LostReplyError, RequestRefused, TransactionLost
from dvc_cli.sign.smartca.record import PendingTransaction, PendingTransactions, Stage

_ATTEMPTS = 2  # the same id each time: the service refuses a second use, so two attempts cannot make two transactions
_PAUSES = (3.0, 5.0, 5.0, 10.0, 10.0)

OneTimeCodes = Callable[[], Secret]


class Opening:
    """Takes a stored NEW or AMBIGUOUS transaction to WAITING, ACTIVATED or a terminal status."""

    def __init__(self, calls: Calls, pending: PendingTransactions, clock: Clock, progress: Progress) -> None:
        self._calls = calls
        self._pending = pending
        self._clock = clock
        self._progress = progress

    def by_phone(self, transaction: PendingTransaction) -> tuple[PendingTransaction, Status]:
        """Open by v1 sign; raises the refusals of `Calls.open_by_phone`, SignerUnavailable when nobody answers."""

        def send() -> Opened:
            return self._calls.open_by_phone(transaction)

        opened, status = self._open(transaction, send)
        if opened is None:
            return self._pending.keep(transaction, stage=Stage.WAITING), status
        return self._waiting(transaction, opened), status

    def by_otp(
        self, transaction: PendingTransaction, password: Secret, next_code: OneTimeCodes
    ) -> tuple[PendingTransaction, Status]:
        """Open by v2 sign and confirm; an answer without `sad` means that the phone asks after all."""

        def send() -> Opened:
            return self._calls.open_by_otp(transaction, password, next_code())

        opened, status = self._open(transaction, send)
        if opened is None:
            if status.progressed is Progressed.WAITING:
                raise self._activation_lost()
            return transaction, status
        if opened.activation is None:
            self._progress.say(_("SmartCA asks for the confirmation on the phone instead"))
            return self._waiting(transaction, opened), status
        activated = self._keep_opened(transaction, opened, Stage.ACTIVATED)
        status = self._confirm(activated, password, opened.activation)
        if status.progressed is Progressed.WAITING:
            activated = self._pending.keep(activated, stage=Stage.WAITING)
        return activated, status

    def recall(self, transaction: PendingTransaction) -> Status:
        """Where a transaction of an earlier run stands; a fault on the way is waited out for a while.

        Raises:
            SignerUnavailable: nobody answers.
        """
        for pause in (0.0, *_PAUSES):
            self._clock.sleep(pause)
            try:
                status = self._calls.status(transaction.id)
                if status.progressed is Progressed.UNKNOWN_ID and transaction.tran_code is not None:
                    return self._calls.status(transaction.tran_code)
                return status
            except (LostReplyError, NotSent):
                continue
        raise SignerUnavailable(
            _("SmartCA does not answer, so it is not known whether it took the request"),
            hint=_("Run the same command again later: it asks for the same transaction first"),
        )

    def _open(self, transaction: PendingTransaction, send: Callable[[], Opened]) -> tuple[Opened | None, Status]:
        """Send, and after a lost reply ask; None for `Opened` when only the status tells that it was taken."""
        for attempt in range(_ATTEMPTS):
            try:
                return send(), Status(Progressed.WAITING)
            except LostReplyError:
                self._pending.keep(transaction, stage=Stage.AMBIGUOUS)
                self._progress.say(_("The answer of SmartCA was lost; asking whether it took the request"))
            except DvcError as refusal:
                status = self._after_refusal(transaction, refusal, first=attempt == 0)
                return None, status
            status = self.recall(transaction)
            if status.progressed is not Progressed.UNKNOWN_ID:
                return None, status
        raise SignerUnavailable(
            _("SmartCA does not take the request"), hint=_("Run the same command again in a few minutes")
        )

    def _after_refusal(self, transaction: PendingTransaction, refusal: DvcError, *, first: bool) -> Status:
        """A repeated request may be refused because the first one arrived after all; then its status counts."""
        if not first and isinstance(refusal, RequestRefused):
            status = self.recall(transaction)
            if status.progressed is not Progressed.UNKNOWN_ID:
                return status
        if first or not isinstance(refusal, NotSent | SignerUnavailable):
            self._pending.drop(transaction)
        raise refusal

    def _confirm(self, transaction: PendingTransaction, password: Secret, activation: Secret) -> Status:
        for attempt in range(_ATTEMPTS):
            try:
                return self._calls.confirm(transaction, password, activation)
            except (LostReplyError, NotSent):
                pass
            except RequestRefused:
                if attempt == 0:
                    raise
            status = self.recall(transaction)
            if status.progressed is not Progressed.WAITING:
                return status
        raise self._activation_lost()

    def _waiting(self, transaction: PendingTransaction, opened: Opened) -> PendingTransaction:
        return self._keep_opened(transaction, opened, Stage.WAITING)

    def _keep_opened(self, transaction: PendingTransaction, opened: Opened, stage: Stage) -> PendingTransaction:
        return self._pending.keep(transaction, stage=stage, tran_code=opened.tran_code, seconds=opened.seconds)

    def _activation_lost(self) -> TransactionLost:
        return TransactionLost(
            _("The answer that completes the SmartCA transaction was lost; nothing was signed"),
            hint=_("Run the same command again in five minutes, when SmartCA has given the transaction up"),
        )

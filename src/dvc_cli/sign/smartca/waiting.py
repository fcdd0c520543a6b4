"""Waiting for the tap: polling that grows calmer, a count-down, and patience with faults and unknown words."""

from __future__ import annotations

from dvc_cli.i18n import _
from dvc_cli.model.ports import Clock, Progress, Task
from dvc_cli.net.base import NotSent
from dvc_cli.sign.base import SignerUnavailable
from dvc_cli.sign.smartca.answer import Progressed, Status
from dvc_cli.sign.smartca.calls import Calls
from dvc_cli.sign.smartca.problems import LostReplyError, TransactionLost, TransactionPending
from dvc_cli.sign.smartca.record import PendingTransaction

FIRST_PAUSE = 3.0
PAUSE = 5.0
CALM_PAUSE = 10.0
CALM_AFTER = 60.0
WARN_AT = 0.8
GRACE = 15.0  # the service's clock decides; its last word is asked for a little after ours has run out
_UNKNOWN_ID_LIMIT = 3


class Waiting:
    """Asks for one transaction until it is decided or its time is over."""

    def __init__(self, calls: Calls, clock: Clock, progress: Progress, transaction: PendingTransaction) -> None:
        self._calls = calls
        self._clock = clock
        self._progress = progress
        self._transaction = transaction
        self._identifier = transaction.id
        self._unknown = 0
        self._warned = False
        self._silent = False

    def until_decided(self) -> Status:
        """The terminal status.

        Raises:
            TransactionPending: the time is over and the service still says that it waits.
            SignerUnavailable: the time is over and the service could not be asked.
            TransactionLost: the service no longer knows the transaction.
        """
        start = self._clock.monotonic()
        left = max(0.0, self._transaction.seconds_left(self._clock.now()))
        with self._progress.task(_("Waiting for the confirmation on the phone"), self._transaction.seconds) as task:
            task.advance(self._transaction.seconds - left)
            pause = FIRST_PAUSE
            while True:
                self._pause(task, min(pause, start + left + GRACE - self._clock.monotonic()), start + left)
                status = self.ask()
                if status.progressed is not Progressed.WAITING:
                    return status
                elapsed = self._clock.monotonic() - start
                if elapsed >= left + GRACE:
                    raise self._too_late()
                pause = max(CALM_PAUSE if elapsed >= CALM_AFTER else PAUSE, status.retry_after or 0.0)

    def ask(self) -> Status:
        """The status now; a fault on the way counts as still waiting."""
        try:
            status = self._calls.status(self._identifier)
        except (LostReplyError, NotSent):
            if not self._silent:
                self._progress.warn(_("SmartCA does not answer at the moment; still waiting"))
            self._silent = True
            return Status(Progressed.WAITING)
        self._silent = False
        if status.progressed is not Progressed.UNKNOWN_ID:
            self._unknown = 0
            return status
        return self._unknown_id(status)

    def _unknown_id(self, status: Status) -> Status:
        tran_code = self._transaction.tran_code
        if tran_code is not None and self._identifier != tran_code:
            self._identifier = tran_code  # contract smartca.md §1: try it once
            return self.ask()
        self._unknown += 1
        if self._unknown >= _UNKNOWN_ID_LIMIT:
            raise TransactionLost(
                _("SmartCA no longer knows the transaction; nothing was signed"),
                hint=_("Run the same command again to open a new one"),
            )
        return Status(Progressed.WAITING, [], status.message)

    def _pause(self, task: Task, seconds: float, deadline: float) -> None:
        end = self._clock.monotonic() + max(0.0, seconds)
        while (rest := end - self._clock.monotonic()) > 0:
            left = max(0.0, deadline - self._clock.monotonic())
            task.update(_("Confirm on the phone: {left} left").format(left=_minutes(left)))
            self._warn(left)
            slice_ = min(1.0, rest)
            self._clock.sleep(slice_)
            task.advance(slice_)

    def _warn(self, left: float) -> None:
        if not self._warned and left <= self._transaction.seconds * (1 - WARN_AT):
            self._warned = True
            message = _("Only {left} left to confirm on the phone: {description}")
            self._progress.warn(message.format(left=_minutes(left), description=self._transaction.description))

    def _too_late(self) -> TransactionPending | SignerUnavailable:
        hint = _("Run the same command again: it goes on with the same transaction")
        if self._silent:
            return SignerUnavailable(_("SmartCA could not be asked whether the request was confirmed"), hint=hint)
        return TransactionPending(_("The time to confirm is over, and SmartCA still says that it waits"), hint=hint)


def _minutes(seconds: float) -> str:
    whole = max(0, round(seconds))
    return f"{whole // 60:02d}:{whole % 60:02d}"

"""Executes one row of the state machine until it is final (contracts/submission.md §4); `submit` and bulk both call this."""

from __future__ import annotations

import hashlib
from collections.abc import Container
from datetime import datetime
from pathlib import Path

from dvc_cli.errors import DvcError, InvalidInput
from dvc_cli.files import make_private_folder
from dvc_cli.i18n import _
from dvc_cli.journal.base import JournalRun
from dvc_cli.model.events import (
    Checked,
    CommitIntended,
    CommitNotSent,
    CommitRefused,
    CommitRepeated,
    Committed,
    CommitUnanswered,
    PreparationFailed,
    Prepared,
    ReceiptSaved,
    Retried,
    Signed,
    SigningFailed,
    WizardLost,
)
from dvc_cli.model.file_names import inside
from dvc_cli.model.submission import AMBIGUOUS, IN_WIZARD, Outcome, Row, State
from dvc_cli.net.base import NotSent
from dvc_cli.portal.base import CommitDone, OpenedDossier, PortalRefused, ReadyCommit, SessionEnded, Throttled
from dvc_cli.services.desk import Desk
from dvc_cli.services.filing import Filing, PortalTrouble, patiently, wait
from dvc_cli.services.plan import SubmissionPlan
from dvc_cli.services.prepare import adopted, next_steps, prepare_files, same_pass, sign_pass
from dvc_cli.services.settle import conflict, settle
from dvc_cli.services.stage_files import complete_wizard, open_wizard, upload_files

_COMMITS_PER_RUN = 3


class DossierRejected(DvcError):
    """The portal refused the dossier at the confirmation; nothing was created."""

    slug = "dossier-rejected"


class NotFileable(InvalidInput):
    """The row is in a state from which it cannot be filed without a person's decision."""

    slug = "not-fileable"


def file_dossier(desk: Desk, plan: SubmissionPlan, run: JournalRun, row: Row) -> Row:
    """File the dossier of `plan`, from wherever its row stands; returns it CONFIRMED.

    Every failure leaves the row where the same command continues it.

    Raises:
        StillUnknown, Conflict: exit code 3. DossierRejected: 1. What the converter, the signers, the portal and the disk say.
    """
    return _Filer(Filing(desk, plan, run, row)).run()


def resolve_row(desk: Desk, plan: SubmissionPlan, run: JournalRun, row: Row) -> Row:
    """Settle what an earlier run left ambiguous, and nothing more. Errors as `file_dossier`."""
    return _Filer(Filing(desk, plan, run, row)).run(while_in=AMBIGUOUS)


def classify(error: DvcError) -> Outcome:
    """What an error of a commit request means (contracts/submission.md §3): unknown unless it is known."""
    match error:
        case NotSent():
            return Outcome.NOT_SENT
        case Throttled():
            return Outcome.THROTTLED
        case PortalRefused():
            return Outcome.REFUSED
        case SessionEnded():
            return Outcome.AUTH
        case _:
            return Outcome.UNKNOWN


class _Filer:
    """One method for each state; what lives only in memory (the wizard, the token) is lost with the process."""

    def __init__(self, filing: Filing) -> None:
        self.filing = filing
        self.desk = filing.desk
        self._opened: OpenedDossier | None = None
        self._ready: ReadyCommit | None = None
        self._renewed = False
        self._commits = 0
        self._steps = {
            State.PLANNED: lambda: filing.record(Checked()),
            State.VALID: self._prepare,
            State.PREPARED: self._sign,
            State.SIGNED: self._open,
            State.OPENED: self._upload,
            State.STAGED: self._complete,
            State.READY: self._commit,
            State.UNKNOWN: lambda: settle(filing),
            State.SETTLING: lambda: settle(filing),
            State.SUBMITTED: self._keep_receipt,
        }

    def run(self, while_in: Container[State] = frozenset(State) - {State.CONFIRMED}) -> Row:
        """Step after step while the row is in one of these states."""
        self._resume()
        while self.filing.row.state in while_in:
            step = self._steps.get(self.filing.row.state)
            if step is None:
                raise self._stuck()
            try:
                step()
            except SessionEnded as error:
                self._renew(error)
        return self.filing.row

    def _resume(self) -> None:
        """What a restart means for the state that the last run left."""
        match self.filing.row.state:
            case state if state in IN_WIZARD:
                self.filing.record(WizardLost("restart"))
            case State.COMMIT_INTENT:
                self.filing.record(CommitUnanswered("restart"))
            case State.PREP_FAIL | State.SIGN_FAIL:
                self.filing.record(Retried())

    def _renew(self, error: SessionEnded) -> None:
        """One re-log-in through the guard (AUTH); a wizard belongs to its session."""
        if self._renewed:
            raise error
        self._renewed = True
        self.desk.sessions.renew()
        if self.filing.row.state in IN_WIZARD:
            self._lose_wizard("session-ended")

    def _lose_wizard(self, reason: str) -> None:
        self._opened = self._ready = None
        self.filing.record(WizardLost(reason))

    # -- preparing and signing -----------------------------------------------------------------------------------------

    def _prepare(self) -> None:
        try:
            files = prepare_files(self.desk, self.filing.plan)
        except InvalidInput as error:
            self.filing.record(PreparationFailed(error.slug))
            raise
        self.filing.record(Prepared(files))

    def _sign(self) -> None:
        filing = self.filing
        while steps := next_steps(filing.plan, filing.row, filing.place):
            found = [event for step in steps if (event := adopted(step))]
            for event in found:
                filing.record(event)
            if not found:
                try:
                    sign_pass(self.desk, filing.plan, same_pass(steps), filing.record)
                except DvcError as error:
                    filing.record(SigningFailed(error.slug))
                    raise
        filing.record(Signed())

    # -- at the portal -------------------------------------------------------------------------------------------------

    def _open(self) -> None:
        self._opened = open_wizard(self.filing)

    def _upload(self) -> None:
        upload_files(self.filing, self._wizard())

    def _complete(self) -> None:
        self._ready = complete_wizard(self.filing, self._wizard())

    def _wizard(self) -> OpenedDossier:
        if self._opened is None:  # pragma: no cover - `_resume` has sent the row back to SIGNED
            raise self._stuck()
        return self._opened

    def _commit(self) -> None:
        """The one request that creates the dossier: the intent is on disk before its first byte leaves (R1)."""
        if not self.filing.row.token_sha256 and not self._fresh_token():
            return
        ready = self._ready
        if ready is None:
            self._lose_wizard("no-token")
            return
        if self._commits == _COMMITS_PER_RUN:
            raise PortalTrouble(
                _("The portal has lost {count} submissions in a row; none of them was taken").format(
                    count=self._commits
                ),
                hint=_("Nothing was submitted; run the same command again later"),
            )
        self._commits += 1
        for attempt in range(self.desk.attempts):
            self.filing.record(CommitIntended(self.filing.row.attempt + 1))
            with self.desk.progress.task(_("Submitting")):
                error = self._press(ready)
            if error is None or self.filing.row.state is not State.READY:
                return
            if attempt == self.desk.attempts - 1:
                raise error
            wait(self.desk, attempt, error if isinstance(error, Throttled) else None)

    def _fresh_token(self) -> bool:
        """After a settled look-up that found nothing: the old token may be burned. False: the wizard is gone as well."""
        try:
            if self._opened is not None:
                self._ready = complete_wizard(self.filing, self._opened)
                return True
        except PortalRefused:
            pass
        self._lose_wizard("refused-after-settling")
        return False

    def _press(self, ready: ReadyCommit) -> DvcError | None:
        """Send it and journal what came of it (R2); the error, when there was one."""
        try:
            self._journal_done(self.desk.portal.commit(ready))
            return None
        except DvcError as error:
            match classify(error):
                case Outcome.NOT_SENT | Outcome.THROTTLED:
                    self.filing.record(CommitNotSent(error.slug))
                    return error
                case Outcome.REFUSED:
                    self.filing.record(CommitRefused(error.slug))
                    raise self._rejected(error) from error
                case _:
                    if not self._repeated(ready):
                        self.filing.record(CommitUnanswered(error.slug))
                    return None

    def _repeated(self, ready: ReadyCommit) -> bool:
        """The same token once more, only where it burns before or with the commit: then it cannot create a second one."""
        capabilities = self.desk.portal.capabilities
        if not (capabilities.single_use_token and capabilities.token_burned in ("before", "with")):
            return False
        self.filing.record(CommitRepeated())
        try:
            self._journal_done(self.desk.portal.commit(ready))
        except DvcError:  # whatever it says now may be about the first one: only the own list can tell
            return False
        return True

    def _journal_done(self, done: CommitDone) -> None:
        self.filing.record(Committed(done.code, done.url))

    # -- afterwards ----------------------------------------------------------------------------------------------------

    def _keep_receipt(self) -> None:
        """The receipt is on disk before the state says so (R7)."""
        code = self.filing.row.code
        with self.desk.progress.task(_("Fetching the receipt of {code}").format(code=code)):
            receipt = patiently(self.desk, lambda: self.desk.portal.receipt(code))
        name = receipt.file_name if code in receipt.file_name else f"{code}-{receipt.file_name}"
        path = inside(receipts_folder(self.desk), name)
        self.desk.save(path, receipt.content, overwrite=True)
        self.filing.record(
            ReceiptSaved(path.name, hashlib.sha256(receipt.content).hexdigest()),
            {"submitted": receipt.submitted_at.isoformat().encode()},
        )

    def _rejected(self, error: DvcError) -> DossierRejected:
        return DossierRejected(
            _("The portal refused the dossier: {reason}").format(reason=error.message),
            hint=_("Nothing was submitted; correct the dossier file and run the command again"),
            details=error.details,
        )

    def _stuck(self) -> DvcError:
        row = self.filing.row
        if row.state is State.CONFLICT:
            return conflict(row.reference, row.codes)
        return NotFileable(
            _("The dossier {reference} is in the state {state} and is not filed").format(
                reference=row.reference, state=row.state.value
            ),
            hint=_("Correct the dossier file and run the command again with `--amend`"),
        )


def receipts_folder(desk: Desk) -> Path:
    """Where receipts are kept, made 0700 when missing."""
    folder = desk.folder.parent / "receipts"
    make_private_folder(folder)
    return folder


def submitted_at(desk: Desk, reference: str) -> datetime | None:
    """When the portal says that it took the dossier, from the receipt."""
    stored = desk.journal.payload(reference, "submitted")
    return datetime.fromisoformat(stored.decode()) if stored else None

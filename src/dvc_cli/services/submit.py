"""The use case of `submit`: read, check, plan, show, confirm, and run the plan's one row."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from dvc_cli.errors import Interrupted, UsageProblem
from dvc_cli.i18n import _
from dvc_cli.journal.base import JournalRun
from dvc_cli.model.dossier import Dossier
from dvc_cli.model.events import Adopted, Amended, Planned
from dvc_cli.model.identifiers import CitizenId, ProcedureCode
from dvc_cli.model.procedure import Procedure
from dvc_cli.model.secret import Secret
from dvc_cli.model.signing import SigningCertificate
from dvc_cli.model.submission import AMBIGUOUS, FILED, Case, Row, State, client_reference
from dvc_cli.portal.base import PortalRefused, PortalSession
from dvc_cli.services.check_dossier import DossierCheck, check_dossier, require_valid, today_in_vietnam
from dvc_cli.services.desk import Desk
from dvc_cli.services.dossier_file import read_dossier
from dvc_cli.services.duplicates import already_submitted, refiled
from dvc_cli.services.file_dossier import file_dossier, receipts_folder, resolve_row
from dvc_cli.services.filing import patiently
from dvc_cli.services.match_components import match_components
from dvc_cli.services.plan import (
    SubmissionPlan,
    content_key,
    plan_files,
    plan_hash,
    plan_parts,
)
from dvc_cli.services.plan_certificates import plan_signatures
from dvc_cli.services.right_certificate import require_right_certificate
from dvc_cli.services.settle import can_look_up, conflict, look_up
from dvc_cli.services.submission_result import SubmissionResult, result_of

#: States in which a changed dossier may replace the planned one without being asked: nothing of value was made yet.
_FREELY_AMENDED = frozenset(
    {State.PLANNED, State.VALID, State.INVALID, State.PREP_FAIL, State.SIGN_FAIL, State.REJECTED, State.SKIPPED}
)


class NoKey(UsageProblem):
    """The dossier has no key that names the case, so a second submission could not be told from a new case."""

    slug = "no-key"


class DossierChanged(UsageProblem):
    """The dossier file was changed after parts of it were prepared or signed."""

    slug = "dossier-changed"


class AccountOfAnother(PortalRefused):
    """The portal's account belongs to someone else than the applicant."""

    slug = "account-of-another"


@dataclass(frozen=True, slots=True, kw_only=True)
class SubmitRequest:
    """What the command line says."""

    dossier_file: Path
    account: str
    reference_key: Secret
    key: str | None = None
    key_from_content: bool = False
    refile: str | None = None
    amend: bool = False
    yes: bool = False

    def __post_init__(self) -> None:
        if self.key and self.key_from_content:
            raise UsageProblem(_("Give either `--key` or `--key-from-content`, not both"))


def dry_run(desk: Desk, request: SubmitRequest) -> SubmissionPlan:
    """The plan that `submit` would follow; nothing is written, sent or signed."""
    return replace(_Submission(desk, request).plan(), dry_run=True)


def submit(desk: Desk, request: SubmitRequest, announce: Callable[[SubmissionPlan], None]) -> SubmissionResult:
    """File the dossier, or go on where the last run stopped.

    Args:
        desk: collaborators.
        request: the command line.
        announce: shows the plan before anything is done.

    Raises:
        DossierFileInvalid, DossierInvalid: 10. RunInProgress: 11. AlreadySubmitted, StillUnknown, Conflict: 3.
        LoginNeeded: 4. DossierRejected: 1. What converter, signers, portal and disk say.
    """
    submission = _Submission(desk, request)
    with submission.lock() as run:
        session = desk.sessions.ensure()
        _require_own_account(submission.dossier, session)
        plan = submission.plan()
        row = submission.row(run, plan)
        announce(replace(plan, state=row.state if row else None))
        submission.confirm(plan, row)
        row = submission.enter(run, plan, row)
        return result_of(desk, plan, file_dossier(desk, plan, run, row))


class _Submission:
    def __init__(self, desk: Desk, request: SubmitRequest) -> None:
        self.desk = desk
        self.request = request
        self.dossier = read_dossier(request.dossier_file)
        self._plan: SubmissionPlan | None = None

    @contextmanager
    def lock(self) -> Iterator[JournalRun]:
        """The account's lock, taken first: a second run ends at once (R3)."""
        with self.desk.journal.run(self.request.account, "") as run:
            yield run

    # -- planning ----------------------------------------------------------------------------------------------------

    def plan(self) -> SubmissionPlan:
        """Check and plan; reads only. Raises DossierInvalid with every problem."""
        if self._plan is not None:
            return self._plan
        desk, portal = self.desk, self.desk.portal
        with desk.progress.task(_("Reading the procedure")):
            procedure = patiently(desk, lambda: portal.procedure(self.dossier.procedure))
        check = check_dossier(self.dossier, procedure, portal.capabilities, today_in_vietnam(desk.clock.now()))
        require_valid(check)
        case = self._case(procedure)
        reference = client_reference(self.request.reference_key, case)
        self._plan = self._planned(procedure, check, case, reference)
        return self._plan

    def _planned(self, procedure: Procedure, check: DossierCheck, case: Case, reference: str) -> SubmissionPlan:
        desk, dossier = self.desk, self.dossier
        files = plan_files(dossier, procedure, desk.portal.capabilities, reference if desk.send_reference else "")
        row = desk.journal.row(reference)
        return SubmissionPlan(
            dossier_file=dossier.source,
            portal=desk.portal.base_url,
            account=case.account,
            procedure=procedure.code,
            procedure_name=procedure.name,
            agency=dossier.agency or procedure.agency,
            applicant=dossier.applicant.full_name,
            owner=dossier.owner.full_name if dossier.owner else "",
            key=case.key,
            period=case.period,
            round=case.round,
            reference=reference,
            subject=self._subject(reference),
            note=self._note(reference),
            files=files,
            signatures=plan_signatures(
                files, desk.signer, self._check_certificate(procedure), desk.clock.now(), desk.progress
            ),
            warnings=check.warnings,
            state=row.state if row else None,
            sha256=plan_hash(dossier, procedure, files, reference),
            sandbox=desk.portal.is_sandbox,
            dossier=dossier,
            details=procedure,
        )

    def _case(self, procedure: Procedure) -> Case:
        try:
            code = ProcedureCode.parse(procedure.code).national
        except ValueError:
            code = procedure.code
        case = Case(
            portal=self.desk.portal.base_url,
            account=self.request.account,
            procedure=code,
            key=self._key(procedure),
            period=self.dossier.period or "",
        )
        if self.request.refile is None:
            return case
        self.desk.sessions.ensure()
        return refiled(case, self.request.refile, self.request.reference_key, self.desk.journal, self.desk.portal)

    def _key(self, procedure: Procedure) -> str:
        if self.request.key_from_content:
            return content_key(self.dossier, plan_files(self.dossier, procedure, self.desk.portal.capabilities, ""))
        if key := self.request.key or self.dossier.key:
            return key
        if not self.desk.prompter.can_ask:
            raise NoKey(
                _("The dossier has no `key` that names the case"),
                hint=_('Add for instance `key = "NV001"` to the dossier file, or give `--key NV001`'),
            )
        question = _("A short name for this case, so that it is never filed twice (for instance NV001)")
        return self.desk.prompter.text(question, flag="--key")

    def _note(self, reference: str) -> str:
        """The reference as natural text in the note, where the portal is to echo it from."""
        if not self.desk.send_reference or "note" not in self.desk.portal.capabilities.echo_fields:
            return self.dossier.note
        text = f"Số tham chiếu nội bộ: {reference}"  # read by Vietnamese officers, whatever the user's language
        return f"{self.dossier.note} ({text})" if self.dossier.note else text

    def _subject(self, reference: str) -> str:
        echo = self.desk.portal.capabilities.echo_fields
        if self.desk.send_reference and "subject" in echo and "note" not in echo:
            return f"{self.dossier.subject} ({reference})"
        return self.dossier.subject

    def _check_certificate(self, procedure: Procedure) -> Callable[[SigningCertificate], None]:
        names = [pair.spec.name for pair in match_components(self.dossier, procedure)[0]]
        return lambda certificate: require_right_certificate(
            certificate, self.dossier, names, on_behalf=self.desk.on_behalf
        )

    # -- the row -----------------------------------------------------------------------------------------------------

    def row(self, run: JournalRun, plan: SubmissionPlan) -> Row | None:
        """The row as it stands, after what was ambiguous is settled and earlier work is found.

        Raises:
            AlreadySubmitted, StillUnknown, Conflict: exit code 3.
        """
        desk, row = self.desk, self.desk.journal.row(plan.reference)
        if row is not None and row.state in AMBIGUOUS:
            row = resolve_row(desk, plan, run, row)
        if row is not None and row.state is State.CONFIRMED:
            raise already_submitted(_case_of(plan), row.codes, str(receipts_folder(desk) / row.receipt))
        if row is not None and (row.state in FILED or row.attempt):
            return row
        return self._unless_found_at_portal(run, plan, row)

    def _unless_found_at_portal(self, run: JournalRun, plan: SubmissionPlan, row: Row | None) -> Row | None:
        """Another machine may have filed this case, or this machine's journal was lost."""
        desk = self.desk
        if not can_look_up(desk.portal, send_reference=desk.send_reference):
            return row
        with desk.progress.task(_("Looking for an earlier dossier of this case")):
            codes, _whole = patiently(desk, lambda: look_up(desk.portal, plan.reference))
        if not codes:
            return row
        if len(codes) > 1:
            raise conflict(plan.reference, codes)
        if row is None:
            run.append(plan.reference, Planned(plan.sha256, plan.round), self._payload(plan))
        row = run.append(plan.reference, Adopted(codes[0]))
        file_dossier(desk, plan, run, row)
        raise already_submitted(_case_of(plan), codes)

    def confirm(self, plan: SubmissionPlan, row: Row | None) -> None:
        """Ask before anything is made or sent. Raises Interrupted when the answer is no, DossierChanged."""
        if row is not None and row.state in FILED:
            return
        self._confirm_change(plan, row)
        if self.request.yes:
            return
        question = _("Submit this dossier to {portal}?").format(portal=plan.portal)
        if not self.desk.prompter.confirm(question, flag="--yes"):
            raise Interrupted(_("Nothing was submitted"), hint=_("Run the same command again when you are ready"))

    def _confirm_change(self, plan: SubmissionPlan, row: Row | None) -> None:
        if row is None or row.plan_sha256 == plan.sha256 or row.state in _FREELY_AMENDED or self.request.amend:
            return
        changes = self._changes(plan)
        for change in changes:
            self.desk.progress.warn(change)
        question = _("The dossier was changed after it was prepared. Prepare and sign it anew?")
        if self.desk.prompter.can_ask and self.desk.prompter.confirm(question, flag="--amend"):
            return
        raise DossierChanged(
            _("The dossier was changed after it was prepared or signed"),
            hint=_("Undo the change, or prepare and sign it anew with `--amend`"),
            details=changes,
        )

    def enter(self, run: JournalRun, plan: SubmissionPlan, row: Row | None) -> Row:
        """Journal the plan before anything is made of it (R4)."""
        if row is None:
            return run.append(plan.reference, Planned(plan.sha256, plan.round), self._payload(plan))
        refused = row.state in (State.REJECTED, State.INVALID, State.SKIPPED)
        if row.state not in FILED and (refused or row.plan_sha256 != plan.sha256):
            return run.append(plan.reference, Amended(plan.sha256), self._payload(plan))
        return row

    def _payload(self, plan: SubmissionPlan) -> dict[str, bytes]:
        case = {"procedure": plan.procedure, "name": plan.procedure_name, "key": plan.key, "period": plan.period}
        people = {"applicant": plan.applicant, "account": plan.account, "subject": plan.subject}
        parts = plan_parts(plan.dossier, plan.details, plan.files, plan.reference)
        return {
            "case": json.dumps(case | people, ensure_ascii=False, sort_keys=True).encode(),
            "plan": json.dumps(parts, ensure_ascii=False, sort_keys=True, default=str).encode(),
        }

    def _changes(self, plan: SubmissionPlan) -> tuple[str, ...]:
        """Which parts of the plan differ from the journalled one."""
        stored = self.desk.journal.payload(plan.reference, "plan")
        if stored is None:
            return ()
        old = json.loads(stored)
        parts = plan_parts(plan.dossier, plan.details, plan.files, plan.reference)
        new = json.loads(json.dumps(parts, ensure_ascii=False, default=str))
        return tuple(_("Changed: {part}").format(part=name) for name in new if new[name] != old.get(name))


def _case_of(plan: SubmissionPlan) -> Case:
    return Case(
        portal=plan.portal,
        account=plan.account,
        procedure=plan.procedure,
        key=plan.key,
        period=plan.period,
        round=plan.round,
    )


def _require_own_account(dossier: Dossier, session: PortalSession) -> None:
    """The portal takes name and ID number from the account: filing under another name would only fail later."""
    try:
        if CitizenId.parse(dossier.applicant.identity_number) == CitizenId.parse(session.identity_number):
            return
    except ValueError:  # none given (the rules say so), or the portal shows it masked
        return
    raise AccountOfAnother(
        _("The account {account} belongs to another person than the applicant {name}").format(
            account=session.account, name=dossier.applicant.full_name
        ),
        hint=_("Log in as the applicant, or put the account's owner into [applicant] and the other one into [owner]"),
    )

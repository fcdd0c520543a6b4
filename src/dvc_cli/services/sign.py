"""Signing PDF files: prepare, have the key sign, embed, verify what was written, and only then give it its name."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from dvc_cli.errors import DvcError, StillPending, StorageProblem, Temporary
from dvc_cli.i18n import _, ngettext
from dvc_cli.model.ports import Clock, Progress, Prompter
from dvc_cli.model.signing import (
    Placement,
    RawSignature,
    SignatureLevel,
    SignatureProfile,
    SignedDocument,
    SigningCertificate,
    SignReport,
)
from dvc_cli.services.kept_batches import KeptBatch, KeptBatches
from dvc_cli.services.sign_plan import SignJob, SignOptions, failed, plan, skipped
from dvc_cli.services.signing_copies import KeptCopy, Waiting, Wishes, open_copy
from dvc_cli.sign.base import BadSignature, Signer, SigningSession

if TYPE_CHECKING:
    from dvc_cli.sign.pades.levels import Evidence, LevelMaker

_OPEN_AT_ONCE = 32  # prepared copies on disk that wait for their values
_NAMED_IN_DESCRIPTION = 3


def sign_file(
    source: Path,
    output: Path,
    *,
    session: SigningSession,
    placement: Placement | None,
    profile: SignatureProfile,
    clock: Clock,
    reason: str = "",
    overwrite: bool = False,
    kept: KeptBatches | None = None,
) -> SignedDocument:
    """Sign one file. `output` appears only when it is complete and verified.

    Raises:
        InvalidInput: what is wrong with `source` or `output`.
        SigningRefused, Blocked, Temporary: what the signer said.
        StorageProblem: the disk.
    """
    job = SignJob(source=source, output=output, placement=placement, overwrite=overwrite)
    if kept is not None:
        lines = list(sign_files([job], session, profile=profile, clock=clock, reason=reason, kept=kept))
        if lines[0].outcome != "signed":
            raise BadSignature(lines[0].reason)
        return lines[0]
    waiting = open_copy(job, session.certificate, Wishes(profile=profile, clock=clock, reason=reason), doc_id="1")
    done: SignedDocument | None = None
    try:
        # The signer's own record of the transaction lives until the last value is taken: embed before asking for more.
        for value in session.sign([waiting.prepared.document], description=describe([job])):
            done = done or waiting.complete(value.value)
        if done is None:
            raise _value_missing(job)
    except BaseException:
        if done is None:
            waiting.abandon()
        raise
    return done


def sign_files(
    jobs: Sequence[SignJob],
    session: SigningSession,
    *,
    profile: SignatureProfile,
    clock: Clock,
    reason: str = "",
    max_batch: int = 10,
    kept: KeptBatches | None = None,
    maker: LevelMaker | None = None,
) -> Iterator[SignedDocument]:
    """Sign many files with one session, `max_batch` digests per call; yields a line per file as it is settled.

    A file that fails is a line with outcome "failed"; an error of the signer itself is raised after the lines of what was
    settled before it, and leaves no half-written file. With `kept` (for signers that can resume) every batch is durable before
    it is sent, and what an interrupted run of the same jobs left is finished first, with no new confirmation.

    Raises:
        DvcError: the signer refused, or our own storage failed.
    """
    size = max(1, min(max_batch, _OPEN_AT_ONCE))
    wishes = Wishes(profile=profile, clock=clock, reason=reason, maker=maker)
    try:
        if kept is not None:
            settled: set[Path] = set()
            for found in kept.matching(jobs, session.certificate, wishes):
                settled |= {one.job.source for one in found.copies}
                yield from _named_as_given(finish_batch(found, session), jobs)
            jobs = [job for job in jobs if job.source.resolve() not in settled]
        for start in range(0, len(jobs), size):
            yield from _sign_batch(jobs[start : start + size], session, wishes, kept, first_number=start + 1)
    except BaseException as problem:
        if kept is not None and isinstance(problem, DvcError) and not can_go_on(problem):
            kept.over()
        if kept is not None:
            kept.pause()
        raise
    if kept is not None:
        kept.over()


def can_go_on(problem: DvcError) -> bool:
    """Whether the transaction may still give its values after this error."""
    return isinstance(problem, Temporary | StillPending | StorageProblem)


def finish_batch(batch: KeptBatch, session: SigningSession) -> Iterator[SignedDocument]:
    """A line per document of a kept batch: those that are complete, and the others from the transaction that was opened for all.

    Raises:
        DvcError: what the signer says.
    """
    waiting: dict[str, Waiting] = {}
    for copy in batch.copies:
        line = copy.finished
        if line is not None:
            yield line
        else:
            waiting[copy.prepared.document.doc_id] = copy
    if waiting:
        digests = [copy.prepared.document for copy in batch.copies]
        for value in session.sign(digests, description=batch.description):
            if value.doc_id in waiting:
                yield _completed_or_failed(waiting.pop(value.doc_id), value)
        for left in waiting.values():
            yield failed(left.job.source, _value_missing(left.job))


def sign_documents(
    files: Sequence[Path],
    signer: Signer,
    options: SignOptions,
    *,
    clock: Clock,
    progress: Progress,
    prompter: Prompter,
    kept: KeptBatches | None = None,
    evidence: Evidence | None = None,
) -> SignReport:
    """Check everything, open the signer once, sign what can be signed, and report on every file.

    Raises:
        DvcError: the only file cannot be signed, or the signer refused before anything was signed.
    """
    files = list(dict.fromkeys(files))
    kept = kept if signer.capabilities.resumable else None
    maker = maker_for(options.level, evidence)
    wishes = Wishes(profile=options.profile, clock=clock, reason=options.reason, maker=maker)
    jobs, refused = plan(files, options, is_finished=partial(kept.is_finished, wishes=wishes) if kept else None)
    if refused and len(files) == 1:
        raise refused[0][1]
    lines = {path: failed(path, problem) for path, problem in refused}
    if options.dry_run or not jobs:
        planned = {job.source: _planned(job) for job in jobs}
        return _report(files, lines | planned, None, options, wishes)
    if maker is not None:
        with progress.task(_("Asking the time-stamping service")):
            maker.room()
    with signer.open(prompter, progress) as session:
        certificate = session.certificate
        if evidence is not None:
            check_certificate(certificate, evidence, progress, required=options.require_revocation)
        lines |= _sign_and_collect(jobs, session, wishes, progress, kept=kept, max_batch=signer.capabilities.max_batch)
    return _report(files, lines, certificate, options, wishes)


def maker_for(level: SignatureLevel | None, evidence: Evidence | None) -> LevelMaker | None:
    """What makes signatures of `level`; None for B-B. Without a level: B-T where a time-stamping service is known.

    Raises:
        NoTsa, ConfigurationProblem: the level needs what is not known.
    """
    if evidence is None or (level is None and not evidence.tsa) or level is SignatureLevel.B_B:
        return None
    from dvc_cli.sign.pades.levels import LevelMaker

    return LevelMaker(level or SignatureLevel.B_T, evidence)


def check_certificate(
    certificate: SigningCertificate, evidence: Evidence, progress: Progress, *, required: bool
) -> None:
    """Ask its issuer whether the certificate was revoked. Errors as `check_revocation`."""
    from dvc_cli.sign.pades.levels import check_revocation

    with progress.task(_("Asking whether the certificate was revoked")):
        check_revocation(certificate, evidence, required=required)


def describe(jobs: Sequence[SignJob]) -> str:
    """What a person sees when asked to confirm."""
    names = ", ".join(job.name for job in jobs[:_NAMED_IN_DESCRIPTION])
    if len(jobs) > _NAMED_IN_DESCRIPTION:
        names += ", …"
    text = ngettext("Sign {count} document: {names}", "Sign {count} documents: {names}", len(jobs))
    return text.format(count=len(jobs), names=names)


def _sign_and_collect(
    jobs: Sequence[SignJob],
    session: SigningSession,
    wishes: Wishes,
    progress: Progress,
    *,
    kept: KeptBatches | None,
    max_batch: int,
) -> dict[Path, SignedDocument]:
    lines: dict[Path, SignedDocument] = {}
    with progress.task(_("Signing"), total=len(jobs)) as task:
        try:
            for line in sign_files(
                jobs,
                session,
                profile=wishes.profile,
                clock=wishes.clock,
                reason=wishes.reason,
                max_batch=max_batch,
                kept=kept,
                maker=wishes.maker,
            ):
                lines[Path(line.source)] = line
                task.update(Path(line.source).name)
                task.advance()
        except DvcError as problem:
            if not any(line.outcome == "signed" for line in lines.values()):
                raise
            rest = [job.source for job in jobs if job.source not in lines]
            lines |= {rest[0]: failed(rest[0], problem)} if rest else {}
            lines |= {source: skipped(source, _("not tried: the signer stopped")) for source in rest[1:]}
    return lines


def _report(
    files: Sequence[Path],
    lines: dict[Path, SignedDocument],
    certificate: SigningCertificate | None,
    options: SignOptions,
    wishes: Wishes,
) -> SignReport:
    from dvc_cli.sign.certificates import is_sandbox

    return SignReport(
        documents=tuple(lines[path] for path in files),
        certificate=certificate,
        level=wishes.level,
        sandbox=certificate is not None and is_sandbox(certificate),
        dry_run=options.dry_run,
    )


def _planned(job: SignJob) -> SignedDocument:
    return SignedDocument(source=str(job.source), output=str(job.output), outcome="planned")


def _named_as_given(lines: Iterator[SignedDocument], jobs: Sequence[SignJob]) -> Iterator[SignedDocument]:
    """Lines under the paths that this run gave the files; those that it did not name are left out."""
    names = {job.source.resolve(): (str(job.source), str(job.output)) for job in jobs}
    for line in lines:
        given = names.get(Path(line.source))
        if given is not None:
            yield replace(line, source=given[0], output=given[1] if line.output else None)


def _sign_batch(
    batch: Sequence[SignJob], session: SigningSession, wishes: Wishes, kept: KeptBatches | None, *, first_number: int
) -> Iterator[SignedDocument]:
    waiting: dict[str, Waiting] = {}
    batch_id = kept.begin() if kept else ""
    is_sent = False
    try:
        for number, job in enumerate(batch, first_number):
            try:
                waiting[str(number)] = _copy(job, session.certificate, wishes, kept, batch_id, doc_id=str(number))
            except DvcError as problem:
                if problem.stops_batch:
                    raise
                yield failed(job.source, problem)
        if not waiting:
            return
        description = describe([one.job for one in waiting.values()])
        if kept is not None:
            copies = [one for one in waiting.values() if isinstance(one, KeptCopy)]
            kept.commit(batch_id, copies, wishes, description)
        is_sent = True
        for value in session.sign([one.prepared.document for one in waiting.values()], description=description):
            if value.doc_id in waiting:
                yield _completed_or_failed(waiting.pop(value.doc_id), value)
        for doc_id in list(waiting):
            yield _failed_without_value(waiting.pop(doc_id))
    finally:
        for left in waiting.values():
            left.abandon()
        if kept is not None and not is_sent:
            kept.over(batch_id)


def _copy(
    job: SignJob,
    certificate: SigningCertificate,
    wishes: Wishes,
    kept: KeptBatches | None,
    batch_id: str,
    *,
    doc_id: str,
) -> Waiting:
    if kept is None:
        return open_copy(job, certificate, wishes, doc_id=doc_id)
    return kept.copy(batch_id, job, certificate, wishes, doc_id=doc_id)


def _completed_or_failed(waiting: Waiting, value: RawSignature) -> SignedDocument:
    try:
        return waiting.complete(value.value)
    except DvcError as problem:
        waiting.abandon()
        if problem.stops_batch:
            raise
        return failed(waiting.job.source, problem)
    except BaseException:
        waiting.abandon()
        raise


def _failed_without_value(waiting: Waiting) -> SignedDocument:
    waiting.abandon()
    return failed(waiting.job.source, _value_missing(waiting.job))


def _value_missing(job: SignJob) -> BadSignature:
    return BadSignature(
        _("The signer returned no signature for `{name}`").format(name=job.name), hint=_("Sign this file again")
    )

"""Signing PDF files: prepare, have the key sign, embed, verify what was written, and only then give it its name."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from dvc_cli.errors import DvcError
from dvc_cli.files import atomic_file
from dvc_cli.i18n import _, ngettext
from dvc_cli.model.ports import Clock, Progress, Prompter
from dvc_cli.model.signing import (
    Placement,
    RawSignature,
    SignatureProfile,
    SignedDocument,
    SigningCertificate,
    SignReport,
)
from dvc_cli.services.sign_plan import SignJob, SignOptions, failed, plan, skipped
from dvc_cli.sign.base import BadSignature, Signer, SigningSession

if TYPE_CHECKING:
    from dvc_cli.sign.pades.prepare import PreparedDocument

_OPEN_AT_ONCE = 32  # prepared copies on disk that wait for their values
_NAMED_IN_DESCRIPTION = 3


class _Abandoned(Exception):
    """Tells the temporary file to vanish; nothing failed here."""


@dataclass(frozen=True, slots=True)
class _Waiting:
    """A prepared copy under its temporary name."""

    job: SignJob
    file: BinaryIO
    prepared: PreparedDocument
    stack: ExitStack

    def abandon(self) -> None:
        """Remove the temporary file."""
        with suppress(_Abandoned), self.stack:
            raise _Abandoned


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
) -> SignedDocument:
    """Sign one file. `output` appears only when it is complete and verified.

    Raises:
        InvalidInput: what is wrong with `source` or `output`.
        SigningRefused, Blocked, Temporary: what the signer said.
        StorageProblem: the disk.
    """
    job = SignJob(source=source, output=output, placement=placement, overwrite=overwrite)
    waiting = _prepare(job, session.certificate, profile, clock, reason, doc_id="1")
    try:
        values = list(session.sign([waiting.prepared.document], description=describe([job])))
        if not values:
            raise _value_missing(job)
        return _complete(waiting, values[0])
    except BaseException:
        waiting.abandon()
        raise


def sign_files(
    jobs: Sequence[SignJob],
    session: SigningSession,
    *,
    profile: SignatureProfile,
    clock: Clock,
    reason: str = "",
    max_batch: int = 10,
) -> Iterator[SignedDocument]:
    """Sign many files with one session, `max_batch` digests per call; yields a line per file as it is settled.

    A file that fails is a line with outcome "failed"; an error of the signer itself is raised after the lines of what was
    settled before it, and leaves no half-written file.

    Raises:
        DvcError: the signer refused, or our own storage failed.
    """
    size = max(1, min(max_batch, _OPEN_AT_ONCE))
    for start in range(0, len(jobs), size):
        batch = jobs[start : start + size]
        yield from _sign_batch(batch, session, profile, clock, reason, first_number=start + 1)


def sign_documents(
    files: Sequence[Path], signer: Signer, options: SignOptions, *, clock: Clock, progress: Progress, prompter: Prompter
) -> SignReport:
    """Check everything, open the signer once, sign what can be signed, and report on every file.

    Raises:
        DvcError: the only file cannot be signed, or the signer refused before anything was signed.
    """
    files = list(dict.fromkeys(files))
    jobs, refused = plan(files, options)
    if refused and len(files) == 1:
        raise refused[0][1]
    lines = {path: failed(path, problem) for path, problem in refused}
    if options.dry_run or not jobs:
        planned = {job.source: _planned(job) for job in jobs}
        return _report(files, lines | planned, None, options)
    with signer.open(prompter, progress) as session:
        certificate = session.certificate
        lines |= _sign_and_collect(jobs, session, options, clock, progress, max_batch=signer.capabilities.max_batch)
    return _report(files, lines, certificate, options)


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
    options: SignOptions,
    clock: Clock,
    progress: Progress,
    *,
    max_batch: int,
) -> dict[Path, SignedDocument]:
    lines: dict[Path, SignedDocument] = {}
    with progress.task(_("Signing"), total=len(jobs)) as task:
        try:
            for line in sign_files(
                jobs, session, profile=options.profile, clock=clock, reason=options.reason, max_batch=max_batch
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
) -> SignReport:
    from dvc_cli.sign.certificates import is_sandbox

    return SignReport(
        documents=tuple(lines[path] for path in files),
        certificate=certificate,
        level=options.level.value,
        sandbox=certificate is not None and is_sandbox(certificate),
        dry_run=options.dry_run,
    )


def _planned(job: SignJob) -> SignedDocument:
    return SignedDocument(source=str(job.source), output=str(job.output), outcome="planned")


def _sign_batch(
    batch: Sequence[SignJob],
    session: SigningSession,
    profile: SignatureProfile,
    clock: Clock,
    reason: str,
    *,
    first_number: int,
) -> Iterator[SignedDocument]:
    waiting: dict[str, _Waiting] = {}
    try:
        for number, job in enumerate(batch, first_number):
            try:
                waiting[str(number)] = _prepare(job, session.certificate, profile, clock, reason, doc_id=str(number))
            except DvcError as problem:
                if problem.stops_batch:
                    raise
                yield failed(job.source, problem)
        if not waiting:
            return
        digests = [one.prepared.document for one in waiting.values()]
        jobs = [one.job for one in waiting.values()]
        for value in session.sign(digests, description=describe(jobs)):
            if value.doc_id in waiting:
                yield _completed_or_failed(waiting.pop(value.doc_id), value)
        for doc_id in list(waiting):
            yield _failed_without_value(waiting.pop(doc_id))
    finally:
        for left in waiting.values():
            left.abandon()


def _completed_or_failed(waiting: _Waiting, value: RawSignature) -> SignedDocument:
    try:
        return _complete(waiting, value)
    except DvcError as problem:
        waiting.abandon()
        if problem.stops_batch:
            raise
        return failed(waiting.job.source, problem)
    except BaseException:
        waiting.abandon()
        raise


def _failed_without_value(waiting: _Waiting) -> SignedDocument:
    waiting.abandon()
    return failed(waiting.job.source, _value_missing(waiting.job))


def _value_missing(job: SignJob) -> BadSignature:
    return BadSignature(
        _("The signer returned no signature for `{name}`").format(name=job.name), hint=_("Sign this file again")
    )


def _prepare(
    job: SignJob,
    certificate: SigningCertificate,
    profile: SignatureProfile,
    clock: Clock,
    reason: str,
    *,
    doc_id: str,
) -> _Waiting:
    from dvc_cli.sign.pades.prepare import SignatureRequest, prepare
    from dvc_cli.sign.pades.verify import open_input

    request = SignatureRequest(placement=job.placement, profile=profile, signed_at=clock.now(), reason=reason)
    with ExitStack() as stack:
        source = stack.enter_context(open_input(job.source))
        output = ExitStack()
        file = output.enter_context(atomic_file(job.output, overwrite=job.overwrite))
        stack.push(output)  # removes the temporary file when preparing fails
        prepared = prepare(source, file, request, certificate, doc_id=doc_id, name=job.name)
        stack.pop_all()
        source.close()
    return _Waiting(job, file, prepared, output)


def _complete(waiting: _Waiting, value: RawSignature) -> SignedDocument:
    from dvc_cli.sign.pades.earlier import check_earlier
    from dvc_cli.sign.pades.integrity import check_output, sha256_of
    from dvc_cli.sign.pades.prepare import embed

    embed(waiting.file, waiting.prepared, value.value)
    check_output(waiting.file, waiting.prepared)
    check_earlier(waiting.file, waiting.prepared)
    digest = sha256_of(waiting.file)
    size = waiting.file.seek(0, 2)
    waiting.stack.close()
    return SignedDocument(
        source=str(waiting.job.source),
        output=str(waiting.job.output),
        outcome="signed",
        signer=waiting.prepared.certificate.common_name,
        sha256=digest,
        size=size,
    )

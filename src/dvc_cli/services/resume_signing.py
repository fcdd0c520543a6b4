"""Finishing what an interrupted run sent to a cloud signer: `sign --resume`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from dvc_cli.errors import DvcError
from dvc_cli.i18n import _
from dvc_cli.model.ports import Progress, Prompter
from dvc_cli.model.signing import SignedDocument, SigningCertificate, SignReport
from dvc_cli.services.kept_batches import KeptBatch, KeptBatches
from dvc_cli.services.sign import can_go_on, finish_batch
from dvc_cli.services.sign_plan import failed, skipped
from dvc_cli.sign.base import Signer, SignerSpec


def resume_signing(
    kept: KeptBatches, open_signer: Callable[[SignerSpec], Signer], *, progress: Progress, prompter: Prompter
) -> SignReport:
    """Finish every open batch of the active profile; the batch of one signer does not stop that of another.

    Raises:
        DvcError: the only batch cannot be finished.
    """
    batches = kept.all()
    lines: list[SignedDocument] = []
    certificate: SigningCertificate | None = None
    for batch in batches:
        if batch.profile != kept.profile:
            told = _("belongs to the profile {name}: use `--profile {name}`").format(name=batch.profile or "-")
            lines += [skipped(copy.job.source, told) for copy in batch.copies]
            continue
        certificate = batch.certificate
        try:
            lines += _finish(batch, kept, open_signer, progress, prompter)
        except DvcError as problem:
            if len(batches) == 1:
                raise
            lines += [failed(copy.job.source, problem) for copy in batch.copies if copy.finished is None]
    kept.pause()
    return _report(lines, certificate)


def _finish(
    batch: KeptBatch,
    kept: KeptBatches,
    open_signer: Callable[[SignerSpec], Signer],
    progress: Progress,
    prompter: Prompter,
) -> list[SignedDocument]:
    if batch.problem is not None:
        raise batch.problem
    # The same certificate as then, whatever the profile says by now.
    spec = replace(batch.signer, options={**batch.signer.options, "cert": batch.certificate.fingerprint})
    try:
        with (
            open_signer(spec).open(prompter, progress) as session,
            progress.task(_("Signing"), total=len(batch.copies)) as task,
        ):
            lines = []
            for line in finish_batch(batch, session):
                lines.append(line)
                task.advance()
    except DvcError as problem:
        if not can_go_on(problem):
            kept.over(batch.id)
        raise
    kept.over(batch.id)
    return lines


def _report(lines: list[SignedDocument], certificate: SigningCertificate | None) -> SignReport:
    from dvc_cli.sign.certificates import is_sandbox

    levels = sorted({line.level for line in lines if line.level})
    return SignReport(
        documents=tuple(lines),
        certificate=certificate,
        level=", ".join(levels) or "b-b",
        sandbox=certificate is not None and is_sandbox(certificate),
    )

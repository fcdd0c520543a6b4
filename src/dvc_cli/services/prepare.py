"""From the user's files to the frozen bytes that are filed: convert, copy, sign; stored first, journalled then."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from dvc_cli.errors import InvalidInput, SigningRefused, StorageProblem
from dvc_cli.files import make_private_folder
from dvc_cli.i18n import _
from dvc_cli.model.events import FileSigned, FrozenFile
from dvc_cli.model.submission import Row
from dvc_cli.services.desk import Desk
from dvc_cli.services.plan import PlannedFile, SubmissionPlan
from dvc_cli.services.right_certificate import require_right_certificate
from dvc_cli.services.sign_plan import SignJob
from dvc_cli.services.signature_places import placement_of
from dvc_cli.services.sizes import require_size


class SourceChanged(InvalidInput):
    """A file was changed after the plan was shown."""

    slug = "source-changed"


class WorkFileChanged(StorageProblem):
    """A prepared or signed file in the state folder is not what the journal says."""

    slug = "work-file-changed"


class SignatureFailed(SigningRefused):
    """A paper of the dossier could not be signed."""

    slug = "signature-failed"


@dataclass(frozen=True, slots=True)
class Workplace:
    """The folder of one reference and plan: an amended plan never meets the bytes of an older one."""

    folder: Path

    @classmethod
    def of(cls, desk: Desk, plan: SubmissionPlan) -> Workplace:
        """Made 0700 when missing; what a killed run left half-written in it goes."""
        folder = desk.folder / plan.reference / plan.sha256[:16]
        make_private_folder(folder)
        for left in (*folder.glob(".*.dvc-tmp"), *folder.glob("*-source-*")):
            left.unlink(missing_ok=True)
        return cls(folder)

    def prepared(self, plan: SubmissionPlan, file: PlannedFile) -> Path:
        """Where the prepared bytes of a file lie."""
        extension = file.upload_name.rpartition(".")[2]
        return self.folder / f"{plan.files.index(file) + 1:02d}.{extension}"

    def signed(self, plan: SubmissionPlan, file: PlannedFile, step: int) -> Path:
        """Where the bytes after signature number `step` lie."""
        return self.folder / f"{plan.files.index(file) + 1:02d}.signed-{step + 1}.pdf"

    def final(self, plan: SubmissionPlan, file: PlannedFile, row: Row) -> Path:
        """The bytes that the dossier must hold."""
        steps = len(row.signatures_of(file.slot))
        return self.signed(plan, file, steps - 1) if steps else self.prepared(plan, file)


def prepare_files(desk: Desk, plan: SubmissionPlan) -> tuple[FrozenFile, ...]:
    """Convert and copy everything into the work folder; the hashes returned are of what lies there.

    Raises:
        SourceChanged: a file is not what the plan showed. TooLarge: after conversion. Errors of the converter and the disk.
    """
    place = Workplace.of(desk, plan)
    frozen = []
    with desk.progress.task(_("Preparing files"), total=len(plan.files)) as task:
        for file in plan.files:
            task.update(file.upload_name)
            target = place.prepared(plan, file)
            _prepare(desk, file, target)
            digest, size = digest_of(target)
            require_size(file.upload_name, size, file.limit)
            frozen.append(FrozenFile(file.slot, digest, size, len(file.signatures)))
            task.advance()
    return tuple(frozen)


def _prepare(desk: Desk, file: PlannedFile, target: Path) -> None:
    copies = []
    for number, source in enumerate(file.sources):
        content = _read(source.path)
        if hashlib.sha256(content).hexdigest() != source.sha256:
            raise SourceChanged(
                _("`{path}` was changed after the plan was shown").format(path=source.path),
                hint=_("Run the command again and look at the new plan"),
            )
        if not file.converts:
            desk.save(target, content, overwrite=True)
            return
        copy = target.parent / f"{target.stem}-source-{number + 1:02d}{source.path.suffix.lower()}"
        desk.save(copy, content, overwrite=True)
        copies.append(copy)
    target.unlink(missing_ok=True)  # left by a run that was killed before it was journalled
    try:
        desk.convert(copies, target, desk.progress)
    except InvalidInput as error:
        for copy, source in zip(copies, file.sources, strict=True):
            error.message = error.message.replace(str(copy), str(source.path))
        raise
    finally:
        for copy in copies:
            copy.unlink(missing_ok=True)


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise SourceChanged(
            _("`{path}` cannot be read any more: {reason}").format(path=path, reason=error.strerror or error)
        ) from error


def digest_of(path: Path) -> tuple[str, int]:
    """(SHA-256, size) of a work file. Raises WorkFileChanged when it is gone."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest(), file.tell()
    except OSError as error:
        raise WorkFileChanged(
            _("`{path}` is gone from the state folder").format(path=path),
            hint=_("Run the command again with `--amend` to prepare the dossier anew"),
        ) from error


def require_frozen(path: Path, sha256: str) -> None:
    """What is signed or sent is what was frozen. Raises WorkFileChanged."""
    if digest_of(path)[0] != sha256:
        raise WorkFileChanged(
            _("`{path}` was changed in the state folder").format(path=path),
            hint=_("Run the command again with `--amend` to prepare the dossier anew"),
        )


# -- signing ---------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class SignatureStep:
    """The next signature of a file."""

    file: PlannedFile
    step: int
    source: Path
    target: Path

    @property
    def signer(self) -> str:
        """The profile's name of who signs."""
        return self.file.signatures[self.step].signer

    @property
    def reason(self) -> str:
        """The reason that the signature shall state."""
        return self.file.signatures[self.step].reason or ""


def next_steps(plan: SubmissionPlan, row: Row, place: Workplace) -> list[SignatureStep]:
    """The next signature of each file that lacks one, in the order of the plan."""
    steps = []
    for file in plan.files:
        step = len(row.signatures_of(file.slot))
        if step < len(file.signatures):
            target = place.signed(plan, file, step)
            steps.append(SignatureStep(file, step, place.final(plan, file, row), target))
    return steps


def adopted(step: SignatureStep) -> FileSigned | None:
    """A signature that was stored just before the process died, before it could be journalled: never made again (I8).

    The signing service gives a file its name only after it was verified; it continues the bytes that were signed.
    """
    if not step.target.exists():
        return None
    content, before = step.target.read_bytes(), step.source.read_bytes()
    if len(content) <= len(before) or not content.startswith(before):
        step.target.unlink()
        return None
    digest = hashlib.sha256(content).hexdigest()
    return FileSigned(step.file.slot, step.step, digest, len(content))


def same_pass(steps: Sequence[SignatureStep]) -> list[SignatureStep]:
    """The steps that one opening of the first one's signer can do: one PIN, one reason."""
    first = steps[0]
    return [step for step in steps if (step.signer, step.reason) == (first.signer, first.reason)]


def sign_pass(
    desk: Desk, plan: SubmissionPlan, steps: Sequence[SignatureStep], signed: Callable[[FileSigned], object]
) -> None:
    """Open the signer once and make these signatures; `signed` journals each as soon as it lies on disk.

    Raises:
        CertificateOfAnother, NoAuthorisation: before anything is signed.
        SignatureFailed, or what the signer says.
    """
    signer = desk.signer(steps[0].signer)
    with signer.open(desk.prompter, desk.progress) as session:
        certificate = session.certificate
        names = [file.component for file in plan.files]
        require_right_certificate(certificate, plan.dossier, names, on_behalf=desk.on_behalf)
        jobs = {step.source: step for step in steps}
        requests = [
            SignJob(source=step.source, output=step.target, placement=placement_of(step.file.signatures[step.step]))
            for step in steps
        ]
        way = "smartca" if signer.capabilities.kind == "smartca" else "token"
        with desk.progress.task(_("Signing with {signer}").format(signer=signer.name), total=len(steps)) as task:
            for line in desk.sign_files(
                requests,
                session,
                profile=desk.signature_profile,
                clock=desk.clock,
                reason=steps[0].reason,
                max_batch=signer.capabilities.max_batch,
                kept=desk.kept(steps[0].signer) if signer.capabilities.resumable else None,
            ):
                step = jobs[Path(line.source)]
                if line.outcome != "signed":
                    raise SignatureFailed(
                        _("`{name}` was not signed: {reason}").format(name=step.file.upload_name, reason=line.reason),
                        hint=_("What is signed already is kept; run the same command again"),
                    )
                digest, size = digest_of(step.target)
                signed(FileSigned(step.file.slot, step.step, digest, size, certificate.fingerprint, way))
                task.advance()

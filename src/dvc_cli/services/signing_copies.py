"""The copy of a document that waits for its signature: beside the output, or kept in the state folder for a cloud signer."""

from __future__ import annotations

import hashlib
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Protocol

from dvc_cli.errors import StorageProblem
from dvc_cli.files import atomic_file, check_output
from dvc_cli.i18n import _
from dvc_cli.model.ports import Clock
from dvc_cli.model.signing import SignatureProfile, SignedDocument, SigningCertificate
from dvc_cli.services.sign_plan import SignJob

if TYPE_CHECKING:
    from dvc_cli.sign.pades.levels import LevelMaker
    from dvc_cli.sign.pades.prepare import PreparedDocument, SignatureRequest

_CHUNK = 1 << 20


class PreparedChanged(StorageProblem):
    """A prepared document in the state folder is not what was sent to be signed."""

    slug = "prepared-changed"


class _Abandoned(Exception):
    """Tells the temporary file to vanish; nothing failed here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """What all documents of a run have in common."""

    profile: SignatureProfile
    clock: Clock
    reason: str = ""
    maker: LevelMaker | None = None  # None: B-B

    @property
    def level(self) -> str:
        """The level that the signatures reach."""
        return self.maker.level.value if self.maker else "b-b"


class Waiting(Protocol):
    """A prepared document; exactly one of `complete` and `abandon` ends it."""

    @property
    def job(self) -> SignJob:
        """What it becomes."""

    @property
    def prepared(self) -> PreparedDocument:
        """What the key signs, and where the value goes."""

    def complete(self, value: bytes) -> SignedDocument:
        """Embed the raw value, verify what was written, and give the output its name."""

    def abandon(self) -> None:
        """Remove what is temporary."""


@dataclass(frozen=True, slots=True)
class OpenCopy:
    """A prepared copy under its temporary name beside the output."""

    job: SignJob
    file: BinaryIO
    prepared: PreparedDocument
    stack: ExitStack
    maker: LevelMaker | None = None

    def complete(self, value: bytes) -> SignedDocument:
        """See `Waiting.complete`."""
        digest, size = _embedded(self.file, self.prepared, value, self.maker)
        self.stack.close()
        return signed_line(self.job, self.prepared, digest, size, _level(self.maker))

    def abandon(self) -> None:
        """See `Waiting.abandon`."""
        with suppress(_Abandoned), self.stack:
            raise _Abandoned


@dataclass(frozen=True, slots=True)
class KeptCopy:
    """A prepared copy in the state folder; it stays there until its whole batch is over."""

    job: SignJob
    path: Path
    sha256: str
    prepared: PreparedDocument
    maker: LevelMaker | None = None

    def complete(self, value: bytes) -> SignedDocument:
        """See `Waiting.complete`; raises PreparedChanged also."""
        with atomic_file(self.job.output, overwrite=self.job.overwrite) as file:
            _copy(self.path, file, self.sha256)
            digest, size = _embedded(file, self.prepared, value, self.maker)
        return signed_line(self.job, self.prepared, digest, size, _level(self.maker))

    def abandon(self) -> None:
        """See `Waiting.abandon`."""

    @property
    def finished(self) -> SignedDocument | None:
        """The line for the output when an earlier run has completed it: the prepared bytes with a sound value in the gap."""
        from dvc_cli.sign.pades.earlier import check_added
        from dvc_cli.sign.pades.integrity import OutputNotValid, sha256_of
        from dvc_cli.sign.pades.integrity import check_output as check_signature

        try:
            with self.path.open("rb") as before, self.job.output.open("rb") as after:
                if not _same_but_value(before, after, self.prepared):
                    return None
                if after.seek(0, 2) > before.seek(0, 2):
                    check_added(after, self.prepared)
                else:
                    check_signature(after, self.prepared)
                return signed_line(self.job, self.prepared, sha256_of(after), after.seek(0, 2), _level(self.maker))
        except (OSError, OutputNotValid):
            return None


def open_copy(job: SignJob, certificate: SigningCertificate, wishes: Wishes, *, doc_id: str) -> OpenCopy:
    """Prepare beside the output. Raises what is wrong with the input, the output or the disk."""
    from dvc_cli.sign.pades.prepare import prepare
    from dvc_cli.sign.pades.verify import open_input

    with ExitStack() as stack:
        source = stack.enter_context(open_input(job.source))
        output = ExitStack()
        file = output.enter_context(atomic_file(job.output, overwrite=job.overwrite))
        stack.push(output)  # removes the temporary file when preparing fails
        prepared = prepare(source, file, _request(job, wishes), certificate, doc_id=doc_id, name=job.name)
        stack.pop_all()
        source.close()
    return OpenCopy(job, file, prepared, output, wishes.maker)


def kept_copy(job: SignJob, certificate: SigningCertificate, wishes: Wishes, *, doc_id: str, path: Path) -> KeptCopy:
    """Prepare at `path` in the state folder. Errors as `open_copy`."""
    from dvc_cli.sign.pades.integrity import sha256_of
    from dvc_cli.sign.pades.prepare import prepare
    from dvc_cli.sign.pades.verify import open_input

    check_output(job.output, overwrite=job.overwrite)
    with open_input(job.source) as source, atomic_file(path) as file:
        prepared = prepare(source, file, _request(job, wishes), certificate, doc_id=doc_id, name=job.name)
        digest = sha256_of(file)
    return KeptCopy(job, path, digest, prepared, wishes.maker)


def signed_line(job: SignJob, prepared: PreparedDocument, digest: str, size: int, level: str = "b-b") -> SignedDocument:
    """The line for a document that is signed."""
    return SignedDocument(
        source=str(job.source),
        output=str(job.output),
        outcome="signed",
        signer=prepared.certificate.common_name,
        sha256=digest,
        size=size,
        level=level,
    )


def _request(job: SignJob, wishes: Wishes) -> SignatureRequest:
    from dvc_cli.sign.pades.prepare import SignatureRequest

    return SignatureRequest(
        placement=job.placement,
        profile=wishes.profile,
        signed_at=wishes.clock.now(),
        reason=wishes.reason,
        extra_room=wishes.maker.room() if wishes.maker else 0,
    )


def _level(maker: LevelMaker | None) -> str:
    return maker.level.value if maker else "b-b"


def _embedded(file: BinaryIO, prepared: PreparedDocument, value: bytes, maker: LevelMaker | None) -> tuple[str, int]:
    """Embed, verify, and raise the level; (SHA-256, size)."""
    from dvc_cli.sign.pades.earlier import check_earlier
    from dvc_cli.sign.pades.integrity import check_output as check_signature
    from dvc_cli.sign.pades.integrity import sha256_of
    from dvc_cli.sign.pades.prepare import embed

    embed(file, prepared, value, maker.token(value) if maker else None)
    check_signature(file, prepared)
    if maker is not None:
        maker.complete(file, prepared.document.display_name)
    check_earlier(file, prepared)
    return sha256_of(file), file.seek(0, 2)


def _copy(source: Path, target: BinaryIO, sha256: str) -> None:
    state = hashlib.sha256()
    try:
        with source.open("rb") as file:
            while piece := file.read(_CHUNK):
                state.update(piece)
                target.write(piece)
    except FileNotFoundError:
        state = hashlib.sha256()
    if state.hexdigest() != sha256:
        raise PreparedChanged(
            _("`{path}` was changed in the state folder").format(path=source),
            hint=_("Reject the request on the phone if it is still open, and run the command again"),
        )


def _same_but_value(before: BinaryIO, after: BinaryIO, prepared: PreparedDocument) -> bool:
    """Whether the first file is the beginning of the second one, but for what stands between the brackets of /Contents."""
    if before.seek(0, 2) > after.seek(0, 2):
        return False
    for start, end in ((0, prepared.contents_start + 1), (prepared.contents_end - 1, before.tell())):
        before.seek(start)
        after.seek(start)
        left = end - start
        while left > 0:
            piece = before.read(min(_CHUNK, left))
            if not piece or piece != after.read(len(piece)):
                return False
            left -= len(piece)
    return True

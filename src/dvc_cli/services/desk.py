"""What the filing of a dossier needs from outside, handed in by the command (and by bulk later)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from dvc_cli.journal.base import Journal
from dvc_cli.model.ports import Clock, Progress, Prompter
from dvc_cli.model.signing import SignatureProfile, SignedDocument
from dvc_cli.portal.base import Portal, PortalSession
from dvc_cli.services.kept_batches import KeptBatches
from dvc_cli.services.sign_plan import SignJob
from dvc_cli.sign.base import Signer, SigningSession


class Convert(Protocol):
    """Makes one PDF of pictures; `output` is whole or not there."""

    def __call__(self, inputs: Sequence[Path], output: Path, progress: Progress) -> None: ...


class SignFiles(Protocol):
    """`services.sign.sign_files`: signs a batch with one opened session, a line per file as it is settled."""

    def __call__(
        self,
        jobs: Sequence[SignJob],
        session: SigningSession,
        *,
        profile: SignatureProfile,
        clock: Clock,
        reason: str = "",
        max_batch: int = 10,
        kept: KeptBatches | None = None,
    ) -> Iterator[SignedDocument]: ...


class SaveFile(Protocol):
    """`files.write_atomically`: temporary file 0600, fsync, rename, fsync of the folder (R7)."""

    def __call__(self, path: Path, data: bytes, mode: int = 0o600, overwrite: bool = False) -> int: ...


class SessionDoor(Protocol):
    """Logging in, guarded: at most one wrong password per run."""

    def ensure(self) -> PortalSession:
        """A session that the portal accepts; logs in when there is none. Raises LoginNeeded or Blocked."""

    def renew(self) -> PortalSession:
        """Log in once more after the session ended. Raises LoginNeeded or Blocked."""


def nothing_kept(_name: str) -> KeptBatches | None:
    """For signers that cannot resume, and for tests: nothing outlives the run."""
    return None


def no_jitter() -> float:
    """For tests: waits are exactly as long as they are."""
    return 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """Collaborators of one submission. `folder` holds the work files of all references; `jitter` gives factors round 1;
    `kept` gives what a signer was sent and has not given back yet.
    """

    portal: Portal
    journal: Journal
    sessions: SessionDoor
    signer: Callable[[str], Signer]
    sign_files: SignFiles
    convert: Convert
    save: SaveFile
    clock: Clock
    progress: Progress
    prompter: Prompter
    folder: Path
    signature_profile: SignatureProfile = SignatureProfile.PADES
    on_behalf: bool = False
    send_reference: bool = True
    attempts: int = 4
    jitter: Callable[[], float] = field(default=no_jitter)
    kept: Callable[[str], KeptBatches | None] = field(default=nothing_kept)

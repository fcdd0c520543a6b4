"""Puts a desk together from the collaborators of a run."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from dvc_cli.config.paths import Paths
from dvc_cli.config.profiles import Profile
from dvc_cli.errors import ConfigurationProblem
from dvc_cli.i18n import _
from dvc_cli.journal.base import Journal
from dvc_cli.model.ports import Clock, Progress, Prompter
from dvc_cli.model.secret import Secret
from dvc_cli.portal.base import Portal
from dvc_cli.services.desk import Desk
from dvc_cli.services.kept_batches import KeptBatches
from dvc_cli.services.login import Access
from dvc_cli.sign.base import SecretSource, Signer, SignerSpec

if TYPE_CHECKING:
    from dvc_cli.sign.pades.levels import Evidence


class Run(Protocol):
    """The part of `context.Context` that filing needs."""

    @property
    def portal(self) -> Portal: ...
    @property
    def journal(self) -> Journal: ...
    @property
    def access(self) -> Access: ...
    @property
    def profile(self) -> Profile: ...
    @property
    def paths(self) -> Paths: ...
    @property
    def clock(self) -> Clock: ...
    @property
    def progress(self) -> Progress: ...
    @property
    def prompter(self) -> Prompter: ...
    def evidence(self, tsa: Sequence[str] | None = None, trust: Sequence[Path] | None = None) -> Evidence: ...
    def kept_batches(self, spec: SignerSpec | None = None) -> KeptBatches: ...
    def signer_spec(self, name: str | None) -> SignerSpec: ...
    def signer(self, spec: SignerSpec, *, secrets: SecretSource | None = None) -> Signer: ...
    def secret_source(self, spec: SignerSpec) -> SecretSource: ...


def open_desk(run: Run, *, on_behalf: bool = False) -> Desk:
    """The desk of the active profile. Nothing is opened or asked yet."""
    import random

    from dvc_cli.files import write_atomically
    from dvc_cli.model.signing import SignatureProfile
    from dvc_cli.services.sign import maker_for, sign_files

    # B-T where the profile has a time-stamping service (decisions.md, Sign defaults).
    maker = maker_for(None, run.evidence()) if run.profile.tsa else None

    @cache
    def signer(name: str) -> Signer:
        spec = run.signer_spec(name)
        return run.signer(spec, secrets=remembering(run.secret_source(spec)))

    return Desk(
        portal=run.portal,
        journal=run.journal,
        sessions=run.access,
        signer=signer,
        sign_files=partial(sign_files, maker=maker),
        convert=_convert,
        save=write_atomically,
        clock=run.clock,
        progress=run.progress,
        prompter=run.prompter,
        folder=run.paths.state / run.profile.name / "dossiers",
        signature_profile=SignatureProfile(run.profile.signature_profile),
        on_behalf=on_behalf,
        send_reference=run.profile.send_reference,
        kept=lambda name: run.kept_batches(run.signer_spec(name)),
        jitter=lambda: random.uniform(0.5, 1.5),  # noqa: S311 - spreads retries, protects nothing
    )


def account_of(run: Run) -> str:
    """The account that dossiers are filed with: of the kept session, else the profile's, else of a log-in now."""
    session = run.access.resume()
    return session.account if session else run.profile.account or run.access.ensure().account


def reference_key_of(profile: Profile) -> Secret:
    """The key of the duplicate protection. Raises ConfigurationProblem when the profile has none."""
    if profile.reference_key:
        return profile.reference_key
    raise ConfigurationProblem(
        _("Profile {name} has no reference key, so a dossier could be filed twice").format(name=profile.name),
        hint=_("Write the profile anew: `dvc-cli profile add {name} --force`").format(name=profile.name),
    )


def remembering(source: SecretSource) -> SecretSource:
    """`source` that asks for each passphrase once a run; PINs are never remembered here, their process holds them."""
    known: dict[tuple[str, str], Secret] = {}

    def ask(purpose: str, subject: str, *, flag: str, question: str) -> Secret:
        if purpose == "pin":
            return source(purpose, subject, flag=flag, question=question)
        if (purpose, subject) not in known:
            known[purpose, subject] = source(purpose, subject, flag=flag, question=question)
        return known[purpose, subject]

    return ask


def _convert(inputs: Sequence[Path], output: Path, progress: Progress) -> None:
    from dvc_cli.scan.convert import ConversionOptions, convert

    convert(inputs, output, ConversionOptions(), progress)

"""`signers list` and `signers test`: the named signers of the profile, and the certificates one of them offers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import ClassVar, Protocol, runtime_checkable

from dvc_cli.config.profiles import Profile
from dvc_cli.errors import ExitCode
from dvc_cli.i18n import _
from dvc_cli.model.ports import Clock, Progress
from dvc_cli.model.signing import SigningCertificate
from dvc_cli.sign.base import Signer, SignerSpec
from dvc_cli.sign.certificates import is_sandbox, problem_at
from dvc_cli.sign.kinds import KINDS, Tried, missing_options
from dvc_cli.sign.selection import matches

_FILE_ENDINGS = ("_file", "_conf")


@runtime_checkable
class Foretelling(Protocol):
    """A signer that can say which certificates `open` will choose among."""

    def candidates(self) -> Sequence[SigningCertificate]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedSigner:
    """A named signer. `needs` and `problem` are in the user's language; `missing` are options and files it lacks."""

    name: str
    kind: str
    title: str
    default: bool
    needs: str
    tried: Tried
    tried_live: bool
    missing: tuple[str, ...]
    problem: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SignerList:
    """Result of `signers list`."""

    schema: ClassVar[str] = "dvc.signers.list/1"
    profile: str
    signers: tuple[ListedSigner, ...]
    sandbox: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferedCertificate:
    """A certificate and whether it would be signed with; `reason` says why not, in the user's language."""

    certificate: SigningCertificate
    offered: bool
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SignerTest:
    """Result of `signers test`: nothing was signed and no PIN was asked for."""

    schema: ClassVar[str] = "dvc.signers.test/1"
    name: str
    kind: str
    tried: Tried
    tried_live: bool
    max_batch: int
    needs_person: bool
    certificates: tuple[OfferedCertificate, ...]
    sandbox: bool = False

    @property
    def exit_code(self) -> ExitCode:
        """0 when there is a certificate to sign with, else 6."""
        return ExitCode.DONE if any(one.offered for one in self.certificates) else ExitCode.SIGNING_REFUSED


def list_signers(profile: Profile) -> SignerList:
    """The named signers of a profile; nothing is opened or contacted."""
    signers = tuple(
        _listed(
            SignerSpec(name=one.name, kind=one.kind, options=one.options), is_default=one.name == profile.default_signer
        )
        for one in profile.signers.values()
    )
    return SignerList(profile=profile.name, signers=signers, sandbox=profile.sandbox)


def try_signer(spec: SignerSpec, signer: Signer, *, clock: Clock, progress: Progress) -> SignerTest:
    """Fetch the signer's certificates and judge each.

    Raises:
        DvcError: the signer cannot be reached, or refuses the log-in.
    """
    with progress.task(_("Asking {name} for its certificates").format(name=spec.name)):
        certificates = signer.certificates()
    abilities = signer.capabilities
    return SignerTest(
        name=spec.name,
        kind=spec.kind,
        tried=_tried(spec.kind),
        tried_live=False,
        max_batch=abilities.max_batch,
        needs_person=abilities.needs_person,
        certificates=judge(certificates, meant(signer, spec, certificates), clock.now()),
        sandbox=any(is_sandbox(one) for one in certificates),
    )


def meant(signer: Signer, spec: SignerSpec, certificates: Sequence[SigningCertificate]) -> set[str]:
    """Fingerprints of those that the signer's settings leave to choose from."""
    if isinstance(signer, Foretelling):
        return {one.fingerprint for one in signer.candidates()}
    wanted = str(spec.options.get("cert", ""))
    return {one.fingerprint for one in (matches(certificates, wanted) if wanted else certificates)}


def judge(
    certificates: Sequence[SigningCertificate], wanted: set[str], now: datetime
) -> tuple[OfferedCertificate, ...]:
    """Each certificate with the reason for which it is not offered."""
    judged = []
    for one in certificates:
        reason = problem_at(one, now) or ""
        if not reason and one.fingerprint not in wanted:
            reason = _("the settings of this signer name another certificate")
        judged.append(OfferedCertificate(certificate=one, offered=not reason, reason=reason))
    return tuple(judged)


def _listed(spec: SignerSpec, *, is_default: bool) -> ListedSigner:
    kind = KINDS.get(spec.kind)
    missing = (*missing_options(spec.kind, spec.options), *_missing_files(spec.options))
    return ListedSigner(
        name=spec.name,
        kind=spec.kind,
        title=_(kind.title) if kind else spec.kind,
        default=is_default,
        needs=_(kind.needs) if kind else "",
        tried=_tried(spec.kind),
        tried_live=False,
        missing=missing,
        problem=_("missing: {names}").format(names=", ".join(missing)) if missing else "",
    )


def _missing_files(options: Mapping[str, str | int | bool]) -> tuple[str, ...]:
    """Files that the settings name and that are not there."""
    named = [
        str(value)
        for key, value in options.items()
        if isinstance(value, str) and (key == "file" or key.endswith(_FILE_ENDINGS))
    ]
    return tuple(path for path in named if not Path(path).expanduser().exists())


def _tried(kind: str) -> Tried:
    known = KINDS.get(kind)
    return known.tried if known else Tried.UNKNOWN

"""What `unsign` and `tokens` take from the active profile: its signers, and where its tokens are reached."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from dvc_cli.sign.base import Signer, SignerSpec

if TYPE_CHECKING:
    from dvc_cli.config.profiles import Profile
    from dvc_cli.services.tokens import TokenSource


class Run(Protocol):
    """The part of a run that is needed here."""

    @property
    def has_profile(self) -> bool: ...

    @property
    def profile(self) -> Profile: ...

    def signer_spec(self, name: str | None) -> SignerSpec: ...

    def signer(self, spec: SignerSpec) -> Signer: ...


def own_signers(run: Run, name: str | None = None) -> list[Signer]:
    """The drivers of the profile's signers, or of the one that is named; none when no profile is in use."""
    if name is not None:
        return [run.signer(run.signer_spec(name))]
    return [run.signer(run.signer_spec(one)) for one in sorted(run.profile.signers)] if run.has_profile else []


def token_spec(run: Run, name: str | None) -> SignerSpec:
    """The named signer, the profile's default one when it is a token, else any token that is plugged in."""
    if name is None and run.has_profile:
        default = run.profile.signers.get(run.profile.default_signer or "")
        if default is not None and default.kind == "token":
            return run.signer_spec(None)
    return SignerSpec(name="token", kind="token") if name is None else run.signer_spec(name)


def token_sources(run: Run, module: Path | None) -> list[TokenSource]:
    """Where tokens are looked for: the named library, or those of the profile's signers and then all on this computer."""
    from dvc_cli.services.tokens import TokenSource
    from dvc_cli.sign.registry import token_environment

    environ = dict(os.environ)
    if module is not None:
        return [TokenSource(module=module, environ=environ)]
    specs = [run.signer_spec(name) for name in run.profile.signers] if run.has_profile else []
    own = [
        TokenSource(module=Path(str(spec.options["module"])).expanduser(), environ=token_environment(spec))
        for spec in specs
        if spec.kind == "token" and spec.options.get("module")
    ]
    return [*own, TokenSource(module=None, environ=environ)]

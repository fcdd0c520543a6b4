"""Where the secrets of a signer come from."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from dvc_cli.model.secret import Secret
from dvc_cli.sign.base import SecretSource, SignerSpec

if TYPE_CHECKING:
    from dvc_cli.config.credentials import Credentials


def secrets_of(spec: SignerSpec, credentials: Credentials) -> SecretSource:
    """By the signer's `*_file`, `*_fd` and `*_command` settings, then environment and keyring, then the prompt."""
    from dvc_cli.config.credentials import CredentialRequest

    def ask(purpose: str, subject: str, *, flag: str, question: str) -> Secret:
        file = spec.options.get(f"{purpose}_file")
        command = spec.options.get(f"{purpose}_command")
        fd = spec.options.get(f"{purpose}_fd")
        request = CredentialRequest(
            purpose=purpose,
            subject=subject,
            file=Path(str(file)) if file else None,
            fd=int(fd) if fd is not None else None,
            command=str(command) if command else None,
            env=f"DVC_{purpose.upper()}",
            flag=flag,
            question=question,
            may_store=purpose not in ("pin", "passphrase"),
        )
        return credentials.get(request).secret

    return ask

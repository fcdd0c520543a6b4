"""The sandbox's certificate authorities and the keys and certificates they issued.

Names: citizen, citizen-ec (P-256), citizen-3072, organisation, expired, revoked, agency (the agency's seal),
smartca-citizen, smartca-seal, smartca-organisation, smartca-expired, smartca-revoked; and the authorities' own:
root, ca, smartca-ca, ocsp, smartca-ocsp, tsa.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from dvc_sandbox.errors import SandboxError

P12_PASSPHRASE = "sandbox"  # noqa: S105 - public on purpose


@dataclass(frozen=True, slots=True)
class Credential:
    """Files of one key: PEM PKCS#8 key (0600, no passphrase), certificate, intermediates, PKCS#12."""

    name: str
    key: Path
    certificate: Path
    chain: Path
    p12: Path


class Pki:
    """Read access to the folder `<state>/pki`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @property
    def root(self) -> Path:
        """The root certificate (PEM), the sandbox's only trust anchor."""
        return self.folder / "certs" / "root.pem"

    def credential(self, name: str) -> Credential:
        """The files of a credential; raises SandboxError("credential-unknown")."""
        if not re.fullmatch(r"[a-z0-9-]+", name):
            raise SandboxError("credential-unknown", f"the sandbox has no certificate named {name!r}")
        certificates = self.folder / "certs"
        credential = Credential(
            name=name,
            key=self.folder / "keys" / f"{name}.pem",
            certificate=certificates / f"{name}.pem",
            chain=certificates / f"{name}.chain.pem",
            p12=self.folder / "p12" / f"{name}.p12",
        )
        if not credential.certificate.is_file() or not credential.key.is_file():
            raise SandboxError("credential-unknown", f"the sandbox has no certificate named {name!r}")
        return credential

    def names(self) -> tuple[str, ...]:
        """Names of all credentials, sorted."""
        return tuple(sorted(path.stem for path in (self.folder / "keys").glob("*.pem")))

    def revoked_since(self, certificate: bytes) -> datetime | None:
        """When a certificate (DER) of this PKI was revoked, or None; the same fact that OCSP and CRL tell."""
        from dvc_sandbox.pki.issue import revocation_of

        return revocation_of(self.folder, certificate)

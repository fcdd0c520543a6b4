"""Whose certificate it is, and whether the sandbox trusts it at a moment of the sandbox's clock."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from dvc_sandbox.signatures.signer_info import Signed
from dvc_sandbox.signatures.verdict import Refused

if TYPE_CHECKING:
    from dvc_sandbox.environment import Environment

AUTHORITIES = ("ca", "smartca-ca")


@dataclass(frozen=True, slots=True)
class SignerIdentity:
    """The certificate's subject: common name, the UID's kind (cccd, cmnd, mst) and number."""

    name: str
    kind: str
    number: str


def identity_of(certificate: bytes) -> SignerIdentity:
    """Read common name and UID (`CCCD:034…`, `MST:010…`) of a certificate (DER)."""
    from asn1crypto import x509

    subject = x509.Certificate.load(certificate).subject.native
    kind, _, number = _first(subject.get("user_id", "")).partition(":")
    return SignerIdentity(_first(subject.get("common_name", "")), kind.strip().lower(), number.strip())


def _first(value: object) -> str:
    """A name's attribute; some authorities write the same one several times."""
    return str(value[0]) if isinstance(value, list) else str(value)


def check_trust(environment: "Environment", signed: Signed) -> Literal["token", "smartca"]:
    """Check path, validity, key usage and revocation at the sandbox's present moment; return whose key it was.

    Revocation comes from the sandbox's own PKI, not over HTTP: it is the same state that its OCSP and CRL tell.
    Raises Refused("untrusted" | "expired" | "not-yet-valid" | "key-usage" | "revoked" | "weak-digest").
    """
    now = environment.clock.now()
    path = _path(environment.pki.root, signed, _authorities(environment), now)
    for certificate in path:
        since = environment.pki.revoked_since(certificate.dump())
        if since is not None and since <= now:
            raise Refused("revoked", f"since {since.isoformat()}")
    smartca = environment.pki.folder / "certs" / "smartca-ca.pem"
    if smartca.is_file() and _load(smartca).dump() in {certificate.dump() for certificate in path}:
        return "smartca"
    return "token"


def _load(path: Path) -> Any:
    from asn1crypto import pem, x509

    return x509.Certificate.load(pem.unarmor(path.read_bytes())[2])


def _authorities(environment: "Environment") -> list[Any]:
    """The intermediates that the portal knows by itself: signers may leave them out."""
    folder = environment.pki.folder / "certs"
    return [_load(folder / f"{name}.pem") for name in AUTHORITIES if (folder / f"{name}.pem").is_file()]


def _path(root: Path, signed: Signed, known: Sequence[Any], moment: datetime) -> list[Any]:
    from asn1crypto import x509
    from pyhanko_certvalidator import CertificateValidator, ValidationContext
    from pyhanko_certvalidator.errors import (
        DisallowedAlgorithmError,
        ExpiredError,
        InvalidCertificateError,
        NotYetValidError,
        PathBuildingError,
        PathValidationError,
    )

    context = ValidationContext(
        trust_roots=[_load(root)],
        other_certs=[*known, *(x509.Certificate.load(other) for other in signed.others)],
        moment=moment,
        allow_fetching=False,
        revocation_mode="soft-fail",
    )
    leaf = x509.Certificate.load(signed.certificate)
    validator = CertificateValidator(leaf, validation_context=context)
    try:
        path = asyncio.run(validator.async_validate_path())
    except ExpiredError as error:
        raise Refused("expired") from error
    except NotYetValidError as error:
        raise Refused("not-yet-valid") from error
    except DisallowedAlgorithmError as error:
        raise Refused("weak-digest") from error
    except (PathBuildingError, PathValidationError, InvalidCertificateError) as error:
        raise Refused("untrusted", type(error).__name__) from error
    usage = leaf.key_usage_value
    if usage is None or not usage.native & {"digital_signature", "non_repudiation"}:
        raise Refused("key-usage")
    return list(path)

"""Making and keeping the PKI: keys once, certificates anew when the address of the servers in them changes."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, cast

from dvc_sandbox.files import private_folder, write_private
from dvc_sandbox.pki import P12_PASSPHRASE
from dvc_sandbox.pki.plan import (
    ARCHITECTURE,
    AUTHORITIES,
    REVOKED_BEFORE,
    Holder,
    KeyKind,
    Tree,
    configuration,
    holders,
    people,
)

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric import ec, rsa
    from cryptography.x509 import Certificate

_SCHEMA = 1


@dataclass(frozen=True, slots=True)
class Issued:
    """What `issued.json` remembers: the address in the certificates, their age, and serials that are revoked."""

    schema: int
    base_url: str
    created_at: str
    revoked: dict[str, str]


def read_issued(folder: Path) -> Issued | None:
    """The record of a complete PKI folder, or None."""
    try:
        content = json.loads((folder / "issued.json").read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return None
    return Issued(**content) if content.get("schema") == _SCHEMA else None


def ensure(folder: Path, base_url: str, created: datetime) -> bool:
    """Bring the folder into being for servers at `base_url`; True when existing certificates had to be issued anew.

    Keys and the root's name stay; certificates of an earlier address stay revoked if they were.
    """
    before = read_issued(folder)
    if before is not None and before.base_url == base_url:
        return False
    for name in ("keys", "public", "certs", "p12"):
        private_folder(folder / name)
    if before is not None:
        created = datetime.fromisoformat(before.created_at)
    created = created.replace(microsecond=0)
    subscribers = holders(people())
    _make_keys(folder, subscribers)
    plan = configuration(base_url, created, subscribers)
    if before is not None:
        _keep_root(plan)
    certificates = _issue_certificates(folder, plan)
    _write_certificates(folder, certificates, subscribers)
    _write_plan(folder, plan)
    revoked = dict(before.revoked) if before else {}
    since = (created - REVOKED_BEFORE).isoformat()
    revoked |= {str(certificates[name].serial_number): since for name, h in subscribers.items() if h.fate == "revoked"}
    record = Issued(schema=_SCHEMA, base_url=base_url, created_at=created.isoformat(), revoked=revoked)
    write_private(folder / "issued.json", json.dumps(asdict(record), indent=2).encode())
    return before is not None


def revocation_of(folder: Path, certificate: bytes) -> datetime | None:
    """When a certificate (DER) issued here was revoked, or None."""
    from cryptography import x509

    record = read_issued(folder)
    since = record.revoked.get(str(x509.load_der_x509_certificate(certificate).serial_number)) if record else None
    return datetime.fromisoformat(since) if since else None


def _make_keys(folder: Path, subscribers: dict[str, Holder]) -> None:
    wanted: dict[str, KeyKind] = dict.fromkeys(AUTHORITIES, "rsa-2048")
    wanted |= {name: holder.key for name, holder in subscribers.items()}
    missing = [(name, kind) for name, kind in wanted.items() if not (folder / "keys" / f"{name}.pem").exists()]

    def make(item: tuple[str, KeyKind]) -> None:
        private, public = _new_key(item[1])
        write_private(folder / "public" / f"{item[0]}.pem", public)
        write_private(folder / "keys" / f"{item[0]}.pem", private)

    with ThreadPoolExecutor(max_workers=4) as pool:
        list(pool.map(make, missing))


def _new_key(kind: KeyKind) -> tuple[bytes, bytes]:
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import ec, rsa

    key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey
    if kind == "p-256":
        key = ec.generate_private_key(ec.SECP256R1())
    else:
        key = rsa.generate_private_key(public_exponent=65537, key_size=3072 if kind == "rsa-3072" else 2048)
    pem = serialization.Encoding.PEM
    private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return private, key.public_key().public_bytes(pem, serialization.PublicFormat.SubjectPublicKeyInfo)


def _certificate_entries(plan: Tree) -> dict[str, Tree]:
    architectures = cast("dict[str, Tree]", plan["pki-architectures"])
    return cast("dict[str, Tree]", architectures[ARCHITECTURE]["certs"])


def _keep_root(plan: Tree) -> None:
    # The root holds no address; users may have imported it by fingerprint.
    _certificate_entries(plan)["root"]["certificate-file"] = "certs/root.pem"


def _issue_certificates(folder: Path, plan: Tree) -> dict[str, Certificate]:
    from certomancer.registry import ArchLabel, CertLabel, CertomancerConfig
    from cryptography import x509

    config = CertomancerConfig(plan, key_search_dir=str(folder), lazy_load_keys=True, config_search_dir=str(folder))
    architecture = config.get_pki_arch(ArchLabel(ARCHITECTURE))
    return {
        name: x509.load_der_x509_certificate(architecture.get_cert(CertLabel(name)).dump())
        for name in _certificate_entries(plan)
    }


def _write_certificates(folder: Path, certificates: dict[str, Certificate], subscribers: dict[str, Holder]) -> None:
    from cryptography.hazmat.primitives.serialization import Encoding

    issuers = {name: holder.issuer for name, holder in subscribers.items()}
    issuers |= {"ocsp": "ca", "smartca-ocsp": "smartca-ca", "tsa": "ca"}
    for name, certificate in certificates.items():
        write_private(folder / "certs" / f"{name}.pem", certificate.public_bytes(Encoding.PEM))
        issuer = issuers.get(name)
        chain = certificates[issuer].public_bytes(Encoding.PEM) if issuer else b""
        write_private(folder / "certs" / f"{name}.chain.pem", chain)
    for name, holder in subscribers.items():
        content = _pkcs12(folder / "keys" / f"{name}.pem", certificates[name], certificates[holder.issuer])
        write_private(folder / "p12" / f"{name}.p12", content)


def _pkcs12(key_file: Path, certificate: Certificate, issuer: Certificate) -> bytes:
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.serialization import pkcs12

    # Our own key, made a moment ago: the check of its primes would cost 30 ms each.
    loaded = serialization.load_pem_private_key(
        key_file.read_bytes(), password=None, unsafe_skip_rsa_key_validation=True
    )
    key = cast("rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey", loaded)
    return pkcs12.serialize_key_and_certificates(
        key_file.stem.encode(),
        key,
        certificate,
        [issuer],
        serialization.BestAvailableEncryption(P12_PASSPHRASE.encode()),
    )


def _write_plan(folder: Path, plan: Tree) -> None:
    # From here on the servers must answer for the very certificates on disk.
    for name, entry in _certificate_entries(plan).items():
        entry["certificate-file"] = f"certs/{name}.pem"
    # JSON is YAML too; in ASCII it survives certomancer's reading in the locale's encoding.
    write_private(folder / "pki.yml", json.dumps(plan, indent=1).encode("ascii"))

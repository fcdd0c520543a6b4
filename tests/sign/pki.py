"""A small certificate authority with Vietnamese subjects, made afresh for each test run."""

from __future__ import annotations

import functools
import warnings
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import pkcs12
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

Key = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey
PASSPHRASE = "mật khẩu thử"
NOW = datetime.now(UTC).replace(microsecond=0)


@dataclass(frozen=True)
class Issued:
    """A key with its certificate and the certificates above it."""

    key: Key
    certificate: x509.Certificate
    chain: tuple[x509.Certificate, ...]

    @property
    def der(self) -> bytes:
        return self.certificate.public_bytes(serialization.Encoding.DER)

    @property
    def chain_der(self) -> tuple[bytes, ...]:
        return tuple(one.public_bytes(serialization.Encoding.DER) for one in self.chain)

    def write_p12(self, path: Path, passphrase: str = PASSPHRASE) -> Path:
        content = pkcs12.serialize_key_and_certificates(
            "khoá ký".encode(),
            self.key,
            self.certificate,
            self.chain,
            serialization.BestAvailableEncryption(passphrase.encode()),
        )
        path.write_bytes(content)
        return path


@functools.cache
def rsa_key(name: str, bits: int = 2048) -> rsa.RSAPrivateKey:
    """One key per name and size."""
    return rsa.generate_private_key(65537, bits)


@functools.cache
def ec_key(name: str) -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def vietnamese_name(common_name: str, uid: str = "", organisation: str = "") -> x509.Name:
    """A subject as Vietnamese issuers write it."""
    parts = [
        x509.NameAttribute(NameOID.COUNTRY_NAME, "VN"),
        x509.NameAttribute(NameOID.STATE_OR_PROVINCE_NAME, "HÀ NỘI"),
    ]
    if organisation:
        parts.append(x509.NameAttribute(NameOID.ORGANIZATION_NAME, organisation))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # names longer than X.520 allows are usual in the field
        parts.append(x509.NameAttribute(NameOID.COMMON_NAME, common_name, _validate=False))
    if uid:
        parts.append(x509.NameAttribute(NameOID.USER_ID, uid))
    return x509.Name(parts)


def _usage(*, sign: bool, repudiation: bool, authority: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=sign,
        content_commitment=repudiation,
        key_encipherment=not sign and not authority,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=authority,
        crl_sign=authority,
        encipher_only=False,
        decipher_only=False,
    )


def issue(
    key: Key,
    subject: x509.Name,
    issuer: Issued | None = None,
    *,
    authority: bool = False,
    signs: bool = True,
    start: datetime = NOW - timedelta(days=30),
    end: datetime = NOW + timedelta(days=365),
    extended: tuple[x509.ObjectIdentifier, ...] = (
        ExtendedKeyUsageOID.CLIENT_AUTH,
        ExtendedKeyUsageOID.EMAIL_PROTECTION,
    ),
) -> Issued:
    """Make a certificate; without issuer it signs itself."""
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer.certificate.subject if issuer else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(end)
        .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
        .add_extension(
            _usage(sign=signs and not authority, repudiation=signs and not authority, authority=authority),
            critical=True,
        )
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )
    if issuer:
        above = x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer.key.public_key())
        builder = builder.add_extension(above, critical=False)
    if extended and not authority:
        builder = builder.add_extension(x509.ExtendedKeyUsage(extended), critical=False)
    certificate = builder.sign(issuer.key if issuer else key, hashes.SHA256())
    chain = (issuer.certificate, *issuer.chain) if issuer else ()
    return Issued(key, certificate, chain)


@functools.cache
def root() -> Issued:
    return issue(
        rsa_key("root"),
        vietnamese_name("Vietnam National Root CA THỬ", organisation="BỘ KHOA HỌC VÀ CÔNG NGHỆ (THỬ)"),
        authority=True,
        start=NOW - timedelta(days=4000),
        end=NOW + timedelta(days=4000),
    )


@functools.cache
def authority() -> Issued:
    return issue(
        rsa_key("ca"),
        vietnamese_name("CA THỬ NGHIỆM SHA-256", organisation="CÔNG TY CHỨNG THỰC THỬ"),
        root(),
        authority=True,
        start=NOW - timedelta(days=2000),
        end=NOW + timedelta(days=2000),
    )


@functools.cache
def person() -> Issued:
    return issue(rsa_key("person"), vietnamese_name("NGUYỄN THỊ ĐƯỢC", "CCCD:001199012345"), authority())


@functools.cache
def organisation() -> Issued:
    name = vietnamese_name(
        "CÔNG TY TNHH MỘT THÀNH VIÊN ĐƯỜNG SÔNG", "MST:0101234567-001", "CÔNG TY TNHH MỘT THÀNH VIÊN ĐƯỜNG SÔNG"
    )
    return issue(rsa_key("organisation", 3072), name, authority())


@functools.cache
def person_ec() -> Issued:
    return issue(ec_key("person"), vietnamese_name("TRẦN VĂN QUÝ", "CCCD:001099054321"), authority())


@functools.cache
def expired() -> Issued:
    return issue(
        rsa_key("expired"),
        vietnamese_name("LÊ THỊ HẾT HẠN", "CCCD:001199088888"),
        authority(),
        start=NOW - timedelta(days=900),
        end=NOW - timedelta(days=30),
    )


@functools.cache
def encryption_only() -> Issued:
    return issue(rsa_key("person"), vietnamese_name("NGUYỄN THỊ ĐƯỢC", "CCCD:001199012345"), authority(), signs=False)


def write_root(folder: Path) -> Path:
    """The root as PEM."""
    path = folder / "root.pem"
    path.write_bytes(root().certificate.public_bytes(serialization.Encoding.PEM))
    return path

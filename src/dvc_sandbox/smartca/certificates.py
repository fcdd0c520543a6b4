"""Subscriber certificates as the service describes them, and raw signatures with their keys."""

from __future__ import annotations

import base64
import textwrap
import uuid
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dvc_sandbox.environment import Environment

WITH_LINE_BREAKS = "smartca-citizen"  # its `cert_data` carries CR LF, as some real answers do
WITHOUT_ROOT = "smartca-organisation"  # its `root_cert` is null, as in some real answers


@dataclass(frozen=True, slots=True)
class SubscriberCertificate:
    """One certificate with its key on the emulator's side."""

    name: str
    serial_number: str
    subject: str
    valid_from: datetime
    valid_to: datetime
    der: bytes
    issuer_der: bytes
    root_der: bytes
    key_file: Path
    revoked_at: datetime | None

    @property
    def is_seal(self) -> bool:
        """Whether this is an organisation's or a person's seal (`ESEAL`), not a personal certificate."""
        return "seal" in self.name

    def status(self, now: datetime) -> tuple[str, str]:
        """`cert_status` (Vietnamese) and `cert_status_code`; only the active pair is documented, the rest is assumed."""
        if self.revoked_at is not None and self.revoked_at <= now:
            return "Đã thu hồi", "REVOKED"
        if now > self.valid_to:
            return "Hết hạn", "EXPIRED"
        if now < self.valid_from:
            return "Chưa có hiệu lực", "NOT_YET_VALID"
        return "Đang hoạt động", "VALID"

    def is_usable(self, now: datetime) -> bool:
        """Whether the service signs with it at that moment."""
        return self.status(now)[1] == "VALID"

    def sign_digest(self, digest: str) -> bytes:
        """Raw RSASSA-PKCS1-v1_5 value over a hex SHA-256 digest."""
        from cryptography.hazmat.primitives import hashes, serialization
        from cryptography.hazmat.primitives.asymmetric import padding, rsa, utils

        key = serialization.load_pem_private_key(self.key_file.read_bytes(), password=None)
        if not isinstance(key, rsa.RSAPrivateKey):
            raise TypeError(f"{self.name} has no RSA key")
        return key.sign(bytes.fromhex(digest), padding.PKCS1v15(), utils.Prehashed(hashes.SHA256()))

    def entry(self, now: datetime, *, with_status_code: bool) -> dict[str, object]:
        """The element of `user_certificates[]` (contract smartca.md §1)."""
        words, code = self.status(now)
        cert_data = base64.b64encode(self.der).decode("ascii")
        row: dict[str, object] = {
            "service_type": "ESEAL" if self.is_seal else "SMARTCA",
            "service_name": "Con dấu số (THỬ NGHIỆM)" if self.is_seal else "SmartCA cá nhân (THỬ NGHIỆM)",
            "cert_id": str(uuid.uuid5(uuid.NAMESPACE_OID, self.serial_number)),
            "cert_status": words,
            "serial_number": self.serial_number,
            "cert_subject": self.subject,
            "cert_valid_from": _iso(self.valid_from),
            "cert_valid_to": _iso(self.valid_to),
            "cert_data": broken_lines(cert_data) if self.name == WITH_LINE_BREAKS else cert_data,
            "chain_data": {
                "ca_cert": base64.b64encode(self.issuer_der).decode("ascii"),
                "root_cert": None if self.name == WITHOUT_ROOT else base64.b64encode(self.root_der).decode("ascii"),
            },
        }
        if with_status_code:
            row["cert_status_code"] = code
        return row


def broken_lines(text: str) -> str:
    """Base64 in lines of 64 characters with CR LF, the last one too."""
    return "".join(line + "\r\n" for line in textwrap.wrap(text, 64))


def read_certificate(environment: Environment, name: str) -> SubscriberCertificate:
    """The PKI entity `name` as a subscriber's certificate."""
    from cryptography import x509
    from cryptography.hazmat.primitives.serialization import Encoding

    credential = environment.pki.credential(name)
    leaf = x509.load_pem_x509_certificate(credential.certificate.read_bytes())
    der = leaf.public_bytes(Encoding.DER)
    issuer = x509.load_pem_x509_certificates(credential.chain.read_bytes())[0]
    root = x509.load_pem_x509_certificate(environment.pki.root.read_bytes())
    return SubscriberCertificate(
        name=name,
        serial_number=f"{leaf.serial_number:x}".zfill(2),
        subject=leaf.subject.rfc4514_string({x509.NameOID.USER_ID: "UID"}),
        valid_from=leaf.not_valid_before_utc,
        valid_to=leaf.not_valid_after_utc,
        der=der,
        issuer_der=issuer.public_bytes(Encoding.DER),
        root_der=root.public_bytes(Encoding.DER),
        key_file=credential.key,
        revoked_at=environment.pki.revoked_since(der),
    )


def _iso(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")

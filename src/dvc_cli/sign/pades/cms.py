"""The CMS of a signature: signed attributes before, the whole SignedData after the key has signed (RFC 5652, EN 319 122-1)."""

# mypy: allow-untyped-calls
# pyHanko is typed in part only.
from __future__ import annotations

import asyncio
from typing import Any

from dvc_cli.model.signing import KeyAlgorithm, SigningCertificate

_SLACK = 64  # bytes; the DER length of an ECDSA value varies by a few


def signed_attributes(document_digest: bytes, certificate: SigningCertificate) -> bytes:
    """DER of the signed attributes (SET OF, tag 0x31): content type, message digest, signing-certificate-v2.

    No signing-time: PAdES forbids it (EN 319 142-1 §6.3), the time stands in /M.
    """
    from asn1crypto import cms
    from asn1crypto import x509 as asn1_x509
    from pyhanko.sign.general import as_signing_certificate_v2, simple_cms_attribute

    leaf = asn1_x509.Certificate.load(certificate.der)
    attributes = cms.CMSAttributes(
        [
            simple_cms_attribute("content_type", "data"),
            simple_cms_attribute("message_digest", document_digest),
            simple_cms_attribute("signing_certificate_v2", as_signing_certificate_v2(leaf)),
        ]
    )
    der: bytes = attributes.dump()
    return der


def assemble(attributes: bytes, certificate: SigningCertificate, value: bytes, token: Any = None) -> bytes:
    """DER of the complete SignedData with `value` as the signature over `attributes`; the known chain is embedded.

    `token` is a time stamp over the value (a `ContentInfo`), stored as an unsigned attribute (EN 319 122-1 §5.3).
    """
    from asn1crypto import cms
    from pyhanko.sign.general import simple_cms_attribute

    signer = _external_signer(certificate, value)
    content = asyncio.run(
        signer.async_sign_prescribed_attributes("sha256", signed_attrs=cms.CMSAttributes.load(attributes))
    )
    if token is not None:
        info = content["content"]["signer_infos"][0]
        info["unsigned_attrs"] = cms.CMSAttributes([simple_cms_attribute("signature_time_stamp_token", token)])
    der: bytes = content.dump(force=token is not None)
    return der


def size_needed(certificate: SigningCertificate) -> int:
    """Bytes to reserve for the CMS of `certificate` with its real chain (signatures.md §2 rule 3)."""
    size = (certificate.key_bits + 7) // 8
    value_size = size if certificate.algorithm is KeyAlgorithm.RSA else 2 * (size + 4) + 8
    attributes = signed_attributes(bytes(32), certificate)
    return len(assemble(attributes, certificate, bytes(value_size))) + _SLACK


def _external_signer(certificate: SigningCertificate, value: bytes) -> Any:
    from asn1crypto import x509 as asn1_x509
    from pyhanko.sign.signers.pdf_cms import ExternalSigner
    from pyhanko_certvalidator.registry import SimpleCertificateStore

    store = SimpleCertificateStore()
    for der in certificate.chain:
        store.register(asn1_x509.Certificate.load(der))
    return ExternalSigner(
        signing_cert=asn1_x509.Certificate.load(certificate.der), cert_registry=store, signature_value=value
    )

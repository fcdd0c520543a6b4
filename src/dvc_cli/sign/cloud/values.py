"""Certificates and signature values as services give them: decoded, matched by what they verify, never trusted."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass

from dvc_cli.i18n import _
from dvc_cli.model.signing import DocumentDigest, KeyAlgorithm, RawSignature, SigningCertificate
from dvc_cli.sign.base import BadSignature
from dvc_cli.sign.certificates import CertificateUnreadable, certificate_from_der, verify_raw

_DER_SEQUENCE = 0x30


@dataclass(frozen=True, slots=True)
class CheckedValues:
    """The values that verify, and the shown names of the documents that have none, with the reason."""

    good: tuple[RawSignature, ...]
    problems: tuple[str, ...]

    def require_complete(self, service: str) -> None:
        """Raises BadSignature when a document has no value."""
        if self.problems:
            raise BadSignature(
                _("{service} returned no usable signature for {count} of the documents; these were not signed").format(
                    service=service, count=len(self.problems)
                ),
                hint=_("Run the same command again; when it happens again, report it to the service"),
                details=self.problems,
            )


def decoded(text: object) -> bytes | None:
    """The bytes of base64 that may be broken into lines; None for anything else."""
    if not isinstance(text, str):
        return None
    try:
        return base64.b64decode("".join(text.split()), validate=True) or None
    except (binascii.Error, ValueError):
        return None


def read_certificate(texts: object, *, label: str, key_id: str) -> SigningCertificate | None:
    """The first of a list of base64 certificates, with its issuers found among the others; None when it is none."""
    ders = [der for text in texts if (der := decoded(text))] if isinstance(texts, list) else []
    if not ders:
        return None
    try:
        return certificate_from_der(ders[0], ders[1:], label=label, key_id=key_id)
    except CertificateUnreadable:
        return None


def check_values(documents: Sequence[DocumentDigest], values: object, certificate: SigningCertificate) -> CheckedValues:
    """Give each document the value that verifies over its digest, wherever it stands in the list.

    These services answer with a bare list in the order of the request; the order is a hint here, not a promise.
    """
    texts = values if isinstance(values, list) else []
    raw = [_in_der(decoded(text), certificate) for text in texts]
    good, problems = [], []
    for index, document in enumerate(documents):
        at_place = raw[index] if index < len(raw) else None
        candidates = [at_place, *(one for one in raw if one is not at_place)]
        value = next((one for one in candidates if one and verify_raw(certificate, document.digest, one)), None)
        if value is not None:
            good.append(RawSignature(doc_id=document.doc_id, value=value))
        else:
            problems.append(f"{document.display_name or document.doc_id}: {_reason(at_place, certificate)}")
    return CheckedValues(tuple(good), tuple(problems))


def _in_der(value: bytes | None, certificate: SigningCertificate) -> bytes | None:
    """ECDSA values may come as two numbers in a row; PDF signatures hold the DER sequence."""
    if value is None or certificate.algorithm is not KeyAlgorithm.EC:
        return value
    size = (certificate.key_bits + 7) // 8
    if len(value) != 2 * size:
        return value
    from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

    return encode_dss_signature(int.from_bytes(value[:size], "big"), int.from_bytes(value[size:], "big"))


def _reason(value: bytes | None, certificate: SigningCertificate) -> str:
    if value is None:
        return _("no value came")
    is_wrapped = len(value) * 8 > certificate.key_bits and value[0] == _DER_SEQUENCE
    if certificate.algorithm is KeyAlgorithm.RSA and is_wrapped:
        return _("the value is a PKCS#7 container instead of a raw signature")
    return _("the value does not verify with the certificate")

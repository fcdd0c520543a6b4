"""Returned signature values: decoded, matched by document, verified; never trusted (security.md, SmartCA)."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from dvc_cli.i18n import _
from dvc_cli.model.signing import KeyAlgorithm, RawSignature, SigningCertificate
from dvc_cli.sign.certificates import verify_raw
from dvc_cli.sign.smartca.record import PendingDocument

_DER_SEQUENCE = 0x30


@dataclass(frozen=True, slots=True)
class CheckedValues:
    """The values that verify, and why each other document has none (its shown name and the reason)."""

    good: tuple[RawSignature, ...]
    missing: tuple[str, ...]  # shown names of documents for which nothing came
    bad: tuple[str, ...]  # "name: reason"

    @property
    def complete(self) -> bool:
        """Whether every document has its signature."""
        return not self.missing and not self.bad


def check_values(
    documents: Sequence[PendingDocument], rows: Sequence[object], certificate: SigningCertificate
) -> CheckedValues:
    """Match `rows` (the answer's `signatures[]`) to the documents by `doc_id`, never by position, and verify each value."""
    given: dict[str, list[str]] = {}
    for row in rows:
        if isinstance(row, Mapping) and isinstance(row.get("doc_id"), str):
            value = row.get("signature_value")
            given.setdefault(row["doc_id"], []).append(value if isinstance(value, str) else "")
    good, missing, bad = [], [], []
    for document in documents:
        texts = [text for text in given.get(document.shown_id, []) if text.strip()]
        if not texts:
            missing.append(document.shown_id)
            continue
        values, reasons = _judged(document, texts, certificate)
        if values:
            good.append(RawSignature(doc_id=document.doc_id, value=values[0]))
        else:
            bad.append(f"{document.shown_id}: {reasons[0]}")
    return CheckedValues(tuple(good), tuple(missing), tuple(bad))


def _judged(
    document: PendingDocument, texts: Sequence[str], certificate: SigningCertificate
) -> tuple[list[bytes], list[str]]:
    values, reasons = [], []
    for text in texts:
        value = _decoded(text)
        reason = _problem(value, bytes.fromhex(document.digest), certificate)
        if reason:
            reasons.append(reason)
        elif value is not None:
            values.append(value)
    return values, reasons


def _decoded(text: str) -> bytes | None:
    try:
        return base64.b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError):
        return None


def _problem(value: bytes | None, digest: bytes, certificate: SigningCertificate) -> str | None:
    if value is None:
        return _("the value is not base64")
    if verify_raw(certificate, digest, value):
        return None
    if (
        certificate.algorithm is KeyAlgorithm.RSA
        and len(value) * 8 > certificate.key_bits
        and value[0] == _DER_SEQUENCE
    ):
        return _("the value is a PKCS#7 container instead of a raw signature")
    return _("the value does not verify with the certificate")

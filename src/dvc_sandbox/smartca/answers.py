"""The shape of every answer, with the switchable variants of contract smartca.md §2.4."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from datetime import datetime

from dvc_sandbox.smartca.certificates import SubscriberCertificate, broken_lines
from dvc_sandbox.smartca.model import Document, Refusal, State, Transaction, Variants


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP status with the vendor's envelope `{status_code, message, data}`."""

    http_status: int
    body: dict[str, object]


def success(message: str, data: object) -> Answer:
    """A good answer."""
    return Answer(200, {"status_code": 200, "message": message, "data": data})


def refusal(problem: Refusal, variants: Variants) -> Answer:
    """An error, as the HTTP status or only inside the JSON; the back end's number stands in the message or not."""
    message = problem.message
    if problem.family and variants.message_codes:
        message = f"{problem.family}: {message}"
    body: dict[str, object] = {"status_code": problem.status, "message": message, "data": None}
    return Answer(200 if variants.errors == "json" else problem.status, body)


def opened(transaction: Transaction, now: datetime, variants: Variants) -> Answer:
    """The answer of both sign calls: waiting for the phone, or (v2) the `sad`."""
    data: dict[str, object] = {"transaction_id": transaction.id, "tran_code": transaction.tran_code}
    if transaction.sad is not None:
        data["sad"] = transaction.sad
    if not variants.no_expired_in:
        data["expired_in"] = round((transaction.expires_at - now).total_seconds())
    return success("Success" if transaction.sad else "sig_wait_for_user_confirm", data)


def status(transaction: Transaction, certificate: SubscriberCertificate, variants: Variants) -> Answer:
    """The answer of the status call, and of v2 confirm once signed."""
    match transaction.state:
        case State.SIGNED:
            data = {"transaction_id": transaction.id, "signatures": _signatures(transaction, certificate, variants)}
            return success("SUCCESS", data)
        case State.WAITING | State.ACTIVATED:
            pending = None if variants.pending_data_null else {"transaction_id": transaction.id, "signatures": None}
            return success(variants.pending_word, pending)
        case State.REJECTED:
            return _ended(transaction, variants.rejected_word, variants)
        case State.EXPIRED:
            return _ended(transaction, variants.expired_word, variants)
        case State.FAILED:
            return _ended(transaction, "FAILED", variants)


def _ended(transaction: Transaction, word: str, variants: Variants) -> Answer:
    code = variants.terminal_status
    data = {"transaction_id": transaction.id, "signatures": None} if code == 200 else None
    http_status = 200 if variants.errors == "json" else code
    return Answer(http_status, {"status_code": code, "message": word, "data": data})


def _signatures(
    transaction: Transaction, certificate: SubscriberCertificate, variants: Variants
) -> list[dict[str, object]]:
    rows = [_row(document, certificate, variants) for document in transaction.documents]
    last = rows[-1]
    if variants.empty_value:
        last["signature_value"] = ""
    if variants.omit_doc_id:
        del last["doc_id"]
    if variants.omit_document:
        rows.remove(last)
    # Reversed, not random: a shuffle that leaves the order as it was would test nothing.
    return rows[::-1] if variants.shuffled else rows


def _row(document: Document, certificate: SubscriberCertificate, variants: Variants) -> dict[str, object]:
    value = document.signature or b""
    if variants.wrong_signature:
        value = certificate.sign_digest("00" * 32)
    if variants.pkcs7:
        value = _wrapped(value, certificate)
    text = base64.b64encode(value).decode("ascii")
    return {
        "doc_id": document.doc_id,
        "signature_value": broken_lines(text) if variants.line_breaks else text,
        "timestamp_signature": None,
    }


def _wrapped(value: bytes, certificate: SubscriberCertificate) -> bytes:
    """The raw value inside a PKCS#7 SignedData, as integrators report from other services."""
    from asn1crypto import cms, x509

    leaf = x509.Certificate.load(certificate.der)
    signer = {
        "version": "v1",
        "sid": {"issuer_and_serial_number": {"issuer": leaf.issuer, "serial_number": leaf.serial_number}},
        "digest_algorithm": {"algorithm": "sha256"},
        "signature_algorithm": {"algorithm": "rsassa_pkcs1v15"},
        "signature": value,
    }
    signed = cms.SignedData(
        {
            "version": "v1",
            "digest_algorithms": [{"algorithm": "sha256"}],
            "encap_content_info": {"content_type": "data"},
            "certificates": [leaf],
            "signer_infos": [signer],
        }
    )
    wrapped: bytes = cms.ContentInfo({"content_type": "signed_data", "content": signed}).dump()
    return wrapped

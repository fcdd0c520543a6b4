# mypy: allow-untyped-calls
# pyHanko is typed in part only.
"""The verdict on one signature: is it intact, whose is it and trusted, when was it made (signatures.md §4)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import Enum
from typing import TYPE_CHECKING, Any, BinaryIO, Final

from dvc_cli.i18n import N_, _
from dvc_cli.model.signing import SignatureVerdict, SigningCertificate
from dvc_cli.sign.certificates import CertificateUnreadable, certificate_from_der
from dvc_cli.sign.pades import integrity, reading

if TYPE_CHECKING:
    from pyhanko.sign.validation.pdf_embedded import EmbeddedPdfSignature
    from pyhanko.sign.validation.status import PdfSignatureStatus

_PROBLEMS: Final = {
    "byte-range-not-numbers": N_("its /ByteRange is not made of numbers"),
    "byte-range-not-four-numbers": N_("its /ByteRange has not four numbers"),
    "byte-range-does-not-start-at-0": N_("it does not cover the beginning of the file"),
    "byte-range-beyond-the-file": N_("it covers more than the file has: the file was cut"),
    "byte-range-gap-wrong": N_("the gap in its /ByteRange has a wrong size"),
    "byte-range-gap-is-not-the-contents": N_("it leaves out more than the signature value itself"),
    "contents-not-hexadecimal": N_("its value is not hexadecimal"),
    "contents-not-one-cms": N_("its value holds more than one signature"),
    "contents-differ": N_("the value in the covered place is not the one the document shows"),
    "signature-not-readable": N_("it cannot be read"),
    "document-changed": N_("the signed content was changed"),
    "value-wrong": N_("the signature value does not fit the certificate"),
    "covers-part-only": N_("it does not cover the whole revision it belongs to"),
    "changed-after-signing": N_("the document was changed after signing"),
    "issuer-not-trusted": N_("its issuer is not among the trusted roots"),
    "certificate-expired-since": N_("the certificate has expired, and nothing proves that it signed before"),
    "certificate-was-expired": N_("the certificate was not valid at the time the signature names"),
    "certificate-revoked": N_("the certificate was revoked"),
    "certificate-not-for-signing": N_("the certificate is not meant for signing"),
    "algorithm-weak": N_("its algorithm is too weak"),
    "trust-not-established": N_("the chain to a trusted root could not be checked"),
}
_SUBFILTERS: Final = {"/ETSI.CAdES.detached": "pades", "/adbe.pkcs7.detached": "cms"}


class Tail(Enum):
    """What follows the last signed byte: nothing, whole further revisions, or bytes that belong to none."""

    BLANK = "blank"
    REVISIONS = "revisions"
    LOOSE = "loose"


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentStamp:
    """An intact document time stamp: the revision it covers, its time when its issuer is trusted, and what it covers."""

    revision: int
    proven_time: datetime | None
    covers_dss: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What the verdict on one signature depends on besides itself."""

    file: BinaryIO
    roots: tuple[bytes, ...]
    moment: datetime
    tail: Tail  # what follows the last signature or document time stamp
    has_dss: bool
    stamps: tuple[DocumentStamp, ...] = ()
    at_claimed_time: bool = False  # judge each certificate at the time its signature names
    moment_given: bool = False  # `moment` is one that was asked for, not now


@dataclass(frozen=True, slots=True)
class _Trust:
    trusted: bool | None
    problem: str | None
    proven_time: datetime | None


def judge(signature: EmbeddedPdfSignature, index: int, around: Surroundings, *, is_last: bool) -> SignatureVerdict:
    """The verdict on one signature; never raises for what the file contains."""
    verdict = _blank(index, signature.fq_name)
    try:
        verdict = _with_identity(verdict, signature)
        range_problem, end, covers = _range_problem(signature, around)
        if range_problem:
            return _broken(verdict, range_problem)
        moment, source = _moment(signature, around)
        verdict = replace(verdict, covered_bytes=end, judged_at=moment, time_source=source)
        status = _status(signature, around, moment)
        if not status.intact:
            return _broken(verdict, "document-changed")
        if not status.valid:
            return _broken(verdict, "value-wrong")
        changes, problem = _changes(signature, status, around, covers=covers, is_last=is_last)
        trust = _trust(signature, status, replace(around, moment=moment))
        if trust.proven_time is not None:
            verdict = replace(verdict, judged_at=trust.proven_time, time_source="time-stamp")
        return _explained(
            replace(
                verdict,
                intact=True,
                covered_by_later=covers or not is_last or around.tail is Tail.BLANK,
                covers_whole_file=covers,
                changes_after=changes,
                trusted=trust.trusted,
                proven_time=trust.proven_time,
                level=_level(signature, around),
                problem=problem or trust.problem,
            )
        )
    except RecursionError:
        return _broken(verdict, "signature-not-readable")
    except Exception as error:  # noqa: BLE001 - a hostile file may break the library in any way: a broken signature
        return _broken(verdict, _slug_of(error))


def unreadable(index: int, field_name: str) -> SignatureVerdict:
    """The verdict on a signature that cannot even be opened."""
    return _broken(_blank(index, field_name), "signature-not-readable")


def explain(problem: str) -> str:
    """The sentence for a problem's slug."""
    return _(_PROBLEMS.get(problem, _PROBLEMS["signature-not-readable"]))


def _blank(index: int, field_name: str) -> SignatureVerdict:
    return SignatureVerdict(
        index=index,
        field_name=str(field_name),  # the parser's own text type would hold on to the file
        intact=False,
        covers_whole_file=False,
        trusted=None,
        problem=None,
        explanation="",
        signer="",
        identity="",
        tax_code="",
        organisation="",
        issuer="",
        serial="",
        fingerprint="",
        not_before=None,
        not_after=None,
        claimed_time=None,
        proven_time=None,
        profile="other",
        level="",
        changes_after="none",
    )


def _with_identity(verdict: SignatureVerdict, signature: EmbeddedPdfSignature) -> SignatureVerdict:
    found = replace(
        verdict,
        profile=_SUBFILTERS.get(str(reading.entry(signature.sig_object, "/SubFilter")), "other"),
        claimed_time=_claimed_time(signature),
    )
    certificate = _certificate_of(signature)
    if certificate is None:
        return found
    return replace(
        found,
        signer=certificate.common_name,
        identity=certificate.identity,
        tax_code=certificate.tax_code,
        organisation=certificate.organisation,
        issuer=certificate.issuer,
        serial=certificate.serial,
        fingerprint=certificate.fingerprint,
        not_before=certificate.not_before,
        not_after=certificate.not_after,
    )


def _certificate_of(signature: EmbeddedPdfSignature) -> SigningCertificate | None:
    try:
        return certificate_from_der(signature.signer_cert.dump())
    except (CertificateUnreadable, ValueError, AttributeError):
        return None


def _claimed_time(signature: EmbeddedPdfSignature) -> datetime | None:
    try:
        claimed = signature.self_reported_timestamp
    except Exception:  # noqa: BLE001 - an unreadable /M is no time, whatever the parser says about it
        return None
    return claimed if claimed is not None and claimed.tzinfo is not None else None


def _moment(signature: EmbeddedPdfSignature, around: Surroundings) -> tuple[datetime, str]:
    """When the certificate must have been good, and where that time comes from."""
    claimed = _claimed_time(signature) if around.at_claimed_time else None
    if claimed is not None:
        return claimed, "claimed"
    return around.moment, "given" if around.moment_given else "now"


def _range_problem(signature: EmbeddedPdfSignature, around: Surroundings) -> tuple[str | None, int, bool]:
    """The broken rule, if any, where the signed part ends, and whether that is the end of the file."""
    try:
        signed = integrity.read_range(around.file, signature.byte_range)
        if not bytes(signature.pkcs7_content).startswith(signed.cms):
            return "contents-differ", 0, False
        if integrity.check_cms(signed, around.file) is False:
            return "document-changed", 0, False
    except integrity.RangeViolation as violation:
        return violation.rule, 0, False
    return None, signed.end, integrity.only_white_space_after(around.file, signed.end)


def _changes(
    signature: EmbeddedPdfSignature,
    status: PdfSignatureStatus,
    around: Surroundings,
    *,
    covers: bool,
    is_last: bool,
) -> tuple[str, str | None]:
    """`none`, `permitted` or `suspicious`, with the problem's slug for the last."""
    from pyhanko.sign.diff_analysis import ModificationLevel
    from pyhanko.sign.validation.status import SignatureCoverageLevel

    if status.coverage in (SignatureCoverageLevel.UNCLEAR, SignatureCoverageLevel.CONTIGUOUS_BLOCK_FROM_START):
        return "suspicious", "covers-part-only"
    if covers:
        return "none", None
    level = status.modification_level
    if level is None or level == ModificationLevel.OTHER or not status.docmdp_ok:
        return "suspicious", "changed-after-signing"
    if not is_last or around.tail is Tail.BLANK:
        return "permitted", None  # what follows is covered by a later signature or time stamp
    if around.tail is Tail.LOOSE:
        return "suspicious", "changed-after-signing"
    # Nothing vouches for the rest of the file: only validation data, or what the author's certification allows, may be there.
    explicit = signature.docmdp_level is not None
    if level == ModificationLevel.LTA_UPDATES or (explicit and level == ModificationLevel.FORM_FILLING):
        return "permitted", None
    return "suspicious", "changed-after-signing"


def _trust(signature: EmbeddedPdfSignature, status: PdfSignatureStatus, around: Surroundings) -> _Trust:
    proven = _proven_time(status) or _stamped_later(signature, around)
    if proven is not None:
        status = _status(signature, around, proven)
    if status.trusted:
        return _Trust(True, None, proven)
    if status.revocation_details is not None:
        return _Trust(False, "certificate-revoked", proven)
    if _certificate_lacks_usage(signature):
        return _Trust(False, "certificate-not-for-signing", proven)
    if not around.roots:
        return _Trust(None, "issuer-not-trusted", proven)
    return _untrusted(signature, around, proven)


def _untrusted(signature: EmbeddedPdfSignature, around: Surroundings, proven: datetime | None) -> _Trust:
    """Tell "unknown issuer" from "expired meanwhile" by trying the times when the certificate was valid."""
    certificate = _certificate_of(signature)
    claimed = _claimed_time(signature)
    if certificate is None or not _status(signature, around, certificate.not_after).trusted:
        return _Trust(None, "issuer-not-trusted", proven)
    if proven is not None or claimed is None or not certificate.is_valid_at(claimed):
        return _Trust(False, "certificate-was-expired", proven)
    if not certificate.is_valid_at(around.moment):
        return _Trust(None, "certificate-expired-since", proven)
    return _Trust(None, "trust-not-established", proven)


def _certificate_lacks_usage(signature: EmbeddedPdfSignature) -> bool:
    certificate = _certificate_of(signature)
    usages = certificate.usages if certificate else ()
    basic = {"digitalSignature", "nonRepudiation", "keyEncipherment", "keyCertSign", "cRLSign", "dataEncipherment"}
    return bool(basic.intersection(usages)) and not {"digitalSignature", "nonRepudiation"}.intersection(usages)


def _proven_time(status: PdfSignatureStatus) -> datetime | None:
    stamp = status.timestamp_validity
    if stamp is None or not (stamp.intact and stamp.valid and stamp.trusted):
        return None
    proven: datetime = stamp.timestamp
    return proven


def _stamped_later(signature: EmbeddedPdfSignature, around: Surroundings) -> datetime | None:
    """The earliest document time stamp over the signature, which proves that it existed then."""
    times = [
        stamp.proven_time
        for stamp in around.stamps
        if stamp.proven_time is not None and stamp.revision > signature.signed_revision
    ]
    return min(times, default=None)


def _status(signature: EmbeddedPdfSignature, around: Surroundings, moment: datetime) -> PdfSignatureStatus:
    from pyhanko.sign.validation import validate_pdf_signature
    from pyhanko.sign.validation.settings import KeyUsageConstraints

    return validate_pdf_signature(
        signature,
        signer_validation_context=context(around.roots, moment),
        ts_validation_context=context(around.roots, around.moment),
        key_usage_settings=KeyUsageConstraints(
            key_usage={"non_repudiation", "digital_signature"}, match_all_key_usages=False
        ),
    )


def context(roots: Sequence[bytes], moment: datetime) -> Any:
    """A validation context with exactly these roots at `moment`; nothing is fetched."""
    from asn1crypto import x509
    from pyhanko_certvalidator import ValidationContext

    return ValidationContext(
        trust_roots=[x509.Certificate.load(der) for der in roots], moment=moment, allow_fetching=False
    )


def _level(signature: EmbeddedPdfSignature, around: Surroundings) -> str:
    """The baseline level by its structure; empty when the profile is not PAdES."""
    if str(reading.entry(signature.sig_object, "/SubFilter")) != "/ETSI.CAdES.detached":
        return ""
    unsigned = signature.signer_info["unsigned_attrs"]
    later = [stamp for stamp in around.stamps if stamp.revision > signature.signed_revision]
    stamped = any(one["type"].native == "signature_time_stamp_token" for one in unsigned or ())
    if not stamped and not later:
        return "b-b"
    if not around.has_dss:
        return "b-t"
    return "b-lta" if any(stamp.covers_dss for stamp in later) else "b-lt"


def _slug_of(error: Exception) -> str:
    from pyhanko.sign.validation.errors import DisallowedAlgorithmError

    return "algorithm-weak" if isinstance(error, DisallowedAlgorithmError) else "signature-not-readable"


def _broken(verdict: SignatureVerdict, problem: str) -> SignatureVerdict:
    return _explained(replace(verdict, intact=False, changes_after="suspicious", problem=problem))


def _explained(verdict: SignatureVerdict) -> SignatureVerdict:
    if verdict.problem is None:
        text = _("intact, trusted, and the document was not changed afterwards")
        if verdict.changes_after == "permitted":
            text = _("intact and trusted; only permitted changes were made afterwards")
        return replace(verdict, explanation=text)
    return replace(verdict, explanation=explain(verdict.problem))

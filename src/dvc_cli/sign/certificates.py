"""Certificates: what they say, whether they may sign, and whether a raw value is theirs."""

from __future__ import annotations

import hashlib
import re
import warnings
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Final

from dvc_cli.errors import InvalidInput
from dvc_cli.i18n import _
from dvc_cli.model.signing import KeyAlgorithm, SigningCertificate
from dvc_cli.sign.base import CertificateUnusable

if TYPE_CHECKING:
    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric.types import CertificatePublicKeyTypes

_UID = "0.9.2342.19200300.100.1.1"
_IDENTITY_OIDS: Final = (_UID, "2.5.4.5", "2.5.4.97")  # UID, serialNumber, organizationIdentifier
_CITIZEN = re.compile(r"(?:CCCD|CMND|CMT|CC|ĐDCN|DDCN|PNOVN-?)\s*[:=]?\s*(\d{12}|\d{9})(?!\d)", re.IGNORECASE)
_TAX = re.compile(r"(?:MST|VATVN-?)\s*[:=]?\s*(\d{10}-?\d{3}|\d{12}|\d{10})(?!\d)", re.IGNORECASE)
_MIN_BITS: Final = {KeyAlgorithm.RSA: 2048, KeyAlgorithm.EC: 256}
_SIGNING_USAGES: Final = {"digitalSignature", "nonRepudiation"}
_KEY_USAGES: Final = (
    ("digital_signature", "digitalSignature"),
    ("content_commitment", "nonRepudiation"),
    ("key_encipherment", "keyEncipherment"),
    ("data_encipherment", "dataEncipherment"),
    ("key_agreement", "keyAgreement"),
    ("key_cert_sign", "keyCertSign"),
    ("crl_sign", "cRLSign"),
)
_EXTENDED: Final = {
    "1.3.6.1.5.5.7.3.1": "serverAuth",
    "1.3.6.1.5.5.7.3.2": "clientAuth",
    "1.3.6.1.5.5.7.3.3": "codeSigning",
    "1.3.6.1.5.5.7.3.4": "emailProtection",
    "1.3.6.1.5.5.7.3.8": "timeStamping",
    "1.3.6.1.5.5.7.3.9": "OCSPSigning",
    "1.3.6.1.5.5.7.3.36": "documentSigning",
}
_NOT_FOR_DOCUMENTS: Final = {"serverAuth", "codeSigning", "timeStamping", "OCSPSigning"}


class CertificateUnreadable(InvalidInput):
    """The bytes are not a certificate, or one that cannot be read."""

    slug = "certificate-unreadable"


def certificate_from_der(
    der: bytes, chain: Iterable[bytes] = (), *, label: str = "", key_id: str = ""
) -> SigningCertificate:
    """Read a certificate; `problem` is set only for what never changes (usage, key); validity is `problem_at`'s.

    Args:
        der: the certificate.
        chain: DER of the issuers that are known, in any order; those that do not belong to it are left out.
        label: what the token or service calls it.
        key_id: CKA_ID in hex, or the service's id.

    Raises:
        CertificateUnreadable: not a certificate.
    """
    certificate = _load(der)
    algorithm, bits = _key_facts(certificate)
    usages, extended = _usages(certificate)
    identity, tax_code = identifiers_of(certificate)
    names = _name_values(certificate.subject)
    result = SigningCertificate(
        der=der,
        chain=ordered_chain(der, chain),
        subject=readable_name(certificate.subject),
        common_name=names.get("2.5.4.3", "") or readable_name(certificate.subject),
        issuer=_name_values(certificate.issuer).get("2.5.4.3", "") or readable_name(certificate.issuer),
        serial=f"{certificate.serial_number:x}",
        fingerprint=hashlib.sha256(der).hexdigest(),
        not_before=certificate.not_valid_before_utc,
        not_after=certificate.not_valid_after_utc,
        algorithm=algorithm,
        key_bits=bits,
        usages=(*usages, *extended),
        identity=identity,
        tax_code=tax_code,
        organisation=names.get("2.5.4.10", ""),
        label=label,
        key_id=key_id,
        is_issuer=_is_authority(certificate),
    )
    return replace(result, problem=_lasting_problem(result, usages, extended))


def problem_at(certificate: SigningCertificate, moment: datetime) -> str | None:
    """Why `certificate` cannot sign at `moment`, in the user's language, or None."""
    if certificate.problem:
        return certificate.problem
    if moment > certificate.not_after:
        return _("expired on {date}").format(date=_day(certificate.not_after))
    if moment < certificate.not_before:
        return _("not valid before {date}").format(date=_day(certificate.not_before))
    return None


def judged_at(certificate: SigningCertificate, moment: datetime) -> SigningCertificate:
    """The certificate with `problem` set for `moment`."""
    return replace(certificate, problem=problem_at(certificate, moment))


def require_usable(certificate: SigningCertificate, moment: datetime) -> None:
    """Refuse a certificate that cannot sign at `moment` (signatures.md §2 rule 6).

    Raises:
        CertificateUnusable: with the reason.
    """
    if problem := problem_at(certificate, moment):
        raise CertificateUnusable(
            _("The certificate of {name} cannot be used: {problem}").format(
                name=certificate.common_name, problem=problem
            ),
            hint=_("Use another certificate, or have this one renewed by its issuer"),
        )


def verify_raw(certificate: SigningCertificate | bytes, signed: bytes, value: bytes) -> bool:
    """Whether `value` is the raw signature of `certificate`'s key: RSASSA-PKCS1-v1_5 or DER ECDSA, with SHA-256.

    Args:
        certificate: the certificate, or its DER.
        signed: the DER of the CMS signed attributes (SET OF), or their SHA-256 digest (32 bytes).
        value: the raw value.
    """
    digest = signed if len(signed) == hashlib.sha256().digest_size else hashlib.sha256(signed).digest()
    der = certificate if isinstance(certificate, bytes) else certificate.der
    return verify_digest(_load(der).public_key(), digest, value, "sha256")


def verify_digest(key: CertificatePublicKeyTypes, digest: bytes, value: bytes, algorithm: str) -> bool:
    """Whether `value` is the RSA (PKCS#1 v1.5) or ECDSA signature of `key` over `digest` made with `algorithm` (`sha256` …)."""
    from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa, utils

    family = {"sha256": hashes.SHA256(), "sha384": hashes.SHA384(), "sha512": hashes.SHA512()}.get(algorithm)
    if family is None:
        return False
    prehashed = utils.Prehashed(family)
    try:
        if isinstance(key, rsa.RSAPublicKey):
            key.verify(value, digest, padding.PKCS1v15(), prehashed)
        elif isinstance(key, ec.EllipticCurvePublicKey):
            key.verify(value, digest, ec.ECDSA(prehashed))
        else:
            return False
    except (InvalidSignature, UnsupportedAlgorithm, ValueError):
        return False
    return True


def identifiers_of(certificate: x509.Certificate) -> tuple[str, str]:
    """Personal number (CCCD/CMND) and tax code (MST) that the subject carries, each or both empty."""
    values = [
        text
        for oid in _IDENTITY_OIDS
        for text in (_text(attribute.value) for attribute in certificate.subject if attribute.oid.dotted_string == oid)
    ]
    citizen = next((match.group(1) for text in values if (match := _CITIZEN.search(text))), "")
    tax = next((match.group(1) for text in values if (match := _TAX.search(text))), "")
    if not citizen and not tax:
        bare = next((text for text in values if re.fullmatch(r"\d{12}", text, re.ASCII)), "")
        citizen = bare
    return citizen, _canonical_tax(tax)


def readable_name(name: x509.Name) -> str:
    """A distinguished name as people read it: most specific part first, `UID=…` spelled out."""
    from cryptography.x509.oid import NameOID

    try:
        return name.rfc4514_string({NameOID.USER_ID: "UID"})
    except (ValueError, TypeError):
        return ", ".join(_text(attribute.value) for attribute in name)


def ordered_chain(leaf: bytes, pool: Iterable[bytes]) -> tuple[bytes, ...]:
    """The issuers of `leaf` found in `pool`, nearest first; what does not belong to the chain is left out."""
    candidates = []
    for der in dict.fromkeys(pool):
        try:
            candidates.append((_load(der), der))
        except CertificateUnreadable:
            continue
    chain: list[bytes] = []
    current = _load(leaf)
    while current.issuer != current.subject:
        found = next(((one, der) for one, der in candidates if der not in chain and _issued(one, current)), None)
        if found is None:
            break
        current = found[0]
        chain.append(found[1])
    return tuple(chain)


def is_sandbox(certificate: SigningCertificate) -> bool:
    """Whether the certificate comes from the sandbox's own PKI, so that all it signs must be marked THỬ NGHIỆM."""
    return any("SANDBOX" in text.upper() for text in (certificate.issuer, certificate.subject))


def certificates_in_pem(content: bytes) -> list[bytes]:
    """The DER of every certificate in a PEM text, or the one of a DER file.

    Raises:
        CertificateUnreadable: none can be read.
    """
    from cryptography import x509
    from cryptography.hazmat.primitives.serialization import Encoding

    if b"-----BEGIN" not in content:
        _load(content)
        return [content]
    try:
        return [one.public_bytes(Encoding.DER) for one in x509.load_pem_x509_certificates(content)]
    except ValueError as error:
        raise CertificateUnreadable(_("The certificates cannot be read")) from error


def _load(der: bytes) -> x509.Certificate:
    from cryptography import x509

    # Vietnamese companies' names are often longer than X.520 allows; that is no news for anyone.
    warnings.filterwarnings("ignore", message="Attribute's length must be", category=UserWarning)
    try:
        certificate = x509.load_der_x509_certificate(der)
        certificate.public_key()
        return certificate
    except Exception as error:  # a foreign certificate may fail in any of the parser's ways
        raise CertificateUnreadable(_("The certificate cannot be read")) from error


def _issued(issuer: x509.Certificate, subject: x509.Certificate) -> bool:
    if issuer.subject != subject.issuer:
        return False
    try:
        subject.verify_directly_issued_by(issuer)
    except Exception:  # noqa: BLE001 - InvalidSignature, TypeError, ValueError, UnsupportedAlgorithm: not its issuer
        return False
    return True


def _key_facts(certificate: x509.Certificate) -> tuple[KeyAlgorithm, int]:
    from cryptography.hazmat.primitives.asymmetric import ec, rsa

    key = certificate.public_key()
    if isinstance(key, rsa.RSAPublicKey):
        return KeyAlgorithm.RSA, key.key_size
    if isinstance(key, ec.EllipticCurvePublicKey):
        return KeyAlgorithm.EC, key.curve.key_size
    return KeyAlgorithm.OTHER, 0


def _usages(certificate: x509.Certificate) -> tuple[tuple[str, ...], tuple[str, ...]]:
    from cryptography import x509

    basic: tuple[str, ...] = ()
    extended: tuple[str, ...] = ()
    try:
        usage = certificate.extensions.get_extension_for_class(x509.KeyUsage).value
        basic = tuple(name for attribute, name in _KEY_USAGES if getattr(usage, attribute))
    except (x509.ExtensionNotFound, ValueError):
        pass
    try:
        oids = [
            one.dotted_string for one in certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
        ]
        extended = tuple(_EXTENDED.get(oid, oid) for oid in oids)
    except (x509.ExtensionNotFound, ValueError):
        pass
    return basic, extended


def _is_authority(certificate: x509.Certificate) -> bool:
    from cryptography import x509

    try:
        return certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except (x509.ExtensionNotFound, ValueError):
        return False


def _lasting_problem(certificate: SigningCertificate, usages: tuple[str, ...], extended: tuple[str, ...]) -> str | None:
    if certificate.is_issuer:
        return _("it is the certificate of an issuer, not of a signer")
    if usages and not _SIGNING_USAGES.intersection(usages):
        return _("its key usage does not allow signing")
    if extended and _NOT_FOR_DOCUMENTS.issuperset(extended):
        return _("it is not meant for signing documents")
    if certificate.algorithm is KeyAlgorithm.OTHER:
        return _("its kind of key cannot be used in PDF signatures")
    if certificate.key_bits < _MIN_BITS[certificate.algorithm]:
        return _("its key is too weak ({bits} bits)").format(bits=certificate.key_bits)
    return None


def _name_values(name: x509.Name) -> dict[str, str]:
    return {attribute.oid.dotted_string: _text(attribute.value) for attribute in name}


def _text(value: str | bytes) -> str:
    return value if isinstance(value, str) else value.decode("utf-8", "replace")


def _canonical_tax(text: str) -> str:
    digits = text.replace("-", "")
    return f"{digits[:10]}-{digits[10:]}" if len(digits) == 13 else digits


def _day(moment: datetime) -> str:
    from dvc_cli.sign.zone import VIETNAM

    return moment.astimezone(VIETNAM).strftime("%d/%m/%Y")

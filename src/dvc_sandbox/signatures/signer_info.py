"""The CMS object of a PDF signature: digest, signed attributes and signature value (RFC 5652, ETSI EN 319 122-1)."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from dvc_sandbox.signatures.verdict import Refused

_DIGESTS = frozenset({"sha256", "sha384", "sha512", "sha3_256", "sha3_384", "sha3_512"})


@dataclass(frozen=True, slots=True)
class Signed:
    """The signer's certificate and the others that came along (DER)."""

    certificate: bytes
    others: tuple[bytes, ...]


def check_intact(cms_bytes: bytes, covered: Iterable[memoryview]) -> Signed:
    """Check that the CMS signs exactly the covered bytes with its certificate's key.

    Raises Refused("cms" | "weak-digest" | "weak-key" | "digest" | "signature").
    """
    from asn1crypto import cms

    try:
        content = cms.ContentInfo.load(cms_bytes, strict=True)
        if content["content_type"].native != "signed_data":
            raise Refused("cms", "not SignedData")
        data = content["content"]
        if len(data["signer_infos"]) != 1 or data["encap_content_info"]["content"].native is not None:
            raise Refused("cms", "one signer and detached content are required")
        signer = data["signer_infos"][0]
        certificates = [choice.chosen for choice in data["certificates"] if choice.name == "certificate"]
        leaf = _find(signer["sid"], certificates)
        algorithm = _digest_name(signer)
        attributes = _attributes(signer)
        _check_digest(attributes, algorithm, covered)
        _check_certificate_attribute(attributes, leaf)
        _check_value(signer, leaf, algorithm)
        return Signed(leaf.dump(), tuple(other.dump() for other in certificates if other is not leaf))
    except (ValueError, TypeError, KeyError, IndexError) as error:
        raise Refused("cms", type(error).__name__) from error


def _find(sid: Any, certificates: list[Any]) -> Any:
    for certificate in certificates:
        if sid.name == "issuer_and_serial_number":
            named = sid.chosen
            if certificate.issuer == named["issuer"] and certificate.serial_number == named["serial_number"].native:
                return certificate
        elif certificate.key_identifier == sid.chosen.native:
            return certificate
    raise Refused("cms", "the signer's certificate is missing")


def _digest_name(signer: Any) -> str:
    name = str(signer["digest_algorithm"]["algorithm"].native)
    if name not in _DIGESTS:
        raise Refused("weak-digest", name)
    return name


def _attributes(signer: Any) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for attribute in signer["signed_attrs"]:
        name = attribute["type"].native
        if name in found:
            raise Refused("cms", f"attribute {name} twice")
        found[name] = attribute["values"]
    return found


def _check_digest(attributes: dict[str, Any], algorithm: str, covered: Iterable[memoryview]) -> None:
    if "message_digest" not in attributes or "content_type" not in attributes:
        raise Refused("cms", "signed attributes are missing")
    if attributes["content_type"].native != ["data"]:
        raise Refused("cms", "content type")
    engine = hashlib.new(algorithm)
    for part in covered:
        engine.update(part)
    if attributes["message_digest"].native != [engine.digest()]:
        raise Refused("digest")


def _check_certificate_attribute(attributes: dict[str, Any], leaf: Any) -> None:
    """Signing-certificate-v2, where present, must name this certificate (it stops the exchange of certificates)."""
    if "signing_certificate_v2" not in attributes:
        return
    identifier = attributes["signing_certificate_v2"][0]["certs"][0]
    algorithm = identifier["hash_algorithm"]["algorithm"].native
    if hashlib.new(algorithm, leaf.dump()).digest() != identifier["cert_hash"].native:
        raise Refused("cms", "signing-certificate-v2 names another certificate")


def _check_value(signer: Any, leaf: Any, algorithm: str) -> None:
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
    from cryptography.x509 import load_der_x509_certificate

    key = load_der_x509_certificate(leaf.dump()).public_key()
    signed = signer["signed_attrs"].untag().dump()
    value, scheme = signer["signature"].native, signer["signature_algorithm"]
    digest = _hash(algorithm)
    try:
        match key:
            case rsa.RSAPublicKey():
                if key.key_size < 2048:
                    raise Refused("weak-key", f"RSA {key.key_size}")
                if scheme.signature_algo == "rsassa_pss":
                    digest, filling = _pss(scheme)
                    key.verify(value, signed, filling, digest)
                elif scheme.signature_algo == "rsassa_pkcs1v15":
                    _same_hash(scheme, algorithm)
                    key.verify(value, signed, padding.PKCS1v15(), digest)
                else:
                    raise Refused("signature", scheme.signature_algo)
            case ec.EllipticCurvePublicKey():
                if key.curve.key_size < 256:
                    raise Refused("weak-key", key.curve.name)
                _same_hash(scheme, algorithm)
                key.verify(value, signed, ec.ECDSA(digest))
            case _:
                raise Refused("signature", "unknown kind of key")
    except InvalidSignature as error:
        raise Refused("signature") from error


def _same_hash(scheme: Any, algorithm: str) -> None:
    """`sha256_rsa` names its digest; plain `rsassa_pkcs1v15` does not, then the digest algorithm holds."""
    if "_" in scheme["algorithm"].native and scheme["algorithm"].native != "rsassa_pkcs1v15":
        named = scheme.hash_algo
        if named not in _DIGESTS:
            raise Refused("weak-digest", named)
        if named != algorithm:
            raise Refused("cms", "two digest algorithms")


def _hash(name: str) -> Any:
    from cryptography.hazmat.primitives import hashes

    return getattr(hashes, name.upper())()


def _pss(scheme: Any) -> tuple[Any, Any]:
    from cryptography.hazmat.primitives.asymmetric import padding

    parameters = scheme["parameters"]
    name = parameters["hash_algorithm"]["algorithm"].native
    mask = parameters["mask_gen_algorithm"]["parameters"]["algorithm"].native
    for one in (name, mask):
        if one not in _DIGESTS:
            raise Refused("weak-digest", one)
    return _hash(name), padding.PSS(padding.MGF1(_hash(mask)), parameters["salt_length"].native)

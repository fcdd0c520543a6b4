"""Real signatures with the sandbox PKI's keys, and the object identifiers of the standard."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dvc_sandbox.smartca.certificates import SubscriberCertificate

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes

RSA = "1.2.840.113549.1.1.1"
RSA_WITH = {"1.2.840.113549.1.1.11": "sha256", "1.2.840.113549.1.1.12": "sha384", "1.2.840.113549.1.1.13": "sha512"}
ECDSA_WITH = {"1.2.840.10045.4.3.2": "sha256", "1.2.840.10045.4.3.3": "sha384", "1.2.840.10045.4.3.4": "sha512"}
DIGESTS = {
    "2.16.840.1.101.3.4.2.1": "sha256",
    "2.16.840.1.101.3.4.2.2": "sha384",
    "2.16.840.1.101.3.4.2.3": "sha512",
}
SIZES = {"sha256": 32, "sha384": 48, "sha512": 64}
_CURVES = {"secp256r1": "1.2.840.10045.3.1.7"}


def key_facts(certificate: SubscriberCertificate) -> dict[str, object]:
    """The object `key` of credentials/info: status, algorithms, length and (EC) curve."""
    from cryptography.hazmat.primitives.asymmetric import ec, rsa

    key = _key(certificate)
    if isinstance(key, rsa.RSAPrivateKey):
        return {"status": "enabled", "algo": [RSA, *RSA_WITH], "len": key.key_size}
    if isinstance(key, ec.EllipticCurvePrivateKey):
        return {
            "status": "enabled",
            "algo": list(ECDSA_WITH),
            "len": key.curve.key_size,
            "curve": _CURVES[key.curve.name],
        }
    raise TypeError(f"{certificate.name} has a key of an unknown kind")


def digest_of_algorithm(algorithm: str, hash_algorithm: str | None) -> str | None:
    """The digest that `signAlgo` (with `hashAlgo` for plain RSA) works on; None when they do not fit."""
    if algorithm == RSA:
        return DIGESTS.get(hash_algorithm or "")
    return RSA_WITH.get(algorithm) or ECDSA_WITH.get(algorithm)


def sign(certificate: SubscriberCertificate, digest: bytes, digest_name: str, *, raw_ecdsa: bool) -> bytes:
    """The raw value: RSASSA-PKCS1-v1_5, or ECDSA as a DER sequence (or r||s)."""
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa, utils

    family = {"sha256": hashes.SHA256(), "sha384": hashes.SHA384(), "sha512": hashes.SHA512()}[digest_name]
    prehashed = utils.Prehashed(family)
    key = _key(certificate)
    if isinstance(key, rsa.RSAPrivateKey):
        return key.sign(digest, padding.PKCS1v15(), prehashed)
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise TypeError(f"{certificate.name} has a key of an unknown kind")
    value = key.sign(digest, ec.ECDSA(prehashed))
    if not raw_ecdsa:
        return value
    size = (key.curve.key_size + 7) // 8
    return b"".join(number.to_bytes(size, "big") for number in utils.decode_dss_signature(value))


def is_rsa(certificate: SubscriberCertificate) -> bool:
    """Whether the key is an RSA one."""
    from cryptography.hazmat.primitives.asymmetric import rsa

    return isinstance(_key(certificate), rsa.RSAPrivateKey)


def _key(certificate: SubscriberCertificate) -> PrivateKeyTypes:
    from cryptography.hazmat.primitives import serialization

    return serialization.load_pem_private_key(certificate.key_file.read_bytes(), password=None)

"""Fills a PKCS#11 token; runs in a process of its own: order as JSON on stdin, answer as JSON on stdout."""

from __future__ import annotations

import ctypes
import json
import sys
from pathlib import Path
from typing import Any

_SO_PIN = "12345678"  # public on purpose, like all secrets of the sandbox
_LABEL_BYTES = 32
_CKR_OK = 0


def main() -> int:
    """Carry out the one order."""
    order: dict[str, str] = json.loads(sys.stdin.buffer.read())
    try:
        answer = _fill(order)
    except Exception as error:  # noqa: BLE001 - whatever a module raises becomes the answer
        answer = _failure(order, error)
    sys.stdout.write(json.dumps(answer))
    return 0


def _failure(order: dict[str, str], error: Exception) -> dict[str, str]:
    from pkcs11 import exceptions

    if isinstance(error, exceptions.PinIncorrect):
        return {"slug": "token-pin", "message": f"the token {order['label']!r} exists and has another PIN"}
    return {
        "slug": "token-failed",
        "message": f"the token {order['label']!r} could not be filled: {type(error).__name__} {error}".rstrip(),
    }


def _fill(order: dict[str, str]) -> dict[str, str]:
    import pkcs11

    library = pkcs11.lib(order["module"])
    if "SoftHSM" not in str(library.manufacturer_id):
        raise ValueError(f"{order['module']} is not SoftHSM: a real token is never initialised here")
    created = not _has_token(library, order["label"])
    if created:
        slot = _free_slot(library)
        library.finalize()
        _initialise(order["module"], order["label"], slot)
        library.initialize()
        token = library.get_token(token_label=order["label"])
        with token.open(rw=True, so_pin=_SO_PIN) as session:
            session.init_pin(order["pin"])
    token = library.get_token(token_label=order["label"])
    with token.open(rw=True, user_pin=order["pin"]) as session:
        label, identifier = _import_credential(session, order)
    return {
        "serial": token.serial.decode("ascii").strip(),
        "certificate_label": label,
        "certificate_id": identifier.hex(),
        "created": "yes" if created else "no",
    }


def _has_token(library: Any, label: str) -> bool:
    return any(True for _ in library.get_tokens(token_label=label))


def _free_slot(library: Any) -> int:
    from pkcs11 import TokenFlag

    # SoftHSM always offers one slot whose token is not initialised.
    for slot in library.get_slots(token_present=True):
        if not slot.get_token().flags & TokenFlag.TOKEN_INITIALIZED:
            number: int = slot.slot_id
            return number
    raise LookupError("the module offers no empty slot")


def _initialise(module: str, label: str, slot: int) -> None:
    # python-pkcs11 has no C_InitToken.
    calls = ctypes.CDLL(module)
    padded = label.encode("utf-8").ljust(_LABEL_BYTES)
    pin = _SO_PIN.encode("ascii")
    _checked("C_Initialize", calls.C_Initialize(None))
    try:
        _checked("C_InitToken", calls.C_InitToken(ctypes.c_ulong(slot), pin, ctypes.c_ulong(len(pin)), padded))
    finally:
        calls.C_Finalize(None)


def _checked(call: str, result: int) -> None:
    if result != _CKR_OK:
        raise OSError(f"{call} answered 0x{result:x}")


def _import_credential(session: Any, order: dict[str, str]) -> tuple[str, bytes]:
    from cryptography import x509
    from cryptography.hazmat.primitives import serialization
    from pkcs11 import Attribute, ObjectClass

    certificate = x509.load_pem_x509_certificate(Path(order["certificate"]).read_bytes())
    public = certificate.public_key()
    identifier = x509.SubjectKeyIdentifier.from_public_key(public).digest
    label = f"{order['name']} (SANDBOX)"
    der = certificate.public_bytes(serialization.Encoding.DER)
    present = list(session.get_objects({Attribute.CLASS: ObjectClass.CERTIFICATE, Attribute.ID: identifier}))
    if any(one[Attribute.VALUE] == der for one in present):
        return label, identifier
    for stale in present:  # issued anew since
        stale.destroy()
    if not list(session.get_objects({Attribute.CLASS: ObjectClass.PRIVATE_KEY, Attribute.ID: identifier})):
        key = serialization.load_pem_private_key(Path(order["key"]).read_bytes(), password=None)
        for template in _key_templates(key):
            marks = {Attribute.TOKEN: True, Attribute.ID: identifier, Attribute.LABEL: label}
            session.create_object({**template, **marks})
    _import_certificate(session, der, identifier, label)
    _import_issuers(session, Path(order["chain"]))
    return label, identifier


def _key_templates(key: Any) -> list[dict[Any, Any]]:
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import rsa
    from pkcs11 import Attribute
    from pkcs11.util import ec as pkcs11_ec
    from pkcs11.util import rsa as pkcs11_rsa

    private = key.private_bytes(
        serialization.Encoding.DER, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
    )
    hidden = {Attribute.PRIVATE: True, Attribute.SENSITIVE: True, Attribute.EXTRACTABLE: False, Attribute.SIGN: True}
    shown = {Attribute.PRIVATE: False, Attribute.VERIFY: True}
    if isinstance(key, rsa.RSAPrivateKey):
        public = key.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.PKCS1)
        return [
            {**pkcs11_rsa.decode_rsa_private_key(private), **hidden},
            {**pkcs11_rsa.decode_rsa_public_key(public), **shown},
        ]
    public = key.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return [
        {**pkcs11_ec.decode_ec_private_key(private), **hidden},
        {**pkcs11_ec.decode_ec_public_key(public), **shown},
    ]


def _import_certificate(session: Any, der: bytes, identifier: bytes, label: str) -> None:
    from pkcs11 import Attribute
    from pkcs11.util.x509 import decode_x509_certificate

    marks = {Attribute.TOKEN: True, Attribute.PRIVATE: False, Attribute.ID: identifier, Attribute.LABEL: label}
    session.create_object({**decode_x509_certificate(der), **marks})


def _import_issuers(session: Any, chain: Path) -> None:
    from cryptography import x509
    from cryptography.hazmat.primitives.serialization import Encoding
    from pkcs11 import Attribute, ObjectClass

    for issuer in x509.load_pem_x509_certificates(chain.read_bytes()):
        identifier = x509.SubjectKeyIdentifier.from_public_key(issuer.public_key()).digest
        der = issuer.public_bytes(Encoding.DER)
        present = list(session.get_objects({Attribute.CLASS: ObjectClass.CERTIFICATE, Attribute.ID: identifier}))
        if any(one[Attribute.VALUE] == der for one in present):
            continue
        for stale in present:
            stale.destroy()
        _import_certificate(session, der, identifier, "issuing CA (SANDBOX)")


if __name__ == "__main__":
    sys.exit(main())

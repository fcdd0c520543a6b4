"""What the worker does with one PKCS#11 module: tokens, certificates, log-in, signing. Runs only in the worker process."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable
from typing import Any, Final

_RSA, _EC = "RSA", "EC"
# DigestInfo of SHA-256 (RFC 8017 §9.2 note 1), for tokens with CKM_RSA_PKCS only.
_DIGEST_INFO: Final = bytes.fromhex("3031300d060960864801650304020105000420")
_READ_ONLY: Final = False


class Device:
    """One loaded module and at most one session."""

    def __init__(self) -> None:
        self._library: Any = None
        self._session: Any = None
        self._slot: Any = None
        self._key: Any = None
        self._pin: str | None = None
        self._asks_each_time = False

    def handle(self, request: dict[str, Any]) -> dict[str, Any]:
        """Answer one request; exceptions are the worker's to translate."""
        answer: Callable[[dict[str, Any]], dict[str, Any]] = getattr(self, f"do_{request['op']}")
        return answer(request)

    def do_load(self, request: dict[str, Any]) -> dict[str, Any]:
        """Load the module file."""
        import pkcs11

        self._library = pkcs11.lib(request["module"])
        return {
            "description": _text(self._library.library_description),
            "manufacturer": _text(self._library.manufacturer_id),
        }

    def do_tokens(self, request: dict[str, Any]) -> dict[str, Any]:
        """List the tokens that are present and initialised."""
        del request
        tokens = [self._describe(slot) for slot in self._library.get_slots(token_present=True)]
        return {"tokens": [token for token in tokens if token is not None]}

    def do_certificates(self, request: dict[str, Any]) -> dict[str, Any]:
        """The certificates that can be seen now, with or without log-in."""
        from pkcs11 import Attribute, ObjectClass

        session = self._open(request["slot"])
        found = []
        for one in session.get_objects({Attribute.CLASS: ObjectClass.CERTIFICATE}):
            value = _attribute(one, Attribute.VALUE)
            if not value:
                continue
            key_id = _attribute(one, Attribute.ID) or b""
            label = _attribute(one, Attribute.LABEL) or ""
            found.append({"der": _encode(bytes(value)), "id": bytes(key_id).hex(), "label": _text(label)})
        return {"certificates": found}

    def do_login(self, request: dict[str, Any]) -> dict[str, Any]:
        """Log in; `pin` null means that the reader has its own PIN pad."""
        import pkcs11

        pin = request["pin"]
        self._close_session()
        self._pin = pin
        self._slot = self._find(request["slot"])
        token = self._slot.get_token()
        self._session = token.open(rw=_READ_ONLY, user_pin=pkcs11.PROTECTED_AUTH if pin is None else pin)
        return {}

    def do_key(self, request: dict[str, Any]) -> dict[str, Any]:
        """Choose the private key that belongs to a certificate: by CKA_ID, else by its public value."""
        from pkcs11 import Attribute

        self._key = self._find_key(bytes.fromhex(request["id"]), request.get("modulus"))
        if self._key is None:
            return {"found": False}
        self._asks_each_time = bool(_attribute(self._key, Attribute.ALWAYS_AUTHENTICATE))
        return {"found": True, "asks_each_time": self._asks_each_time}

    def do_sign(self, request: dict[str, Any]) -> dict[str, Any]:
        """Sign the attributes with the chosen key; RSA gives the PKCS#1 block, EC the two numbers side by side."""
        content = base64.b64decode(request["content"])
        names = self._mechanisms(self._slot)
        value = self._sign_rsa(content, names) if request["algorithm"] == "rsa" else self._sign_ec(content, names)
        return {"value": _encode(value)}

    def do_end(self, request: dict[str, Any]) -> dict[str, Any]:
        """Close the session; the process ends afterwards."""
        del request
        self._pin = None
        self._close_session()
        return {}

    def _sign_rsa(self, content: bytes, names: set[str]) -> bytes:
        from pkcs11 import Mechanism
        from pkcs11.exceptions import MechanismInvalid

        if "SHA256_RSA_PKCS" in names or "RSA_PKCS" not in names:
            try:
                return self._sign(content, Mechanism.SHA256_RSA_PKCS)
            except MechanismInvalid:
                if "RSA_PKCS" not in names:
                    raise
        return self._sign(_DIGEST_INFO + hashlib.sha256(content).digest(), Mechanism.RSA_PKCS)

    def _sign_ec(self, content: bytes, names: set[str]) -> bytes:
        from pkcs11 import Mechanism

        if "ECDSA" in names or "ECDSA_SHA256" not in names:
            return self._sign(hashlib.sha256(content).digest(), Mechanism.ECDSA)
        return self._sign(content, Mechanism.ECDSA_SHA256)

    def _sign(self, content: bytes, mechanism: Any) -> bytes:
        if self._asks_each_time and self._pin is not None:
            return bytes(self._key.sign(content, mechanism=mechanism, pin=self._pin))
        return bytes(self._key.sign(content, mechanism=mechanism))

    def _describe(self, slot: Any) -> dict[str, Any] | None:
        from pkcs11 import TokenFlag
        from pkcs11.exceptions import PKCS11Error

        try:
            token = slot.get_token()
            flags = int(token.flags)
            mechanisms = sorted(self._mechanisms(slot))
        except PKCS11Error:
            return None
        if not flags & TokenFlag.TOKEN_INITIALIZED:
            return None
        return {
            "slot": int(slot.slot_id),
            "label": _text(token.label),
            "serial": _text(token.serial),
            "manufacturer": _text(token.manufacturer_id),
            "model": _text(token.model),
            "flags": flags,
            "mechanisms": mechanisms,
        }

    def _mechanisms(self, slot: Any) -> set[str]:
        return {str(getattr(one, "name", one)) for one in slot.get_mechanisms()}

    def _find(self, slot_id: int) -> Any:
        from pkcs11.exceptions import TokenNotPresent

        for slot in self._library.get_slots(token_present=True):
            if int(slot.slot_id) == slot_id:
                return slot
        raise TokenNotPresent("the token is not there any more")

    def _open(self, slot_id: int) -> Any:
        if self._session is None:
            self._slot = self._find(slot_id)
            self._session = self._slot.get_token().open(rw=_READ_ONLY)
        return self._session

    def _find_key(self, key_id: bytes, modulus: str | None) -> Any:
        from pkcs11 import Attribute, ObjectClass

        keys = list(self._session.get_objects({Attribute.CLASS: ObjectClass.PRIVATE_KEY}))
        same_id = [key for key in keys if key_id and bytes(_attribute(key, Attribute.ID) or b"") == key_id]
        if len(same_id) == 1:
            return same_id[0]
        pool = same_id or keys
        if modulus is not None:
            wanted = bytes.fromhex(modulus)
            same = [key for key in pool if bytes(_attribute(key, Attribute.MODULUS) or b"").lstrip(b"\0") == wanted]
            return same[0] if same else None
        return pool[0] if len(pool) == 1 and not key_id else None

    def _close_session(self) -> None:
        session, self._session, self._key = self._session, None, None
        if session is not None:
            session.close()


def _attribute(one: Any, attribute: Any) -> Any:
    """An attribute, or None where the token does not have or give it."""
    from pkcs11.exceptions import PKCS11Error

    try:
        return one[attribute]
    except (PKCS11Error, KeyError, NotImplementedError):
        return None


def _text(value: Any) -> str:
    text = value.decode("utf-8", "replace") if isinstance(value, (bytes, bytearray)) else str(value)
    return text.rstrip(" \0")


def _encode(value: bytes) -> str:
    return base64.b64encode(value).decode("ascii")

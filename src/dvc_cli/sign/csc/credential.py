"""A credential of the service: its certificate, and what it asks for before it signs (CSC API 1.0.4.0 §11.5)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from dvc_cli.i18n import _
from dvc_cli.model.signing import KeyAlgorithm, SigningCertificate
from dvc_cli.sign.certificates import judged_at
from dvc_cli.sign.cloud.values import read_certificate
from dvc_cli.sign.csc.answer import Answer, number_of, text_of

SHA256 = "2.16.840.1.101.3.4.2.1"
_RSA, _RSA_SHA256 = "1.2.840.113549.1.1.1", "1.2.840.113549.1.1.11"
_EC, _ECDSA_SHA256 = "1.2.840.10045.2.1", "1.2.840.10045.4.3.2"


@dataclass(frozen=True, slots=True, kw_only=True)
class Credential:
    """A key at the service.

    `algorithm` is the `signAlgo` to ask for, empty when none fits; `label` names what the service calls its one-time password.
    """

    id: str
    certificate: SigningCertificate
    algorithm: str
    multisign: int
    asks_pin: bool
    may_take_pin: bool
    asks_otp: bool
    sends_otp: bool
    otp_label: str


def read_credential(name: str, answer: Answer, now: datetime) -> Credential | None:
    """The credential in an answer of credentials/info; None when it has no readable certificate."""
    cert, key = answer.part("cert"), answer.part("key")
    certificate = read_certificate(cert.get("certificates"), label=answer.text("description"), key_id=name)
    if certificate is None:
        return None
    mode = answer.text("authMode") or "explicit"
    pin, otp = answer.part("PIN"), answer.part("OTP")
    explicit = mode == "explicit"
    algorithm = _algorithm(certificate.algorithm, key.get("algo"))
    certificate = judged_at(certificate, now)
    said = certificate.problem or _problem(cert, key, mode, algorithm)
    return Credential(
        id=name,
        certificate=replace(certificate, problem=said or None),
        algorithm=algorithm,
        multisign=max(1, number_of(answer.fields.get("multisign"), 1)),
        asks_pin=explicit and _presence(pin) == "true",
        may_take_pin=explicit and _presence(pin) == "optional",
        asks_otp=explicit and _presence(otp) == "true",
        sends_otp=explicit and text_of(otp.get("type")).lower() == "online",
        otp_label=text_of(otp.get("label")),
    )


def _presence(part: Mapping[str, object]) -> str:
    value = part.get("presence")
    return str(value).lower() if isinstance(value, str | bool) else "false"


def _algorithm(kind: KeyAlgorithm, offered: object) -> str:
    """The `signAlgo` for SHA-256; services that list nothing are taken to know the usual one."""
    names = {one for one in offered if isinstance(one, str)} if isinstance(offered, list) else set()
    usual = (_RSA_SHA256, _RSA) if kind is KeyAlgorithm.RSA else (_ECDSA_SHA256,)
    if not names or (kind is KeyAlgorithm.EC and _EC in names):
        return usual[0]
    return next((one for one in usual if one in names), "")


def _problem(cert: Mapping[str, object], key: Mapping[str, object], mode: str, algorithm: str) -> str:
    status = text_of(cert.get("status")).lower()
    if status not in ("", "valid"):
        words = {"expired": _("expired"), "revoked": _("revoked"), "suspended": _("suspended")}
        return _("the service says: {status}").format(status=words.get(status, status))
    if text_of(key.get("status")).lower() == "disabled":
        return _("the service has disabled its key")
    if mode not in ("explicit", "implicit"):
        return _("it is released in a browser only ({mode}), which is not supported").format(mode=mode)
    return "" if algorithm else _("its key signs with no algorithm that fits SHA-256 signatures in PDF files")

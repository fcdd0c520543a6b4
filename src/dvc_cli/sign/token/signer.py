"""The `token` driver: USB tokens and smart cards through the worker process."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from dvc_cli.i18n import _
from dvc_cli.model.ports import AttemptLedger, Clock, Progress, Prompter
from dvc_cli.model.signing import (
    DocumentDigest,
    KeyAlgorithm,
    RawSignature,
    SignerCapabilities,
    SigningCertificate,
)
from dvc_cli.sign.base import (
    BadSignature,
    CertificateUnusable,
    PinLocked,
    SecretSource,
    SignerSpec,
    SignerUnavailable,
    SigningSession,
    WrongPin,
)
from dvc_cli.sign.certificates import (
    CertificateUnreadable,
    certificate_from_der,
    judged_at,
    require_usable,
    verify_raw,
)
from dvc_cli.sign.selection import choose_certificate, matches
from dvc_cli.sign.token.guard import PinGuard
from dvc_cli.sign.token.process import StoredCertificate, TokenFacts, TokenProcess, WorkerFault
from dvc_cli.sign.token.search import explain, find_token, try_modules

_GONE = {"DeviceRemoved", "TokenNotPresent", "ObjectHandleInvalid", "SessionHandleInvalid", "KeyHandleInvalid", "Died"}


@dataclass(slots=True)
class TokenSigner:
    """A PKCS#11 signer. Options: `module` (path), `token` (label or serial), `serial`, `cert`, `confirm_pin`."""

    spec: SignerSpec
    secrets: SecretSource
    ledger: AttemptLedger
    clock: Clock
    environ: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))
    _wrong_in_this_run: bool = False

    @property
    def name(self) -> str:
        """The profile's name of this signer."""
        return self.spec.name

    @property
    def capabilities(self) -> SignerCapabilities:
        """One PIN for any number of documents, one signature at a time."""
        return SignerCapabilities(kind="token", max_batch=1000)

    def certificates(self) -> list[SigningCertificate]:
        """What the matching tokens show without a PIN; the unusable ones with `problem` set."""
        found: dict[str, SigningCertificate] = {}
        for trial in try_modules(self._module, self.environ):
            for facts in trial.tokens:
                if self._option("token") in ("", facts.label, facts.serial) and trial.problem is None:
                    for one in self._shown(trial.candidate.path, facts):
                        found.setdefault(one.fingerprint, judged_at(one, self.clock.now()))
        return list(found.values())

    def candidates(self) -> list[SigningCertificate]:
        """Those that `open` chooses among; for plans."""
        wanted = self._option("cert")
        return matches(self.certificates(), wanted) if wanted else self.certificates()

    @contextmanager
    def open(self, prompter: Prompter, progress: Progress) -> Iterator[SigningSession]:
        """Find token and certificate, check both, and only then ask for the PIN."""
        with progress.task(_("Looking for the token")):
            found = find_token(self._module, self._option("token"), self._option("serial"), self.environ, prompter)
            process, stored = self._start(found.module, found.facts)
        try:
            certificate = self._chosen(stored, prompter) if stored else None
            self._log_in(process, found.facts, prompter)
            if certificate is None:
                stored = process.certificates(found.facts.slot)
                certificate = self._chosen(stored, prompter)
            if not process.choose_key(certificate.key_id, _modulus(certificate)):
                raise CertificateUnusable(
                    _("The token holds no private key for the certificate of {name}").format(
                        name=certificate.common_name
                    ),
                    hint=_("Choose another certificate with `--cert`"),
                )
            yield _TokenSession(certificate, process, found.facts.label)
        except WorkerFault as fault:
            raise _unavailable(fault, found.facts.label) from fault
        finally:
            process.end()

    @property
    def _module(self) -> Path | None:
        text = self._option("module")
        return Path(text).expanduser() if text else None

    def _option(self, name: str) -> str:
        return str(self.spec.options.get(name, ""))

    def _start(self, module: Path, facts: TokenFacts) -> tuple[TokenProcess, list[StoredCertificate]]:
        """A worker, with the certificates that can be seen without a PIN; looking may hang, then it is started again."""
        try:
            process = TokenProcess(module, self.environ)
        except WorkerFault as fault:
            raise _unavailable(fault, facts.label) from fault
        try:
            return process, process.certificates(facts.slot)
        except WorkerFault as fault:
            process.kill()
            if fault.code not in ("Hung", "UserNotLoggedIn"):
                raise _unavailable(fault, facts.label) from fault
        return TokenProcess(module, self.environ), []

    def _shown(self, module: Path, facts: TokenFacts) -> list[SigningCertificate]:
        try:
            process, stored = self._start(module, facts)
        except SignerUnavailable:
            return []
        process.end()
        return _signing_certificates(stored)

    def _chosen(self, stored: Sequence[StoredCertificate], prompter: Prompter) -> SigningCertificate:
        certificates = _signing_certificates(stored)
        chosen = choose_certificate(certificates, self._option("cert"), self.clock.now(), prompter)
        require_usable(chosen, self.clock.now())
        return chosen

    def _log_in(self, process: TokenProcess, facts: TokenFacts, prompter: Prompter) -> None:
        if not facts.has(TokenFacts.LOGIN_REQUIRED):
            return
        guard = PinGuard(
            facts, self.ledger, prompter, confirmed=self.spec.options.get("confirm_pin") in (True, "true", 1)
        )
        if self._wrong_in_this_run:
            raise PinLocked(
                _("A wrong PIN was given in this run already, so no other is tried"),
                hint=_("Make sure of the PIN, then run the command again"),
            )
        guard.allow()
        pin = None
        if not facts.has(TokenFacts.PIN_PAD):
            question = _("PIN of token {label} (serial {serial})").format(label=facts.label, serial=facts.serial)
            pin = self.secrets("pin", facts.serial or facts.label, flag="--pin-file", question=question)
        try:
            guard.log_in(pin, lambda: process.login(facts.slot, pin))
        except WrongPin:
            self._wrong_in_this_run = True
            raise


@dataclass(frozen=True, slots=True)
class _TokenSession:
    certificate: SigningCertificate
    process: TokenProcess
    label: str

    def sign(self, digests: Sequence[DocumentDigest], *, description: str) -> Iterator[RawSignature]:  # noqa: ARG002
        for document in digests:
            try:
                value = self.process.sign(document.signed_attributes, self.certificate.algorithm.value)
            except WorkerFault as fault:
                raise _unavailable(fault, self.label) from fault
            if self.certificate.algorithm is KeyAlgorithm.EC:
                value = _der_of(value)
            if not verify_raw(self.certificate, document.digest, value):
                raise BadSignature(
                    _("Token {label} returned a signature that does not fit its certificate").format(label=self.label),
                    hint=_("Nothing was embedded; the key on the token may belong to another certificate"),
                )
            yield RawSignature(doc_id=document.doc_id, value=value)


def visible_certificates(
    module: Path, facts: TokenFacts, environ: Mapping[str, str]
) -> list[SigningCertificate] | None:
    """The end-entity certificates that a token shows without a PIN; None when looking fails or hangs."""
    process = None
    try:
        process = TokenProcess(module, environ)
        return _signing_certificates(process.certificates(facts.slot))
    except WorkerFault:
        return None
    finally:
        if process is not None:
            process.end()


def _signing_certificates(stored: Sequence[StoredCertificate]) -> list[SigningCertificate]:
    """The token's end-entity certificates, each with the issuers that lie beside it."""
    pool = [one.der for one in stored]
    found: dict[str, SigningCertificate] = {}
    for one in stored:
        try:
            certificate = certificate_from_der(one.der, pool, label=one.label, key_id=one.key_id)
        except CertificateUnreadable:
            continue
        if not certificate.is_issuer:
            found.setdefault(certificate.fingerprint, certificate)
    return list(found.values())


def _modulus(certificate: SigningCertificate) -> str | None:
    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric import rsa

    key = x509.load_der_x509_certificate(certificate.der).public_key()
    if not isinstance(key, rsa.RSAPublicKey):
        return None
    number = key.public_numbers().n
    return number.to_bytes((number.bit_length() + 7) // 8, "big").hex()


def _der_of(value: bytes) -> bytes:
    """PKCS#11 gives r and s side by side, CMS wants ECDSA-Sig-Value."""
    from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

    half = len(value) // 2
    return encode_dss_signature(int.from_bytes(value[:half], "big"), int.from_bytes(value[half:], "big"))


def _unavailable(fault: WorkerFault, label: str) -> SignerUnavailable | WrongPin:
    if fault.code == "PinIncorrect":
        return WrongPin(
            _("The PIN of token {label} is wrong; it is not tried again").format(label=label),
            hint=_("Make sure of the PIN, then run the command again; it asks before the next try"),
        )
    if fault.code in _GONE:
        return SignerUnavailable(
            _("Token {label} was pulled out or does not answer any more").format(label=label),
            hint=_("Plug it in again, then run the same command for the files that are left"),
        )
    return SignerUnavailable(
        _("Token {label} failed: {reason}").format(label=label, reason=explain(fault)),
        hint=_("Plug it in again, or try with the vendor's own program"),
    )

"""The Signer protocol: digests in, raw signatures out. A driver knows no PDF (design/decisions.md, Layers)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Protocol

from dvc_cli.errors import Blocked, InvalidInput, SigningRefused, Temporary
from dvc_cli.model.ports import Progress, Prompter
from dvc_cli.model.secret import Secret
from dvc_cli.model.signing import DocumentDigest, RawSignature, SignerCapabilities, SigningCertificate


class WrongPin(SigningRefused):
    """The PIN or passphrase was refused; it is never tried again by itself."""

    slug = "wrong-pin"
    stops_batch = True


class PinLocked(Blocked):
    """The token's PIN is locked, or our guard refuses to risk the last try."""

    slug = "pin-locked"


class CertificateUnusable(SigningRefused):
    """Expired, not yet valid, revoked, or not meant for signing."""

    slug = "certificate-unusable"


class CertificateAmbiguous(InvalidInput):
    """None or several certificates fit the selection."""

    slug = "certificate-ambiguous"


class SignatureRejected(SigningRefused):
    """The person or the service refused to sign."""

    slug = "signature-rejected"


class BadSignature(SigningRefused):
    """The returned value does not verify with the certificate over the digest that was sent; nothing was embedded."""

    slug = "bad-signature"


class SignerUnavailable(Temporary):
    """The signer does not answer now (service down, token pulled)."""

    slug = "signer-unavailable"


class SigningSession(Protocol):
    """An opened signer: logged in to the token, or ready to start transactions."""

    @property
    def certificate(self) -> SigningCertificate:
        """The one certificate this session signs with."""

    def sign(self, digests: Sequence[DocumentDigest], *, description: str) -> Iterator[RawSignature]:
        """Sign a batch (at most `capabilities.max_batch`); yields results as they come, matched by `doc_id`.

        `description` is what a person sees when asked to confirm. Every value has been verified with the certificate's
        public key over the digest before it is yielded.

        Raises:
            WrongPin, PinLocked, SignatureRejected, BadSignature, SignerUnavailable, or another `DvcError`.
        """


class Signer(Protocol):
    """A way to sign: USB token, PKCS#12 file, SmartCA account … (chữ ký số)."""

    @property
    def name(self) -> str:
        """The profile's name of this signer."""

    @property
    def capabilities(self) -> SignerCapabilities:
        """Abilities as data."""

    def certificates(self) -> list[SigningCertificate]:
        """All certificates, the unusable ones with `problem` set. Never asks for a PIN where it can be avoided."""

    def open(self, prompter: Prompter, progress: Progress) -> AbstractContextManager[SigningSession]:
        """Choose the certificate, take the PIN or passphrase once, open the device; closing releases it.

        Raises:
            CertificateAmbiguous: the selection fits none or several.
            CertificateUnusable: the chosen certificate cannot be used now.
            WrongPin, PinLocked, SignerUnavailable, or another `DvcError`.
        """


@dataclass(frozen=True, slots=True, kw_only=True)
class SignerSpec:
    """A named signer of the profile: `kind` chooses the driver, `options` are its settings (never secrets)."""

    name: str
    kind: str
    options: Mapping[str, str | int | bool] = field(default_factory=dict)


class SecretSource(Protocol):
    """Gives a secret when a driver needs it (PIN, passphrase, service password); wired to `config.credentials`."""

    def __call__(self, purpose: str, subject: str, *, flag: str, question: str) -> Secret:
        """Raises `UsageProblem`-like errors when nobody can be asked.

        Args:
            purpose: "pin", "passphrase", "sp_password", "th_password", "csc_password", "client_secret", "otp_secret".
            subject: what it belongs to (token serial, file name, account@host).
            flag: the option that gives it without a prompt.
            question: the prompt, in the user's language.
        """

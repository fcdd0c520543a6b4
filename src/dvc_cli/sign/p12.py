"""Signing with a key in a PKCS#12 file (`.p12`, `.pfx`)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from dvc_cli.errors import ConfigurationProblem, InvalidInput
from dvc_cli.i18n import _
from dvc_cli.model.ports import Clock, Progress, Prompter
from dvc_cli.model.secret import Secret
from dvc_cli.model.signing import DocumentDigest, RawSignature, SignerCapabilities, SigningCertificate
from dvc_cli.sign.base import BadSignature, SecretSource, SignerSpec, SigningSession, WrongPin
from dvc_cli.sign.certificates import certificate_from_der, judged_at, require_usable, verify_raw

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.serialization.pkcs12 import PKCS12KeyAndCertificates

_LARGEST_FILE = 10_000_000


class Pkcs12Unreadable(InvalidInput):
    """The file is not a PKCS#12 file with a key and its certificate, or uses an encryption that is not supported."""

    slug = "pkcs12-unreadable"


class Pkcs12NotNamed(ConfigurationProblem):
    """The settings of a PKCS#12 signer do not name its file."""

    slug = "pkcs12-not-named"


@dataclass(frozen=True, slots=True)
class Pkcs12Signer:
    """The `p12` driver. Options: `file`."""

    spec: SignerSpec
    secrets: SecretSource
    clock: Clock

    @property
    def name(self) -> str:
        """The profile's name of this signer."""
        return self.spec.name

    @property
    def capabilities(self) -> SignerCapabilities:
        """No person, no device: everything at once."""
        return SignerCapabilities(kind="p12", max_batch=1000, parallel=True)

    @property
    def file(self) -> Path:
        """The PKCS#12 file."""
        text = str(self.spec.options.get("file", ""))
        if not text:
            raise Pkcs12NotNamed(
                _("The signer `{name}` does not name its PKCS#12 file").format(name=self.name),
                hint=_("Set `file` in the profile, or use `--p12 FILE`"),
            )
        return Path(text).expanduser()

    def certificates(self) -> list[SigningCertificate]:
        """The certificate in the file; the passphrase is needed to read it."""
        certificate, _key = self._unlock()
        return [judged_at(certificate, self.clock.now())]

    @contextmanager
    def open(self, prompter: Prompter, progress: Progress) -> Iterator[SigningSession]:  # noqa: ARG002 - the protocol's
        """Decrypt the file with the passphrase."""
        certificate, sign = self._unlock()
        require_usable(certificate, self.clock.now())
        yield _Pkcs12Session(certificate, sign)

    def _unlock(self) -> tuple[SigningCertificate, Callable[[bytes], bytes]]:
        content = _read(self.file)
        passphrase = self.secrets(
            "passphrase",
            self.file.name,
            flag="--passphrase-file",
            question=_("Passphrase of `{file}`").format(file=self.file.name),
        )
        return _open_bundle(content, passphrase, self.file.name)


@dataclass(frozen=True, slots=True)
class _Pkcs12Session:
    certificate: SigningCertificate
    value_of: Callable[[bytes], bytes]

    def sign(self, digests: Sequence[DocumentDigest], *, description: str) -> Iterator[RawSignature]:  # noqa: ARG002
        for document in digests:
            value = self.value_of(document.signed_attributes)
            if not verify_raw(self.certificate, document.digest, value):
                raise BadSignature(
                    _("The key in the PKCS#12 file does not belong to its certificate"),
                    hint=_("Ask the issuer for the right file"),
                )
            yield RawSignature(doc_id=document.doc_id, value=value)


def _read(path: Path) -> bytes:
    try:
        if path.stat().st_size > _LARGEST_FILE:
            raise Pkcs12Unreadable(_("`{file}` is too large for a PKCS#12 file").format(file=path))
        content = path.read_bytes()
    except OSError as error:
        raise Pkcs12Unreadable(
            _("`{file}` cannot be read: {reason}").format(file=path, reason=error.strerror or str(error)),
            hint=_("Check the path of the PKCS#12 file"),
        ) from error
    _require_bundle(content, path.name)
    return content


def _require_bundle(content: bytes, name: str) -> None:
    """Tell "not a PKCS#12 file" from "wrong passphrase": the library says the same for both."""
    from asn1crypto import pkcs12

    try:
        version = pkcs12.Pfx.load(content, strict=True)["version"].native
    except (ValueError, TypeError) as error:
        raise Pkcs12Unreadable(
            _("`{file}` is not a PKCS#12 file").format(file=name),
            hint=_("Give the `.p12` or `.pfx` file that the issuer sent"),
        ) from error
    if version != "v3":
        raise Pkcs12Unreadable(_("`{file}` is not a PKCS#12 file").format(file=name))


def _open_bundle(content: bytes, passphrase: Secret, name: str) -> tuple[SigningCertificate, Callable[[bytes], bytes]]:
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.serialization import Encoding, pkcs12

    try:
        bundle = pkcs12.load_pkcs12(content, passphrase.reveal().encode("utf-8"))
    except UnsupportedAlgorithm as error:
        raise Pkcs12Unreadable(
            _("`{file}` is encrypted in a way that is not supported").format(file=name),
            hint=_("Export it again with AES, for example from the system's certificate store"),
        ) from error
    except ValueError as error:
        raise WrongPin(
            _("The passphrase of `{file}` is wrong").format(file=name),
            hint=_("Run the command again with the right passphrase"),
        ) from error
    if bundle.key is None or bundle.cert is None:
        raise Pkcs12Unreadable(
            _("`{file}` holds no private key with its certificate").format(file=name),
            hint=_("Give the file that holds the key"),
        )
    chain = [one.certificate.public_bytes(Encoding.DER) for one in bundle.additional_certs]
    label = (bundle.cert.friendly_name or b"").decode("utf-8", "replace")
    certificate = certificate_from_der(bundle.cert.certificate.public_bytes(Encoding.DER), chain, label=label)
    return certificate, _value_function(bundle, name)


def _value_function(bundle: PKCS12KeyAndCertificates, name: str) -> Callable[[bytes], bytes]:
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

    key = bundle.key
    if isinstance(key, rsa.RSAPrivateKey):
        return lambda content: key.sign(content, padding.PKCS1v15(), hashes.SHA256())
    if isinstance(key, ec.EllipticCurvePrivateKey):
        return lambda content: key.sign(content, ec.ECDSA(hashes.SHA256()))
    raise Pkcs12Unreadable(
        _("The key in `{file}` is of a kind that cannot sign PDF files").format(file=name),
        hint=_("Use an RSA or EC key"),
    )

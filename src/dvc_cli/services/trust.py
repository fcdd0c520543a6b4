"""`trust list`, `trust import`, `trust remove`: which roots the verdicts of `verify` rest on."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import ClassVar

from dvc_cli.config.trust import ImportedRoot, TrustStore
from dvc_cli.errors import InvalidInput, UsageProblem
from dvc_cli.files import reason_of
from dvc_cli.i18n import _
from dvc_cli.model.ports import Prompter
from dvc_cli.sign.certificates import CertificateUnreadable, certificate_from_der, certificates_in_pem
from dvc_cli.sign.zone import VIETNAM

_FINGERPRINT_DIGITS = 64
_FEWEST_DIGITS = 8


class NotARoot(InvalidInput):
    """The file holds no certificate of an issuer, so nothing in it can be trusted as a root."""

    slug = "not-a-root"


class FingerprintDiffers(InvalidInput):
    """No certificate in the file has the fingerprint that was given; nothing was imported."""

    slug = "fingerprint-differs"


class NoSuchRoot(InvalidInput):
    """No imported root, or more than one, has this fingerprint."""

    slug = "no-such-root"


@dataclass(frozen=True, slots=True, kw_only=True)
class TrustedRoot:
    """A root. `origin`: "imported" or "profile-file"; `profile`: the only one it counts for, empty for all."""

    subject: str
    issuer: str
    serial: str
    fingerprint: str
    not_before: datetime
    not_after: datetime
    self_signed: bool
    origin: str
    profile: str
    path: str
    sandbox: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class TrustReport:
    """Result of the `trust` commands. `done`: "listed", "imported", "removed", "declined"."""

    schema: ClassVar[str] = "dvc.trust.roots/1"
    done: str
    roots: tuple[TrustedRoot, ...]

    @property
    def sandbox(self) -> bool:
        """Whether a root belongs to the sandbox."""
        return any(root.sandbox for root in self.roots)


def list_roots(store: TrustStore, profile: str | None, files: Sequence[Path]) -> TrustReport:
    """All that `verify` trusts now: imported ones, and the files that the profile names.

    Raises:
        TrustChanged, NotARoot: a file is not what it should be.
    """
    imported = [_of_import(root) for root in store.roots(profile)]
    named = [
        _described(der, origin="profile-file", profile=profile or "", path=path)
        for path in files
        for der in _certificates(path)
    ]
    return TrustReport(done="listed", roots=(*imported, *named))


def import_roots(
    file: Path, store: TrustStore, *, profile: str | None, fingerprint: str, prompter: Prompter
) -> TrustReport:
    """Import the root certificates of a PEM or DER file, each after its fingerprint was given or confirmed.

    Args:
        file: PEM or DER.
        profile: trust them with this profile only; None: with all.
        fingerprint: SHA-256 in hexadecimal of the one to import, colons and spaces allowed; empty: show and ask.

    Raises:
        NotARoot, FingerprintDiffers, UsageProblem.
    """
    candidates = [der for der in _certificates(file) if certificate_from_der(der).is_issuer]
    if not candidates:
        raise NotARoot(
            _("`{file}` holds no certificate of an issuer").format(file=file),
            hint=_("Give the root certificate, not the one of a person or company"),
        )
    if fingerprint:
        wanted = _digits(fingerprint, exactly=_FINGERPRINT_DIGITS)
        chosen = [der for der in candidates if hashlib.sha256(der).hexdigest() == wanted]
        if not chosen:
            raise FingerprintDiffers(
                _("No certificate in `{file}` has the fingerprint that was given").format(file=file),
                hint=_("Compare with the fingerprint its issuer publishes; nothing was imported"),
                details=tuple(_spoken(der) for der in candidates),
            )
    else:
        chosen = [der for der in candidates if prompter.confirm(_question(der), flag="--fingerprint")]
    roots = tuple(_of_import(store.add(der, profile)) for der in chosen)
    return TrustReport(done="imported" if roots else "declined", roots=roots)


def remove_root(fingerprint: str, store: TrustStore, profile: str | None) -> TrustReport:
    """Forget the imported root whose fingerprint begins with `fingerprint` (8 digits or more).

    Raises:
        NoSuchRoot, UsageProblem.
    """
    wanted = _digits(fingerprint)
    found = [root for root in store.roots(profile) if root.fingerprint.startswith(wanted)]
    if len({root.fingerprint for root in found}) != 1:
        raise NoSuchRoot(
            _("{count} imported roots have a fingerprint that begins with {digits}").format(
                count=len({root.fingerprint for root in found}), digits=wanted
            ),
            hint=_("See them with `dvc-cli trust list`"),
        )
    for root in found:
        store.remove(root)
    return TrustReport(done="removed", roots=tuple(_of_import(root) for root in found))


def _certificates(path: Path) -> list[bytes]:
    try:
        return certificates_in_pem(path.read_bytes())
    except OSError as error:
        raise NotARoot(
            _("The trusted roots in `{path}` cannot be read: {reason}").format(path=path, reason=reason_of(error)),
            hint=_("Give a PEM file with root certificates"),
        ) from error
    except CertificateUnreadable as error:
        raise NotARoot(
            _("`{path}` holds no certificate").format(path=path), hint=_("Give a PEM file with root certificates")
        ) from error


def _of_import(root: ImportedRoot) -> TrustedRoot:
    return _described(root.der, origin="imported", profile=root.profile or "", path=root.path)


def _described(der: bytes, *, origin: str, profile: str, path: Path) -> TrustedRoot:
    from cryptography import x509

    from dvc_cli.sign.certificates import is_sandbox

    one = certificate_from_der(der)
    names = x509.load_der_x509_certificate(der)
    return TrustedRoot(
        subject=one.subject,
        issuer=one.issuer,
        serial=one.serial,
        fingerprint=one.fingerprint,
        not_before=one.not_before,
        not_after=one.not_after,
        self_signed=names.subject == names.issuer,
        origin=origin,
        profile=profile,
        path=str(path),
        sandbox=is_sandbox(one),
    )


def _question(der: bytes) -> str:
    return _(
        "{certificate}\nTrust every signature below it? Compare the fingerprint with the one its issuer publishes"
    ).format(certificate=_spoken(der))


def _spoken(der: bytes) -> str:
    one = certificate_from_der(der)
    digits = one.fingerprint.upper()
    grouped = ":".join(digits[place : place + 2] for place in range(0, len(digits), 2))
    until = one.not_after.astimezone(VIETNAM).strftime("%d/%m/%Y")
    return _("{subject}, until {date}, SHA-256 {fingerprint}").format(
        subject=one.subject, date=until, fingerprint=grouped
    )


def _digits(text: str, *, exactly: int | None = None) -> str:
    digits = "".join(text.lower().removeprefix("sha256:").replace(":", " ").split())
    hexadecimal = all(one in "0123456789abcdef" for one in digits)
    fits = len(digits) == exactly if exactly else _FEWEST_DIGITS <= len(digits) <= _FINGERPRINT_DIGITS
    if hexadecimal and fits:
        return digits
    raise UsageProblem(
        _("`{text}` is not a SHA-256 fingerprint").format(text=text),
        hint=_("It has 64 hexadecimal digits; see `dvc-cli trust list`"),
    )

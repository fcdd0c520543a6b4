# mypy: allow-untyped-calls
# pyHanko is typed in part only.
"""The levels above B-B (EN 319 142-1 §6): time stamps and validation data, added to a signature or to a signed file."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, BinaryIO

from dvc_cli.errors import ConfigurationProblem, SigningRefused
from dvc_cli.i18n import _
from dvc_cli.model.ports import Clock
from dvc_cli.model.signing import SignatureLevel, SigningCertificate
from dvc_cli.sign.base import CertificateUnusable
from dvc_cli.sign.pades import reading
from dvc_cli.sign.pades.fetchers import make_fetchers
from dvc_cli.sign.pades.transport import Transport, time_stamper

if TYPE_CHECKING:
    from pyhanko.pdf_utils.reader import PdfFileReader

_LONG_TERM = (SignatureLevel.B_LT, SignatureLevel.B_LTA)
_MARGIN = 2048  # bytes; services answer with tokens of slightly different length


class NoTsa(ConfigurationProblem):
    """A level with a time stamp is wanted, but no time-stamping service is known."""

    slug = "no-tsa"


class LevelNotReached(SigningRefused):
    """The validation data for the wanted level could not be had; nothing was written."""

    slug = "level-not-reached"


class RevocationUnknown(SigningRefused):
    """Whether the certificate is revoked could not be found out, and that was required."""

    slug = "revocation-unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """Where time stamps and validation data come from. `roots` are DER."""

    transport: Transport
    tsa: tuple[str, ...]
    roots: tuple[bytes, ...]
    clock: Clock

    def stamper(self) -> Any:
        """A time stamper. Raises NoTsa."""
        if not self.tsa:
            raise NoTsa(
                _("No time-stamping service is known"),
                hint=_("Name one with `--tsa URL`, or set `tsa` in the profile"),
            )
        return time_stamper(self.transport, self.tsa)

    def context(self, *, required: bool, anchors: Sequence[bytes] = (), others: Sequence[bytes] = ()) -> Any:
        """A validation context that fetches through our transport."""
        from asn1crypto import x509
        from pyhanko_certvalidator import ValidationContext

        return ValidationContext(
            trust_roots=[x509.Certificate.load(der) for der in anchors or self.roots],
            other_certs=[x509.Certificate.load(der) for der in others],
            moment=self.clock.now(),
            allow_fetching=True,
            fetchers=make_fetchers(self.transport),
            revocation_mode="hard-fail" if required else "soft-fail",
        )


class LevelMaker:
    """Makes signatures of one level; `token` and `complete` are what it adds to a B-B one."""

    def __init__(self, level: SignatureLevel, evidence: Evidence) -> None:
        self.level = level
        self._evidence = evidence
        self._stamper = evidence.stamper()
        self._room = 0
        if level in _LONG_TERM and not evidence.roots:
            raise ConfigurationProblem(
                _("Level {level} needs the trusted root of the certificate").format(level=level.value),
                hint=_("Import it with `dvc-cli trust import FILE`, or give `--trust FILE`"),
            )

    def room(self) -> int:
        """Bytes that a time stamp takes, by a real answer; asked for before anything is signed."""
        if not self._room:
            answer = asyncio.run(self._stamper.async_dummy_response("sha256"))
            self._room = len(answer.dump()) + _MARGIN
        return self._room

    def token(self, value: bytes) -> Any:
        """The time stamp over a signature value (RFC 3161)."""
        return asyncio.run(self._stamper.async_timestamp(hashlib.sha256(value).digest(), "sha256"))

    def complete(self, file: BinaryIO, name: str) -> None:
        """Append what the level needs beyond the time stamp of the signature.

        Raises:
            LevelNotReached, TimeStampUnavailable.
        """
        if self.level in _LONG_TERM:
            self._translated(name, self._add_validation_data(file))
        if self.level is SignatureLevel.B_LTA:
            self._translated(name, self._add_document_time_stamp(file))

    def raise_level(self, file: BinaryIO, name: str, current: str) -> None:
        """Bring a signed file from the level `current` (`b-b`, `b-t`, …) to this one. Errors as `complete`."""
        if current in ("", "b-b"):
            self._translated(name, self._add_document_time_stamp(file))
        self.complete(file, name)

    def _translated(self, name: str, work: Any) -> None:
        from pyhanko.pdf_utils.misc import PdfError
        from pyhanko.sign.general import SigningError
        from pyhanko.sign.validation.errors import SignatureValidationError, ValidationInfoReadingError
        from pyhanko_certvalidator.errors import PathError

        library = (SigningError, SignatureValidationError, ValidationInfoReadingError, PathError, PdfError, ValueError)
        try:
            asyncio.run(work)
        except library as error:
            raise LevelNotReached(
                _("`{name}` cannot be brought to level {level}: the validation data cannot be had").format(
                    name=name, level=self.level.value
                ),
                hint=_("Sign with `--level b-t`, and raise the level later with `dvc-cli sign --upgrade`"),
                details=(str(error.__cause__ or error),),
            ) from error

    async def _add_validation_data(self, file: BinaryIO) -> None:
        from pyhanko.sign.validation.dss import async_add_validation_info

        count = len(_signatures(_reader(file)))
        for number in range(count):
            signature = _signatures(_reader(file))[number]
            await async_add_validation_info(signature, self._evidence.context(required=True), in_place=True)

    async def _add_document_time_stamp(self, file: BinaryIO) -> None:
        from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
        from pyhanko.sign.signers.pdf_signer import PdfTimeStamper

        file.seek(0)
        writer = IncrementalPdfFileWriter(file, strict=False)
        context = self._evidence.context(required=True) if self.level in _LONG_TERM else None
        await PdfTimeStamper(self._stamper).async_timestamp_pdf(writer, "sha256", context, in_place=True)


def check_revocation(certificate: SigningCertificate, evidence: Evidence, *, required: bool) -> None:
    """Refuse a revoked certificate, as far as its issuer can be asked now.

    Args:
        certificate: with the chain as far as the signer knows it.
        evidence: how to ask.
        required: an issuer that cannot be asked is a refusal too.

    Raises:
        CertificateUnusable: it was revoked.
        RevocationUnknown: nobody could say, and it was required.
    """
    from asn1crypto import x509
    from pyhanko_certvalidator import CertificateValidator
    from pyhanko_certvalidator.errors import PathError, RevokedError, ValidationError

    leaf = x509.Certificate.load(certificate.der)
    anchors = list(certificate.chain[-1:]) or list(evidence.roots)
    if not anchors or not (leaf.ocsp_urls or leaf.crl_distribution_points):
        if required:
            raise _unknown(_("the certificate does not say where to ask"))
        return
    context = evidence.context(required=required, anchors=anchors, others=certificate.chain)
    try:
        asyncio.run(CertificateValidator(leaf, validation_context=context).async_validate_path())
    except RevokedError as error:
        raise CertificateUnusable(
            _("The certificate of {name} was revoked by its issuer").format(name=certificate.common_name),
            hint=_("Use another certificate, or have a new one issued"),
        ) from error
    except (PathError, ValidationError, ValueError) as error:
        if required:
            raise _unknown(str(error)) from error


def _unknown(reason: str) -> RevocationUnknown:
    return RevocationUnknown(
        _("It cannot be found out whether the certificate was revoked: {reason}").format(reason=reason),
        hint=_("Try again later, or leave `--require-revocation` out"),
    )


def _reader(file: BinaryIO) -> PdfFileReader:
    from pyhanko.pdf_utils.reader import PdfFileReader

    file.seek(0)
    return PdfFileReader(file, strict=False)


def _signatures(reader: PdfFileReader) -> list[Any]:
    return [one for one in reader.embedded_signatures if str(reading.entry(one.sig_object, "/Type")) != "/DocTimeStamp"]

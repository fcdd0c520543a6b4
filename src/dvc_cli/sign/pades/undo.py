# mypy: allow-untyped-calls
# pyHanko is typed in part only.
"""Where a signature begins in a file: the state before it is everything up to there, byte for byte (signatures.md §4)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, BinaryIO, Final

from dvc_cli.errors import SigningRefused
from dvc_cli.i18n import _
from dvc_cli.model.signing import SigningCertificate
from dvc_cli.sign.certificates import CertificateUnreadable, certificate_from_der
from dvc_cli.sign.pades import integrity, reading
from dvc_cli.sign.pades.verify import open_signatures

if TYPE_CHECKING:
    from pyhanko.pdf_utils.reader import PdfFileReader

_END_WINDOW: Final = 64


class UndoRefused(SigningRefused):
    """A signature cannot be taken back: others signed after it, it is not one's own, or it was not simply added."""

    slug = "undo-refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class RemovableSignature:
    """A signature in the order of signing. `start`: bytes of the file before it, None when it was not added at the end."""

    field_name: str
    certificate: SigningCertificate | None
    intact: bool
    start: int | None

    @property
    def signer(self) -> str:
        """The signer's name, or the field's when the certificate cannot be read."""
        return self.certificate.common_name if self.certificate else self.field_name


def removable_signatures(file: BinaryIO, name: str) -> list[RemovableSignature]:
    """The signatures of a file, earliest first; document time stamps are left out, they go with what they cover.

    Raises:
        NotAPdf, PdfDamaged, PdfEncrypted.
    """
    from pyhanko.pdf_utils.reader import PdfFileReader

    reading.require_pdf(file, name)
    with reading.pdf_border(name):
        file.seek(0)
        reader = PdfFileReader(file, strict=False)
        reading.unlock(reader, name)
        opened, unreadable = open_signatures(reader)
        if unreadable:
            raise UndoRefused(
                _("A signature of `{name}` cannot be read, so none is taken back").format(name=name),
                hint=_("See what is wrong with it: `dvc-cli verify FILE`"),
            )
        signed = [one for one in opened if str(reading.entry(one.sig_object, "/Type")) != "/DocTimeStamp"]
        return [_described(one, reader, file) for one in signed]


def _described(signature: Any, reader: PdfFileReader, file: BinaryIO) -> RemovableSignature:
    return RemovableSignature(
        field_name=signature.fq_name,
        certificate=_certificate_of(signature),
        intact=_is_intact(signature, file),
        start=_start_of(reader, signature.signed_revision, file),
    )


def _certificate_of(signature: Any) -> SigningCertificate | None:
    try:
        return certificate_from_der(signature.signer_cert.dump())
    except (CertificateUnreadable, ValueError, AttributeError):
        return None


def _is_intact(signature: Any, file: BinaryIO) -> bool:
    try:
        return integrity.check_cms(integrity.read_range(file, signature.byte_range), file) is not False
    except integrity.RangeViolation:
        return False


def _start_of(reader: PdfFileReader, revision: int, file: BinaryIO) -> int | None:
    """Where the first object of a revision stands, when whole earlier revisions end right before it."""
    if revision < 1:
        return None
    references = reader.xrefs.explicit_refs_in_revision(revision)
    places = [reader.xrefs.get_historical_ref(reference, revision) for reference in references]
    offsets = [place for place in places if isinstance(place, int) and place > 0]
    start = min([*offsets, reader.xrefs.get_xref_container_info(revision).start_location])
    file.seek(max(0, start - _END_WINDOW))
    before = file.read(min(start, _END_WINDOW))
    return start if before.rstrip(b"\0\t\n\f\r ").endswith(b"%%EOF") else None

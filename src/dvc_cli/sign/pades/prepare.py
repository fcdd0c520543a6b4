"""The two halves of a signature: a document with a placeholder and its digest, then the value put into the placeholder.

Between the halves any key may sign, near or far: all that is needed later is plain data (`PreparedDocument`).
"""

# mypy: allow-untyped-calls
# pyHanko is typed in part only.
from __future__ import annotations

import functools
import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, BinaryIO

from dvc_cli.errors import SigningRefused
from dvc_cli.i18n import _
from dvc_cli.model.signing import DocumentDigest, Placement, SignatureProfile, SigningCertificate
from dvc_cli.sign.pades import cms, reading
from dvc_cli.sign.pades.earlier import sound_signatures
from dvc_cli.sign.placement import PageGeometry, PlacedBox, Rectangle, place
from dvc_cli.sign.zone import VIETNAM

if TYPE_CHECKING:
    from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
    from pyhanko.pdf_utils.reader import PdfFileReader

_CHUNK = 1 << 20


class PlaceholderTooSmall(SigningRefused):
    """The signature does not fit into the space that was reserved for it."""

    slug = "placeholder-too-small"


@dataclass(frozen=True, slots=True, kw_only=True)
class SignatureRequest:
    """What to write into a document besides the signature itself. `placement` None: invisible."""

    placement: Placement | None
    profile: SignatureProfile
    signed_at: datetime
    reason: str = ""
    extra_room: int = 0  # bytes for a time stamp


@dataclass(frozen=True, slots=True, kw_only=True)
class PreparedDocument:
    """A document that waits for its signature value: where the value goes, and what the key signs."""

    document: DocumentDigest
    certificate: SigningCertificate
    field_name: str
    document_digest: bytes
    contents_start: int  # offset of `<`
    contents_end: int  # offset after `>`
    earlier: tuple[tuple[str, bool], ...]  # field names of earlier signatures, and whether each was sound


@dataclass(frozen=True, slots=True, kw_only=True)
class Inspection:
    """What is known of an input before anything is asked or written."""

    pages: int
    signatures: int
    page: int | None  # from 1; None: invisible signature
    page_size_mm: tuple[float, float] | None


def inspect(source: BinaryIO, name: str, placement: Placement | None) -> Inspection:
    """Check that `source` can be signed with `placement`; writes nothing.

    Raises:
        NotAPdf, PdfDamaged, PdfEncrypted, PdfCertified, NoSuchPage, PlacementOutside, PlaceTaken.
    """
    reading.require_pdf(source, name)
    with reading.pdf_border(name):
        writer = _open_writer(source, name)
        pages = reading.page_count(writer.prev)
        if placement is None:
            reading.find_page(writer, 0)
            return Inspection(pages=pages, signatures=_signed_fields(writer.prev), page=None, page_size_mm=None)
        index, geometry, taken = _page_for(writer, placement, name)
        place(placement, geometry, taken)
        return Inspection(
            pages=pages, signatures=_signed_fields(writer.prev), page=index + 1, page_size_mm=geometry.size_mm
        )


def prepare(
    source: BinaryIO,
    output: BinaryIO,
    request: SignatureRequest,
    certificate: SigningCertificate,
    *,
    doc_id: str,
    name: str,
) -> PreparedDocument:
    """Write `source` plus an incremental update with an empty signature to `output`, and say what the key must sign.

    Memory stays bounded: the file is copied in pieces. `source` is only read.

    Raises:
        as `inspect`.
    """
    reading.require_pdf(source, name)
    with reading.pdf_border(name):
        writer = _open_writer(source, name)
        has_signatures = _signed_fields(writer.prev) > 0
        field_name = _free_field_name(writer.prev)
        digest, start, end = _write(writer, output, request, certificate, field_name, name)
    earlier = sound_signatures(source, name) if has_signatures else ()
    attributes = cms.signed_attributes(digest, certificate)
    return PreparedDocument(
        document=DocumentDigest(
            doc_id=doc_id,
            display_name=name,
            signed_attributes=attributes,
            digest=hashlib.sha256(attributes).digest(),
        ),
        certificate=certificate,
        field_name=field_name,
        document_digest=digest,
        contents_start=start,
        contents_end=end,
        earlier=earlier,
    )


def embed(output: BinaryIO, prepared: PreparedDocument, value: bytes, token: Any = None) -> None:
    """Put the raw signature `value`, and a time stamp over it, into the prepared document.

    Raises:
        PlaceholderTooSmall: a time stamp much longer than the first one of its service.
    """
    content = (
        cms.assemble(prepared.document.signed_attributes, prepared.certificate, value, token).hex().encode("ascii")
    )
    room = prepared.contents_end - prepared.contents_start - 2
    if len(content) > room:
        raise PlaceholderTooSmall(
            _("The signature of `{name}` needs more room than was reserved").format(name=prepared.document.display_name)
        )
    output.seek(prepared.contents_start + 1)
    output.write(content)
    output.flush()


def _write(
    writer: IncrementalPdfFileWriter,
    output: BinaryIO,
    request: SignatureRequest,
    certificate: SigningCertificate,
    field_name: str,
    name: str,
) -> tuple[bytes, int, int]:
    from pyhanko.sign.fields import SigFieldSpec, SigSeedSubFilter
    from pyhanko.sign.signers.cms_embedder import PdfCMSEmbedder, SigIOSetup, SigObjSetup
    from pyhanko.sign.signers.pdf_byterange import SignatureObject

    page, box = _place(writer, request.placement, name)
    spec = SigFieldSpec(field_name, on_page=page, box=box.rectangle if box else None)  # type: ignore[arg-type]
    steps = PdfCMSEmbedder(new_field_spec=spec).write_cms(field_name, writer)
    field = next(steps).get_object()
    _set_appearance(writer, field, box, request, certificate)
    pades = request.profile is SignatureProfile.PADES
    placeholder = SignatureObject(
        timestamp=request.signed_at.astimezone(VIETNAM).replace(microsecond=0),
        subfilter=SigSeedSubFilter.PADES if pades else SigSeedSubFilter.ADOBE_PKCS7_DETACHED,
        reason=request.reason or None,
        bytes_reserved=2 * (cms.size_needed(certificate) + request.extra_room),
    )
    steps.send(SigObjSetup(sig_placeholder=placeholder))
    prepared, _stream = steps.send(SigIOSetup(md_algorithm="sha256", output=output, chunk_size=_CHUNK))
    output.flush()
    return prepared.document_digest, prepared.reserved_region_start, prepared.reserved_region_end


def _place(writer: IncrementalPdfFileWriter, placement: Placement | None, name: str) -> tuple[int, PlacedBox | None]:
    if placement is None:
        reading.find_page(writer, 0)
        return 0, None
    index, geometry, taken = _page_for(writer, placement, name)
    return index, place(placement, geometry, taken)


def _page_for(
    writer: IncrementalPdfFileWriter, placement: Placement, name: str
) -> tuple[int, PageGeometry, list[Rectangle]]:
    """Index and geometry of the page, and the displayed boxes where signatures stand already."""
    index = reading.page_index(placement.page, reading.page_count(writer.prev), name)
    page = reading.find_page(writer, index)
    geometry = reading.page_geometry(page)
    return index, geometry, [geometry.to_displayed(box) for box in reading.signature_boxes(page)]


def _set_appearance(
    writer: IncrementalPdfFileWriter,
    field: Any,
    box: PlacedBox | None,
    request: SignatureRequest,
    certificate: SigningCertificate,
) -> None:
    from pyhanko.pdf_utils import generic

    from dvc_cli.sign.pades import appearance

    if box is None:
        content = appearance.nothing()
    else:
        content = appearance.stamp(writer, appearance.lines_of(certificate, request), box)
    field["/AP"] = generic.DictionaryObject({generic.NameObject("/N"): writer.add_object(content)})


def _open_writer(source: BinaryIO, name: str) -> IncrementalPdfFileWriter:
    source.seek(0)
    writer = _writer_class()(source, strict=False)
    reading.unlock(writer.prev, name)
    if reading.forbids_changes(writer.prev):
        raise reading.PdfCertified(
            _("`{name}` is certified by its author, who allows no changes, so it cannot be signed").format(name=name),
            hint=_("Ask the author for a version that may be signed"),
        )
    return writer


@functools.cache
def _writer_class() -> type[IncrementalPdfFileWriter]:
    from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter

    class SigningWriter(IncrementalPdfFileWriter):
        """Appends only what a signature needs: Info, XMP and the version stay as they are (signatures.md §2 rule 12)."""

        IO_CHUNK_SIZE = _CHUNK
        output_version = (1, 4)

        def _update_meta(self) -> None:
            return

    return SigningWriter


def _signed_fields(reader: PdfFileReader) -> int:
    from pyhanko.sign.fields import enumerate_sig_fields

    return sum(1 for _field in enumerate_sig_fields(reader, filled_status=True))


def _free_field_name(reader: PdfFileReader) -> str:
    taken: set[str] = set()
    for reference in reading.entry(reading.entry(reader.root, "/AcroForm"), "/Fields") or ():
        field = reference.get_object() if hasattr(reference, "get_object") else reference
        taken.add(str(reading.entry(field, "/T")))
    number = next(number for number in range(1, len(taken) + 2) if f"Signature{number}" not in taken)
    return f"Signature{number}"

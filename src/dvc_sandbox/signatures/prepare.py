"""Making a PAdES signature in two steps: prepare the file and what is to be signed, then embed the value.

The key may be far away (SmartCA) or in a file (the agency's seal); between the steps the prepared bytes must not change.
"""

import asyncio
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from io import BytesIO
from pathlib import Path
from typing import Any

from dvc_sandbox.signatures.byte_range import entry
from dvc_sandbox.signatures.stamp import Stamp, draw

RESERVED_BESIDES_CERTIFICATES = 4096  # bytes: attributes, signature value, CMS framing


class CannotPrepare(Exception):
    """The PDF cannot be signed (encrypted, broken, changes forbidden)."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """A PDF with an empty signature (`document`), the gap in it, and the DER of the CMS signed attributes."""

    document: bytes
    gap_start: int
    gap_end: int
    attributes: bytes

    @property
    def digest(self) -> str:
        """Lower-case hexadecimal SHA-256 of the signed attributes: what SmartCA is given."""
        return hashlib.sha256(self.attributes).hexdigest()


def read_certificates(path: Path) -> tuple[bytes, ...]:
    """All certificates of a PEM file as DER; an empty file gives none."""
    from asn1crypto import pem

    text = path.read_bytes()
    return tuple(der for _, _, der in pem.unarmor(text, multiple=True)) if pem.detect(text) else ()


def prepare(
    pdf: bytes, certificate: bytes, chain: Sequence[bytes], moment: datetime, stamp: Stamp | None = None
) -> Prepared:
    """Add an empty signature field (ETSI.CAdES.detached, /M = `moment`); the signed attributes hold no signing time.

    Raises CannotPrepare.
    """
    from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
    from pyhanko.pdf_utils.misc import PdfError
    from pyhanko.sign.fields import SigFieldSpec, SigSeedSubFilter
    from pyhanko.sign.general import SigningError
    from pyhanko.sign.signers.cms_embedder import PdfCMSEmbedder, SigIOSetup, SigObjSetup
    from pyhanko.sign.signers.pdf_byterange import SignatureObject

    reserved = 2 * (RESERVED_BESIDES_CERTIFICATES + len(certificate) + sum(len(one) for one in chain))
    try:
        writer = IncrementalPdfFileWriter(BytesIO(pdf), strict=False)
        if writer.prev.encrypted:
            raise CannotPrepare("the PDF is encrypted")
        page = stamp.page if stamp else 0
        box: Any = stamp.on_page(writer) if stamp else None
        spec = SigFieldSpec(_field_name(writer), on_page=page, box=box)
        steps = PdfCMSEmbedder(new_field_spec=spec).write_cms(spec.sig_field_name, writer)
        field = next(steps).get_object()
        if stamp:
            draw(writer, field, stamp)
        holder = SignatureObject(subfilter=SigSeedSubFilter.PADES, bytes_reserved=reserved, timestamp=moment)
        steps.send(SigObjSetup(sig_placeholder=holder))
        prepared, output = steps.send(SigIOSetup(md_algorithm="sha256"))
    except (
        PdfError,
        SigningError,
        ValueError,
        TypeError,
        KeyError,
        IndexError,
        AttributeError,
        RecursionError,
    ) as error:
        raise CannotPrepare(f"{type(error).__name__}: {error}") from error
    attributes = asyncio.run(
        _signer(certificate, chain, 0).signed_attrs(prepared.document_digest, "sha256", use_pades=True)
    )
    return Prepared(
        output.getvalue(), prepared.reserved_region_start, prepared.reserved_region_end, attributes.dump(force=True)
    )


def embed(prepared: Prepared, certificate: bytes, chain: Sequence[bytes], signature: bytes) -> bytes:
    """The finished PDF; raises ValueError when `signature` is not the certificate's over the prepared attributes."""
    from asn1crypto import cms

    if not value_is_right(certificate, prepared.attributes, signature):
        raise ValueError("the signature value does not belong to the certificate and the prepared file")
    attributes = cms.CMSAttributes.load(prepared.attributes)
    signer = _signer(certificate, chain, signature)
    content: bytes = asyncio.run(signer.async_sign_prescribed_attributes("sha256", attributes)).dump()
    room = prepared.gap_end - prepared.gap_start - 2
    text = content.hex().upper().encode("ascii").ljust(room, b"0")
    if len(text) > room:
        raise ValueError("the signature is larger than its reserved place")
    document = prepared.document
    return document[: prepared.gap_start + 1] + text + document[prepared.gap_end - 1 :]


def sign_with_file(key: Path, attributes: bytes) -> bytes:
    """Sign attributes with a PEM key file: RSA PKCS#1 v1.5 or ECDSA, SHA-256."""
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    private = load_pem_private_key(key.read_bytes(), None)
    if isinstance(private, rsa.RSAPrivateKey):
        return private.sign(attributes, padding.PKCS1v15(), hashes.SHA256())
    if isinstance(private, ec.EllipticCurvePrivateKey):
        return private.sign(attributes, ec.ECDSA(hashes.SHA256()))
    raise ValueError("the key is neither RSA nor EC")


def value_is_right(certificate: bytes, attributes: bytes, signature: bytes) -> bool:
    """Whether a raw signature value is the certificate's over these attributes."""
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
    from cryptography.x509 import load_der_x509_certificate

    key = load_der_x509_certificate(certificate).public_key()
    try:
        match key:
            case rsa.RSAPublicKey():
                key.verify(signature, attributes, padding.PKCS1v15(), hashes.SHA256())
            case ec.EllipticCurvePublicKey():
                key.verify(signature, attributes, ec.ECDSA(hashes.SHA256()))
            case _:
                return False
    except InvalidSignature:
        return False
    return True


def _field_name(writer: Any) -> str:
    """The first free `ChuKy<n>`."""
    fields = entry(entry(writer.root, "/AcroForm", {}), "/Fields", ())
    names = {str(entry(field.get_object(), "/T", "")) for field in fields}
    return next(name for name in (f"ChuKy{number}" for number in range(1, len(names) + 2)) if name not in names)


def _signer(certificate: bytes, chain: Sequence[bytes], value: bytes | int) -> Any:
    from asn1crypto import x509
    from pyhanko.sign.signers.pdf_cms import ExternalSigner
    from pyhanko_certvalidator.registry import SimpleCertificateStore

    make_store: Any = SimpleCertificateStore
    store = make_store()
    for one in chain:
        store.register(x509.Certificate.load(one))
    return ExternalSigner(x509.Certificate.load(certificate), store, signature_value=value or None, embed_roots=False)

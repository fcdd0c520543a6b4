"""How the forgeries of the tests are made."""

from __future__ import annotations

import datetime as dt
from io import BytesIO
from pathlib import Path
from typing import Any

from dvc_sandbox.environment import Environment


def _write(writer: Any) -> bytes:
    out = BytesIO()
    writer.write(out)
    return out.getvalue()


def replace_page(pdf: bytes) -> bytes:
    """An incremental update that gives the first page another content."""
    from pyhanko.pdf_utils.generic import StreamObject
    from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter

    writer = IncrementalPdfFileWriter(BytesIO(pdf))
    page = writer.root["/Pages"]["/Kids"].raw_get(0).get_object()
    page["/Contents"] = writer.add_object(StreamObject(stream_data=b"1 0 0 rg 0 0 595 842 re f"))
    writer.update_container(page)
    return _write(writer)


def cover_page(pdf: bytes) -> bytes:
    """An incremental update that lays a picture over the first page as an annotation."""
    from pyhanko.pdf_utils import generic
    from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
    from pyhanko.pdf_utils.misc import get_and_apply

    writer = IncrementalPdfFileWriter(BytesIO(pdf))
    page = writer.root["/Pages"]["/Kids"].raw_get(0).get_object()
    name = generic.pdf_name
    numbers = [generic.NumberObject(value) for value in (0, 0, 595, 842)]
    square = generic.DictionaryObject({name("/Type"): name("/Annot"), name("/Subtype"): name("/Square")})
    square["/Rect"] = generic.ArrayObject(numbers)
    square["/IC"] = generic.ArrayObject([generic.NumberObject(1)] * 3)
    annotations = get_and_apply(page, "/Annots", lambda found: found, default=generic.ArrayObject())
    annotations.append(writer.add_object(square))
    page["/Annots"] = annotations
    writer.update_container(page)
    return _write(writer)


def foreign_signer(folder: Path) -> Any:
    """A signer whose self-made authority has the sandbox root's name, but not its key."""
    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric import rsa
    from cryptography.x509.oid import NameOID

    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Vietnam National Root CA SANDBOX")])
    return _signer(folder / "foreign", key, name, key, name, may_sign=True)


def small_key_signer(environment: Environment, folder: Path, bits: int = 1024, *, may_sign: bool = True) -> Any:
    """A signer certified by the sandbox's own authority, with a key of so many bits."""
    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric import rsa
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    authority = environment.pki.folder
    issuer = x509.load_pem_x509_certificate((authority / "certs" / "ca.pem").read_bytes()).subject
    issuer_key = load_pem_private_key((authority / "keys" / "ca.pem").read_bytes(), None)
    key = rsa.generate_private_key(public_exponent=65537, key_size=bits)
    return _signer(folder / f"small-{bits}", key, issuer, issuer_key, None, may_sign=may_sign)


def _signer(path: Path, key: Any, issuer: Any, issuer_key: Any, subject: Any, *, may_sign: bool) -> Any:
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.x509.oid import NameOID
    from pyhanko.sign.signers import SimpleSigner

    now = dt.datetime.now(dt.UTC)
    own = subject or x509.Name([
        x509.NameAttribute(NameOID.COMMON_NAME, "NGUYỄN THỊ ĐƯỢC"),
        x509.NameAttribute(NameOID.USER_ID, "CCCD:034199000123"),
    ])  # fmt: skip
    usage = x509.KeyUsage(
        digital_signature=may_sign, content_commitment=may_sign, key_encipherment=not may_sign, data_encipherment=False,
        key_agreement=False, key_cert_sign=False, crl_sign=False, encipher_only=False, decipher_only=False,
    )  # fmt: skip
    certificate = (
        x509.CertificateBuilder()
        .subject_name(own)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(usage, critical=True)
        .sign(issuer_key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    path.with_suffix(".key").write_bytes(private)
    path.with_suffix(".pem").write_bytes(certificate.public_bytes(pem))
    return SimpleSigner.load(str(path.with_suffix(".key")), str(path.with_suffix(".pem")))

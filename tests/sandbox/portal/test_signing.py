"""The signed file in the place of the stored one, and undo (portal contract, row 12 and section 7)."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from dvc_sandbox.client import AdminClient
from dvc_sandbox.control import Running

from .citizen import WIZARD, Citizen, jpg, pdf

FILES = f"{WIZARD}/tep-tin"
Sign = Callable[..., bytes]


def add_signature(content: bytes, key: Path, certificate: Path, *chain: Path) -> bytes:
    """Sign a PDF with a key in a file."""
    from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
    from pyhanko.sign import PdfSignatureMetadata, signers
    from pyhanko.sign.fields import SigSeedSubFilter

    signer = signers.SimpleSigner.load(key, certificate, chain)
    assert signer is not None
    metadata = PdfSignatureMetadata(field_name="ChuKy", md_algorithm="sha256", subfilter=SigSeedSubFilter.PADES)
    out = io.BytesIO()
    signers.sign_pdf(IncrementalPdfFileWriter(io.BytesIO(content)), metadata, signer=signer, output=out)
    return out.getvalue()


@pytest.fixture
def sign(sandbox: Running) -> Sign:
    """Signs a PDF with a certificate of the sandbox's PKI."""

    def by_name(content: bytes, name: str = "citizen") -> bytes:
        folder = sandbox.state / "pki"
        files = (
            folder / "keys" / f"{name}.pem",
            folder / "certs" / f"{name}.pem",
            folder / "certs" / f"{name}.chain.pem",
        )
        return add_signature(content, *files)

    return by_name


@pytest.fixture
def stored(citizen: Citizen) -> tuple[str, int, bytes]:
    """A draft with one stored PDF: sid, id of the file, its bytes."""
    sid = citizen.start()
    citizen.fill_applicant(sid)
    content = pdf("ký")
    return sid, citizen.upload(sid, content).json()["id"], content


def put(citizen: Citizen, stored: tuple[str, int, bytes], content: bytes, way: str = "token") -> httpx.Response:
    return citizen.upload(stored[0], content, name="don.signed.pdf", action=f"/{stored[1]}/ky-so", cachKy=way)


def read(citizen: Citizen, stored: tuple[str, int, bytes]) -> bytes:
    return citizen.http.get(f"{FILES}/{stored[1]}", params={"sid": stored[0]}).content


@pytest.mark.parametrize("way", ["token", "smartca"])
def test_the_signed_file_takes_the_place_of_the_stored_one(
    citizen: Citizen, stored: tuple[str, int, bytes], sign: Sign, way: str
) -> None:
    before = citizen.http.get(FILES, params={"sid": stored[0]}).json()["files"][0]
    signed = sign(stored[2])
    answer = put(citizen, stored, signed, way)
    assert answer.status_code == 200, answer.text
    file = answer.json()
    assert (file["id"], file["signed"], file["signedWay"], file["size"]) == (stored[1], True, way, len(signed))
    assert file["signer"].casefold() == "nguyễn thị được"
    assert file["storedName"] != before["storedName"]
    assert read(citizen, stored) == signed


def test_undo_restores_the_unsigned_file(citizen: Citizen, stored: tuple[str, int, bytes], sign: Sign) -> None:
    put(citizen, stored, sign(stored[2]))
    undone = citizen.upload(stored[0], b"", action=f"/{stored[1]}/huy-ky-so")
    assert (undone.json()["signed"], undone.json()["size"]) == (False, len(stored[2]))
    assert read(citizen, stored) == stored[2]
    again = citizen.upload(stored[0], b"", action=f"/{stored[1]}/huy-ky-so")
    assert (again.status_code, again.json()["error"]) == (409, "conflict")


def refused(citizen: Citizen, stored: tuple[str, int, bytes], content: bytes) -> bool:
    answer = put(citizen, stored, content)
    assert (answer.status_code, answer.json()["error"]) == (422, "signature"), answer.text
    return read(citizen, stored) == stored[2]


def test_a_signature_on_another_document_is_refused(
    citizen: Citizen, stored: tuple[str, int, bytes], sign: Sign
) -> None:
    assert refused(citizen, stored, sign(pdf("một tệp khác")))


def test_an_unsigned_file_is_refused(citizen: Citizen, stored: tuple[str, int, bytes]) -> None:
    assert refused(citizen, stored, stored[2] + b"\n")


def test_a_damaged_signature_is_refused(citizen: Citizen, stored: tuple[str, int, bytes], sign: Sign) -> None:
    signed = sign(stored[2])
    assert signed.count(b"ChuKy") == 1
    assert refused(citizen, stored, signed.replace(b"ChuKy", b"ChuKx"))


@pytest.mark.parametrize("name", ["revoked", "expired"])
def test_a_certificate_that_is_not_good_is_refused(
    citizen: Citizen, stored: tuple[str, int, bytes], sign: Sign, name: str
) -> None:
    assert refused(citizen, stored, sign(stored[2], name))


def test_a_certificate_of_a_foreign_root_is_refused(
    citizen: Citizen, stored: tuple[str, int, bytes], tmp_path: Path
) -> None:
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import rsa

    key, now = rsa.generate_private_key(65537, 2048), datetime.now(UTC)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Nguyễn Thị Được")])
    builder = x509.CertificateBuilder(name, name, key.public_key(), 1, now - timedelta(days=1), now + timedelta(days=1))
    certificate = builder.sign(key, hashes.SHA256())
    pem, none = serialization.Encoding.PEM, serialization.NoEncryption()
    (tmp_path / "key.pem").write_bytes(key.private_bytes(pem, serialization.PrivateFormat.PKCS8, none))
    (tmp_path / "certificate.pem").write_bytes(certificate.public_bytes(pem))
    assert refused(citizen, stored, add_signature(stored[2], tmp_path / "key.pem", tmp_path / "certificate.pem"))


def test_only_pdfs_are_signed(citizen: Citizen, stored: tuple[str, int, bytes], sign: Sign) -> None:
    number = citizen.upload(stored[0], jpg(), name="a.jpg").json()["id"]
    answer = citizen.upload(stored[0], sign(stored[2]), action=f"/{number}/ky-so", cachKy="token")
    assert (answer.status_code, answer.json()["error"]) == (415, "type")


def test_the_way_of_signing_must_be_known(citizen: Citizen, stored: tuple[str, int, bytes], sign: Sign) -> None:
    assert put(citizen, stored, sign(stored[2]), "fax").status_code == 422


def test_a_dossier_keeps_the_signed_bytes(
    citizen: Citizen, stored: tuple[str, int, bytes], sign: Sign, admin: AdminClient
) -> None:
    signed = sign(stored[2])
    put(citizen, stored, signed)
    citizen.fill_components(stored[0])
    done = citizen.confirm(citizen.confirmation(stored[0]))
    code = done.response.headers["location"].partition("ma-ho-so=")[2]
    file = admin.dossier(code)["files"][0]
    assert (file["signed_way"], admin.blob(file["sha256"])) == ("token", signed)


def test_the_sign_dialog_offers_the_three_actions(citizen: Citizen, stored: tuple[str, int, bytes], sign: Sign) -> None:
    slot = citizen.components(stored[0]).tree.xpath("//tr[@data-heading='0']/@data-component")[0]
    page = citizen.get(f"{WIZARD}/ky-so", sid=stored[0], thanhPhan=slot)
    assert "VNPT-CA Plugin Token" in page.text("//form[@class='sign-token']")
    smartca = page.tree.xpath("//a[text()='VNPT SmartCA']/@href")[0]
    assert citizen.get(smartca).status == 200
    form = page.tree.xpath("//form[@class='sign-token']")[0]
    sent = citizen.http.post(
        form.get("action"), data=dict(form.form_values()), files={"file": ("a.pdf", sign(stored[2]), "application/pdf")}
    )
    assert sent.headers["location"].startswith(f"{WIZARD}/nhap-thong-tin-ho-so")
    page = citizen.get(f"{WIZARD}/ky-so", sid=stored[0], thanhPhan=slot)
    undo = page.tree.xpath("//form[.//button[text()='Hủy ký số']]")[0]
    assert citizen.http.post(undo.get("action"), data=dict(undo.form_values())).status_code == 303
    assert read(citizen, stored) == stored[2]
    assert citizen.get(f"{WIZARD}/ky-so", sid=stored[0], thanhPhan="nope").status == 404

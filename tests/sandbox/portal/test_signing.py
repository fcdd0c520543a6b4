"""The signed file in the place of the stored one, and undo (portal contract, row 12 and section 7)."""

from __future__ import annotations

import io
from collections.abc import Callable

import httpx
import pytest

from dvc_sandbox.client import AdminClient
from dvc_sandbox.control import Running

from .citizen import WIZARD, Citizen, jpg, pdf

FILES = f"{WIZARD}/tep-tin"
Sign = Callable[..., bytes]


@pytest.fixture
def sign(sandbox: Running) -> Sign:
    """Signs a PDF with a certificate of the sandbox's PKI."""

    def add_signature(content: bytes, name: str = "citizen") -> bytes:
        from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
        from pyhanko.sign import PdfSignatureMetadata, signers
        from pyhanko.sign.fields import SigSeedSubFilter

        folder = sandbox.state / "pki"
        signer = signers.SimpleSigner.load(
            folder / "keys" / f"{name}.pem", folder / "certs" / f"{name}.pem", [folder / "certs" / f"{name}.chain.pem"]
        )
        assert signer is not None
        metadata = PdfSignatureMetadata(field_name="ChuKy", md_algorithm="sha256", subfilter=SigSeedSubFilter.PADES)
        out = io.BytesIO()
        signers.sign_pdf(IncrementalPdfFileWriter(io.BytesIO(content)), metadata, signer=signer, output=out)
        return out.getvalue()

    return add_signature


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

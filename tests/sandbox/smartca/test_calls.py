"""The five calls: what they answer, what they refuse, and that the signatures are real."""

from __future__ import annotations

import base64
import subprocess
import uuid
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from dvc_sandbox.client import AdminClient
from tests.sandbox.smartca.conftest import CITIZEN, ORGANISATION, SP, Service, digest_of, file_row


def leaf_of(row: dict[str, Any]) -> x509.Certificate:
    return x509.load_der_x509_certificate(base64.b64decode(row["cert_data"]))


def openssl_verifies(folder: Path, certificate: x509.Certificate, digest: bytes, value: bytes) -> str:
    (folder / "key.pem").write_bytes(
        certificate.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    )
    (folder / "digest").write_bytes(digest)
    (folder / "value").write_bytes(value)
    command = ["openssl", "pkeyutl", "-verify", "-pubin", "-inkey", "key.pem", "-in", "digest", "-sigfile", "value"]
    done = subprocess.run(
        [*command, "-pkeyopt", "digest:sha256"], cwd=folder, capture_output=True, text=True, check=False
    )
    return done.stdout + done.stderr


def test_certificates_have_the_documented_shape(service: Service) -> None:
    personal, seal = service.certificates()
    assert (personal["service_type"], seal["service_type"]) == ("SMARTCA", "ESEAL")
    assert personal["cert_status"] == "Đang hoạt động"
    assert personal["cert_status_code"] == "VALID"
    leaf = leaf_of(personal)
    assert int(personal["serial_number"], 16) == leaf.serial_number
    assert f"UID=CCCD:{CITIZEN}" in leaf.subject.rfc4514_string({x509.NameOID.USER_ID: "UID"})
    assert datetime.fromisoformat(personal["cert_valid_to"]) == leaf.not_valid_after_utc.astimezone(UTC)
    issuer = x509.load_der_x509_certificate(base64.b64decode(personal["chain_data"]["ca_cert"]))
    root = x509.load_der_x509_certificate(base64.b64decode(personal["chain_data"]["root_cert"]))
    leaf.verify_directly_issued_by(issuer)
    issuer.verify_directly_issued_by(root)


def test_one_certificate_has_line_breaks_and_one_no_root(service: Service) -> None:
    assert "\r\n" in service.certificates()[0]["cert_data"]
    organisation = service.certificates(ORGANISATION)[0]
    assert "\n" not in organisation["cert_data"]
    assert organisation["chain_data"]["root_cert"] is None


@pytest.mark.parametrize(
    ("user_id", "codes"), [("033185000789", ["EXPIRED"]), ("001090000321", ["REVOKED"]), ("034000000999", [])]
)
def test_unusable_certificates_are_told_apart(service: Service, user_id: str, codes: list[str]) -> None:
    assert [row["cert_status_code"] for row in service.certificates(user_id)] == codes


def test_a_serial_number_selects_one_certificate(service: Service) -> None:
    wanted = service.certificates()[1]["serial_number"]
    assert [row["serial_number"] for row in service.certificates(serial_number=wanted)] == [wanted]


def test_an_approved_batch_yields_signatures_that_openssl_accepts(
    service: Service, admin: AdminClient, tmp_path: Path
) -> None:
    body = service.request("đơn.pdf", "giấy uỷ quyền.pdf")
    status, answer = service.post("/v1/signatures/sign", body)
    assert (status, answer["message"]) == (200, "sig_wait_for_user_confirm")
    assert answer["data"]["expired_in"] == 300
    assert service.status(body["transaction_id"])[1]["data"]["signatures"] is None
    admin.approve(body["transaction_id"])
    _, done = service.status(body["transaction_id"])
    assert done["message"] == "SUCCESS"
    values = {row["doc_id"]: base64.b64decode(row["signature_value"]) for row in done["data"]["signatures"]}
    assert list(values) == ["đơn.pdf", "giấy uỷ quyền.pdf"]
    leaf = leaf_of(service.certificates()[0])
    for name, value in values.items():
        assert len(value) == 256
        assert "Signature Verified Successfully" in openssl_verifies(tmp_path, leaf, digest_of(name), value)
    assert "Signature Verified Successfully" not in openssl_verifies(tmp_path, leaf, digest_of("x"), values["đơn.pdf"])


def test_a_rejected_batch_yields_none(service: Service, admin: AdminClient) -> None:
    body = service.request()
    service.post("/v1/signatures/sign", body)
    admin.reject(body["transaction_id"])
    assert service.status(body["transaction_id"])[1] == {
        "status_code": 200,
        "message": "REJECTED",
        "data": {"transaction_id": body["transaction_id"], "signatures": None},
    }


def test_the_status_call_takes_the_code_of_the_service_too(service: Service) -> None:
    _, answer = service.sign()
    assert service.status(answer["data"]["tran_code"])[1]["message"] == "PENDING"
    assert service.status(str(uuid.uuid4()))[0] == 400


@pytest.mark.parametrize(
    ("changes", "status", "family"),
    [
        ({"sign_files": [file_row("a", data_to_be_signed="ab" * 31)]}, 400, 62010),
        ({"sign_files": [file_row("a", data_to_be_signed="zz" * 32)]}, 400, 62010),
        ({"sign_files": [file_row("a", sign_type="file")]}, 400, 62010),
        ({"sign_files": [file_row("a"), file_row("a")]}, 400, 30000),
        ({"sign_files": []}, 400, 30000),
        ({"sign_files": [{"doc_id": "a"}]}, 400, 30000),
        ({"sign_files": [file_row(str(n)) for n in range(51)]}, 400, 30000),
        ({"transaction_id": ""}, 400, 30000),
        ({"transaction_desc": None}, 400, 30000),
        ({"sp_password": "wrong"}, 401, 0),
        ({"sp_id": "nobody"}, 401, 0),
        ({"user_id": "000000000000"}, 401, 0),
        ({"serial_number": "1234"}, 403, 60000),
    ],
)
def test_bad_requests_are_refused(service: Service, changes: dict[str, object], status: int, family: int) -> None:
    got, answer = service.sign(**changes)
    assert (got, answer["status_code"], answer["data"]) == (status, status, None)
    assert answer["message"].startswith(f"{family}: ") == bool(family)


@pytest.mark.parametrize("user_id", ["033185000789", "001090000321"])
def test_expired_and_revoked_certificates_do_not_sign(service: Service, user_id: str) -> None:
    status, answer = service.sign(user_id=user_id)
    assert (status, answer["message"][:5]) == (403, "60003")


def test_a_subscriber_without_certificates_cannot_sign(service: Service) -> None:
    status, answer = service.sign(user_id="034000000999")
    assert (status, answer["message"][:5]) == (403, "60000")


def test_a_transaction_id_is_good_once(service: Service, admin: AdminClient) -> None:
    body = service.request()
    service.post("/v1/signatures/sign", body)
    admin.approve(body["transaction_id"])
    status, answer = service.post("/v1/signatures/sign", body)
    assert (status, answer["message"][:5]) == (400, "30000")


def test_a_subscriber_has_one_open_transaction(service: Service, admin: AdminClient) -> None:
    first = service.request()
    service.post("/v1/signatures/sign", first)
    assert service.sign()[0] == 400
    admin.reject(first["transaction_id"])
    assert service.sign()[0] == 200


@pytest.mark.parametrize("path", ["/v1/credentials/get_certificate", "/v1/signatures/sign", "/v2/signatures/confirm"])
def test_only_json_posts_are_served(service: Service, path: str) -> None:
    address = "/sca/sp769" + path
    assert service.http.get(address).status_code == 405
    assert service.http.post(address, data=SP).status_code == 400
    assert service.http.post(address, content=b"{", headers={"Content-Type": "application/json"}).status_code == 400
    assert service.http.post(address, json=[SP]).status_code == 400
    assert service.http.post(address, json={"sp_id": "x" * 1_100_000}).json()["status_code"] == 400

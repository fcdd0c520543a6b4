"""Modes, variants and time: what the admin API can make the emulator do."""

from __future__ import annotations

import base64
from datetime import timedelta
from typing import Any

import httpx
import pytest
from asn1crypto import cms

from dvc_sandbox.client import AdminClient
from dvc_sandbox.errors import SandboxError
from dvc_sandbox.faults import FaultKind, FaultRule
from tests.sandbox.smartca.conftest import Service


def opened(service: Service, *names: str) -> str:
    body = service.request(*names)
    status, answer = service.post("/v1/signatures/sign", body)
    assert status == 200, answer
    return str(body["transaction_id"])


def signatures(service: Service, *names: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = service.status(opened(service, *names))[1]["data"]["signatures"]
    return rows


@pytest.mark.parametrize(
    ("mode", "message"), [("approve", "SUCCESS"), ("reject", "REJECTED"), ("expire", "EXPIRED"), ("fail", "FAILED")]
)
def test_modes_decide_after_their_delay(service: Service, admin: AdminClient, mode: str, message: str) -> None:
    admin.smartca_mode(mode, delay_seconds=60)
    transaction_id = opened(service)
    assert service.status(transaction_id)[1]["message"] == "PENDING"
    admin.shift_clock(timedelta(seconds=61))
    assert service.status(transaction_id)[1]["message"] == message


def test_a_transaction_expires_by_the_sandbox_clock(service: Service, admin: AdminClient) -> None:
    transaction_id = opened(service)
    admin.shift_clock(timedelta(seconds=290))
    assert service.status(transaction_id)[1]["message"] == "PENDING"
    admin.shift_clock(timedelta(seconds=11))
    assert service.status(transaction_id)[1]["message"] == "EXPIRED"


@pytest.mark.parametrize("word", ["sig_wait_for_user_confirm", "PROCESSING"])
def test_the_pending_word_varies(service: Service, admin: AdminClient, word: str) -> None:
    admin.smartca_mode("manual", variants={"pending_word": word, "pending_data_null": True})
    assert service.status(opened(service))[1] == {"status_code": 200, "message": word, "data": None}


@pytest.mark.parametrize(("mode", "word"), [("expire", "TIMEOUT"), ("reject", "CANCELLED")])
@pytest.mark.parametrize(("errors", "http_status"), [("http", 408), ("json", 200)])
def test_terminal_states_may_be_errors(
    service: Service, admin: AdminClient, mode: str, word: str, errors: str, http_status: int
) -> None:
    variants = {"expired_word": "TIMEOUT", "rejected_word": "CANCELLED", "terminal_status": 408, "errors": errors}
    admin.smartca_mode(mode, variants=variants)
    assert service.status(opened(service)) == (http_status, {"status_code": 408, "message": word, "data": None})


def test_errors_may_hide_in_the_json_and_numbers_may_be_missing(service: Service, admin: AdminClient) -> None:
    admin.smartca_mode("manual", variants={"errors": "json", "message_codes": False})
    status, answer = service.status("nothing")
    assert (status, answer["status_code"]) == (200, 400)
    assert "62000" not in answer["message"]


def test_signatures_can_come_rearranged_or_damaged(service: Service, admin: AdminClient) -> None:
    admin.smartca_mode("approve", variants={"shuffled": True, "line_breaks": True})
    rows = signatures(service, "a", "b", "c")
    assert [row["doc_id"] for row in rows] == ["c", "b", "a"]
    assert all("\r\n" in row["signature_value"] for row in rows)
    admin.smartca_mode("approve", variants={"omit_document": True})
    assert [row["doc_id"] for row in signatures(service, "a", "b")] == ["a"]
    admin.smartca_mode("approve", variants={"omit_doc_id": True})
    assert [row.get("doc_id") for row in signatures(service, "a", "b")] == ["a", None]
    admin.smartca_mode("approve", variants={"empty_value": True})
    assert [bool(row["signature_value"]) for row in signatures(service, "a", "b")] == [True, False]


def test_a_value_can_be_wrong_or_wrapped(service: Service, admin: AdminClient) -> None:
    admin.smartca_mode("approve")
    right = base64.b64decode(signatures(service, "a")[0]["signature_value"])
    admin.smartca_mode("approve", variants={"wrong_signature": True})
    wrong = base64.b64decode(signatures(service, "a")[0]["signature_value"])
    assert len(wrong) == 256
    assert wrong != right
    admin.smartca_mode("approve", variants={"pkcs7": True})
    wrapped = cms.ContentInfo.load(base64.b64decode(signatures(service, "a")[0]["signature_value"]))
    assert wrapped["content"]["signer_infos"][0]["signature"].native == right


def test_fields_can_be_missing(service: Service, admin: AdminClient) -> None:
    admin.smartca_mode("manual", variants={"no_cert_status_code": True, "no_expired_in": True})
    assert "cert_status_code" not in service.certificates()[0]
    assert "expired_in" not in service.sign()[1]["data"]


def test_the_status_call_may_know_only_the_code_of_the_service(service: Service, admin: AdminClient) -> None:
    admin.smartca_mode("manual", variants={"status_by_tran_code": True})
    body = service.request()
    _, answer = service.post("/v1/signatures/sign", body)
    assert service.status(body["transaction_id"])[1]["message"].startswith("62000")
    assert service.status(answer["data"]["tran_code"])[1]["message"] == "PENDING"


def test_the_quota_can_be_used_up(service: Service, admin: AdminClient) -> None:
    admin.smartca_mode("manual", variants={"quota": True})
    status, answer = service.sign()
    assert (status, answer["message"][:5]) == (403, "65000")


@pytest.mark.parametrize(
    "variants", [{"colour": True}, {"pkcs7": 1}, {"errors": "smoke"}, {"expires_in": 0}, {"terminal_status": True}]
)
def test_wrong_switches_are_refused_and_change_nothing(
    service: Service, admin: AdminClient, variants: dict[str, object]
) -> None:
    admin.smartca_mode("manual", variants={"no_expired_in": True})
    with pytest.raises(SandboxError, match=next(iter(variants))):
        admin.smartca_mode("manual", variants=variants)
    assert "expired_in" not in service.sign()[1]["data"]


def test_decided_and_unknown_transactions_cannot_be_decided(service: Service, admin: AdminClient) -> None:
    transaction_id = opened(service)
    admin.approve(transaction_id)
    with pytest.raises(SandboxError, match="not waiting"):
        admin.reject(transaction_id)
    with pytest.raises(SandboxError, match="no SmartCA transaction"):
        admin.approve("nothing")
    assert service.status(transaction_id)[1]["message"] == "SUCCESS"


def test_the_admin_sees_every_transaction(service: Service, admin: AdminClient) -> None:
    transaction_id = opened(service, "đơn.pdf")
    newest = admin.transactions()[0]
    assert newest["transaction_id"] == transaction_id
    assert newest["state"] == "waiting"
    assert [row["doc_id"] for row in newest["documents"]] == ["đơn.pdf"]


@pytest.mark.parametrize("kind", ["error-after", "cut-after", "html", "truncate"])
def test_a_fault_after_the_sign_call_leaves_the_transaction(
    service: Service, admin: AdminClient, kind: FaultKind
) -> None:
    body = service.request()
    admin.add_fault(FaultRule("smartca", "POST", "/sca/sp769/v1/signatures/sign", kind))
    try:
        answer = service.http.post("/sca/sp769/v1/signatures/sign", json=body).text
    except httpx.TransportError:
        answer = ""
    assert '"tran_code"' not in answer or not answer.endswith("}")
    taken = service.status(body["transaction_id"])[1]["message"]
    assert taken == "PENDING" or kind == "html"

"""TH accounts: password and one-time password, activation, confirmation."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from dvc_sandbox.client import AdminClient
from dvc_sandbox.smartca.totp import code_of, matching_step, step_of
from tests.sandbox.smartca.conftest import CITIZEN, ORGANISATION, SP, Service

KEY = base64.b64decode("c2FuZGJveC10b3RwLXNlY3JldA==")
PASSWORD = "TH-sandbox-123"


def otp_of(admin: AdminClient) -> str:
    return code_of(KEY, step_of(admin.clock()))


def activate(service: Service, admin: AdminClient, **changes: object) -> tuple[dict[str, Any], int, dict[str, Any]]:
    body = service.request(user_id=ORGANISATION, password=PASSWORD, otp=otp_of(admin), **changes)
    return body, *service.post("/v2/signatures/sign", body)


def confirm(service: Service, transaction_id: str, sad: str, **changes: str) -> tuple[int, dict[str, Any]]:
    body = {
        **SP,
        "user_id": ORGANISATION,
        "password": PASSWORD,
        "transaction_id": transaction_id,
        "sad": sad,
        **changes,
    }
    return service.post("/v2/signatures/confirm", body)


@pytest.mark.parametrize(
    ("seconds", "code"),
    [(59, "287082"), (1111111109, "081804"), (1111111111, "050471"), (1234567890, "005924"), (20000000000, "353130")],
)
def test_codes_are_those_of_rfc_6238(seconds: int, code: str) -> None:
    assert code_of(b"12345678901234567890", seconds // 30) == code


def test_only_the_neighbouring_steps_are_accepted() -> None:
    moment = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    step = step_of(moment)
    for offset, accepted in ((-2, False), (-1, True), (0, True), (1, True), (2, False)):
        assert (matching_step(KEY, code_of(KEY, step + offset), moment) is not None) == accepted


def test_activation_and_confirmation_give_signatures_at_once(service: Service, admin: AdminClient) -> None:
    body, status, answer = activate(service, admin)
    assert status == 200
    assert answer["data"]["sad"].count(".") == 2
    assert 290 <= answer["data"]["expired_in"] <= 299
    status, done = confirm(service, body["transaction_id"], answer["data"]["sad"])
    assert (status, done["message"]) == (200, "SUCCESS")
    assert len(base64.b64decode(done["data"]["signatures"][0]["signature_value"])) == 256
    assert service.status(body["transaction_id"])[1]["data"]["signatures"] == done["data"]["signatures"]
    assert confirm(service, body["transaction_id"], answer["data"]["sad"])[1]["message"].startswith("62003")


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"otp": "000000"}, 401),
        ({"otp": "12345"}, 400),
        ({"password": "wrong"}, 401),
        ({"serial_number": ""}, 400),
        ({"user_id": CITIZEN}, 401),
    ],
)
def test_wrong_credentials_are_refused(
    service: Service, admin: AdminClient, changes: dict[str, object], status: int
) -> None:
    body = {**service.request(user_id=ORGANISATION), "password": PASSWORD, "otp": otp_of(admin), **changes}
    assert service.post("/v2/signatures/sign", body)[0] == status


def test_confirmation_needs_the_right_sad_password_and_subscriber(service: Service, admin: AdminClient) -> None:
    body, _, answer = activate(service, admin)
    transaction_id, sad = body["transaction_id"], answer["data"]["sad"]
    assert confirm(service, transaction_id, sad + "x")[0] == 401
    assert confirm(service, transaction_id, sad, password="wrong")[0] == 401
    assert confirm(service, "another", sad)[1]["message"].startswith("62000")
    assert confirm(service, transaction_id, sad)[0] == 200


def test_an_activation_expires(service: Service, admin: AdminClient) -> None:
    body, _, answer = activate(service, admin)
    admin.shift_clock(timedelta(seconds=300))
    status, refused = confirm(service, body["transaction_id"], answer["data"]["sad"])
    assert (status, refused["message"][:5]) == (400, "62002")
    assert service.status(body["transaction_id"])[1]["message"] == "EXPIRED"


def test_a_code_may_be_single_use(service: Service, admin: AdminClient) -> None:
    admin.smartca_mode("manual", variants={"otp_single_use": True})
    admin.shift_clock(timedelta(minutes=2))
    body, status, answer = activate(service, admin)
    assert status == 200
    confirm(service, body["transaction_id"], answer["data"]["sad"])
    again = service.request(user_id=ORGANISATION, password=PASSWORD, otp=body["otp"])
    assert service.post("/v2/signatures/sign", again)[1]["message"].startswith("63000")


def test_the_service_may_fall_back_to_the_phone(service: Service, admin: AdminClient) -> None:
    admin.smartca_mode("manual", variants={"no_sad": True})
    body, status, answer = activate(service, admin)
    assert (status, answer["message"]) == (200, "sig_wait_for_user_confirm")
    assert "sad" not in answer["data"]
    admin.approve(body["transaction_id"])
    assert service.status(body["transaction_id"])[1]["message"] == "SUCCESS"

"""The calls of the CSC emulator: what it gives, and what it refuses as a real one would."""

from __future__ import annotations

import base64
from datetime import timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding

from dvc_sandbox.client import AdminClient
from tests.sandbox.csc.conftest import CITIZEN, ECDSA_SHA256, PIN, RSA_SHA256, Service


def certificate(service: Service, token: str, credential: str) -> x509.Certificate:
    _, answer = service.post("credentials/info", {"credentialID": credential}, token)
    return x509.load_der_x509_certificate(base64.b64decode(answer["cert"]["certificates"][0]))


def test_info_needs_no_log_in(service: Service) -> None:
    status, answer = service.post("info")
    assert (status, answer["specs"], answer["authType"]) == (200, "1.0.4.0", ["basic", "oauth2client"])
    assert {"credentials/authorize", "signatures/signHash"} <= set(answer["methods"])
    assert "THỬ NGHIỆM" in answer["name"]


@pytest.mark.parametrize(("user", "password"), [(CITIZEN, "wrong"), ("nobody", "CSC-sandbox-123")])
def test_a_wrong_log_in_is_refused_with_the_same_words(service: Service, user: str, password: str) -> None:
    status, answer = service.basic(user, password)
    assert (status, answer["error"]) == (400, "authentication_error")


def test_malformed_authorization(service: Service) -> None:
    for headers in ({}, {"Authorization": "Basic !!"}, {"Authorization": "Bearer x"}):
        status, answer = service.post("auth/login", {}, **headers)
        assert (status, answer["error"]) == (400, "invalid_request")
    assert service.post("credentials/list", {})[1]["error"] == "invalid_request"
    assert service.post("credentials/list", {}, "unknown")[0] == 401


def test_tokens_expire_are_refreshed_and_revoked(service: Service, admin: AdminClient) -> None:
    _, granted = service.basic(rememberMe=True)
    admin.shift_clock(timedelta(seconds=3601))
    status, answer = service.post("credentials/list", {}, granted["access_token"])
    assert (status, answer["error"]) == (401, "invalid_token")
    _, again = service.post("auth/login", {"refresh_token": granted["refresh_token"]})
    assert service.post("credentials/list", {}, again["access_token"])[0] == 200
    assert service.post("auth/revoke", {"token": again["access_token"]}, again["access_token"]) == (204, None)
    assert service.post("credentials/list", {}, again["access_token"])[0] == 401


def test_a_service_provider_names_the_user(service: Service) -> None:
    assert service.form(grant_type="client_credentials", client_id="sandbox-csc", client_secret="x")[0] == 401
    fields = {"client_id": "sandbox-csc", "client_secret": "sandbox-csc-secret"}
    status, answer = service.form(grant_type="client_credentials", **fields)
    assert (status, answer["token_type"]) == (200, "Bearer")
    token = answer["access_token"]
    assert service.post("credentials/list", {}, token)[0] == 400
    _, listed = service.post("credentials/list", {"userID": "0101234565"}, token)
    assert listed == {"credentialIDs": ["organisation-seal"]}
    assert service.form(grant_type="password")[1]["error"] == "unsupported_grant_type"


def test_a_user_sees_and_uses_only_their_own(service: Service) -> None:
    token = service.token()
    _, listed = service.post("credentials/list", {}, token)
    assert listed["credentialIDs"] == ["citizen-rsa", "citizen-ec", "citizen-sms"]
    assert service.post("credentials/list", {"userID": "0101234565"}, token)[0] == 400
    assert service.post("credentials/info", {"credentialID": "organisation-seal"}, token)[0] == 400
    assert service.authorize(token, "organisation-seal", ["a"])[0] == 400


def test_a_credential_tells_its_rules(service: Service) -> None:
    body = {"credentialID": "citizen-rsa", "certificates": "chain", "certInfo": True, "authInfo": True}
    _, answer = service.post("credentials/info", body, service.token())
    assert (answer["authMode"], answer["SCAL"], answer["multisign"]) == ("explicit", "2", 10)
    assert (answer["PIN"]["presence"], answer["OTP"]["type"]) == ("true", "offline")
    assert (answer["cert"]["status"], len(answer["cert"]["certificates"])) == ("valid", 3)
    assert RSA_SHA256 in answer["key"]["algo"]
    _, bare = service.post("credentials/info", {"credentialID": "citizen-ec", "certificates": "none"}, service.token())
    assert "certificates" not in bare["cert"]
    assert "PIN" not in bare
    assert bare["key"]["curve"] == "1.2.840.10045.3.1.7"


@pytest.mark.parametrize(
    ("user", "password", "status"),
    [("033185000789", "CSC-sandbox-789", "expired"), ("001090000321", "CSC-sandbox-321", "revoked")],
)
def test_unusable_certificates_are_told_and_not_authorized(
    service: Service, user: str, password: str, status: str
) -> None:
    token = service.token(user, password)
    _, answer = service.post("credentials/info", {"credentialID": status}, token)
    assert answer["cert"]["status"] == status
    assert service.authorize(token, status, ["a"], PIN=PIN)[0] == 400


def test_pin_and_authenticator_give_real_rsa_signatures(service: Service) -> None:
    token = service.token()
    names = ["a", "b"]
    status, granted = service.authorize(token, "citizen-rsa", names, PIN=PIN, OTP=service.otp("citizen-rsa"))
    assert status == 200
    _, signed = service.sign(token, "citizen-rsa", granted["SAD"], names)
    key = certificate(service, token, "citizen-rsa").public_key()
    for name, value in zip(names, signed["signatures"], strict=True):
        key.verify(base64.b64decode(value), name.encode(), padding.PKCS1v15(), hashes.SHA256())
    status, answer = service.sign(token, "citizen-rsa", granted["SAD"], names)
    assert (status, answer["error_description"]) == (400, "Invalid parameter SAD"), "it is good once"
    assert service.admin.csc()["signings"][0]["credential"] == "citizen-rsa"


def test_pin_gives_real_ec_signatures(service: Service) -> None:
    token = service.token()
    _, granted = service.authorize(token, "citizen-ec", ["a"], PIN=PIN)
    _, signed = service.sign(token, "citizen-ec", granted["SAD"], ["a"], signAlgo=ECDSA_SHA256)
    key = certificate(service, token, "citizen-ec").public_key()
    key.verify(base64.b64decode(signed["signatures"][0]), b"a", ec.ECDSA(hashes.SHA256()))


def test_a_sent_code_is_needed_right_fresh_and_good_once(service: Service, admin: AdminClient) -> None:
    token = service.token()
    assert service.authorize(token, "citizen-sms", ["a"], OTP="000000")[1]["error"] == "invalid_otp"
    assert service.post("credentials/sendOTP", {"credentialID": "citizen-sms"}, token) == (204, None)
    code = service.otp("citizen-sms")
    assert service.authorize(token, "citizen-sms", ["a"], OTP=code)[0] == 200
    assert service.authorize(token, "citizen-sms", ["a"], OTP=code)[0] == 400
    service.post("credentials/sendOTP", {"credentialID": "citizen-sms"}, token)
    late = service.otp("citizen-sms")
    admin.shift_clock(timedelta(seconds=121))
    assert service.authorize(token, "citizen-sms", ["a"], OTP=late)[0] == 400
    assert service.post("credentials/sendOTP", {"credentialID": "citizen-ec"}, token)[0] == 400


def test_an_implicit_key_needs_no_secret(service: Service) -> None:
    token = service.token("0101234565", "CSC-sandbox-456")
    _, granted = service.authorize(token, "organisation-seal", ["a"])
    assert service.sign(token, "organisation-seal", granted["SAD"], ["a"])[0] == 200


def test_three_wrong_pins_lock_and_a_right_one_forgives(service: Service, admin: AdminClient) -> None:
    token = service.token()
    for pin in ("1", "2", PIN, "3", "4", "5"):
        service.authorize(token, "citizen-ec", ["a"], PIN=pin)
    status, answer = service.authorize(token, "citizen-ec", ["a"], PIN=PIN)
    assert (status, answer["error"], answer["error_description"]) == (400, "invalid_pin", "PIN locked")
    admin.csc_reset()
    assert service.authorize(service.token(), "citizen-ec", ["a"], PIN=PIN)[0] == 200


def test_a_code_of_the_authenticator_is_good_once(service: Service) -> None:
    token = service.token()
    code = service.otp("citizen-rsa")
    assert service.authorize(token, "citizen-rsa", ["a"], PIN=PIN, OTP=code)[0] == 200
    assert service.authorize(token, "citizen-rsa", ["a"], PIN=PIN, OTP=code)[1]["error"] == "invalid_otp"


def test_activation_data_binds_hashes_number_and_time(service: Service, admin: AdminClient) -> None:
    token = service.token()
    _, granted = service.authorize(token, "citizen-ec", ["a", "b"], PIN=PIN)
    sad = granted["SAD"]
    status, answer = service.sign(token, "citizen-ec", sad, ["c"], signAlgo=ECDSA_SHA256)
    assert (status, answer["error_description"]) == (400, "Hash is not authorized by the SAD")
    assert service.sign(token, "citizen-ec", sad, ["a", "b", "a"], signAlgo=ECDSA_SHA256)[0] == 400
    admin.shift_clock(timedelta(seconds=301))
    _, answer = service.sign(token, "citizen-ec", sad, ["a"], signAlgo=ECDSA_SHA256)
    assert answer["error_description"] == "SAD expired"


@pytest.mark.parametrize(
    "fields",
    [
        {"numSignatures": 6, "hash": ["x"] * 6},
        {"numSignatures": "1"},
        {"numSignatures": 0},
        {"numSignatures": 2},
        {"hash": []},
        {"hash": "x"},
        {"hash": None},
        {"PIN": 246810},
        {"credentialID": ""},
    ],
    ids=str,
)
def test_malformed_authorizations_are_refused_without_a_try(service: Service, fields: dict[str, object]) -> None:
    status, answer = service.authorize(service.token(), "citizen-ec", ["a"], **{"PIN": PIN, **fields})
    assert (status, answer["error"]) == (400, "invalid_request")
    assert all(row["wrong_pin"] == 0 for row in service.admin.csc()["credentials"])


@pytest.mark.parametrize(
    "fields",
    [{"signAlgo": "1.2.3"}, {"signAlgo": RSA_SHA256}, {"hash": ["!!"]}, {"hash": ["YQ=="]}, {"hash": []}, {"SAD": ""}],
    ids=str,
)
def test_malformed_sign_requests_are_refused(service: Service, fields: dict[str, object]) -> None:
    token = service.token("0101234565", "CSC-sandbox-456")
    ec_token = service.token()
    _, granted = service.authorize(ec_token, "citizen-ec", ["a"], PIN=PIN)
    body = {"signAlgo": ECDSA_SHA256, **fields}
    assert service.sign(ec_token, "citizen-ec", granted["SAD"], ["a"], **body)[0] == 400
    assert service.sign(token, "organisation-seal", granted["SAD"], ["a"])[0] == 400, "another key's SAD"


def test_variants_are_checked_kept_and_cleared(service: Service, admin: AdminClient) -> None:
    from dvc_sandbox.errors import SandboxError

    for wrong in ({"unknown": True}, {"page_size": "2"}):
        with pytest.raises(SandboxError):
            admin.csc_variants(**wrong)
    admin.csc_variants(page_size=2, text_numbers=True, no_list=False)
    token = service.token()
    _, first = service.post("credentials/list", {}, token)
    _, second = service.post("credentials/list", {"pageToken": first["nextPageToken"]}, token)
    assert first["credentialIDs"] + second["credentialIDs"] == ["citizen-rsa", "citizen-ec", "citizen-sms"]
    assert "nextPageToken" not in second
    _, told = service.post("credentials/info", {"credentialID": "citizen-ec"}, token)
    assert (told["multisign"], told["key"]["len"]) == ("5", "256")
    admin.csc_variants(no_list=True)
    assert service.post("credentials/list", {}, token)[0] == 501
    assert admin.csc_variants()["variants"]["no_list"] is False


def test_the_page_shows_the_codes(service: Service) -> None:
    answer = service.http.get("/csc/otp")
    assert answer.status_code == 200
    assert "THỬ NGHIỆM" in answer.text
    assert service.otp("citizen-rsa") in answer.text or answer.text.count("<strong>") >= 2
    assert "script" not in answer.headers["content-security-policy"]


def test_a_reset_of_the_sandbox_clears_it(service: Service, admin: AdminClient) -> None:
    token = service.token()
    service.authorize(token, "citizen-ec", ["a"], PIN="1")
    admin.reset()
    assert service.post("credentials/list", {}, token)[0] == 401
    assert all(row["wrong_pin"] == 0 for row in admin.csc()["credentials"])

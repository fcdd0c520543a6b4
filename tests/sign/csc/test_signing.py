"""What the CSC driver does on the good way: log-in, choice, codes, batches, and every shape of answer."""

from __future__ import annotations

from datetime import timedelta

import pytest

from dvc_cli.errors import ConfigurationProblem, ExitCode, InvalidInput
from dvc_cli.sign.base import BadSignature, CertificateAmbiguous, CertificateUnusable, SigningSession
from dvc_cli.sign.certificates import verify_raw
from dvc_cli.sign.csc.problems import CscSecretRefused, CscUnsupported
from tests.sign.csc.conftest import EC, ORGANISATION, RSA, SEAL, SMS, Desk, digest


def test_lists_all_keys_and_signs_with_the_named_one(desk: Desk) -> None:
    listed = desk.signer().certificates()
    assert [(one.key_id, one.algorithm.value, one.key_bits) for one in listed] == [
        ("citizen-rsa", "rsa", 2048),
        ("citizen-ec", "ec", 256),
        ("citizen-sms", "rsa", 3072),
    ]
    assert all(len(one.chain) == 2 for one in listed)
    assert "credentials/authorize" not in desk.calls
    assert list(desk.sign("a", cert="citizen-ec")) == ["a"]
    with pytest.raises(CertificateAmbiguous) as caught:
        desk.sign("a")
    assert len(caught.value.details) == 3
    desk.talk.answers = [1]
    assert list(desk.sign("a")) == ["a"]


def test_batches_larger_than_the_key_allows_take_several_authorizations(desk: Desk) -> None:
    names = [f"{number}" for number in range(12)]
    assert list(desk.sign(*names, **EC, max_batch=20)) == names
    assert desk.count("credentials/authorize") == desk.count("signatures/signHash") == 3
    assert desk.secrets_asked.count(f"pin citizen-ec@{desk.url.removeprefix('http://')}") == 1
    assert [len(one["hashes"]) for one in desk.admin.csc()["signings"][:3]] == [2, 5, 5]
    with pytest.raises(InvalidInput):
        desk.sign(*names, **EC)
    with pytest.raises(InvalidInput):
        desk.sign("a", "a", **EC)


def test_the_authenticators_codes_are_never_used_twice(desk: Desk) -> None:
    desk.admin.csc_variants(multisign=1)
    assert list(desk.sign("a", "b", "c", **RSA)) == ["a", "b", "c"]
    assert desk.clock.slept >= 30
    assert list(desk.sign("d", **RSA)) == ["d"], "nor by the next run"
    desk.clock.sleep(-7200)
    before = desk.clock.slept
    with pytest.raises(CscSecretRefused):  # the service saw a later code; but nobody waits two hours
        desk.sign("e", **RSA)
    assert desk.clock.slept == before


def test_a_sent_code_is_asked_for_each_authorization(desk: Desk) -> None:
    desk.talk.answers = [desk.sent_code, desk.sent_code]
    assert list(desk.sign("a", "b", **SMS)) == ["a", "b"]
    assert desk.count("credentials/sendOTP") == 2
    assert len(desk.talk.asked) == 2
    assert "citizen-sms" in desk.talk.asked[0]


def test_a_person_may_type_the_authenticators_code(desk: Desk) -> None:
    rows = {row["id"]: row for row in desk.admin.csc()["credentials"]}
    desk.talk.answers = [rows["citizen-rsa"]["otp"]]
    assert list(desk.sign("a", credential="citizen-rsa")) == ["a"]


def test_tokens_are_renewed_before_they_end_and_after_a_refusal(desk: Desk) -> None:
    desk.admin.csc_variants(token_seconds=60)
    with desk.signer(**EC).open(desk.talk, desk.talk) as session:
        for name in ("a", "b"):
            assert len(list(session.sign([digest(name)], description=name))) == 1
            desk.clock.sleep(40)
        desk.admin.shift_clock(timedelta(seconds=61))  # only the service's clock
        assert len(list(session.sign([digest("c")], description="c"))) == 1
    assert desk.secrets_asked.count(f"csc_password 034199000123@{desk.url.removeprefix('http://')}") == 1
    assert desk.count("auth/login") >= 3


def test_without_refresh_tokens_the_password_is_used_again(desk: Desk) -> None:
    desk.admin.csc_variants(token_seconds=60, refresh_tokens=False)
    with desk.signer(**EC).open(desk.talk, desk.talk) as session:
        desk.clock.sleep(120)
        assert len(list(session.sign([digest("a")], description="a"))) == 1
    assert desk.count("auth/login") == 2


def test_an_authorization_that_ran_out_is_asked_for_once_more(desk: Desk) -> None:
    desk.admin.csc_variants(sad_seconds=0)
    with pytest.raises(Exception, match="authorization") as caught:
        desk.sign("a", **EC)
    assert caught.value.slug == "csc-activation-refused"  # type: ignore[attr-defined]
    assert desk.count("credentials/authorize") == 2


HARMLESS: list[dict[str, object]] = [
    {"shuffled": True},
    {"line_breaks": True},
    {"text_numbers": True},
    {"page_size": 1},
    {"single_certificate": True},
    {"refresh_tokens": False},
    {"raw_ecdsa": True},
    {"specific_codes": False},
    {"specs": "1.0.3.0"},
]


@pytest.mark.parametrize("variants", HARMLESS, ids=str)
@pytest.mark.parametrize(
    "options", [{"cert": "citizen-rsa", "otp": "stored"}, {"cert": "citizen-ec"}], ids=["rsa", "ec"]
)
def test_harmless_variants_change_nothing(desk: Desk, variants: dict[str, object], options: dict[str, str]) -> None:
    desk.admin.csc_variants(**variants)
    assert set(desk.sign("a", "b", "c", **options)) == {"a", "b", "c"}


@pytest.mark.parametrize(
    ("algorithms", "used"),
    [("1.2.840.113549.1.1.1", True), ("1.2.840.113549.1.1.10 1.2.840.113549.1.1.5", False)],
)
def test_the_keys_algorithms_decide(desk: Desk, algorithms: str, used: bool) -> None:
    desk.admin.csc_variants(algorithms=algorithms)
    if used:
        assert list(desk.sign("a", **RSA)) == ["a"]
        return
    with pytest.raises(CertificateUnusable, match="SHA-256"):
        desk.sign("a", **RSA)
    assert desk.count("credentials/authorize") == 0


@pytest.mark.parametrize(
    ("variants", "good", "detail"),
    [
        ({"missing_value": True}, ["a"], "b.pdf: no value came"),
        ({"empty_value": True}, ["a"], "b.pdf: no value came"),
        ({"wrong_signature": True}, [], "a.pdf: the value does not verify with the certificate"),
    ],
    ids=str,
)
@pytest.mark.parametrize("options", [RSA, EC], ids=["rsa", "ec"])
def test_damaged_values_are_never_given_out(
    desk: Desk, variants: dict[str, object], good: list[str], detail: str, options: dict[str, str]
) -> None:
    desk.admin.csc_variants(**variants)
    found: list[str] = []

    def collect(session: SigningSession) -> None:
        for value in session.sign([digest("a"), digest("b")], description="Nộp hồ sơ"):
            assert verify_raw(session.certificate, digest(value.doc_id).digest, value.value)
            found.append(value.doc_id)

    with desk.signer(**options).open(desk.talk, desk.talk) as session, pytest.raises(BadSignature) as caught:
        collect(session)
    assert found == good
    assert detail in caught.value.details
    assert caught.value.exit_code is ExitCode.SIGNING_REFUSED


def test_a_provider_without_a_list_needs_the_key_named(desk: Desk) -> None:
    desk.admin.csc_variants(no_list=True)
    with pytest.raises(CscUnsupported, match="credentials/list"):
        desk.signer().certificates()
    assert list(desk.sign("a", **EC)) == ["a"]


def test_a_provider_of_another_version_or_kind_is_told_apart(desk: Desk) -> None:
    desk.admin.csc_variants(specs="2.0.0.2")
    with pytest.raises(CscUnsupported, match="version 2"):
        desk.sign("a", **EC)
    with pytest.raises(CscUnsupported, match="does not answer as a CSC service"):
        desk.sign("a", url=f"{desk.url}/elsewhere")
    assert desk.secrets_asked == [], "no password is asked for, let alone sent"


@pytest.mark.parametrize(
    ("user", "password", "reason"),
    [("033185000789", "CSC-sandbox-789", "expired"), ("001090000321", "CSC-sandbox-321", "revoked")],
)
def test_unusable_certificates_are_refused_before_any_pin(desk: Desk, user: str, password: str, reason: str) -> None:
    desk.secrets["csc_password"] = password
    with pytest.raises(CertificateUnusable, match=reason):
        desk.sign("a", user_id=user)
    assert desk.count("credentials/authorize") == 0
    assert not any(one.startswith("pin ") for one in desk.secrets_asked)


@pytest.mark.parametrize(
    "options",
    [
        {"url": ""},
        {"url": "ftp://host"},
        {"url": "https://user@host/csc/v1"},
        {"user_id": ""},
        {"login": "digest"},
        {"login": "oauth2"},
        {"max_batch": 51},
        {"max_batch": "many"},
        {"otp": "never"},
        {**SEAL, "token_url": "https://elsewhere.example.vn/token"},
    ],
    ids=str,
)
def test_wrong_settings_are_told_at_once(desk: Desk, options: dict[str, str | int]) -> None:
    with pytest.raises(ConfigurationProblem):
        desk.signer(**options)
    assert desk.calls == []


def test_options_of_the_command_line_are_text(desk: Desk) -> None:
    signer = desk.signer(max_batch="7", **EC)
    assert signer.capabilities.max_batch == 7
    assert desk.signer(**SEAL, token_url=f"{desk.url}/csc/v1/oauth2/token").certificates()[0].tax_code == ORGANISATION


def test_a_stored_secret_that_is_none_is_told(desk: Desk) -> None:
    desk.secrets["otp_secret"] = "không phải base32"
    with pytest.raises(ConfigurationProblem, match="OTP"):
        desk.sign("a", **RSA)
    desk.secrets["otp_secret"] = f"otpauth://totp/CSC:x?secret={SECRET}&issuer=sandbox"
    assert list(desk.sign("a", **RSA)) == ["a"]


SECRET = "ONQW4ZDCN54C2Y3TMMWW65DQ"

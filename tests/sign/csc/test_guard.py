"""The guards of password, PIN and one-time password across runs, on the durable ledger; and faults on the way."""

from __future__ import annotations

import pytest

from dvc_cli.errors import DvcError, ExitCode
from dvc_cli.sign.base import PinLocked, SignerUnavailable
from dvc_cli.sign.csc.problems import CscAccountRefused, CscSecretLocked, CscSecretRefused
from dvc_sandbox.faults import FaultRule
from tests.sign.csc.conftest import EC, RSA, SMS, Desk


def test_a_wrong_password_reaches_the_service_once_in_many_runs(desk: Desk) -> None:
    desk.secrets["csc_password"] = "wrong"
    with pytest.raises(CscAccountRefused) as refused:
        desk.sign("a", **EC)
    assert refused.value.exit_code is ExitCode.LOGIN_NEEDED
    for _ in range(20):
        with pytest.raises(PinLocked) as caught:
            desk.sign("a", **EC)
    assert caught.value.exit_code is ExitCode.BLOCKED
    assert desk.count("auth/login") == 1
    assert len(desk.secrets_asked) == 1, "the password is not even asked for"


@pytest.mark.parametrize("specific_codes", [True, False], ids=["codes", "sentences"])
def test_a_wrong_pin_costs_one_try_in_a_hundred_runs(desk: Desk, specific_codes: bool) -> None:
    desk.admin.csc_variants(specific_codes=specific_codes)
    desk.secrets["pin"] = "000000"
    with pytest.raises(CscSecretRefused):
        desk.sign("a", **EC)
    for _ in range(10):
        with pytest.raises(PinLocked):
            desk.sign("a", **EC)
    assert desk.wrong_pins() == 1
    assert desk.count("credentials/authorize") == 1


def test_a_wrong_pin_is_not_repeated_for_the_rest_of_a_session(desk: Desk) -> None:
    from tests.sign.csc.conftest import digest

    desk.secrets["pin"] = "000000"
    with desk.signer(**EC).open(desk.talk, desk.talk) as session:
        for _ in range(3):
            with pytest.raises(CscSecretRefused):
                list(session.sign([digest("a")], description="a"))
    assert desk.wrong_pins() == 1


def test_a_person_may_allow_another_try(desk: Desk) -> None:
    desk.secrets["pin"] = "000000"
    with pytest.raises(CscSecretRefused):
        desk.sign("a", **EC)
    desk.secrets["pin"] = "246810"
    desk.talk.answers = [False]
    with pytest.raises(PinLocked):
        desk.sign("a", **EC)
    desk.talk.answers = [True]
    assert list(desk.sign("a", **EC)) == ["a"]
    assert list(desk.sign("b", **EC)) == ["b"], "the right one clears the memory"


def test_the_flag_allows_one_more_try_and_no_third(desk: Desk) -> None:
    desk.secrets["pin"] = "000000"
    for _ in range(5):
        with pytest.raises(DvcError):
            desk.sign("a", **EC, confirm_pin=1)
    assert desk.wrong_pins() == 2


def test_keys_are_guarded_each_for_itself(desk: Desk) -> None:
    desk.secrets["pin"] = "000000"
    with pytest.raises(CscSecretRefused):
        desk.sign("a", **EC)
    desk.secrets["pin"] = "246810"
    assert list(desk.sign("a", **RSA)) == ["a"]


def test_a_wrong_code_is_guarded_too(desk: Desk) -> None:
    desk.talk.answers = ["000000"]
    with pytest.raises(CscSecretRefused):
        desk.sign("a", **SMS)
    with pytest.raises(PinLocked):
        desk.sign("a", **SMS)
    desk.talk.answers = [True, desk.sent_code]
    assert list(desk.sign("a", **SMS)) == ["a"]


def test_a_locked_pin_is_told_and_ends_with_its_status(desk: Desk) -> None:
    desk.secrets["pin"] = "000000"
    for _ in range(3):
        desk.talk.answers = [True]
        with pytest.raises(CscSecretRefused):
            desk.sign("a", **EC)
    desk.secrets["pin"] = "246810"
    desk.talk.answers = [True]
    with pytest.raises(CscSecretLocked) as caught:
        desk.sign("a", **EC)
    assert caught.value.exit_code is ExitCode.BLOCKED
    assert "PIN locked" in caught.value.details[0]


@pytest.mark.parametrize("kind", ["error-before", "cut-after", "html", "truncate", "throttle", "cut-before"])
@pytest.mark.parametrize("path", ["/csc/v1/auth/login", "/csc/v1/credentials/authorize", "/csc/v1/signatures/signHash"])
def test_faults_are_not_counted_as_wrong_secrets(desk: Desk, kind: str, path: str) -> None:
    desk.admin.add_fault(FaultRule("smartca", "POST", path, kind, count=None))  # type: ignore[arg-type]
    with pytest.raises(DvcError) as caught:
        desk.sign("a", **EC)
    assert caught.value.exit_code is ExitCode.TEMPORARY
    desk.admin.clear_faults()
    assert list(desk.sign("a", **EC)) == ["a"]


@pytest.mark.parametrize("kind", ["error-before", "html", "cut-before"])
@pytest.mark.parametrize(
    "path", ["info", "auth/login", "credentials/list", "credentials/info", "credentials/sendOTP", "signatures/signHash"]
)
def test_one_fault_on_the_way_changes_nothing(desk: Desk, kind: str, path: str) -> None:
    desk.admin.add_fault(FaultRule("smartca", "POST", f"/csc/v1/{path}", kind, count=1))  # type: ignore[arg-type]
    desk.talk.answers = [desk.sent_code if path != "credentials/sendOTP" else "000000"]
    if path == "credentials/sendOTP":
        with pytest.raises(CscSecretRefused):
            desk.sign("a", cert="citizen-sms")
        assert any("not known" in one for one in desk.talk.said)
    else:
        assert list(desk.sign("a", cert="citizen-sms")) == ["a"]


def test_a_lost_answer_to_the_last_call_is_mended_by_a_new_authorization(desk: Desk) -> None:
    desk.admin.add_fault(FaultRule("smartca", "POST", "/csc/v1/signatures/signHash", "cut-after", count=1))
    assert list(desk.sign("a", **EC)) == ["a"]
    assert desk.count("credentials/authorize") == 2
    assert desk.wrong_pins() == 0


def test_a_service_that_is_down_is_temporary(desk: Desk) -> None:
    with pytest.raises(DvcError) as caught:
        desk.sign("a", url="http://127.0.0.1:9/csc/v1", **EC)
    assert caught.value.exit_code is ExitCode.TEMPORARY
    assert caught.value.retryable


def test_secrets_stay_out_of_errors_and_talk(desk: Desk) -> None:
    for kind in ("csc_password", "pin"):
        desk.secrets[kind] = f"canary-{kind}"
        with pytest.raises(DvcError) as caught:
            desk.sign("a", **EC)
        error = caught.value
        shown = repr((error, error.message, error.hint, error.details, error.__cause__, desk.talk.said))
        assert "canary" not in shown
        desk.secrets["csc_password"] = "CSC-sandbox-123"
        desk.talk.answers = [True]
        if kind == "csc_password":
            assert list(desk.sign("a", **EC)) == ["a"]


def test_an_unavailable_service_is_asked_three_times_and_given_up(desk: Desk) -> None:
    desk.admin.add_fault(FaultRule("smartca", "POST", "/csc/v1/info", "error-before", count=None))
    with pytest.raises(SignerUnavailable):
        desk.sign("a", **EC)
    assert desk.count("info") == 3

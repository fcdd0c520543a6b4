"""The guard of the passwords across runs, on the durable ledger."""

from __future__ import annotations

import pytest

from dvc_cli.errors import DvcError, ExitCode
from dvc_cli.sign.base import PinLocked
from dvc_cli.sign.smartca.problems import AccountRefused, PasswordRefused
from dvc_sandbox.faults import FaultRule
from tests.sign.smartca.conftest import CITIZEN, ORGANISATION, TH, Desk


def carrying(desk: Desk, path: str) -> int:
    return [called for _, called in desk.calls].count(path)


def test_a_wrong_provider_password_reaches_the_service_once_in_many_runs(desk: Desk) -> None:
    desk.secrets["sp_password"] = "wrong"
    with pytest.raises(AccountRefused):
        desk.sign("a")
    for _ in range(20):
        with pytest.raises(PinLocked) as caught:
            desk.sign("a")
    assert caught.value.exit_code is ExitCode.BLOCKED
    assert len(desk.calls) == 1
    assert len(desk.secrets_asked) == 1, "the password is not even asked for"


def test_a_person_may_allow_another_try(desk: Desk) -> None:
    desk.secrets["sp_password"] = "wrong"
    with pytest.raises(AccountRefused):
        desk.sign("a")
    desk.secrets["sp_password"] = "sandbox-sp-password"
    desk.talk.answers = [False]
    with pytest.raises(PinLocked):
        desk.sign("a")
    desk.talk.answers = [True]
    desk.admin.smartca_mode("approve")
    assert list(desk.sign("a")) == ["a"]
    assert list(desk.sign("b")) == ["b"], "the right one clears the memory"


def test_the_flag_allows_one_more_try_and_no_third(desk: Desk) -> None:
    desk.secrets["sp_password"] = "wrong"
    for _ in range(5):
        with pytest.raises(DvcError):
            desk.sign("a", confirm_pin=1)
    assert len(desk.calls) == 2


def test_a_wrong_subscriber_password_is_remembered_for_that_account_only(desk: Desk) -> None:
    desk.secrets["th_password"] = "wrong"
    with pytest.raises(PasswordRefused):
        desk.sign("a", **TH)
    for _ in range(3):
        with pytest.raises(PinLocked, match=ORGANISATION):
            desk.sign("a", **TH)
    assert carrying(desk, "/v2/signatures/sign") == 1
    desk.admin.smartca_mode("approve")
    assert list(desk.sign("a", user_id=CITIZEN)) == ["a"]


@pytest.mark.parametrize("kind", ["error-before", "cut-after", "html", "throttle"])
def test_faults_are_not_counted_as_wrong_passwords(desk: Desk, kind: str) -> None:
    desk.admin.add_fault(FaultRule("smartca", "POST", ".*", kind, count=None))  # type: ignore[arg-type]
    with pytest.raises(DvcError):
        desk.sign("a", **TH)
    desk.admin.clear_faults()
    assert list(desk.sign("a", **TH)) == ["a"]

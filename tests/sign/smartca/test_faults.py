"""Faults of the network and the service: never two transactions for one batch, and always a clear end."""

from __future__ import annotations

import socket

import pytest

from dvc_cli.errors import DvcError, ExitCode
from dvc_cli.net.base import NotSent
from dvc_cli.sign.base import SignerUnavailable
from dvc_cli.sign.smartca.problems import TransactionLost
from dvc_sandbox.faults import FaultKind, FaultRule
from tests.sign.smartca.conftest import TH, Desk

API = "/sca/sp769"
LOSSES: list[FaultKind] = ["error-before", "error-after", "cut-before", "cut-after", "reset", "html", "truncate"]


def strike(desk: Desk, path: str, kind: FaultKind, count: int | None = 1, seconds: float = 0.0) -> None:
    desk.admin.add_fault(FaultRule("smartca", "POST", API + path, kind, count=count, seconds=seconds))


@pytest.mark.parametrize("kind", [*LOSSES, "maintenance"])
def test_a_lost_reply_to_the_sign_call_makes_one_transaction(desk: Desk, kind: FaultKind) -> None:
    strike(desk, "/v1/signatures/sign", kind)
    desk.approve_after(4)
    assert list(desk.sign("a")) == ["a"]
    assert len(desk.transactions()) == 1
    assert desk.store.open_ids() == []
    # After the lost reply the status of the same id comes first, and a repeat only when the service does not know it.
    paths = [path for _, path in desk.calls if path != "/v1/credentials/get_certificate"]
    assert paths[0] == "/v1/signatures/sign"
    assert paths[1].endswith("/status")


def test_a_slow_service_is_waited_for(desk: Desk) -> None:
    strike(desk, "/v1/signatures/sign", "delay", seconds=0.5)
    desk.admin.smartca_mode("approve")
    assert list(desk.sign("a")) == ["a"]


def test_an_answer_that_comes_too_late_counts_as_lost(desk: Desk) -> None:
    strike(desk, "/v1/signatures/sign", "delay", seconds=1.3)
    desk.read_timeout = 1.0
    desk.admin.smartca_mode("approve")
    assert list(desk.sign("a")) == ["a"]
    assert len(desk.transactions()) == 1


def test_a_throttled_sign_call_is_not_repeated_by_itself(desk: Desk) -> None:
    strike(desk, "/v1/signatures/sign", "throttle")
    with pytest.raises(SignerUnavailable):
        desk.sign("a")
    assert desk.store.open_ids() == []
    assert desk.transactions() == []


@pytest.mark.parametrize("kind", [*LOSSES, "throttle", "maintenance"])
def test_a_faulty_status_call_is_asked_again(desk: Desk, kind: FaultKind) -> None:
    strike(desk, "/v1/signatures/sign/.*/status", kind, count=2)
    desk.admin.smartca_mode("approve")
    assert list(desk.sign("a")) == ["a"]
    assert len(desk.transactions()) == 1


def test_a_status_call_that_never_works_ends_with_the_transaction_kept(desk: Desk) -> None:
    desk.admin.add_fault(FaultRule("smartca", "POST", API + "/v1/signatures/sign/.*/status", "html", count=None))
    desk.admin.smartca_mode("approve")
    with pytest.raises(SignerUnavailable) as caught:
        desk.sign("a")
    assert caught.value.exit_code is ExitCode.TEMPORARY
    assert len(desk.talk.warned) == 2, "one for the faults, one for the last fifth"
    assert len(desk.store.open_ids()) == 1
    desk.admin.clear_faults()
    assert list(desk.sign("a")) == ["a"]
    assert len(desk.transactions()) == 1


def test_a_sign_call_that_never_works_is_asked_about_by_the_next_run(desk: Desk) -> None:
    desk.admin.add_fault(FaultRule("smartca", "POST", API + "/v1/signatures/sign.*", "error-after", count=None))
    with pytest.raises(SignerUnavailable):
        desk.sign("a")
    assert len(desk.store.open_ids()) == 1
    desk.admin.clear_faults()
    desk.admin.smartca_mode("approve")
    assert list(desk.sign("a")) == ["a"]
    assert len(desk.transactions()) == 1


@pytest.mark.parametrize("kind", [*LOSSES, "maintenance"])
def test_the_certificate_list_is_read_again(desk: Desk, kind: FaultKind) -> None:
    strike(desk, "/v1/credentials/get_certificate", kind, count=2)
    assert len(desk.signer().certificates()) == 2


def test_a_certificate_list_that_never_comes_is_temporary(desk: Desk) -> None:
    desk.admin.add_fault(FaultRule("smartca", "POST", API + "/v1/credentials/.*", "html", count=None))
    with pytest.raises(SignerUnavailable) as caught:
        desk.signer().certificates()
    assert desk.url.removeprefix("http://") in caught.value.message
    assert caught.value.exit_code is ExitCode.TEMPORARY


def test_no_network_is_told_apart(desk: Desk) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        desk.url = f"http://127.0.0.1:{taken.getsockname()[1]}"
        with pytest.raises(NotSent):
            desk.sign("a")
    assert desk.store.open_ids() == []


# -- password and one-time password ------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["error-before", "cut-before", "reset", "html", "maintenance"])
def test_an_activation_that_never_arrived_is_repeated_with_a_new_code(desk: Desk, kind: FaultKind) -> None:
    desk.admin.smartca_mode("manual", variants={"otp_single_use": True})
    strike(desk, "/v2/signatures/sign", kind)
    assert list(desk.sign("a", **TH)) == ["a"]
    assert len(desk.transactions()) == 1


@pytest.mark.parametrize("kind", ["error-after", "cut-after", "truncate"])
def test_an_activation_whose_answer_was_lost_signs_nothing_and_passes(desk: Desk, kind: FaultKind) -> None:
    strike(desk, "/v2/signatures/sign", kind)
    with pytest.raises(TransactionLost) as first:
        desk.sign("a", **TH)
    assert first.value.exit_code is ExitCode.TEMPORARY
    with pytest.raises(DvcError) as blocked:
        desk.sign("a", **TH)
    assert blocked.value.exit_code is ExitCode.TEMPORARY
    desk.clock.sleep(300)
    assert list(desk.sign("a", **TH)) == ["a"]
    assert [one["state"] for one in desk.transactions()] == ["signed", "expired"]
    assert desk.store.open_ids() == []


@pytest.mark.parametrize("kind", [*LOSSES, "maintenance"])
def test_a_lost_reply_to_the_confirmation_is_mended(desk: Desk, kind: FaultKind) -> None:
    strike(desk, "/v2/signatures/confirm", kind)
    assert list(desk.sign("a", "b", **TH)) == ["a", "b"]
    assert len(desk.transactions()) == 1
    assert desk.store.open_ids() == []

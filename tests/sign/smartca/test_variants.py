"""Every way in which the service's answers may differ (contract smartca.md §2.4)."""

from __future__ import annotations

import pytest

from dvc_cli.errors import ExitCode
from dvc_cli.model.signing import RawSignature
from dvc_cli.sign.base import BadSignature, CertificateUnusable, SignatureRejected
from dvc_cli.sign.smartca.problems import (
    QuotaExhausted,
    TransactionExpired,
    TransactionFailed,
    TransactionLost,
    TransactionPending,
)
from tests.sign.smartca.conftest import TH, Desk, digest

HARMLESS: list[dict[str, object]] = [
    {"pending_word": "sig_wait_for_user_confirm"},
    {"pending_word": "PROCESSING"},
    {"pending_data_null": True},
    {"line_breaks": True},
    {"shuffled": True},
    {"no_cert_status_code": True},
    {"no_expired_in": True},
    {"status_by_tran_code": True},
    {"errors": "json", "message_codes": False, "terminal_status": 400},
    {"pending_word": "PROCESSING", "pending_data_null": True, "line_breaks": True, "shuffled": True, "errors": "json"},
]


@pytest.mark.parametrize("variants", HARMLESS, ids=str)
def test_harmless_variants_change_nothing(desk: Desk, variants: dict[str, object]) -> None:
    desk.admin.smartca_mode("approve", delay_seconds=9, variants=variants)
    assert set(desk.sign("a", "b", "c")) == {"a", "b", "c"}
    assert desk.store.open_ids() == []


@pytest.mark.parametrize("variants", [*HARMLESS[3:7], {"no_sad": True}], ids=str)
def test_harmless_variants_change_nothing_for_th_accounts(desk: Desk, variants: dict[str, object]) -> None:
    desk.admin.smartca_mode("approve", variants=variants)
    assert set(desk.sign("a", "b", **TH)) == {"a", "b"}


@pytest.mark.parametrize("status", [200, 400, 403, 408])
@pytest.mark.parametrize("errors", ["http", "json"])
@pytest.mark.parametrize(
    ("mode", "words", "problem"),
    [
        ("reject", {}, SignatureRejected),
        ("reject", {"rejected_word": "CANCELLED"}, SignatureRejected),
        ("expire", {}, TransactionExpired),
        ("expire", {"expired_word": "TIMEOUT"}, TransactionExpired),
        ("fail", {}, TransactionFailed),
    ],
)
def test_terminal_words_count_whatever_the_status(
    desk: Desk, status: int, errors: str, mode: str, words: dict[str, object], problem: type[Exception]
) -> None:
    desk.admin.smartca_mode(mode, variants={"terminal_status": status, "errors": errors, **words})
    with pytest.raises(problem):
        desk.sign("a")
    assert desk.store.open_ids() == []


@pytest.mark.parametrize(
    ("variants", "good", "detail"),
    [
        ({"omit_document": True}, ["a"], "b.pdf: no value came"),
        ({"omit_doc_id": True}, ["a"], "b.pdf: no value came"),
        ({"empty_value": True}, ["a"], "b.pdf: no value came"),
        ({"wrong_signature": True}, [], "a.pdf: the value does not verify with the certificate"),
        ({"pkcs7": True}, [], "a.pdf: the value is a PKCS#7 container instead of a raw signature"),
    ],
)
@pytest.mark.parametrize("account", [{}, TH], ids=["phone", "th"])
def test_damaged_values_are_never_given_out(
    desk: Desk, variants: dict[str, object], good: list[str], detail: str, account: dict[str, str]
) -> None:
    desk.admin.smartca_mode("approve", variants=variants)
    given: list[RawSignature] = []
    with desk.signer(**account).open(desk.talk, desk.talk) as session:
        signing = session.sign([digest("a"), digest("b")], description="x")
        with pytest.raises(BadSignature) as caught:
            given.extend(signing) if not good else given.append(next(signing)) or given.extend(signing)
    assert [one.doc_id for one in given] == good
    assert detail in caught.value.details
    assert caught.value.exit_code is ExitCode.SIGNING_REFUSED
    assert desk.store.open_ids() == []


def test_a_single_document_without_value_ends_at_once(desk: Desk) -> None:
    desk.admin.smartca_mode("approve", variants={"omit_document": True})
    with pytest.raises(BadSignature):
        desk.sign("a")
    assert desk.clock.slept < 15


def test_values_that_come_a_moment_later_are_taken(desk: Desk) -> None:
    desk.admin.smartca_mode("approve", variants={"empty_value": True})
    desk.clock.at(5, lambda: desk.admin.smartca_mode(variants={}))
    assert set(desk.sign("a", "b")) == {"a", "b"}


@pytest.mark.parametrize("errors", ["http", "json"])
def test_a_used_up_quota_says_so(desk: Desk, errors: str) -> None:
    desk.admin.smartca_mode("manual", variants={"quota": True, "errors": errors})
    with pytest.raises(QuotaExhausted) as caught:
        desk.sign("a")
    assert caught.value.stops_batch
    assert desk.store.open_ids() == []


def test_without_numbers_the_service_is_quoted(desk: Desk) -> None:
    desk.admin.smartca_mode("manual", variants={"quota": True, "message_codes": False})
    with pytest.raises(CertificateUnusable) as caught:
        desk.sign("a")
    assert any("Hết lượt ký" in line for line in caught.value.details)


def test_a_service_that_never_decides_leaves_the_transaction_for_the_next_run(desk: Desk) -> None:
    # The service's transaction lives longer than it says, as with clocks that differ.
    desk.admin.smartca_mode("manual", variants={"expires_in": 900, "no_expired_in": True})
    with pytest.raises(TransactionPending) as caught:
        desk.sign("a")
    assert caught.value.exit_code is ExitCode.PENDING
    assert 310 <= desk.clock.slept <= 320
    desk.admin.approve(desk.newest())
    assert list(desk.sign("a")) == ["a"]
    assert len(desk.transactions()) == 1


def test_a_transaction_that_the_service_forgot_is_given_up(desk: Desk) -> None:
    desk.clock.at(5, desk.admin.reset)
    with pytest.raises(TransactionLost) as caught:
        desk.sign("a")
    assert caught.value.exit_code is ExitCode.TEMPORARY
    desk.admin.smartca_mode("approve")
    assert list(desk.sign("a")) == ["a"]

"""What a run leaves behind, and how the next one goes on: an approved transaction is never lost or asked for twice."""

from __future__ import annotations

import json
from datetime import datetime, timedelta

import pytest

from dvc_cli.sign.base import SignatureRejected
from dvc_cli.sign.smartca.problems import RequestRefused
from dvc_cli.sign.smartca.record import PendingTransaction, PendingTransactions
from tests.sign.smartca.conftest import CITIZEN, SECRETS, TH, Desk, digest


def interrupt() -> None:
    raise KeyboardInterrupt


def test_the_transaction_is_stored_before_it_is_sent(desk: Desk) -> None:
    stored_when_sent: list[int] = []
    with desk.signer().open(desk.talk, desk.talk) as session:
        desk.calls.clear()

        class Peeking(list[tuple[float, str]]):
            def append(self, call: tuple[float, str]) -> None:
                stored_when_sent.append(len(desk.store.open_ids()))

        session._calls._client._calls = Peeking()  # type: ignore[attr-defined]
        desk.admin.smartca_mode("approve")
        list(session.sign([digest("a")], description="x"))
    assert stored_when_sent[0] == 1


@pytest.mark.parametrize("account", [{}, TH], ids=["phone", "th"])
def test_the_store_holds_what_is_needed_and_no_password(desk: Desk, account: dict[str, str]) -> None:
    desk.admin.smartca_mode("approve")
    with desk.signer(**account).open(desk.talk, desk.talk) as session:
        next(iter(session.sign([digest("đơn")], description="Nộp hồ sơ")))
        (transaction_id,) = desk.store.open_ids()
        payload = desk.store.load(transaction_id) or b""
    plain = json.loads(payload)
    assert plain["documents"] == [{"doc_id": "đơn", "shown_id": "đơn.pdf", "digest": digest("đơn").digest.hex()}]
    assert plain["stage"] == "signed"
    for secret in SECRETS.values():
        assert secret.encode() not in payload
    restored = PendingTransaction.from_bytes(payload)
    assert restored is not None
    assert restored.to_bytes() == payload
    assert transaction_id not in repr(restored)


@pytest.mark.parametrize("payload", [b"", b"[]", b"{}", b'{"schema": "dvc.smartca.transaction/2"}'])
def test_records_of_others_are_left_alone(desk: Desk, payload: bytes) -> None:
    desk.store.save("foreign", payload)
    assert PendingTransactions(desk.store, f"{CITIZEN}@{desk.url[7:]}").all() == []
    desk.admin.smartca_mode("approve")
    assert list(desk.sign("a")) == ["a"]
    assert desk.store.open_ids() == ["foreign"]


def test_an_interrupted_wait_goes_on_with_the_same_transaction(desk: Desk) -> None:
    desk.clock.at(10, interrupt)
    with pytest.raises(KeyboardInterrupt):
        desk.sign("a", "b")
    assert any("still open on the phone" in text for text in desk.talk.warned)
    desk.approve_after(20)
    assert list(desk.sign("a", "b")) == ["a", "b"]
    assert len(desk.transactions()) == 1
    assert any("earlier run" in text for text in desk.talk.said)


def test_an_approved_transaction_is_fetched_without_asking_again(desk: Desk) -> None:
    desk.clock.at(10, interrupt)
    with pytest.raises(KeyboardInterrupt):
        desk.sign("a")
    desk.admin.approve(desk.newest())
    slept = desk.clock.slept
    assert list(desk.sign("a")) == ["a"]
    assert desk.clock.slept == slept
    assert len(desk.transactions()) == 1


def test_values_that_were_not_all_taken_come_again(desk: Desk) -> None:
    desk.admin.smartca_mode("approve")
    with desk.signer().open(desk.talk, desk.talk) as session:
        signing = session.sign([digest("a"), digest("b")], description="x")
        assert next(signing).doc_id == "a"
        signing.close()  # type: ignore[attr-defined]  # a crash while the first value is being embedded
    assert len(desk.store.open_ids()) == 1
    assert list(desk.sign("a", "b")) == ["a", "b"]
    assert len(desk.transactions()) == 1
    assert desk.store.open_ids() == []


@pytest.mark.parametrize("decision", ["reject", "expire"])
def test_a_run_after_an_interrupted_and_refused_one_asks_anew(desk: Desk, decision: str) -> None:
    desk.clock.at(10, interrupt)
    with pytest.raises(KeyboardInterrupt):
        desk.sign("a")
    getattr(desk.admin, decision)(desk.newest())
    desk.admin.smartca_mode("approve")
    assert list(desk.sign("a")) == ["a"]
    assert len(desk.transactions()) == 2


def test_other_documents_do_not_take_over_an_open_transaction(desk: Desk) -> None:
    desk.clock.at(10, interrupt)
    with pytest.raises(KeyboardInterrupt):
        desk.sign("a", description="Lô cũ")
    with pytest.raises(RequestRefused) as caught:
        desk.sign("b")
    assert "phone" in (caught.value.hint or "")
    assert any("Lô cũ" in text for text in desk.talk.warned)
    desk.admin.reject(desk.newest())
    desk.admin.smartca_mode("approve")
    assert list(desk.sign("b")) == ["b"]
    assert desk.store.open_ids() == []


def test_another_certificate_or_account_does_not_take_it_over(desk: Desk) -> None:
    desk.clock.at(10, interrupt)
    with pytest.raises(KeyboardInterrupt):
        desk.sign("a")
    desk.admin.approve(desk.newest())
    assert list(desk.sign("a", **TH)) == ["a"]
    assert len(desk.store.open_ids()) == 1
    desk.admin.smartca_mode("approve")
    assert list(desk.sign("a", service="seal")) == ["a"]
    assert len(desk.transactions()) == 3
    assert len(desk.store.open_ids()) == 1
    assert any("not used yet" in text for text in desk.talk.said)
    assert list(desk.sign("a")) == ["a"]
    assert desk.store.open_ids() == []
    assert len(desk.transactions()) == 3


def test_an_approved_transaction_that_nobody_uses_is_forgotten_after_a_day(desk: Desk) -> None:
    desk.clock.at(10, interrupt)
    with pytest.raises(KeyboardInterrupt):
        desk.sign("a")
    desk.admin.approve(desk.newest())
    (transaction_id,) = desk.store.open_ids()
    plain = json.loads(desk.store.load(transaction_id) or b"")
    opened = datetime.fromisoformat(plain["opened_at"]) - timedelta(days=2)
    desk.store.save(transaction_id, json.dumps({**plain, "opened_at": opened.isoformat()}).encode())
    desk.admin.smartca_mode("approve")
    assert list(desk.sign("b")) == ["b"]
    assert desk.store.open_ids() == []


def test_a_rejection_in_the_same_run_is_not_asked_again(desk: Desk) -> None:
    desk.admin.smartca_mode("reject")
    desk.talk.answers = [True]
    with pytest.raises(SignatureRejected):
        desk.sign("a")
    assert desk.talk.asked == []

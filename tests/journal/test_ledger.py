"""Tries of secrets and open signing transactions, across processes."""

import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from dvc_cli.journal import open_ledger, open_transactions
from dvc_cli.output.clock import SystemClock

SUBJECT = "pin:0123456789abcdef"


@pytest.fixture
def ledger(tmp_path):
    opened = open_ledger(tmp_path, SystemClock())
    yield opened
    opened.close()


def test_a_try_counts_as_wrong_before_it_is_made_and_survives_a_kill(tmp_path, ledger):
    script = """
import os, pathlib, signal, sys
from dvc_cli.journal import open_ledger
from dvc_cli.output.clock import SystemClock
open_ledger(pathlib.Path(sys.argv[1]), SystemClock()).begin(sys.argv[2])
os.kill(os.getpid(), signal.SIGKILL)
"""
    subprocess.run([sys.executable, "-c", script, str(tmp_path), SUBJECT], check=False, timeout=30)
    attempt = ledger.attempt(SUBJECT)
    assert attempt.wrong_in_a_row == 1
    assert abs((datetime.now(UTC) - attempt.last_wrong_at).total_seconds()) < 60
    assert not attempt.confirmed


def test_a_right_try_forgets_the_wrong_ones(ledger):
    ledger.begin(SUBJECT)
    ledger.begin(SUBJECT)
    assert ledger.attempt(SUBJECT).wrong_in_a_row == 2
    ledger.succeeded(SUBJECT)
    assert (ledger.attempt(SUBJECT).wrong_in_a_row, ledger.attempt(SUBJECT).last_wrong_at) == (0, None)


def test_a_try_that_was_not_made_is_taken_back(ledger):
    ledger.begin(SUBJECT)
    ledger.not_tried(SUBJECT)
    assert ledger.attempt(SUBJECT).wrong_in_a_row == 0
    ledger.begin(SUBJECT)
    first = ledger.attempt(SUBJECT).last_wrong_at
    ledger.begin(SUBJECT)
    ledger.not_tried(SUBJECT)
    assert (ledger.attempt(SUBJECT).wrong_in_a_row, ledger.attempt(SUBJECT).last_wrong_at) == (1, first)


def test_a_persons_confirmation_is_used_up_by_one_try(ledger):
    ledger.begin(SUBJECT)
    ledger.confirm(SUBJECT)
    assert ledger.attempt(SUBJECT).confirmed
    ledger.begin(SUBJECT)
    assert not ledger.attempt(SUBJECT).confirmed
    assert ledger.attempt(SUBJECT).wrong_in_a_row == 2
    ledger.not_tried(SUBJECT)
    assert ledger.attempt(SUBJECT).confirmed


def test_an_unconfirmed_try_taken_back_confirms_nothing(ledger):
    ledger.begin(SUBJECT)
    ledger.begin(SUBJECT)
    ledger.not_tried(SUBJECT)
    assert not ledger.attempt(SUBJECT).confirmed


def test_subjects_are_apart_and_not_readable(tmp_path, ledger):
    ledger.begin("password:034199000123@portal.example")
    assert ledger.attempt(SUBJECT).wrong_in_a_row == 0
    for path in Path(tmp_path).rglob("*"):
        assert b"034199000123" not in path.read_bytes()


def test_transactions_are_kept_until_they_are_removed(tmp_path):
    store = open_transactions(tmp_path)
    store.save("b", b"first")
    store.save("a", b"other")
    store.save("b", b"second")
    store.close()
    again = open_transactions(tmp_path)
    assert again.open_ids() == ["b", "a"]
    assert again.load("b") == b"second"
    again.remove("b")
    again.remove("b")
    assert again.open_ids() == ["a"]
    assert again.load("b") is None
    again.close()

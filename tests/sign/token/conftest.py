"""Tokens that the tests share."""

from __future__ import annotations

import pytest

from tests.sign import pki
from tests.sign.softhsm import ledger_in, make_token


@pytest.fixture(scope="session")
def token(tmp_path_factory):
    """A token with RSA and EC keys, an expired certificate and an issuer's; nobody gives it a wrong PIN."""
    token = make_token(tmp_path_factory.mktemp("token"))
    token.add(pki.person(), "a1", "canhan")
    token.add(pki.person_ec(), "a2", "canhan-ec")
    token.add(pki.expired(), "a3", "hethan")
    token.add(pki.authority(), "a4", "ca", with_key=False)
    return token


@pytest.fixture
def own_token(tmp_path):
    """A token of one test alone, with one key."""
    token = make_token(tmp_path / "token", "rieng")
    token.add(pki.person(), "b1", "canhan")
    return token


@pytest.fixture
def ledger(tmp_path):
    ledger = ledger_in(tmp_path / "guard")
    yield ledger
    ledger.close()

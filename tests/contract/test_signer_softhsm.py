"""The signer contract on a SoftHSM2 token, through the worker process: RSA-2048 and EC keys."""

from __future__ import annotations

import pytest

from dvc_cli.testing.signer_contract import SignerContract
from tests.sign import pki
from tests.sign.softhsm import PIN, ledger_in, make_token, token_signer


def furnished_token(folder):
    token = make_token(folder)
    token.add(pki.person(), "a1", "canhan")
    token.add(pki.person_ec(), "a2", "canhan-ec")
    token.add(pki.expired(), "a3", "hethan")
    token.add(pki.authority(), "a4", "ca", with_key=False)
    return token


@pytest.fixture(scope="module")
def token(tmp_path_factory):
    return furnished_token(tmp_path_factory.mktemp("token"))


@pytest.fixture(scope="module")
def token_for_wrong_pins(tmp_path_factory):
    return furnished_token(tmp_path_factory.mktemp("token"))


@pytest.mark.parametrize("certificate", ["canhan", "canhan-ec"])
class TestSoftHsm(SignerContract):
    """A key on a token."""

    @pytest.fixture
    def signer(self, token, certificate, tmp_path):
        return token_signer(token, PIN, ledger_in(tmp_path), cert=certificate)

    @pytest.fixture
    def wrong_secret(self):
        return "77319955"

    @pytest.fixture
    def refused_signer(self, token_for_wrong_pins, certificate, wrong_secret, tmp_path):
        return token_signer(token_for_wrong_pins, wrong_secret, ledger_in(tmp_path), cert=certificate)

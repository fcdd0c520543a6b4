"""The signer contract on every kind of key of the CSC emulator."""

from __future__ import annotations

import pytest

from dvc_cli.sign.base import Signer
from dvc_cli.testing.signer_contract import SignerContract
from tests.sign.csc.conftest import EC, RSA, SEAL, Desk


class OneKey(SignerContract):
    """A key that needs no person."""

    options: dict[str, str] = {}
    secret = "pin"

    @pytest.fixture
    def signer(self, desk: Desk) -> Signer:
        return desk.signer(**self.options)

    @pytest.fixture
    def wrong_secret(self) -> str:
        return "sai-ma-5531"

    @pytest.fixture
    def refused_signer(self, desk: Desk, wrong_secret: str) -> Signer:
        desk.secrets[self.secret] = wrong_secret
        return desk.signer(**self.options)


class TestRsaByPinAndAuthenticator(OneKey):
    """RSA 2048, PIN and a code from the stored secret, SAD bound to the hashes."""

    options = RSA


class TestEcByPin(OneKey):
    """P-256, PIN only."""

    options = EC


class TestImplicitByClientCredentials(OneKey):
    """A firm's key that the service releases by itself, entered by OAuth 2.0 client credentials."""

    options = SEAL
    secret = "client_secret"

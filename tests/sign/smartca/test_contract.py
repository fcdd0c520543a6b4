"""The signer contract on SmartCA accounts of both kinds, against the emulator."""

from __future__ import annotations

import pytest

from dvc_cli.sign.base import Signer
from dvc_cli.testing.signer_contract import SignerContract
from tests.sign.smartca.conftest import TH, Desk


class ByPhone(SignerContract):
    """Whatever the account, nobody needs to tap."""

    options: dict[str, str] = {}
    secret = "sp_password"

    @pytest.fixture
    def signer(self, desk: Desk) -> Signer:
        desk.admin.smartca_mode("approve")
        return desk.signer(**self.options)

    @pytest.fixture
    def wrong_secret(self) -> str:
        return "sai-mat-khau-5531"

    @pytest.fixture
    def refused_signer(self, desk: Desk, wrong_secret: str) -> Signer:
        desk.secrets[self.secret] = wrong_secret
        return desk.signer(**self.options)


class TestPhoneAccount(ByPhone):
    """The person confirms on the phone."""


class TestSeal(ByPhone):
    """The seal of the same subscriber."""

    options = {"service": "seal"}


class TestThAccount(ByPhone):
    """Password and one-time password."""

    options = TH
    secret = "th_password"

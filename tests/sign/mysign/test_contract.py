"""The signer contract on MySign, against the emulator of its documented calls."""

from __future__ import annotations

import pytest

from dvc_cli.sign.base import Signer
from dvc_cli.testing.signer_contract import SignerContract
from tests.sign.mysign.conftest import Desk


class TestMySign(SignerContract):
    """The person confirms in the app at once."""

    @pytest.fixture
    def signer(self, desk: Desk) -> Signer:
        desk.service.after = 0
        return desk.signer()

    @pytest.fixture
    def wrong_secret(self) -> str:
        return "sai-mat-khau-5531"

    @pytest.fixture
    def refused_signer(self, desk: Desk, wrong_secret: str) -> Signer:
        desk.secret = wrong_secret
        return desk.signer()

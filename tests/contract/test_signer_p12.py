"""The signer contract on PKCS#12 files: RSA-2048, RSA-3072 and EC keys."""

from __future__ import annotations

import pytest

from dvc_cli.model.secret import Secret
from dvc_cli.sign.base import SignerSpec
from dvc_cli.sign.p12 import Pkcs12Signer
from dvc_cli.testing.signer_contract import SignerContract, SystemTime
from tests.sign import pki


def p12_signer(path, passphrase=pki.PASSPHRASE):
    def secret(purpose, subject, *, flag, question):
        assert (purpose, subject, flag) == ("passphrase", path.name, "--passphrase-file")
        return Secret(passphrase)

    return Pkcs12Signer(SignerSpec(name="director", kind="p12", options={"file": str(path)}), secret, SystemTime())


@pytest.mark.parametrize("holder", ["person", "organisation", "person_ec"])
class TestPkcs12(SignerContract):
    """A key in a file."""

    @pytest.fixture
    def p12(self, holder, tmp_path):
        return getattr(pki, holder)().write_p12(tmp_path / "khoá.p12")

    @pytest.fixture
    def signer(self, p12):
        return p12_signer(p12)

    @pytest.fixture
    def wrong_secret(self):
        return "sai-mat-khau-7731"

    @pytest.fixture
    def refused_signer(self, p12, wrong_secret):
        return p12_signer(p12, wrong_secret)

"""`dvc-cli tokens list` and `tokens test` on SoftHSM2 tokens."""

from __future__ import annotations

import json

import pytest

from tests.sign import pki
from tests.sign.softhsm import PIN
from tests.sign.test_commands import dvc

__all__ = ["dvc"]


@pytest.fixture
def environ(token, tmp_path):
    return {"SOFTHSM2_CONF": token.environ["SOFTHSM2_CONF"], "DVC_HOME": str(tmp_path / "home")}


@pytest.fixture
def pin_file(tmp_path):
    path = tmp_path / "pin"
    path.write_text(PIN + "\n", encoding="utf-8")
    return path


def test_tokens_certificates_and_why_one_is_not_offered(dvc, token, environ):
    status, out, _err = dvc("tokens", "list", "--module", token.module, "--json", environ=environ)
    report = json.loads(out)
    assert (status, report["schema"]) == (0, "dvc.tokens.list/1")
    (listed,) = report["tokens"]
    assert (listed["label"], listed["pin"], listed["hashes_itself"]) == (token.label, "ok", True)
    assert listed["serial"]
    certificates = {one["label"]: one for one in listed["certificates"]}
    assert set(certificates) == {"canhan", "canhan-ec", "hethan"}
    assert certificates["canhan"]["problem"] is None
    assert certificates["canhan"]["serial"] == f"{pki.person().certificate.serial_number:x}"
    assert certificates["canhan"]["usages"][:2] == ["digitalSignature", "nonRepudiation"]
    assert "expired" in certificates["hethan"]["problem"]


def test_both_languages_at_a_pipe(dvc, token, environ):
    status, out, _err = dvc("tokens", "list", "--module", token.module, "--lang", "vi", environ=environ)
    assert status == 0
    assert "NGUYỄN THỊ ĐƯỢC" in out
    assert "hết hạn" in out
    assert str(token.module) in out


def test_a_library_that_cannot_be_used_is_listed_with_the_reason(dvc, environ, tmp_path):
    (tmp_path / "broken.so").write_bytes(b"no library")
    status, out, _err = dvc("tokens", "list", "--module", tmp_path / "broken.so", "--json", environ=environ)
    report = json.loads(out)
    assert (status, report["tokens"]) == (13, [])
    assert report["unusable"][0]["problem"]


def test_one_signature_is_made_and_verified(dvc, token, environ, pin_file):
    options = ("--module", token.module, "--pin-file", pin_file, "--no-input", "--json")
    for label in ("canhan", "canhan-ec"):
        status, out, err = dvc("tokens", "test", "--cert", label, *options, environ=environ)
        assert status == 0, err
        assert json.loads(out)["certificate"]["label"] == label
    assert dvc("tokens", "test", "--cert", "hethan", *options, environ=environ)[0] == 6


def test_a_wrong_pin_is_tried_once_then_guarded(dvc, own_token, pin_file, tmp_path):
    environ = {"SOFTHSM2_CONF": own_token.environ["SOFTHSM2_CONF"], "DVC_HOME": str(tmp_path / "home")}
    options = ("tokens", "test", "--module", own_token.module, "--pin-file", pin_file, "--no-input")
    pin_file.write_text("99999999", encoding="utf-8")
    codes = [dvc(*options, environ=environ)[0] for _run in range(3)]
    pin_file.write_text(PIN, encoding="utf-8")
    codes.append(dvc(*options, "--confirm-pin", environ=environ)[0])
    assert codes == [6, 7, 7, 0]


def test_another_kind_of_signer_is_refused(talk, signer_of, clock):
    from dvc_cli.services.tokens import NoTokenSigner, try_token

    with pytest.raises(NoTokenSigner):
        try_token(signer_of(pki.person()), clock=clock, progress=talk, prompter=talk)

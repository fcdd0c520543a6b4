"""The process that owns the token: it hangs, dies, chatters, and the program stays well."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from dvc_cli.model.secret import Secret
from dvc_cli.sign.base import SignerUnavailable
from dvc_cli.sign.token import wire
from dvc_cli.sign.token.process import Limits, TokenProcess, WorkerFault
from dvc_cli.testing.signer_contract import digest_for
from dvc_cli.testing.talk import PreparedTalk
from tests.sign import pki
from tests.sign.softhsm import PIN, make_token, token_signer


@pytest.fixture
def process(token):
    process = TokenProcess(token.module, token.environ)
    yield process
    process.end()
    assert process._process.poll() is not None


def test_tokens_and_certificates_are_seen_without_a_pin(process):
    (facts,) = process.tokens()
    assert (facts.label, facts.manufacturer) == ("dvc-thu", "SoftHSM project")
    assert facts.serial
    assert "SHA256_RSA_PKCS" in facts.mechanisms
    assert sorted(one.label for one in process.certificates(facts.slot)) == ["ca", "canhan", "canhan-ec", "hethan"]


def test_a_wrong_pin_has_its_code(own_token):
    process = TokenProcess(own_token.module, own_token.environ)
    (facts,) = process.tokens()
    with pytest.raises(WorkerFault) as caught:
        process.login(facts.slot, Secret("11111111"))
    process.end()
    assert caught.value.code == "PinIncorrect"
    assert "11111111" not in str(caught.value)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs a named pipe, to make the module hang")
def test_a_module_that_hangs_is_ended(token, tmp_path):
    """SoftHSM reads its settings from a pipe that nobody writes: C_Initialize never returns."""
    pipe = tmp_path / "softhsm2.conf"
    os.mkfifo(pipe)
    start = time.monotonic()
    with pytest.raises(WorkerFault) as caught:
        TokenProcess(token.module, {**token.environ, "SOFTHSM2_CONF": str(pipe)}, Limits(load=0.8))
    assert caught.value.code == "Hung"
    assert time.monotonic() - start < 5


def test_a_file_that_is_no_module_is_a_failure_not_a_crash(tmp_path):
    library = next(Path(line.split()[-1]) for line in Path("/proc/self/maps").read_text().splitlines() if ".so" in line)
    with pytest.raises(WorkerFault) as caught:
        TokenProcess(library)
    assert caught.value.code == "PKCS11Error"


def test_a_worker_that_dies_is_noticed(token):
    process = TokenProcess(token.module, token.environ)
    process._process.kill()
    with pytest.raises(WorkerFault) as caught:
        process.tokens()
    assert caught.value.code == "Died"
    process.end()


def test_pulling_the_token_out_during_a_batch_says_so(own_token, ledger):
    with token_signer(own_token, PIN, ledger).open(PreparedTalk(), PreparedTalk()) as session:
        values = session.sign([digest_for("một"), digest_for("hai")], description="x")
        assert next(values).doc_id == "một"
        (own_token.folder / "tokens").rename(own_token.folder / "elsewhere")
        with pytest.raises(SignerUnavailable, match="pulled out"):
            next(values)


def test_the_pin_is_in_no_argument_and_no_environment(token, ledger):
    signer = token_signer(token, PIN, ledger, environ={**token.environ, "DVC_PIN": PIN}, cert="canhan")
    if not Path("/proc").is_dir():
        pytest.skip("needs /proc")
    with signer.open(PreparedTalk(), PreparedTalk()):
        workers = [
            entry
            for entry in Path("/proc").iterdir()
            if entry.name.isdecimal()
            and b"dvc_cli.sign.token.worker" in read_quietly(entry / "cmdline")
            and f"PPid:\t{os.getpid()}\n".encode() in read_quietly(entry / "status")
        ]
        assert workers
        for entry in workers:
            assert PIN.encode() not in read_quietly(entry / "cmdline")
            assert PIN.encode() not in read_quietly(entry / "environ")


def read_quietly(path):
    try:
        return path.read_bytes()
    except OSError:
        return b""


def test_no_worker_is_left_behind(token, ledger):
    started = []
    with token_signer(token, PIN, ledger, cert="canhan").open(PreparedTalk(), PreparedTalk()) as session:
        started.append(session.process._process)
        assert started[0].poll() is None
    assert started[0].poll() is not None


def test_the_worker_ends_when_its_parent_is_gone():
    worker = subprocess.Popen(
        [sys.executable, "-m", "dvc_cli.sign.token.worker"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    worker.stdin.close()
    assert worker.wait(10) == 0
    worker.stdout.close()


def test_unknown_requests_are_answered_with_a_failure():
    worker = subprocess.Popen(
        [sys.executable, "-m", "dvc_cli.sign.token.worker"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    wire.send(worker.stdin, {"op": "nonsense"})
    assert wire.receive(worker.stdout)["ok"] is False
    wire.send(worker.stdin, {"op": "end"})
    assert wire.receive(worker.stdout) == {"ok": True}
    worker.stdin.close()
    assert worker.wait(10) == 0
    worker.stdout.close()


def test_a_message_cut_short_is_the_end():
    stream = io.BytesIO()
    wire.send(stream, {"op": "tokens", "text": "chữ ký"})
    whole = stream.getvalue()
    assert wire.receive(io.BytesIO(whole)) == {"op": "tokens", "text": "chữ ký"}
    for length in range(len(whole)):
        assert wire.receive(io.BytesIO(whole[:length])) is None
    with pytest.raises(ValueError, match="too long"):
        wire.receive(io.BytesIO(b"\xff\xff\xff\xff"))


class TestMechanisms:
    """What the token can do decides how it is asked."""

    def signs(self, token, ledger, **options):
        from dvc_cli.sign.certificates import verify_raw

        document = digest_for("đơn")
        with token_signer(token, PIN, ledger, **options).open(PreparedTalk(), PreparedTalk()) as session:
            (value,) = session.sign([document], description="x")
            return verify_raw(session.certificate, document.digest, value.value)

    def test_a_token_with_bare_rsa_gets_our_digest_info(self, tmp_path, ledger):
        token = make_token(tmp_path / "bare", "bare")
        token.add(pki.person(), "01", "canhan")
        with (token.folder / "softhsm2.conf").open("a", encoding="utf-8") as settings:
            settings.write("slots.mechanisms = CKM_RSA_PKCS,CKM_ECDSA\n")
        process = TokenProcess(token.module, token.environ)
        names = process.tokens()[0].mechanisms
        process.end()
        assert "RSA_PKCS" in names
        assert "SHA256_RSA_PKCS" not in names
        assert self.signs(token, ledger)

    def test_a_key_that_asks_for_each_signature(self, tmp_path, ledger):
        token = make_token(tmp_path / "each", "each")
        token.add(pki.person(), "01", "canhan", with_key=False)
        from cryptography.hazmat.primitives import serialization

        key_file = tmp_path / "key.der"
        key_file.write_bytes(
            pki.person().key.private_bytes(
                serialization.Encoding.DER, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
            )
        )
        token.tool("--write-object", str(key_file), "--type", "privkey", "--id", "01", "--usage-sign", "--always-auth")
        assert "always" in token.tool("-O").lower()
        assert self.signs(token, ledger)

    def test_a_key_is_found_by_its_numbers_when_the_ids_differ(self, tmp_path, ledger):
        token = make_token(tmp_path / "ids", "ids")
        token.add(pki.person(), "01", "canhan")
        token.add(pki.organisation(), "02", "congty")
        token.tool("--delete-object", "--type", "cert", "--id", "02")
        certificate = token.folder / "02.der"
        token.tool("--write-object", str(certificate), "--type", "cert", "--id", "99", "--label", "congty")
        assert self.signs(token, ledger, cert="congty")

    def test_a_certificate_without_key_is_said(self, tmp_path, ledger):
        token = make_token(tmp_path / "keyless", "keyless")
        token.add(pki.person(), "01", "canhan", with_key=False)
        with pytest.raises(Exception, match="no private key"):
            self.signs(token, ledger)

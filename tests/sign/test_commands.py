"""`dvc-cli sign` and `dvc-cli verify` as people and scripts run them: processes, files, status."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from tests.sign import pki
from tests.sign.softhsm import PIN


@pytest.fixture
def dvc():
    """Run the program; gives status, stdout and stderr."""

    def run(*arguments, environ=None, stdin=None, pass_fds=()):
        done = subprocess.run(
            [sys.executable, "-m", "dvc_cli", *(str(part) for part in arguments)],
            capture_output=True,
            env={**os.environ, **(environ or {})},
            input=stdin,
            pass_fds=pass_fds,
            timeout=60,
            check=False,
        )
        return done.returncode, done.stdout.decode("utf-8"), done.stderr.decode("utf-8")

    return run


@pytest.fixture
def key(tmp_path):
    """Options that sign with a person's PKCS#12 file."""
    pki.person().write_p12(tmp_path / "key.p12")
    (tmp_path / "pass.txt").write_text(pki.PASSPHRASE + "\n", encoding="utf-8")
    return ("--p12", tmp_path / "key.p12", "--passphrase-file", tmp_path / "pass.txt", "--no-input")


def test_sign_and_verify_one_file(dvc, key, write_pdf, root_pem):
    source = write_pdf("đơn.pdf")
    status, out, err = dvc("sign", source, *key, "--at", "top-right", "--page", "first", "--reason", "Nộp hồ sơ")
    assert (status, "Traceback" in err) == (0, False)
    signed = source.with_name("đơn.signed.pdf")
    assert out.splitlines()[0].split("\t")[:2] == [str(source), "signed"]
    assert "NGUYỄN THỊ ĐƯỢC" in out
    assert "001199012345" not in out
    status, out, _err = dvc("verify", signed, "--trust", root_pem)
    assert status == 0
    assert "VALID" in out
    status, out, _err = dvc("verify", signed)
    assert status == 15
    assert "not among the trusted roots" in out


def test_json_is_one_document_with_stable_keys(dvc, key, write_pdf, root_pem, tmp_path):
    good, bad = write_pdf("a.pdf"), tmp_path / "b.pdf"
    bad.write_bytes(b"")
    status, out, _err = dvc("sign", good, bad, *key, "--json")
    report = json.loads(out)
    assert (status, report["schema"], report["level"]) == (1, "dvc.signing.report/1", "b-b")
    assert [line["outcome"] for line in report["documents"]] == ["signed", "failed"]
    assert report["certificate"]["common_name"] == "NGUYỄN THỊ ĐƯỢC"
    assert "der" not in report["certificate"]
    status, out, _err = dvc("verify", good.with_name("a.signed.pdf"), good, bad, "--trust", root_pem, "--json")
    verdicts = json.loads(out)
    assert (status, verdicts["schema"]) == (10, "dvc.signing.verification/1")
    assert [one["verdict"] for one in verdicts["documents"]] == ["valid", "unsigned", "unreadable"]
    assert verdicts["documents"][0]["signatures"][0]["claimed_time"].endswith("Z")


@pytest.mark.parametrize(
    ("verdicts", "status"),
    [
        (["valid"], 0),
        (["valid", "not-established"], 15),
        (["not-established", "unsigned"], 9),
        (["unsigned", "unreadable"], 10),
        (["unreadable", "broken", "unsigned"], 1),
    ],
)
def test_verify_ends_with_the_worst_verdict(verdicts, status):
    from dvc_cli.model.signing import DocumentVerdict, VerifyReport

    documents = tuple(
        DocumentVerdict(path="a", sha256="", verdict=verdict, signatures=(), explanation="") for verdict in verdicts
    )
    assert VerifyReport(documents=documents).exit_code == status


def test_wrong_passphrase_ends_with_6_and_writes_nothing(dvc, key, write_pdf, tmp_path):
    source = write_pdf("a.pdf")
    (tmp_path / "pass.txt").write_text("sai", encoding="utf-8")
    status, out, err = dvc("sign", source, *key)
    assert (status, out) == (6, "")
    assert "key.p12" in err
    assert "hint:" in err
    assert not source.with_name("a.signed.pdf").exists()


@pytest.mark.parametrize(
    ("options", "status", "words"),
    [
        (["--level", "b-lt"], 13, "--tsa URL"),
        (["--level", "b-lt", "--signature-profile", "cms"], 2, "b-lt"),
        (["--box", "1,2,3"], 2, "--box"),
        (["--box", "1,1,300,20"], 10, "leaves the page"),
        (["--page", "9"], 10, "there is no page 9"),
        (["--page", "zero"], 2, "not a page"),
        (["--at", "top", "--invisible"], 2, "--invisible"),
        (["--signer", "x"], 2, "--p12"),
        (["-o", "missing-folder/x.pdf"], 10, "does not exist"),
    ],
)
def test_each_mistake_has_its_status_and_words(options, status, words, dvc, key, write_pdf):
    code, out, err = dvc("sign", write_pdf("a.pdf"), *key, *options)
    assert (code, out) == (status, "")
    assert words in err
    assert "Traceback" not in err


def test_nothing_to_sign_with_is_said(dvc, write_pdf):
    code, _out, err = dvc("sign", write_pdf("a.pdf"), "--no-input")
    assert code == 13
    assert "--p12 FILE" in err


def test_the_plan_is_shown_without_side_effects(dvc, key, write_pdf, tmp_path):
    source = write_pdf("a.pdf")
    before = sorted(tmp_path.iterdir())
    code, out, _err = dvc("sign", source, *key, "-n")
    assert code == 0
    assert "would be signed" in out
    assert sorted(tmp_path.iterdir()) == before


def test_both_languages(dvc, key, write_pdf):
    source = write_pdf("a.pdf")
    _code, out, _err = dvc("ky", source, *key, "--lang", "vi")
    assert "đã ký" in out
    code, out, _err = dvc("kiemtra", source.with_name("a.signed.pdf"), "--lang", "vi")
    assert (code, "CHƯA XÁC ĐỊNH ĐƯỢC" in out) == (15, True)


class TestToken:
    @pytest.fixture
    def token(self, tmp_path):
        from tests.sign.softhsm import make_token

        token = make_token(tmp_path / "token", "ke-toan")
        token.add(pki.organisation(), "01", "congty")
        token.add(pki.authority(), "02", "ca", with_key=False)
        return token

    @pytest.fixture
    def pin_file(self, tmp_path):
        path = tmp_path / "pin"
        path.write_text(PIN + "\n", encoding="utf-8")
        return path

    def environ(self, token):
        return {"SOFTHSM2_CONF": token.environ["SOFTHSM2_CONF"]}

    def test_many_files_with_one_pin(self, dvc, token, pin_file, write_pdf, tmp_path, root_pem):
        files = [write_pdf(f"{number}.pdf") for number in range(3)]
        (tmp_path / "signed").mkdir()
        options = (
            "--token",
            "ke-toan",
            "--module",
            token.module,
            "--pin-file",
            pin_file,
            "--out-dir",
            tmp_path / "signed",
        )
        code, out, err = dvc("sign", *files, *options, "--no-input", environ=self.environ(token))
        assert (code, err.count("Traceback")) == (0, 0)
        assert out.count("signed\t") == 3
        code, out, _err = dvc("verify", *sorted((tmp_path / "signed").iterdir()), "--trust", root_pem)
        assert code == 0
        assert "0101234567-001" in out

    @pytest.mark.skipif(sys.platform == "win32", reason="descriptors are not inherited by number on Windows")
    def test_the_pin_from_a_descriptor(self, dvc, token, write_pdf):
        reading, writing = os.pipe()
        os.write(writing, PIN.encode())
        os.close(writing)
        options = ("--module", token.module, "--pin-fd", reading, "--no-input")
        code, _out, _err = dvc("sign", write_pdf("a.pdf"), *options, environ=self.environ(token), pass_fds=(reading,))
        os.close(reading)
        assert code == 0

    def test_a_wrong_pin_ends_with_6_and_the_next_run_with_7(self, dvc, token, pin_file, write_pdf, tmp_path):
        source = write_pdf("a.pdf")
        options = ("--module", token.module, "--pin-file", pin_file, "--no-input")
        pin_file.write_text("99999999", encoding="utf-8")
        codes = [dvc("sign", source, *options, environ=self.environ(token))[0] for _run in range(2)]
        pin_file.write_text(PIN, encoding="utf-8")
        codes.append(dvc("sign", source, *options, environ=self.environ(token))[0])
        assert not source.with_name("a.signed.pdf").exists()
        codes.append(dvc("sign", source, *options, "--confirm-pin", environ=self.environ(token))[0])
        assert codes == [6, 7, 7, 0]

    def test_without_module_the_token_is_found(self, dvc, token, pin_file, write_pdf):
        options = ("--token", "ke-toan", "--pin-file", pin_file, "--no-input")
        code, out, err = dvc("sign", write_pdf("a.pdf"), *options, environ=self.environ(token))
        assert (code, "signed" in out) == (0, True), err

    def test_an_unknown_token_ends_with_13(self, dvc, token, write_pdf):
        options = ("--token", "khac", "--module", token.module, "--no-input")
        code, _out, err = dvc("sign", write_pdf("a.pdf"), *options, environ=self.environ(token))
        assert code == 13
        assert "ke-toan" in err

"""Levels above B-B against the sandbox's time stamps, OCSP and CRLs; judged by pyHanko's AdES validation, openssl and pdfsig."""

from __future__ import annotations

import asyncio
import base64
import json
import re
import subprocess
from contextlib import contextmanager
from pathlib import Path

import pytest

from dvc_cli.main import main
from dvc_cli.testing.small_pdf import small_pdf
from dvc_sandbox.control import Options, start_thread
from tests.sign.conftest import output_of, tool

LEVELS = ["b-b", "b-t", "b-lt", "b-lta"]


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    with start_thread(Options(state=tmp_path_factory.mktemp("sandbox"))) as sandbox:
        yield sandbox


@pytest.fixture
def place(world, tmp_path, monkeypatch):
    """A folder with a paper and the passphrase; gives the options that sign with the citizen's file of the sandbox."""
    monkeypatch.chdir(tmp_path)
    Path("don.pdf").write_bytes(small_pdf())
    Path("pass").write_text("sandbox", encoding="utf-8")
    return world


def p12(world, name="citizen"):
    return ["--p12", str(world.state / "pki" / "p12" / f"{name}.p12"), "--passphrase-file", "pass", "--no-input"]


def tsa(world):
    return ["--tsa", f"{world.urls.pki}/dvc/tsa/tsa"]


def root(world):
    return world.state / "pki" / "certs" / "root.pem"


def sign(world, *options, name="citizen"):
    return main(["sign", "don.pdf", *p12(world, name), "--trust", str(root(world)), "--json", *options])


def verdict(path, world, capsys):
    capsys.readouterr()
    status = main(["verify", path, "--trust", str(root(world)), "--json"])
    (document,) = json.loads(capsys.readouterr().out)["documents"]
    return status, document


def ades(path, world, level):
    """The verdict of pyHanko's AdES validation for a level; B-LT and B-LTA must bring their own revocation data."""
    from asn1crypto import pem, x509
    from pyhanko.pdf_utils.reader import PdfFileReader
    from pyhanko.sign.validation import DocumentSecurityStore
    from pyhanko.sign.validation import ades as judge
    from pyhanko.sign.validation.policy_decl import (
        LocalKnowledge,
        PdfSignatureValidationSpec,
        RevinfoOnlineFetchingRule,
        RevocationInfoGatheringSpec,
        SignatureValidationSpec,
    )
    from pyhanko_certvalidator.context import CertValidationPolicySpec
    from pyhanko_certvalidator.policy_decl import NO_REVOCATION, REQUIRE_REVINFO, CertRevTrustPolicy
    from pyhanko_certvalidator.registry import SimpleTrustManager
    from pyhanko_certvalidator.revinfo.archival import CRLContainer, OCSPContainer

    _, _, der = pem.unarmor(root(world).read_bytes())
    policy = CertValidationPolicySpec(
        trust_manager=SimpleTrustManager.build([x509.Certificate.load(der)]),
        revinfo_policy=CertRevTrustPolicy(NO_REVOCATION if level == "b-t" else REQUIRE_REVINFO),
    )
    offline = RevocationInfoGatheringSpec(online_fetching_rule=RevinfoOnlineFetchingRule.LOCAL_ONLY)
    with Path(path).open("rb") as file:
        reader = PdfFileReader(file)
        signature = reader.embedded_regular_signatures[0]
        known = LocalKnowledge()
        if level == "b-lt":
            store = DocumentSecurityStore.read_dss(reader)
            known = LocalKnowledge(
                known_ocsps=[one for ref in store.ocsps for one in OCSPContainer.load_multi(ocsp_of(ref))],
                known_crls=[CRLContainer(crl_of(ref)) for ref in store.crls],
                known_certs=list(store.load_certs()),
            )
        spec = SignatureValidationSpec(
            cert_validation_policy=policy, revinfo_gathering_policy=offline, local_knowledge=known
        )
        if level == "b-lta":
            done = asyncio.run(judge.ades_lta_validation(signature, PdfSignatureValidationSpec(spec)))
        else:
            digest = signature.compute_digest()
            done = asyncio.run(judge.ades_with_time_validation(signature.signed_data, spec, raw_digest=digest))
    return done.ades_subindic.name


def ocsp_of(reference):
    from asn1crypto import ocsp

    return ocsp.OCSPResponse.load(reference.get_object().data)


def crl_of(reference):
    from asn1crypto import crl

    return crl.CertificateList.load(reference.get_object().data)


@pytest.mark.parametrize("level", LEVELS)
def test_each_level_is_reached_and_judged_the_same_by_us(place, level, capsys):
    assert sign(place, "--level", level, *tsa(place)) == 0
    report = json.loads(capsys.readouterr().out)
    assert (report["level"], report["documents"][0]["level"]) == (level, level)
    status, document = verdict("don.signed.pdf", place, capsys)
    (signature,) = document["signatures"]
    assert (status, signature["level"], signature["intact"], signature["trusted"]) == (0, level, True, True)
    assert (signature["proven_time"] is not None) == (level != "b-b")
    assert not list(Path().glob(".*"))


@pytest.mark.parametrize("level", LEVELS)
def test_other_tools_agree(place, level, capsys):
    assert sign(place, "--level", level, *tsa(place)) == 0
    told = output_of(tool("pdfsig"), "don.signed.pdf")
    assert "Signature is Valid" in told
    content = Path("don.signed.pdf").read_bytes()
    first, gap, rest, last = map(int, re.search(rb"/ByteRange \[(\d+) (\d+) (\d+) (\d+)", content).groups())
    Path("data").write_bytes(content[first:gap] + content[rest : rest + last])
    Path("cms").write_bytes(bytes.fromhex(content[gap + 1 : rest - 1].decode().rstrip("0") + "0" * 8))
    chain = [
        "-CAfile",
        str(root(place)),
        "-purpose",
        "any",
        "-binary",
        "-inform",
        "DER",
        "-in",
        "cms",
        "-content",
        "data",
    ]
    done = subprocess.run([tool("openssl"), "cms", "-verify", "-cades", *chain], capture_output=True, check=False)
    assert b"Verification successful" in done.stderr or b"CAdES Verification successful" in done.stderr, done.stderr


@pytest.mark.parametrize("level", LEVELS[1:])
def test_the_ades_validation_passes(place, level, capsys):
    assert sign(place, "--level", level, *tsa(place)) == 0
    assert ades("don.signed.pdf", place, level) == "OK"


def test_without_a_service_the_level_is_b_b_and_with_one_b_t(place, capsys):
    assert sign(place) == 0
    assert json.loads(capsys.readouterr().out)["level"] == "b-b"
    assert sign(place, "--force", *tsa(place)) == 0
    assert json.loads(capsys.readouterr().out)["level"] == "b-t"


def test_the_next_service_is_asked_when_one_does_not_answer(place, capsys):
    dead = ["--tsa", "http://127.0.0.1:9/tsa", "--tsa", f"{place.urls.pki}/nothing/here"]
    assert sign(place, *dead, *tsa(place)) == 0
    assert json.loads(capsys.readouterr().out)["level"] == "b-t"


def test_no_service_answers_and_nothing_is_signed_or_downgraded(place, capsys):
    assert sign(place, "--level", "b-t", "--tsa", "http://127.0.0.1:9/tsa") == 5
    assert "time-stamp-unavailable" in capsys.readouterr().err
    assert not Path("don.signed.pdf").exists()


@pytest.mark.parametrize(("start", "wanted"), [("b-b", "b-t"), ("b-b", "b-lta"), ("b-t", "b-lt"), ("b-lt", "b-lta")])
def test_the_level_is_raised_later(place, start, wanted, capsys):
    assert sign(place, "--level", start, *tsa(place)) == 0
    before = Path("don.signed.pdf").read_bytes()
    more = ["--trust", str(root(place)), "--level", wanted, *tsa(place), "-o", "out.pdf"]
    assert main(["sign", "--upgrade", "don.signed.pdf", *more]) == 0
    assert Path("don.signed.pdf").read_bytes() == before
    assert Path("out.pdf").read_bytes().startswith(before)
    status, document = verdict("out.pdf", place, capsys)
    (signature,) = document["signatures"]
    assert (status, signature["level"], signature["changes_after"]) == (0, wanted, "permitted")
    assert signature["proven_time"] is not None


def test_a_level_that_is_there_already_and_an_unsigned_file_are_told(place, capsys):
    assert sign(place, "--level", "b-t", *tsa(place)) == 0
    more = ["--trust", str(root(place)), "--level", "b-t", *tsa(place), "-o", "out.pdf"]
    assert main(["sign", "--upgrade", "don.signed.pdf", *more]) == 10
    assert "already" in capsys.readouterr().err
    assert main(["sign", "--upgrade", "don.pdf", *more]) == 10
    assert not Path("out.pdf").exists()


def test_a_revoked_certificate_signs_nothing(place, capsys):
    names = sorted(path.stem for path in (place.state / "pki" / "p12").glob("*.p12"))
    revoked = next(name for name in names if "revoked" in name)
    assert sign(place, name=revoked) == 6
    assert "revoked" in capsys.readouterr().err
    assert not Path("don.signed.pdf").exists()


def test_an_issuer_that_cannot_be_asked_stops_only_when_that_is_required(sign_with_no_responder):
    assert sign_with_no_responder() == 0
    assert sign_with_no_responder("--require-revocation", "--force") == 6


@pytest.fixture
def sign_with_no_responder(tmp_path, monkeypatch):
    """Sign with a certificate that names no responder."""
    from tests.sign import pki

    monkeypatch.chdir(tmp_path)
    Path("don.pdf").write_bytes(small_pdf())
    pki.person().write_p12(Path("key.p12"))
    Path("pass").write_text(pki.PASSPHRASE, encoding="utf-8")
    key = ["--p12", "key.p12", "--passphrase-file", "pass", "--no-input"]
    return lambda *options: main(["sign", "don.pdf", *key, *options])


def test_a_service_with_login_gets_the_password_over_https_or_this_computer_only(place, capsys, monkeypatch):
    asked = []
    with tsa_with_login(place, asked) as address:
        monkeypatch.setenv("DVC_TSA_PASSWORD", "bí-mật")
        assert sign(place, "--tsa", address) == 0
        assert json.loads(capsys.readouterr().out)["level"] == "b-t"
        assert set(asked) == {"Basic " + base64.b64encode("citizen:bí-mật".encode()).decode()}
        monkeypatch.setenv("DVC_TSA_PASSWORD", "wrong")
        assert sign(place, "--tsa", address, "--force") == 5
    assert sign(place, "--tsa", "http://citizen@tsa.example.vn/tsa", "--force") == 13
    told = capsys.readouterr()
    assert "unsafe-tsa" in told.err
    assert "wrong" not in told.err


@contextmanager
def tsa_with_login(world, asked):
    """A time-stamping service that wants a password and passes the request on to the sandbox's."""
    import http.server
    import threading
    import urllib.request

    right = "Basic " + base64.b64encode("citizen:bí-mật".encode()).decode()

    class Door(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if self.headers["Authorization"] != right:
                self.send_response(401)
                self.send_header("Content-Length", "0")
                self.end_headers()
                return
            asked.append(self.headers["Authorization"])
            kind = {"Content-Type": "application/timestamp-query"}
            request = urllib.request.Request(f"{world.urls.pki}/dvc/tsa/tsa", body, kind)
            opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
            with opener.open(request, timeout=10) as answer:
                content = answer.read()
            self.send_response(200)
            self.send_header("Content-Type", "application/timestamp-reply")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_arguments):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Door) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://citizen@127.0.0.1:{server.server_port}/tsa"
        finally:
            server.shutdown()
            thread.join()

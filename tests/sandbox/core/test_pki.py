"""The certificates, OCSP, CRL and time stamps, judged by OpenSSL."""

from __future__ import annotations

import base64
import io
import os
import re
import shutil
import socket
import stat
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import quote, urlsplit

import httpx
import pikepdf
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign import signers

from dvc_sandbox.control import Options, Running, SandboxError, admin_client, start_thread
from dvc_sandbox.pki import P12_PASSPHRASE, Pki
from dvc_sandbox.pki.plan import AUTHORITIES

pytestmark = pytest.mark.skipif(shutil.which("openssl") is None, reason="needs the openssl command")

GOOD = ("citizen", "citizen-ec", "citizen-3072", "organisation", "agency", "smartca-citizen", "smartca-seal")
REVOKED = ("revoked", "smartca-revoked")


@pytest.fixture
def pki(sandbox: Running) -> Pki:
    return Pki(sandbox.state / "pki")


def openssl(*arguments: str | Path, check: bool = True) -> str:
    """Both outputs of an openssl command."""
    command = ["openssl", *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    assert not check or done.returncode == 0, done.stderr
    return done.stdout + done.stderr


def certificate(path: Path) -> x509.Certificate:
    return x509.load_pem_x509_certificate(path.read_bytes())


def verify(pki: Pki, name: str, *extra: str | Path) -> str:
    credential = pki.credential(name)
    options = ("-CAfile", pki.root, "-untrusted", credential.chain, *extra)
    return openssl("verify", *options, credential.certificate, check=False)


@pytest.mark.parametrize("name", [*GOOD, "smartca-organisation", "ocsp", "smartca-ocsp", "tsa"])
def test_the_chain_leads_to_the_root(pki: Pki, name: str) -> None:
    assert verify(pki, name, "-x509_strict").strip().endswith(": OK")


@pytest.mark.parametrize("name", ["expired", "smartca-expired"])
def test_expired_means_expired_a_month_ago(pki: Pki, name: str) -> None:
    assert "certificate has expired" in verify(pki, name)
    ended = certificate(pki.credential(name).certificate).not_valid_after_utc
    assert timedelta(days=29) < datetime.now(UTC) - ended < timedelta(days=32)
    assert verify(pki, name, "-attime", str(int((ended - timedelta(days=1)).timestamp()))).strip().endswith(": OK")


def test_subjects_carry_the_identity(pki: Pki) -> None:
    expected = {
        "citizen": ("NGUYỄN THỊ ĐƯỢC", "CCCD:034199000123"),
        "smartca-citizen": ("NGUYỄN THỊ ĐƯỢC", "CCCD:034199000123"),
        "smartca-seal": ("HỘ KINH DOANH NGUYỄN THỊ ĐƯỢC", "MST:034199000123"),
        "organisation": ("CÔNG TY TNHH MỘT THÀNH VIÊN THỬ NGHIỆM ĐƯỜNG SÔNG", "MST:0101234565"),
        "revoked": ("PHẠM QUANG VỊNH", "CCCD:001090000321"),
        "expired": ("LÊ THỊ HOA", "CCCD:033185000789"),
    }
    for name, (common_name, identity) in expected.items():
        subject = certificate(pki.credential(name).certificate).subject
        assert subject.get_attributes_for_oid(x509.NameOID.COMMON_NAME)[0].value == common_name
        assert subject.get_attributes_for_oid(x509.NameOID.USER_ID)[0].value == identity


def test_every_authority_says_that_it_is_a_test(pki: Pki) -> None:
    for name in AUTHORITIES:
        subject = certificate(pki.credential(name).certificate).subject
        assert subject.get_attributes_for_oid(x509.NameOID.ORGANIZATION_NAME)[0].value == "THỬ NGHIỆM - SANDBOX"


def test_keys_match_their_certificates(pki: Pki) -> None:
    sizes = {"citizen": 2048, "citizen-3072": 3072, "citizen-ec": 256}
    for name in pki.names():
        credential = pki.credential(name)
        key = serialization.load_pem_private_key(credential.key.read_bytes(), password=None)
        leaf = certificate(credential.certificate)
        assert key.public_key() == leaf.public_key(), name
        assert name not in sizes or key.key_size == sizes[name]  # type: ignore[union-attr]


def test_serial_numbers_are_random_and_unique(pki: Pki) -> None:
    serials = {certificate(pki.credential(name).certificate).serial_number for name in pki.names()}
    assert len(serials) == len(pki.names())
    assert min(serial.bit_length() for serial in serials) > 110


def test_a_pkcs12_file_opens_with_the_public_passphrase(pki: Pki) -> None:
    for name in ("citizen", "citizen-ec", "agency"):
        p12 = pki.credential(name).p12
        opened = openssl("pkcs12", "-in", p12, "-passin", f"pass:{P12_PASSPHRASE}", "-nodes")
        assert opened.count("BEGIN CERTIFICATE") == 2
        assert "BEGIN PRIVATE KEY" in opened
        assert "invalid password" in openssl("pkcs12", "-in", p12, "-passin", "pass:wrong", check=False)
        if os.name == "posix":
            assert stat.S_IMODE(p12.stat().st_mode) == 0o600


def _ocsp(running: Running, pki: Pki, name: str) -> str:
    credential = pki.credential(name)
    url = openssl("x509", "-noout", "-ocsp_uri", "-in", credential.certificate).strip()
    assert url.startswith(running.urls.pki)
    trust = ("-CAfile", pki.root, "-verify_other", credential.chain)
    return openssl("ocsp", "-issuer", credential.chain, "-cert", credential.certificate, "-url", url, *trust, "-text")


@pytest.mark.parametrize("name", [*GOOD, "tsa"])
def test_ocsp_calls_it_good(sandbox: Running, pki: Pki, name: str) -> None:
    answer = _ocsp(sandbox, pki, name)
    assert "Response verify OK" in answer
    assert f"{pki.credential(name).certificate}: good" in answer


@pytest.mark.parametrize("name", REVOKED)
def test_ocsp_calls_it_revoked_ten_days_ago(sandbox: Running, pki: Pki, name: str) -> None:
    answer = _ocsp(sandbox, pki, name)
    assert "Response verify OK" in answer
    assert f"{pki.credential(name).certificate}: revoked" in answer
    assert "keyCompromise" in answer
    told = pki.revoked_since(certificate(pki.credential(name).certificate).public_bytes(serialization.Encoding.DER))
    assert told is not None
    assert timedelta(days=9, hours=23) < datetime.now(UTC) - told < timedelta(days=10, hours=1)


def test_ocsp_times_have_no_fractions_and_it_answers_get(sandbox: Running, pki: Pki, tmp_path: Path) -> None:
    credential = pki.credential("citizen")
    query, reply = tmp_path / "query", tmp_path / "reply"
    openssl("ocsp", "-issuer", credential.chain, "-cert", credential.certificate, "-reqout", query)
    encoded = quote(base64.b64encode(query.read_bytes()), safe="")
    answer = httpx.get(f"{sandbox.urls.pki}/dvc/ocsp/ca/{encoded}")
    assert answer.headers["content-type"] == "application/ocsp-response"
    # GeneralizedTime is YYYYMMDDHHMMSSZ, 15 characters: no fraction.
    assert re.search(rb"\x18\x0f\d{14}Z", answer.content)
    assert not re.search(rb"\d{14}\.\d+Z", answer.content)
    reply.write_bytes(answer.content)
    asked = ("-issuer", credential.chain, "-cert", credential.certificate, "-CAfile", pki.root, "-no_nonce")
    assert ": good" in openssl("ocsp", "-respin", reply, *asked)
    assert httpx.get(f"{sandbox.urls.pki}/dvc/ocsp/ca/@@@").status_code in {404, 405}


def _crl_file(pki: Pki, name: str, folder: Path) -> Path:
    points = certificate(pki.credential(name).certificate).extensions.get_extension_for_class(
        x509.CRLDistributionPoints
    )
    full_name = points.value[0].full_name
    assert full_name is not None
    path = folder / f"{name}.crl"
    path.write_bytes(httpx.get(full_name[0].value).raise_for_status().content)
    return path


@pytest.mark.parametrize(("name", "verdict"), [("citizen", ": OK"), ("revoked", "certificate revoked")])
def test_the_crl_tells_the_same(pki: Pki, tmp_path: Path, name: str, verdict: str) -> None:
    crl = _crl_file(pki, name, tmp_path)
    pem = tmp_path / "crl.pem"
    openssl("crl", "-inform", "DER", "-in", crl, "-out", pem)
    assert "verify OK" in openssl("crl", "-in", pem, "-CAfile", pki.credential("ca").certificate, "-noout")
    assert verdict in verify(pki, name, "-crl_check", "-CRLfile", pem)


def test_the_issuer_is_where_the_certificate_says(pki: Pki) -> None:
    for name, issuer in (("citizen", "ca"), ("smartca-citizen", "smartca-ca"), ("ca", "root")):
        access = certificate(pki.credential(name).certificate).extensions.get_extension_for_class(
            x509.AuthorityInformationAccess
        )
        oid = x509.oid.AuthorityInformationAccessOID.CA_ISSUERS
        (url,) = [one.access_location.value for one in access.value if one.access_method == oid]
        served = x509.load_der_x509_certificate(httpx.get(url).raise_for_status().content)
        assert served == certificate(pki.credential(issuer).certificate)


def _time_stamp(running: Running, folder: Path) -> tuple[Path, Path]:
    content = folder / "content"
    content.write_bytes("hồ sơ".encode())
    query, reply = folder / "query.tsq", folder / "reply.tsr"
    openssl("ts", "-query", "-data", content, "-sha256", "-cert", "-out", query)
    headers = {"Content-Type": "application/timestamp-query"}
    answer = httpx.post(f"{running.urls.pki}/dvc/tsa/tsa", content=query.read_bytes(), headers=headers)
    reply.write_bytes(answer.raise_for_status().content)
    return content, reply


def test_a_time_stamp_verifies(sandbox: Running, pki: Pki, tmp_path: Path) -> None:
    content, reply = _time_stamp(sandbox, tmp_path)
    trust = ("-CAfile", pki.root, "-untrusted", pki.credential("tsa").chain)
    assert "Verification: OK" in openssl("ts", "-verify", "-data", content, "-in", reply, *trust)
    content.write_bytes(b"something else")
    assert "Verification: FAILED" in openssl("ts", "-verify", "-data", content, "-in", reply, *trust, check=False)


@pytest.fixture
def shifted(sandbox: Running) -> Iterator[Running]:
    with admin_client(sandbox) as admin:
        admin.shift_clock(timedelta(days=200))
        yield sandbox
        admin.shift_clock(timedelta(days=-200))


def test_the_authorities_live_by_the_sandboxs_clock(shifted: Running, pki: Pki, tmp_path: Path) -> None:
    later = (datetime.now(UTC) + timedelta(days=200)).strftime("%b %e")
    _, reply = _time_stamp(shifted, tmp_path)
    assert f"Time stamp: {later}" in openssl("ts", "-reply", "-in", reply, "-text")
    crl = _crl_file(pki, "citizen", tmp_path)
    assert f"Last Update: {later}" in openssl("crl", "-inform", "DER", "-in", crl, "-text", "-noout")


def test_a_caller_cannot_choose_the_time(sandbox: Running, pki: Pki, tmp_path: Path) -> None:
    headers = {"X-Certomancer-Fake-Time": "2040-01-01T00:00:00+0000"}
    crl = httpx.get(f"{sandbox.urls.pki}/dvc/crls/ca/latest.crl", headers=headers).content
    assert x509.load_der_x509_crl(crl).last_update_utc < datetime.now(UTC) + timedelta(days=1)


@pytest.mark.skipif(not (shutil.which("pdfsig") and shutil.which("certutil")), reason="needs pdfsig and certutil")
@pytest.mark.parametrize(("name", "verdict"), [("citizen", "is Trusted"), ("revoked", "has been Revoked")])
def test_pdfsig_judges_a_signer_by_the_root_and_ocsp(pki: Pki, tmp_path: Path, name: str, verdict: str) -> None:
    signer = signers.SimpleSigner.load_pkcs12(pki.credential(name).p12, passphrase=P12_PASSPHRASE.encode())
    assert signer is not None
    plain = io.BytesIO()
    with pikepdf.new() as pdf:
        pdf.add_blank_page()
        pdf.save(plain)
    signed = signers.sign_pdf(IncrementalPdfFileWriter(plain), signers.PdfSignatureMetadata("S"), signer=signer)
    path, trust = tmp_path / "signed.pdf", f"sql:{tmp_path}"
    path.write_bytes(signed.getvalue())
    for options in (["-N", "--empty-password"], ["-A", "-n", "root", "-t", "C,C,C", "-i", str(pki.root)]):
        subprocess.run(["certutil", *options, "-d", trust], check=True, timeout=30)
    told = subprocess.run(
        ["pdfsig", "-nssdir", trust, str(path)], capture_output=True, text=True, timeout=30, check=True
    )
    assert "Signature is Valid" in told.stdout
    assert f"Certificate {verdict}" in told.stdout


@pytest.mark.parametrize("path", ["/dvc/ocsp/ca", "/dvc/tsa/tsa"])
@pytest.mark.parametrize("content", [b"", b"junk", b"0\x80", b"0\x03\x02\x01\x05", b"\xff" * 5000])
def test_junk_is_a_bad_request(sandbox: Running, path: str, content: bytes) -> None:
    assert httpx.post(sandbox.urls.pki + path, content=content).status_code == 400


def test_an_unknown_name_is_refused(pki: Pki) -> None:
    for name in ("nobody", "../keys/root"):
        with pytest.raises(SandboxError) as refused:
            pki.credential(name)
        assert refused.value.slug == "credential-unknown"


def test_the_index_page_is_marked(sandbox: Running) -> None:
    page = httpx.get(sandbox.urls.pki).text
    assert "THỬ NGHIỆM" in page
    assert f"{sandbox.urls.pki}/root.pem" in page
    assert b"BEGIN CERTIFICATE" in httpx.get(f"{sandbox.urls.pki}/root.pem").content


def _files(state: Path, *names: str) -> list[bytes]:
    return [(state / "pki" / name).read_bytes() for name in names]


def test_ports_and_certificates_stay_from_run_to_run(tmp_path: Path) -> None:
    with start_thread(Options(tmp_path / "s")) as first:
        kept = _files(first.state, "certs/citizen.pem", "certs/ca.pem", "p12/citizen.p12")
    with start_thread(Options(tmp_path / "s")) as second:
        assert (second.urls, second.notices) == (first.urls, ())
        assert _files(second.state, "certs/citizen.pem", "certs/ca.pem", "p12/citizen.p12") == kept


def test_certificates_are_issued_anew_when_their_port_is_taken(tmp_path: Path) -> None:
    with start_thread(Options(tmp_path / "s")) as first:
        port = urlsplit(first.urls.pki).port
        pki = Pki(first.state / "pki")
        kept = _files(first.state, "certs/root.pem", "keys/citizen.pem")
        old_revoked = certificate(pki.credential("revoked").certificate).public_bytes(serialization.Encoding.DER)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", port or 0))
        taken.listen()
        with start_thread(Options(tmp_path / "s")) as second:
            assert second.urls.pki != first.urls.pki
            assert second.urls.portal == first.urls.portal
            assert any(str(port) in notice for notice in second.notices)
            assert any("issued anew" in notice for notice in second.notices)
            assert _files(second.state, "certs/root.pem", "keys/citizen.pem") == kept
            assert ": good" in _ocsp(second, pki, "citizen")
            assert ": revoked" in _ocsp(second, pki, "revoked")
            assert pki.revoked_since(old_revoked) is not None
            assert verify(pki, "citizen").strip().endswith(": OK")

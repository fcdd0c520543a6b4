"""Outputs judged by programs that know nothing of ours: poppler, OpenSSL, qpdf, MuPDF (signatures.md §5)."""

from __future__ import annotations

import re
import subprocess
from datetime import datetime, timedelta

import pytest
from pypdf import PdfReader

from dvc_cli.model.signing import Anchor, Placement, SignatureProfile
from dvc_cli.sign.certificates import certificate_from_der
from dvc_cli.sign.zone import VIETNAM
from tests.sign import pki
from tests.sign.conftest import output_of, tool

HOLDERS = ["person", "organisation", "person_ec"]


@pytest.fixture(scope="session")
def nss(tmp_path_factory, root_pem):
    """A certificate store that trusts our root, for pdfsig."""
    certutil = tool("certutil")
    folder = tmp_path_factory.mktemp("nss")
    subprocess.run([certutil, "-N", "-d", f"sql:{folder}", "--empty-password"], check=True)
    subprocess.run(
        [certutil, "-A", "-d", f"sql:{folder}", "-n", "root", "-t", "C,C,C", "-i", str(root_pem)], check=True
    )
    return folder


def parts_of(path):
    """The signed bytes and the CMS of the last signature, cut out by hand."""
    content = path.read_bytes()
    ranges = re.findall(rb"/ByteRange \[(\d+) (\d+) (\d+) (\d+)\]", content)
    start, first, second, last = (int(number) for number in ranges[-1])
    signed = content[start : start + first] + content[second : second + last]
    cms = bytes.fromhex(content[first + 1 : second - 1].decode())
    return signed, cms, second + last == len(content)


@pytest.mark.parametrize("holder", HOLDERS)
@pytest.mark.parametrize("placement", [None, Placement(anchor=Anchor.TOP)], ids=["invisible", "visible"])
class TestSigned:
    @pytest.fixture
    def signed(self, holder, placement, sign, write_pdf):
        return sign(write_pdf("don.pdf"), getattr(pki, holder)(), placement=placement, reason="Nộp hồ sơ")

    def test_poppler_finds_it_valid_and_trusted(self, signed, nss, holder):
        text = output_of(tool("pdfsig"), "-nssdir", f"sql:{nss}", signed)
        assert "Signature is Valid" in text
        assert "Certificate is Trusted" in text
        assert "Total document signed" in text
        assert "Signature Type: ETSI.CAdES.detached" in text
        assert certificate_from_der(getattr(pki, holder)().der).common_name in text

    def test_openssl_accepts_the_cades_signature(self, signed, tmp_path, root_pem):
        content, cms, covers = parts_of(signed)
        assert covers
        (tmp_path / "x.data").write_bytes(content)
        (tmp_path / "x.der").write_bytes(cms)
        command = [tool("openssl"), "cms", "-verify", "-cades", "-binary", "-inform", "DER", "-purpose", "any"]
        text = output_of(
            *command,
            "-in",
            tmp_path / "x.der",
            "-content",
            tmp_path / "x.data",
            "-CAfile",
            root_pem,
            "-out",
            "/dev/null",
        )
        assert "Verification successful" in text

    def test_the_cms_names_its_certificate_and_no_time(self, signed, tmp_path):
        _content, cms, _covers = parts_of(signed)
        (tmp_path / "x.der").write_bytes(cms)
        text = output_of(tool("openssl"), "cms", "-cmsout", "-print", "-inform", "DER", "-in", tmp_path / "x.der")
        assert "id-smime-aa-signingCertificateV2" in text
        assert "signingTime" not in text
        assert "sha256" in text
        assert text.count("issuer: ") >= 2

    def test_structure_is_sound(self, signed):
        assert "No syntax or stream encoding errors found" in output_of(tool("qpdf"), "--check", signed)

    def test_mupdf_sees_no_change(self, signed):
        assert "The document is unchanged since signing" in output_of(tool("mutool"), "sign", "-v", signed)


def test_the_plain_profile_is_what_adobe_and_vnpt_write(sign, write_pdf, nss):
    signed = sign(write_pdf(), profile=SignatureProfile.CMS)
    text = output_of(tool("pdfsig"), "-nssdir", f"sql:{nss}", signed)
    assert "Signature Type: adbe.pkcs7.detached" in text
    assert "Signature is Valid" in text


def test_the_signing_time_stands_in_the_zone_of_vietnam(sign, write_pdf, clock):
    before = clock.now()
    written = PdfReader(sign(write_pdf())).get_fields()["Signature1"]["/V"]["/M"]
    assert written.startswith("D:")
    assert written.endswith("+07'00'")
    moment = datetime.strptime(written[2:16], "%Y%m%d%H%M%S").replace(tzinfo=VIETNAM)
    assert before - timedelta(seconds=2) <= moment <= clock.now() + timedelta(seconds=2)


def test_two_signatures_are_both_valid_for_poppler(sign, write_pdf, nss, tmp_path):
    first = sign(write_pdf(), pki.person(), placement=Placement(anchor=Anchor.BOTTOM_LEFT))
    second = sign(first, pki.organisation(), placement=Placement(), output=tmp_path / "two.pdf")
    text = output_of(tool("pdfsig"), "-nssdir", f"sql:{nss}", second)
    assert text.count("Signature is Valid") == 2
    assert text.count("Certificate is Trusted") == 2
    assert second.read_bytes().startswith(first.read_bytes())


def test_the_placeholder_is_sized_from_the_real_chain(sign, write_pdf):
    _content, cms, _covers = parts_of(sign(write_pdf(), pki.organisation()))
    padding = len(cms) - len(cms.rstrip(b"\0"))
    assert 0 < padding < 200
    assert len(cms) > 3000  # signer, issuer and root are all in it


def test_info_metadata_and_version_stay_as_they_were(sign, write_pdf):
    source = write_pdf()
    added = sign(source).read_bytes()[source.stat().st_size :]
    assert b"/Producer" not in added
    assert b"/Metadata" not in added
    assert b"/Version" not in added
    assert b"/ModDate" not in added

"""Whose is it, trusted by whom, and when: verdicts on signatures that are intact."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.x509.oid import ExtendedKeyUsageOID

from dvc_cli.errors import ConfigurationProblem
from dvc_cli.model.signing import Placement, RawSignature, SignatureProfile
from dvc_cli.services.sign import sign_file
from dvc_cli.services.verify import verify_files
from dvc_cli.sign.certificates import certificate_from_der
from dvc_cli.sign.pades.verify import verify_document
from dvc_cli.testing.signer_contract import SystemTime
from tests.sign import pki
from tests.sign.conftest import output_of, tool


@dataclass(frozen=True)
class At:
    """A clock that stands still."""

    moment: object

    def now(self):
        return self.moment


@dataclass(frozen=True)
class CarelessSession:
    """Signs with any RSA certificate, as careless programs do."""

    issued: pki.Issued

    @property
    def certificate(self):
        return certificate_from_der(self.issued.der, self.issued.chain_der)

    def sign(self, digests, *, description):
        for one in digests:
            value = self.issued.key.sign(one.signed_attributes, padding.PKCS1v15(), hashes.SHA256())
            yield RawSignature(doc_id=one.doc_id, value=value)


@pytest.fixture
def sign_carelessly(write_pdf):
    def run(issued, moment=pki.NOW, **options):
        source = write_pdf("careless.pdf")
        target = source.with_name("careless.signed.pdf")
        sign_file(
            source,
            target,
            session=CarelessSession(issued),
            clock=At(moment),
            **{"placement": None, "profile": SignatureProfile.PADES, **options},
        )
        return target

    return run


def facts(result):
    (one,) = result.signatures
    return result.verdict, one.intact, one.trusted, one.problem


def test_trusted_by_an_imported_root(sign, write_pdf, verdict):
    result = verdict(sign(write_pdf(), pki.organisation()))
    assert facts(result) == ("valid", True, True, None)
    (one,) = result.signatures
    assert (one.signer, one.tax_code, one.identity) == ("CÔNG TY TNHH MỘT THÀNH VIÊN ĐƯỜNG SÔNG", "0101234567-001", "")
    assert (one.issuer, one.profile, one.level) == ("CA THỬ NGHIỆM SHA-256", "pades", "b-b")
    assert (one.proven_time, one.covers_whole_file, one.changes_after) == (None, True, "none")
    assert one.serial == f"{pki.organisation().certificate.serial_number:x}"


def test_without_roots_or_with_strangers_trust_is_not_established(sign, write_pdf, verdict):
    signed = sign(write_pdf())
    stranger = pki.issue(pki.rsa_key("stranger"), pki.root().certificate.subject, authority=True)
    for roots in ([], [stranger.der]):
        assert facts(verdict(signed, roots)) == ("not-established", True, None, "issuer-not-trusted")


def test_the_issuer_itself_may_be_the_trusted_one(sign, write_pdf, verdict):
    assert verdict(sign(write_pdf()), [pki.authority().der]).verdict == "valid"


def test_a_certificate_that_ended_meanwhile_leaves_the_time_open(sign_carelessly, verdict):
    signed = sign_carelessly(pki.expired(), pki.NOW - timedelta(days=100))
    assert facts(verdict(signed)) == ("not-established", True, None, "certificate-expired-since")


def test_a_certificate_that_had_ended_is_not_trusted(sign_carelessly, verdict):
    assert facts(verdict(sign_carelessly(pki.expired()))) == ("not-established", True, False, "certificate-was-expired")


def test_a_certificate_not_for_signing_is_not_trusted(sign_carelessly, verdict):
    result = verdict(sign_carelessly(pki.encryption_only()))
    assert facts(result) == ("not-established", True, False, "certificate-not-for-signing")


def test_a_value_of_another_key_is_broken_and_never_written(write_pdf, tmp_path):
    from dvc_cli.sign.pades.integrity import OutputNotValid

    liar = CarelessSession(pki.Issued(pki.rsa_key("stranger"), pki.person().certificate, pki.person().chain))
    source = write_pdf("a.pdf")
    with pytest.raises(OutputNotValid, match="thrown away"):
        sign_file(
            source,
            tmp_path / "b.pdf",
            session=liar,
            placement=None,
            profile=SignatureProfile.PADES,
            clock=SystemTime(),
        )
    assert [path.name for path in tmp_path.iterdir()] == ["a.pdf"]


def time_stamped(path, **meta):
    """A document signed with pyHanko and a time stamp of our own authority."""
    from asn1crypto import keys
    from asn1crypto import x509 as asn1
    from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
    from pyhanko.sign import fields, signers
    from pyhanko.sign.timestamps import DummyTimeStamper
    from pyhanko_certvalidator.registry import SimpleCertificateStore

    tsa = pki.issue(
        pki.rsa_key("tsa"),
        pki.vietnamese_name("TSA THỬ"),
        pki.authority(),
        extended=(ExtendedKeyUsageOID.TIME_STAMPING,),
    )
    key = tsa.key.private_bytes(
        serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    store = SimpleCertificateStore.from_certs([asn1.Certificate.load(one) for one in tsa.chain_der])
    stamper = DummyTimeStamper(asn1.Certificate.load(tsa.der), keys.PrivateKeyInfo.load(key), store)
    p12 = pki.person().write_p12(path.with_name("k.p12"))
    signer = signers.SimpleSigner.load_pkcs12(str(p12), passphrase=pki.PASSPHRASE.encode())
    target = path.with_name("stamped.pdf")
    metadata = signers.PdfSignatureMetadata(field_name="Ky", subfilter=fields.SigSeedSubFilter.PADES, **meta)
    with path.open("rb") as source, target.open("wb") as output:
        signers.PdfSigner(metadata, signer=signer, timestamper=stamper).sign_pdf(
            IncrementalPdfFileWriter(source), output=output
        )
    return target


def test_a_time_stamp_proves_the_time(write_pdf, verdict, roots):
    signed = time_stamped(write_pdf())
    (one,) = verdict(signed).signatures
    assert (one.level, one.trusted) == ("b-t", True)
    assert abs(one.proven_time - pki.NOW) < timedelta(minutes=10)
    (untrusted,) = verdict(signed, []).signatures
    assert untrusted.proven_time is None


def test_a_proven_time_outlives_the_certificate(write_pdf, roots):
    signed = time_stamped(write_pdf())
    # the person's certificate has ended by then, the authority's and the time stamp's chain have not
    later = verify_document(signed, roots, pki.NOW + timedelta(days=366 - 2))
    assert later.verdict == "valid"


def test_a_document_time_stamp_vouches_for_what_stands_before_it(write_pdf, sign, verdict, tmp_path):
    from asn1crypto import keys
    from asn1crypto import x509 as asn1
    from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
    from pyhanko.sign import signers
    from pyhanko.sign.timestamps import DummyTimeStamper

    tsa = pki.issue(pki.rsa_key("tsa"), pki.vietnamese_name("TSA THỬ"), extended=(ExtendedKeyUsageOID.TIME_STAMPING,))
    key = tsa.key.private_bytes(
        serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    stamper = DummyTimeStamper(asn1.Certificate.load(tsa.der), keys.PrivateKeyInfo.load(key))
    signed = sign(write_pdf())
    target = tmp_path / "archived.pdf"
    with signed.open("rb") as source, target.open("wb") as output:
        signers.PdfTimeStamper(stamper).timestamp_pdf(IncrementalPdfFileWriter(source), "sha256", None, output=output)
    result = verdict(target)
    assert (result.verdict, len(result.signatures)) == ("valid", 1)
    assert result.signatures[0].changes_after == "permitted"
    target.write_bytes(target.read_bytes() + b"\n% more\n")
    assert verdict(target).verdict == "broken"


def test_signatures_of_the_sandbox_are_marked_on_the_page_and_in_the_report(sign, write_pdf, verdict):
    authority = pki.issue(pki.rsa_key("sandbox"), pki.vietnamese_name("SANDBOX-CA-A"), authority=True)
    holder = pki.issue(pki.rsa_key("person"), pki.vietnamese_name("NGUYỄN THỊ ĐƯỢC", "CCCD:001199012345"), authority)
    signed = sign(write_pdf(), holder, placement=Placement())
    text = " ".join(output_of(tool("pdftotext"), "-layout", signed, "-").split())
    assert "THỬ NGHIỆM - KHÔNG CÓ GIÁ TRỊ PHÁP LÝ" in text
    assert verdict(signed).sandbox
    real = sign(write_pdf("real.pdf"), placement=Placement())
    assert "THỬ NGHIỆM - KHÔNG" not in output_of(tool("pdftotext"), "-layout", real, "-")
    assert not verdict(real).sandbox


def test_trust_files_that_cannot_be_used_are_errors(write_pdf, tmp_path, talk, clock):
    (tmp_path / "empty.pem").write_text("nothing", encoding="utf-8")
    for path, words in ((tmp_path / "none.pem", "cannot be read"), (tmp_path / "empty.pem", "holds no certificate")):
        with pytest.raises(ConfigurationProblem, match=words):
            verify_files([write_pdf()], [path], clock=clock, progress=talk)


def test_a_trust_file_in_der_is_read_too(sign, write_pdf, tmp_path, talk, clock):
    (tmp_path / "root.cer").write_bytes(pki.root().der)
    report = verify_files([sign(write_pdf())], [tmp_path / "root.cer"], clock=clock, progress=talk)
    assert report.documents[0].verdict == "valid"

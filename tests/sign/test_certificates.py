"""What certificates say, whether they may sign, and choosing one among several."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding
from cryptography.x509.oid import ExtendedKeyUsageOID

from dvc_cli.model.signing import KeyAlgorithm
from dvc_cli.sign.base import CertificateAmbiguous, CertificateUnusable
from dvc_cli.sign.certificates import (
    CertificateUnreadable,
    certificate_from_der,
    certificates_in_pem,
    is_sandbox,
    ordered_chain,
    problem_at,
    require_usable,
    verify_raw,
)
from dvc_cli.sign.selection import choose_certificate, describe
from dvc_cli.testing.talk import PreparedTalk
from tests.sign import pki


def read(issued, **options):
    return certificate_from_der(issued.der, issued.chain_der, **options)


def test_a_persons_certificate_tells_who_it_is():
    found = read(pki.person(), label="canhan", key_id="a1")
    assert (found.common_name, found.identity, found.tax_code) == ("NGUYỄN THỊ ĐƯỢC", "001199012345", "")
    assert found.subject == "UID=CCCD:001199012345,CN=NGUYỄN THỊ ĐƯỢC,ST=HÀ NỘI,C=VN"
    assert (found.issuer, found.algorithm, found.key_bits) == ("CA THỬ NGHIỆM SHA-256", KeyAlgorithm.RSA, 2048)
    assert found.usages == ("digitalSignature", "nonRepudiation", "clientAuth", "emailProtection")
    assert [certificate_from_der(one).common_name for one in found.chain] == [
        "CA THỬ NGHIỆM SHA-256",
        "Vietnam National Root CA THỬ",
    ]


@pytest.mark.parametrize(
    ("uid", "identity", "tax_code"),
    [
        ("CCCD:001199012345", "001199012345", ""),
        ("cccd: 001199012345", "001199012345", ""),
        ("CMND:012345678", "012345678", ""),
        ("MST:0101234567", "", "0101234567"),
        ("MST:0101234567-001", "", "0101234567-001"),
        ("MST:0101234567001", "", "0101234567-001"),
        ("CCCD:001199012345, MST:0101234567", "001199012345", "0101234567"),
        ("001199012345", "001199012345", ""),
        ("HC:B1234567", "", ""),
        ("MST:12345", "", ""),
    ],
)
def test_identifiers_are_read_from_the_uid(uid, identity, tax_code):
    found = read(pki.issue(pki.rsa_key("person"), pki.vietnamese_name("AI ĐÓ", uid), pki.authority()))
    assert (found.identity, found.tax_code) == (identity, tax_code)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"signs": False}, "key usage"),
        ({"extended": (ExtendedKeyUsageOID.SERVER_AUTH,)}, "not meant for signing documents"),
        ({"extended": (ExtendedKeyUsageOID.TIME_STAMPING,)}, "not meant for signing documents"),
        ({"authority": True}, "issuer"),
    ],
)
def test_certificates_for_other_purposes_are_not_offered(options, words):
    found = read(pki.issue(pki.rsa_key("person"), pki.vietnamese_name("AI ĐÓ"), pki.authority(), **options))
    assert words in found.problem


def test_names_longer_than_the_standard_allows_are_read_without_a_word(capfd):
    name = "CÔNG TY TNHH MỘT THÀNH VIÊN ĐẦU TƯ XÂY DỰNG VÀ PHÁT TRIỂN CÔNG NGHỆ THÔNG TIN ĐÔNG NAM Á"
    found = read(pki.issue(pki.rsa_key("person"), pki.vietnamese_name(name, "MST:0101234567"), pki.authority()))
    assert (found.common_name, found.problem) == (name, None)
    assert capfd.readouterr().err == ""


def test_weak_keys_are_not_offered():
    weak = pki.issue(pki.rsa_key("weak", 1024), pki.vietnamese_name("YẾU"), pki.authority())
    assert "too weak (1024 bits)" in read(weak).problem


def test_validity_is_judged_at_the_moment_of_signing():
    found = read(pki.expired())
    assert found.problem is None
    assert problem_at(found, found.not_after) is None
    assert "expired on" in problem_at(found, found.not_after + timedelta(seconds=1))
    assert "not valid before" in problem_at(found, found.not_before - timedelta(seconds=1))
    with pytest.raises(CertificateUnusable, match="LÊ THỊ HẾT HẠN"):
        require_usable(found, pki.NOW)


@pytest.mark.parametrize("content", [b"", b"\x30\x03\x02\x01\x05", b"not a certificate", bytes(2000)])
def test_garbage_is_no_certificate(content):
    with pytest.raises(CertificateUnreadable):
        certificate_from_der(content)
    with pytest.raises(CertificateUnreadable):
        certificates_in_pem(b"-----BEGIN CERTIFICATE-----\n" + content)


def test_raw_values_are_verified_over_attributes_or_digest():
    attributes = b"\x31\x10" + bytes(16)
    hashed = hashes.Hash(hashes.SHA256())
    hashed.update(attributes)
    digest = hashed.finalize()
    value = pki.person().key.sign(attributes, padding.PKCS1v15(), hashes.SHA256())
    ec_value = pki.person_ec().key.sign(attributes, ec.ECDSA(hashes.SHA256()))
    person, person_ec = read(pki.person()), read(pki.person_ec())
    assert verify_raw(person, attributes, value)
    assert verify_raw(person, digest, value)
    assert verify_raw(person.der, digest, value)
    assert verify_raw(person_ec, digest, ec_value)
    assert not verify_raw(person, digest, ec_value)
    assert not verify_raw(person_ec, digest, value)
    assert not verify_raw(person, bytes(32), value)
    assert not verify_raw(person, digest, value[:-1])
    assert not verify_raw(person, digest, b"")
    pss = pki.person().key.sign(attributes, padding.PSS(padding.MGF1(hashes.SHA256()), 32), hashes.SHA256())
    assert not verify_raw(person, digest, pss)


def test_the_chain_is_put_in_order_and_strangers_are_left_out():
    root, authority = (one.der for one in (pki.root(), pki.authority()))
    stranger = pki.issue(pki.rsa_key("stranger"), pki.authority().certificate.subject, authority=True).der
    assert ordered_chain(pki.person().der, [root, stranger, b"junk", authority, root]) == (authority, root)
    assert ordered_chain(root, [root, authority]) == ()


def test_the_sandboxes_certificates_are_told_apart():
    ours = pki.issue(pki.rsa_key("person"), pki.vietnamese_name("SANDBOX CITIZEN"), pki.authority())
    assert is_sandbox(read(ours))
    assert not is_sandbox(read(pki.person()))


class TestChoosing:
    @pytest.fixture
    def held(self):
        return [
            read(pki.person(), label="key", key_id="01"),
            read(pki.person_ec(), label="key", key_id="02"),
            read(pki.expired(), label="old", key_id="03"),
        ]

    def choose(self, held, wanted="", talk=None):
        return choose_certificate(held, wanted, pki.NOW, talk or PreparedTalk())

    def test_the_only_usable_one_is_taken(self, held):
        assert self.choose([held[0], held[2]]).key_id == "01"

    @pytest.mark.parametrize("give", ["serial", "fingerprint", "key_id", "common_name"])
    def test_each_name_of_a_certificate_finds_it(self, held, give):
        assert self.choose(held, getattr(held[1], give)).key_id == "02"

    def test_serials_are_found_in_the_forms_people_copy(self, held):
        serial = held[0].serial
        even = serial.zfill(len(serial) + len(serial) % 2)
        spaced = ":".join(even[at : at + 2] for at in range(0, len(even), 2)).upper()
        assert self.choose(held, spaced).key_id == "01"

    def test_accents_matter_but_case_does_not(self, held):
        assert self.choose(held, "trần văn").key_id == "02"

    def test_several_with_one_label_are_listed_to_choose_from(self, held):
        with pytest.raises(CertificateAmbiguous, match="Several") as caught:
            self.choose(held, "key")
        assert [serial in "".join(caught.value.details) for serial in (held[0].serial, held[1].serial)] == [True, True]
        assert "--cert" in caught.value.hint

    def test_a_person_is_asked(self, held):
        talk = PreparedTalk(answers=[1])
        assert self.choose(held, "", talk).key_id == "02"
        assert all(describe(one) in talk.asked for one in held[:2])

    def test_an_unusable_one_is_refused_with_its_reason(self, held):
        with pytest.raises(CertificateUnusable, match="expired"):
            self.choose(held, "old")

    def test_nothing_that_fits_lists_what_is_there(self, held):
        with pytest.raises(CertificateAmbiguous, match="No certificate fits `nobody`") as caught:
            self.choose(held, "nobody")
        assert len(caught.value.details) == 3

    def test_an_empty_token_is_said(self):
        with pytest.raises(CertificateAmbiguous, match="no certificate to sign with"):
            self.choose([])

    def test_short_numbers_are_no_fingerprints(self, held):
        marked = [replace(one, fingerprint="ab" * 32) for one in held]
        with pytest.raises(CertificateAmbiguous):
            self.choose(marked, "ab")

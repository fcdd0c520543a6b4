"""Signing by phone and by password and OTP: the good ways, and every way it can end."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from dvc_cli.errors import ExitCode, InvalidInput
from dvc_cli.model.secret import Secret
from dvc_cli.sign.base import SignatureRejected
from dvc_cli.sign.smartca.otp import OneTimePasswords, code_of, otp_key
from dvc_cli.sign.smartca.problems import PasswordRefused, TransactionExpired, TransactionFailed
from tests.sign.smartca.conftest import CITIZEN, ORGANISATION, SECRETS, TH, Desk, digest


def openssl_says(folder: Path, der: bytes, name: str, value: bytes) -> str:
    key = x509.load_der_x509_certificate(der).public_key()
    (folder / "key.pem").write_bytes(key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    (folder / "attributes").write_bytes(digest(name).signed_attributes)
    (folder / "value").write_bytes(value)
    command = ["openssl", "dgst", "-sha256", "-verify", "key.pem", "-signature", "value", "attributes"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False).stdout


def test_a_batch_needs_one_confirmation_and_verifies(desk: Desk, tmp_path: Path) -> None:
    desk.approve_after(4)
    with desk.signer().open(desk.talk, desk.talk) as session:
        values = list(session.sign([digest(name) for name in ("đơn", "giấy", "phụ lục")], description="Nộp 1.001612"))
        certificate = session.certificate
    assert [one.doc_id for one in values] == ["đơn", "giấy", "phụ lục"]
    assert certificate.identity == CITIZEN
    assert "seal" not in certificate.label.casefold()
    for one in values:
        assert openssl_says(tmp_path, certificate.der, one.doc_id, one.value) == "Verified OK\n"
    (transaction,) = desk.transactions()
    assert transaction["description"] == "Nộp 1.001612"
    assert [row["doc_id"] for row in transaction["documents"]] == ["đơn.pdf", "giấy.pdf", "phụ lục.pdf"]
    assert desk.store.open_ids() == []


def test_the_phone_shows_each_name_once(desk: Desk) -> None:
    desk.admin.smartca_mode("approve")
    batch = [digest("1", "don.pdf"), digest("2", "don.pdf"), digest("3", ""), digest("4", "a\x1b[31m\nb.pdf")]
    with desk.signer().open(desk.talk, desk.talk) as session:
        values = list(session.sign(batch, description="x"))
    assert [one.doc_id for one in values] == ["1", "2", "3", "4"]
    (transaction,) = desk.transactions()
    assert [row["doc_id"] for row in transaction["documents"]] == ["don.pdf", "don.pdf (2)", "3", "a[31mb.pdf"]


def test_polling_starts_after_three_seconds_and_grows_calmer(desk: Desk) -> None:
    desk.approve_after(92)
    desk.sign("a")
    opened = next(when for when, path in desk.calls if path == "/v1/signatures/sign")
    polls = [when - opened for when, path in desk.calls if path.endswith("/status")]
    assert polls == [3, 8, 13, 18, 23, 28, 33, 38, 43, 48, 53, 58, 63, 73, 83, 93]
    assert desk.talk.countdown[0].endswith("05:00 left")
    assert any(text.endswith("04:30 left") for text in desk.talk.countdown)
    assert desk.talk.warned == []
    assert 90 <= desk.talk.advanced <= 95


def test_the_last_fifth_is_announced(desk: Desk) -> None:
    desk.approve_after(250)
    desk.sign("a", description="Hồ sơ của tôi")
    (warning,) = desk.talk.warned
    assert "01:00" in warning
    assert "Hồ sơ của tôi" in warning


@pytest.mark.parametrize(
    ("mode", "problem"), [("reject", SignatureRejected), ("fail", TransactionFailed), ("expire", TransactionExpired)]
)
def test_a_transaction_without_signatures_ends_clearly(desk: Desk, mode: str, problem: type[SignatureRejected]) -> None:
    desk.admin.smartca_mode(mode)
    with pytest.raises(problem) as caught:
        desk.sign("a")
    assert caught.value.exit_code is ExitCode.SIGNING_REFUSED
    assert caught.value.message
    assert desk.store.open_ids() == []
    assert len(desk.transactions()) == 1


def test_after_expiry_a_person_is_asked_before_another_is_opened(desk: Desk) -> None:
    def agree() -> bool:
        desk.admin.smartca_mode("approve")
        return True

    desk.talk.answers = [agree]
    assert list(desk.sign("a")) == ["a"]
    assert [one["state"] for one in desk.transactions()] == ["signed", "expired"]
    assert len(desk.talk.asked) == 1


def test_after_expiry_a_no_ends_it(desk: Desk) -> None:
    desk.talk.answers = [False]
    with pytest.raises(TransactionExpired):
        desk.sign("a")
    assert len(desk.transactions()) == 1


@pytest.mark.parametrize("names", [tuple("abcdefghijk"), ("a", "a")])
def test_a_wrong_batch_is_refused_before_anything_is_sent(desk: Desk, names: tuple[str, ...]) -> None:
    with pytest.raises(InvalidInput):
        desk.sign(*names)
    assert desk.transactions() == []


def test_the_batch_can_be_larger_by_setting(desk: Desk) -> None:
    desk.admin.smartca_mode("approve")
    names = [f"d{number}" for number in range(25)]
    assert list(desk.sign(*names, max_batch=25)) == names
    assert desk.signer(max_batch=25).capabilities.max_batch == 25


# -- password and one-time password ------------------------------------------------------------------------------------


def test_a_th_account_signs_at_once_and_never_repeats_a_code(desk: Desk, tmp_path: Path) -> None:
    desk.admin.smartca_mode("manual", variants={"otp_single_use": True})
    assert desk.signer(**TH).capabilities.needs_person is False
    with desk.signer(**TH).open(desk.talk, desk.talk) as session:
        first = list(session.sign([digest("a"), digest("b")], description="lô 1"))
        second = list(session.sign([digest("c")], description="lô 2"))
        der, tax_code = session.certificate.der, session.certificate.tax_code
    assert tax_code == ORGANISATION
    for one in [*first, *second]:
        assert openssl_says(tmp_path, der, one.doc_id, one.value) == "Verified OK\n"
    assert 0 < desk.clock.slept <= 31
    assert not any(path.endswith("/status") for _, path in desk.calls)
    assert desk.store.open_ids() == []


def test_a_th_account_may_ask_a_person_for_the_code(desk: Desk) -> None:
    step = int(desk.clock.now().timestamp()) // 30
    desk.talk.answers = [code_of(otp_key(Secret(SECRETS["otp_secret"])), step)]
    assert list(desk.sign("a", **{**TH, "otp": "ask"})) == ["a"]
    assert desk.secrets_asked == [
        f"sp_password sandbox-sp@{desk.url[7:]}",
        f"th_password {ORGANISATION}@{desk.url[7:]}",
    ]


def test_without_sad_the_phone_is_asked(desk: Desk) -> None:
    desk.admin.smartca_mode("manual", variants={"no_sad": True})
    desk.approve_after(4)
    assert list(desk.sign("a", **TH)) == ["a"]
    assert any("phone instead" in text for text in desk.talk.said)


@pytest.mark.parametrize("wrong", [{"th_password": "wrong"}, {"otp_secret": "AAAA"}])
@pytest.mark.parametrize("variants", [{}, {"message_codes": False}, {"errors": "json"}])
def test_a_wrong_password_or_code_is_tried_once(desk: Desk, wrong: dict[str, str], variants: dict[str, object]) -> None:
    desk.admin.smartca_mode("manual", variants=variants)
    desk.secrets.update(wrong)
    with desk.signer(**TH).open(desk.talk, desk.talk) as session:
        for _ in range(3):
            with pytest.raises(PasswordRefused) as caught:
                list(session.sign([digest("a")], description="x"))
    assert caught.value.stops_batch
    assert [path for _, path in desk.calls].count("/v2/signatures/sign") == 1
    assert desk.store.open_ids() == []


def test_codes_are_those_of_rfc_6238(desk: Desk) -> None:
    vectors = {59: "287082", 1111111109: "081804", 1234567890: "005924", 20000000000: "353130"}
    assert {seconds: code_of(b"12345678901234567890", seconds // 30) for seconds in vectors} == vectors
    passwords = OneTimePasswords(Secret("MTIzNDU2Nzg5MDEyMzQ1Njc4OTA="), desk.clock)
    assert len({passwords.next().reveal() for _ in range(3)}) == 3

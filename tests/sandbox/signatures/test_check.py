"""The portal's signature check: what honest signers make is accepted, and every forgery is refused for its own reason."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

from dvc_sandbox.environment import Environment
from dvc_sandbox.signatures.check import belongs_to, check_signed
from dvc_sandbox.signatures.verdict import REASONS

from ..agency import at_moment, byte_range, page, resign, sign
from .forging import foreign_signer, replace_page, small_key_signer

Signers = Callable[..., Any]
Raised = Callable[[bytes, str], bytes]


@pytest.mark.parametrize("subfilter", ["PADES", "ADOBE_PKCS7_DETACHED"])
@pytest.mark.parametrize("name", ["citizen", "citizen-ec", "citizen-3072"])
def test_honest_signature_is_accepted(
    environment: Environment, stored: bytes, signer: Signers, name: str, subfilter: str
) -> None:
    verdict = check_signed(
        environment, stored, sign(stored, signer(name), subfilter=subfilter, box=(300, 50, 550, 120))
    )
    assert verdict.ok, verdict.reason
    assert (verdict.signer_name, verdict.identity_kind, verdict.identity) == ("NGUYỄN THỊ ĐƯỢC", "cccd", "034199000123")
    assert verdict.way == "token"


def test_pss_and_organisation_and_smartca(environment: Environment, stored: bytes, signer: Signers) -> None:
    assert check_signed(environment, stored, sign(stored, signer("citizen", prefer_pss=True))).ok
    firm = check_signed(environment, stored, sign(stored, signer("organisation")))
    assert (firm.identity_kind, firm.identity) == ("mst", "0101234565")
    assert check_signed(environment, stored, sign(stored, signer("smartca-citizen"))).way == "smartca"


def test_certificate_chain_may_be_left_out(environment: Environment, stored: bytes) -> None:
    from pyhanko.sign.signers import SimpleSigner

    credential = environment.pki.credential("citizen")
    alone = SimpleSigner.load(str(credential.key), str(credential.certificate))
    assert check_signed(environment, stored, sign(stored, alone)).ok


def test_two_people_sign_one_after_the_other(environment: Environment, stored: bytes, signer: Signers) -> None:
    first = sign(stored, signer("citizen"), field="NguoiNop", box=(50, 50, 200, 100))
    both = sign(first, signer("organisation"), field="ToChuc", box=(250, 50, 400, 100))
    assert check_signed(environment, stored, both).identity == "0101234565"
    assert check_signed(environment, first, both).ok, "the first signature was stored already"


def test_second_signature_does_not_hide_a_bad_first(environment: Environment, stored: bytes, signer: Signers) -> None:
    first = sign(stored, signer("expired"), field="A")
    assert check_signed(environment, stored, sign(first, signer("citizen"), field="B")).reason == "expired"


def test_empty_field_of_the_form_may_be_filled(environment: Environment, stored: bytes, signer: Signers) -> None:
    from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
    from pyhanko.sign.fields import SigFieldSpec, append_signature_field

    writer = IncrementalPdfFileWriter(BytesIO(stored))
    append_signature_field(writer, SigFieldSpec("ChoKy", box=(50, 50, 250, 120)))
    out = BytesIO()
    writer.write(out)
    prepared = out.getvalue()
    assert check_signed(environment, prepared, sign(prepared, signer("citizen"), field="ChoKy")).ok


def test_file_with_object_streams(environment: Environment, signer: Signers) -> None:
    import pikepdf

    out = BytesIO()
    with pikepdf.open(BytesIO(page(pages=3))) as document:
        document.save(out, object_stream_mode=pikepdf.ObjectStreamMode.generate)
    assert check_signed(environment, out.getvalue(), sign(out.getvalue(), signer("citizen"), box=(50, 50, 250, 120))).ok


@pytest.mark.parametrize(
    ("name", "reason"), [("expired", "expired"), ("revoked", "revoked"), ("smartca-revoked", "revoked")]
)
def test_bad_certificate(environment: Environment, stored: bytes, signer: Signers, name: str, reason: str) -> None:
    verdict = check_signed(environment, stored, sign(stored, signer(name)))
    assert (verdict.ok, verdict.reason, verdict.reason_vi) == (False, reason, REASONS[reason])


def test_validity_follows_the_sandbox_clock(
    environment: Environment, stored: bytes, signer: Signers, tmp_path: Path
) -> None:
    signed = sign(stored, signer("citizen"))
    now = environment.clock.now()
    later = at_moment(environment, tmp_path, now + dt.timedelta(days=900))
    assert check_signed(later, stored, signed).reason == "expired"
    earlier = at_moment(environment, tmp_path, now - dt.timedelta(days=60))
    assert check_signed(earlier, stored, signed).reason == "not-yet-valid"
    revoked = sign(stored, signer("revoked"))
    before = at_moment(environment, tmp_path, now - dt.timedelta(days=15))
    assert check_signed(before, stored, revoked).ok, "it was revoked ten days ago, not fifteen"


def test_other_root_and_small_key_and_sha1(
    environment: Environment, stored: bytes, signer: Signers, tmp_path: Path
) -> None:
    assert check_signed(environment, stored, sign(stored, foreign_signer(tmp_path))).reason == "untrusted"
    assert check_signed(environment, stored, sign(stored, small_key_signer(environment, tmp_path))).reason == "weak-key"
    assert check_signed(environment, stored, sign(stored, signer("citizen"), md="sha1")).reason == "weak-digest"


def test_certificate_for_servers_signs_no_documents(environment: Environment, stored: bytes, tmp_path: Path) -> None:
    signed = sign(stored, small_key_signer(environment, tmp_path, bits=2048, may_sign=False))
    assert check_signed(environment, stored, signed).reason == "key-usage"


def test_other_persons_signature(environment: Environment, stored: bytes, signer: Signers) -> None:
    verdict = check_signed(environment, stored, sign(stored, signer("organisation")))
    assert belongs_to(verdict, frozenset({"0101234565"})).ok
    assert belongs_to(verdict, frozenset({"034199000123"})).reason == "other-person"
    assert belongs_to(verdict, frozenset({""})).reason == "other-person"


def test_unrelated_document(environment: Environment, stored: bytes, signer: Signers) -> None:
    assert (
        check_signed(environment, stored, sign(page("Tài liệu khác"), signer("citizen"))).reason
        == "not-the-stored-file"
    )
    assert check_signed(environment, stored, stored).reason == "not-the-stored-file"
    assert check_signed(environment, stored, stored + b"\n").reason == "unsigned"


def test_bytes_or_a_revision_after_the_signature(environment: Environment, stored: bytes, signer: Signers) -> None:
    signed = sign(stored, signer("citizen"))
    assert check_signed(environment, stored, signed + b"\n% note\n").reason == "changed-after-signing"
    assert check_signed(environment, stored, replace_page(signed)).reason == "changed-after-signing"


def test_content_replaced_before_signing(environment: Environment, stored: bytes, signer: Signers) -> None:
    """The signed file begins with the stored bytes and its signature is sound, but it shows another page."""
    assert check_signed(environment, stored, sign(replace_page(stored), signer("citizen"))).reason == "changed-content"


def test_annotation_over_the_content(environment: Environment, stored: bytes, signer: Signers) -> None:
    from .forging import cover_page

    assert check_signed(environment, stored, sign(cover_page(stored), signer("citizen"))).reason == "changed-content"


def test_every_changed_byte_is_noticed(environment: Environment, stored: bytes, signer: Signers) -> None:
    signed = sign(stored, signer("citizen"))
    _, first, second, rest = byte_range(signed)
    places = [*range(len(stored), first, 41), *range(second, second + rest, 23)]
    assert len(places) >= 40
    for place in places:
        changed = bytearray(signed)
        changed[place] ^= 0x01
        assert not check_signed(environment, stored, bytes(changed)).ok, f"byte {place}"


def test_changed_signature_value(environment: Environment, stored: bytes, signer: Signers) -> None:
    signed = sign(stored, signer("citizen"))
    _, first, second, _ = byte_range(signed)
    hexadecimal = signed[first + 1 : second - 1].rstrip(b"0")
    for place, reason in ((len(hexadecimal) - 40, "signature"), (len(hexadecimal) + 40, "cms")):
        changed = bytearray(signed)
        changed[first + 1 + place] = ord("5") if changed[first + 1 + place] != ord("5") else ord("6")
        assert check_signed(environment, stored, bytes(changed)).reason == reason


@pytest.mark.parametrize(
    "kind", ["late start", "wide gap", "narrow gap", "early end", "three numbers", "beyond the end"]
)
def test_wrong_byte_range_with_sound_cryptography(
    environment: Environment, stored: bytes, signer: Signers, kind: str
) -> None:
    honest = sign(stored, signer("citizen"))
    _, first, second, rest = byte_range(honest)
    ranges = {
        "late start": [1, first - 1, second, rest],
        "wide gap": [0, first, second + 20, rest - 20],
        "narrow gap": [0, first + 1, second, rest],
        "early end": [0, first, second, rest - 5],
        "three numbers": [0, first, second],
        "beyond the end": [0, first, second, rest + 100],
    }[kind]
    reason = check_signed(environment, stored, resign(honest, ranges, signer("citizen"))).reason
    assert reason == ("changed-after-signing" if kind == "early end" else "byte-range")


def test_honest_range_signed_again_is_accepted(environment: Environment, stored: bytes, signer: Signers) -> None:
    """The forger's tool itself works: with the right range its result is good."""
    honest = sign(stored, signer("citizen"))
    assert check_signed(environment, stored, resign(honest, byte_range(honest), signer("citizen"))).ok


def test_signature_of_another_file(environment: Environment, stored: bytes, signer: Signers) -> None:
    mine, other = sign(stored, signer("citizen")), sign(page("Khác"), signer("citizen"))
    _, first, second, _ = byte_range(mine)
    _, other_first, other_second, _ = byte_range(other)
    taken = other[other_first + 1 : other_second - 1].rstrip(b"0")
    moved = mine[: first + 1] + taken.ljust(second - first - 2, b"0") + mine[second - 1 :]
    assert check_signed(environment, stored, moved).reason == "digest"


def test_odd_files_never_raise(environment: Environment, stored: bytes, signer: Signers) -> None:
    import pikepdf

    signed = sign(stored, signer("citizen"))
    for cut in range(len(stored) + 10, len(signed), 501):
        assert not check_signed(environment, stored, signed[:cut]).ok
    for rest in (b"\0" * 50, b"%PDF-1.7\n", b"startxref\n0\n%%EOF", b"<html>" * 20):
        assert not check_signed(environment, stored, stored + rest).ok
    out = BytesIO()
    with pikepdf.open(BytesIO(stored)) as document:
        document.save(out, encryption=pikepdf.Encryption(owner="x", user="x"))
    assert check_signed(environment, out.getvalue(), out.getvalue() + b" ").reason == "encrypted"


@pytest.mark.parametrize("level", ["b-t", "b-lt", "b-lta"])
def test_time_stamps_and_validation_data_are_welcome(
    environment: Environment, stored: bytes, signer: Signers, raised: Raised, level: str
) -> None:
    signed = raised(sign(stored, signer("citizen"), box=(300, 50, 550, 120)), level)
    verdict = check_signed(environment, stored, signed)
    assert verdict.ok, verdict.reason
    assert verdict.identity == "034199000123"


def test_content_hidden_behind_validation_data_is_refused(
    environment: Environment, stored: bytes, signer: Signers, raised: Raised
) -> None:
    signed = sign(stored, signer("citizen"))
    for level in ("b-lt", "b-lta"):
        forged = raised(replace_page(signed), level)
        assert check_signed(environment, stored, forged).reason in {"changed-after-signing", "changed-content"}


def test_bytes_after_the_last_time_stamp_are_refused(
    environment: Environment, stored: bytes, signer: Signers, raised: Raised
) -> None:
    signed = raised(sign(stored, signer("citizen")), "b-lta")
    assert check_signed(environment, stored, signed + b"%more").reason == "changed-after-signing"
    assert not check_signed(environment, stored, replace_page(signed)).ok


def test_a_document_time_stamp_alone_is_no_signature(environment: Environment, stored: bytes, raised: Raised) -> None:
    assert check_signed(environment, stored, raised(stored, "b-t")).reason == "unsigned"


def test_a_changed_time_stamp_is_noticed(
    environment: Environment, stored: bytes, signer: Signers, raised: Raised
) -> None:
    signed = bytearray(raised(sign(stored, signer("citizen")), "b-t"))
    numbers = byte_range(bytes(signed))
    assert check_signed(environment, stored, bytes(signed)).ok
    middle = numbers[1] + 2000
    signed[middle : middle + 2] = b"00" if signed[middle : middle + 2] != b"00" else b"ff"
    assert not check_signed(environment, stored, bytes(signed)).ok

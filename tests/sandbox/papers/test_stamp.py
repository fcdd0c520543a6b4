"""Visible signatures on rotated and cropped pages: upright and where they were asked for, as poppler shows them."""

from __future__ import annotations

import datetime as dt
from io import BytesIO
from pathlib import Path

import pytest

from dvc_sandbox.environment import Environment
from dvc_sandbox.signatures.check import check_signed
from dvc_sandbox.signatures.prepare import CannotPrepare, embed, prepare, read_certificates, sign_with_file
from dvc_sandbox.signatures.stamp import Stamp

from ..agency import run

MOMENT = dt.datetime(2026, 2, 4, 3, 0, tzinfo=dt.UTC)


def blank(rotation: int, crop: tuple[int, int, int, int] | None) -> bytes:
    import pikepdf

    document = pikepdf.new()
    document.add_blank_page(page_size=(400, 600))
    document.pages[0].Rotate = rotation
    if crop:
        document.pages[0].CropBox = pikepdf.Array(list(crop))
    out = BytesIO()
    document.save(out)
    return out.getvalue()


@pytest.mark.parametrize("crop", [None, (50, 40, 390, 580)])
@pytest.mark.parametrize("rotation", [0, 90, 180, 270])
def test_stamp_stands_upright_at_its_place(
    environment: Environment, rotation: int, crop: tuple[int, int, int, int] | None, tmp_path: Path
) -> None:
    credential = environment.pki.credential("citizen")
    certificate, chain = read_certificates(credential.certificate)[0], read_certificates(credential.chain)
    pdf = blank(rotation, crop)
    stamp = Stamp(0, (20, 30, 200, 90), ("Ký bởi: NGUYỄN THỊ ĐƯỢC", "Ngày ký: 04/02/2026 10:00:00"))
    prepared = prepare(pdf, certificate, chain, MOMENT, stamp)
    signed = embed(prepared, certificate, chain, sign_with_file(credential.key, prepared.attributes))
    assert check_signed(environment, pdf, signed).ok
    (tmp_path / "x.pdf").write_bytes(signed)
    run("pdftoppm", "-r", "72", "-cropbox", "-gray", tmp_path / "x.pdf", tmp_path / "x")
    (picture,) = tmp_path.glob("x*.pgm")
    header, pixels = _pgm(picture.read_bytes())
    width, height = header
    dark = [(at % width, height - 1 - at // width) for at, value in enumerate(pixels) if value < 200]
    left, right = min(x for x, _ in dark), max(x for x, _ in dark)
    low, high = min(y for _, y in dark), max(y for _, y in dark)
    assert (left, low, right, high) == pytest.approx((20, 30, 200, 90), abs=2.5)
    # Upright text: a line of letters is wide and low, so most rows of the box hold no ink beside its border.
    inner = {y for x, y in dark if left + 4 < x < right - 4 and low + 4 < y < high - 4}
    assert 6 <= len(inner) <= 32


def _pgm(data: bytes) -> tuple[tuple[int, int], bytes]:
    parts = data.split(maxsplit=3)
    width, height = int(parts[1]), int(parts[2])
    return (width, height), data[-width * height :]


def test_wrong_value_is_never_embedded(environment: Environment) -> None:
    credential = environment.pki.credential("citizen")
    certificate, chain = read_certificates(credential.certificate)[0], read_certificates(credential.chain)
    prepared = prepare(blank(0, None), certificate, chain, MOMENT)
    other = sign_with_file(environment.pki.credential("agency").key, prepared.attributes)
    for value in (other, b"", b"\0" * 256):
        with pytest.raises(ValueError, match="does not belong"):
            embed(prepared, certificate, chain, value)


def test_pdf_that_cannot_be_signed(environment: Environment) -> None:
    import pikepdf

    certificate = read_certificates(environment.pki.credential("citizen").certificate)[0]
    out = BytesIO()
    with pikepdf.open(BytesIO(blank(0, None))) as document:
        document.save(out, encryption=pikepdf.Encryption(owner="x", user="x"))
    for pdf in (out.getvalue(), b"%PDF-1.7\nnothing", b""):
        with pytest.raises(CannotPrepare):
            prepare(pdf, certificate, (), MOMENT)

"""Every class of input file gets its own clear answer, and nothing is left behind (signatures.md §3)."""

from __future__ import annotations

import contextlib
import hashlib
import io

import pikepdf
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from dvc_cli.errors import ExitCode, InvalidInput
from dvc_cli.files import OutputExists
from dvc_cli.model.signing import Placement
from dvc_cli.sign.pades.earlier import EarlierSignatureDamaged
from dvc_cli.sign.pades.prepare import inspect
from dvc_cli.sign.pades.reading import NoSuchPage, NotAPdf, PdfCertified, PdfDamaged, PdfEncrypted
from dvc_cli.sign.pades.verify import InputUnreadable
from dvc_cli.sign.placement import PlacementOutside
from dvc_cli.testing.small_pdf import assemble, small_pdf
from tests.sign import pki


def picture(kind):
    stream = io.BytesIO()
    Image.new("RGB", (8, 8), "white").save(stream, kind)
    return stream.getvalue()


@pytest.mark.parametrize(
    ("content", "words", "remedy"),
    [
        (b"", "empty", "PDF file"),
        (picture("JPEG"), "a JPEG picture", "scan convert"),
        (picture("PNG"), "a PNG picture", "scan convert"),
        (picture("TIFF"), "a TIFF picture", "scan convert"),
        (picture("GIF"), "a GIF picture", "scan convert"),
        (b"<!DOCTYPE html><html><body>502 Bad Gateway</body></html>", "a web page", "PDF file"),
        (b"\xef\xbb\xbf\n<html>", "a web page", "PDF file"),
        (b"<?xml version='1.0'?><a/>", "an XML file", "PDF file"),
        (b"PK\x03\x04" + bytes(30), "Office document", "PDF file"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an old Office document", "PDF file"),
        ("Kính gửi: Sở Nội vụ".encode(), "a plain text file", "PDF file"),
        (bytes(range(1, 32)) * 4, "unknown kind", "PDF file"),
    ],
)
def test_what_is_no_pdf_is_named(content, words, remedy, sign, tmp_path):
    source = tmp_path / "don.pdf"
    source.write_bytes(content)
    with pytest.raises(NotAPdf) as caught:
        sign(source)
    assert words in caught.value.message
    assert remedy in caught.value.hint
    assert [path.name for path in tmp_path.iterdir()] == ["don.pdf"]


def with_pikepdf(path, **options):
    target = path.with_name("changed.pdf")
    with pikepdf.open(path) as pdf:
        pdf.save(target, **options)
    return target


def test_a_password_is_said(sign, write_pdf):
    locked = with_pikepdf(write_pdf(), encryption=pikepdf.Encryption(user="mật", owner="chủ"))
    with pytest.raises(PdfEncrypted, match="password"):
        sign(locked)


def test_an_owner_password_alone_does_not_hinder(sign, write_pdf, verdict):
    locked = with_pikepdf(write_pdf(), encryption=pikepdf.Encryption(user="", owner="chủ"))
    assert verdict(sign(locked, placement=Placement())).verdict == "valid"


def certified(path, level):
    """A document certified by its author with pyHanko, DocMDP `level`."""
    from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
    from pyhanko.sign import fields, signers

    key = path.with_name("author.p12")
    pki.organisation().write_p12(key)
    signer = signers.SimpleSigner.load_pkcs12(str(key), passphrase=pki.PASSPHRASE.encode())
    meta = signers.PdfSignatureMetadata(field_name="Author", certify=True, docmdp_permissions=fields.MDPPerm(level))
    target = path.with_name(f"certified-{level}.pdf")
    with path.open("rb") as source, target.open("wb") as output:
        signers.PdfSigner(meta, signer=signer).sign_pdf(IncrementalPdfFileWriter(source), output=output)
    key.unlink()
    return target


def test_a_certified_document_without_changes_is_refused(sign, write_pdf):
    with pytest.raises(PdfCertified, match="allows no changes"):
        sign(certified(write_pdf(), 1))


def test_a_certified_document_without_room_for_new_fields_is_not_damaged(sign, write_pdf, tmp_path):
    """DocMDP 2 allows signing prepared fields, not adding one: the author's signature would become invalid."""
    source = certified(write_pdf(), 2)
    with pytest.raises(EarlierSignatureDamaged, match="Author"):
        sign(source, placement=Placement())
    assert not list(tmp_path.glob("*.signed.pdf"))


def test_a_missing_page_names_the_number_of_pages(sign, write_pdf):
    with pytest.raises(NoSuchPage, match="has 2 pages, there is no page 3"):
        sign(write_pdf(pages=2), placement=Placement(page=3))


def test_a_box_outside_tells_the_size_of_the_page(sign, write_pdf):
    with pytest.raises(PlacementOutside, match="210 × 297 mm"):
        sign(write_pdf(), placement=Placement(anchor=None, box=(180, 10, 70, 25)))


def test_an_existing_output_is_kept(sign, write_pdf):
    source = write_pdf("a.pdf")
    kept = source.with_name("a.signed.pdf")
    kept.write_bytes(b"mine")
    with pytest.raises(OutputExists):
        sign(source)
    assert kept.read_bytes() == b"mine"


def test_a_missing_input_and_a_folder_are_said(sign, tmp_path):
    with pytest.raises(InputUnreadable, match="does not exist"):
        sign(tmp_path / "none.pdf")
    (tmp_path / "folder.pdf").mkdir()
    with pytest.raises(InputUnreadable, match="is a folder"):
        sign(tmp_path / "folder.pdf")


ODDITIES = {
    "xref-stream": lambda path: with_pikepdf(path, object_stream_mode=pikepdf.ObjectStreamMode.generate),
    "qdf": lambda path: with_pikepdf(path, qdf=True),
    "linearized": lambda path: with_pikepdf(path, linearize=True),
}


@pytest.mark.parametrize("kind", ODDITIES)
def test_files_of_other_tools_are_signed(kind, sign, write_pdf, verdict):
    result = verdict(sign(ODDITIES[kind](write_pdf(pages=2)), placement=Placement()))
    assert (result.verdict, result.signatures[0].covers_whole_file) == ("valid", True)


@pytest.mark.parametrize(
    "change",
    [
        lambda content: content + b"\r\n\r\n<!-- added by a mail gateway -->\n",
        lambda content: content.replace(b"0000000000 65535 f ", b"0000000000 65536 f "),
        lambda content: content.replace(b"/Info", b"/Inf0"),
        lambda content: content.replace(b"/Type /Page ", b"/Txxx /Page "),
        lambda content: content.replace(b"%PDF-1.4", b"%PDF-9.9"),
    ],
    ids=["junk-after-eof", "generation-65536", "no-info", "no-page-type", "odd-version"],
)
def test_slips_of_real_files_do_not_stop_signing(change, sign, tmp_path, verdict):
    source = tmp_path / "a.pdf"
    source.write_bytes(change(small_pdf()))
    assert verdict(sign(source, placement=Placement())).verdict == "valid"


def test_a_form_that_hangs_directly_in_the_catalogue(sign, write_pdf, verdict):
    source = write_pdf(catalog_entries="/AcroForm << /Fields [] /NeedAppearances true >>")
    assert verdict(sign(source, placement=Placement())).verdict == "valid"


def test_a_page_tree_that_bites_its_tail(tmp_path, sign):
    source = tmp_path / "loop.pdf"
    source.write_bytes(
        assemble([b"<< /Type /Catalog /Pages 2 0 R >>", b"<< /Type /Pages /Kids [2 0 R] /Count 1 /Parent 2 0 R >>"])
    )
    with pytest.raises(InvalidInput):
        sign(source, placement=Placement())
    assert [path.name for path in tmp_path.iterdir()] == ["loop.pdf"]


@pytest.mark.parametrize("share", [0.3, 0.6, 0.9, 0.99])
def test_a_file_cut_short_is_called_so(share, sign, tmp_path):
    content = small_pdf()
    source = tmp_path / "cut.pdf"
    source.write_bytes(content[: int(len(content) * share)])
    with pytest.raises(PdfDamaged, match="damaged or cut short") as caught:
        sign(source)
    assert caught.value.exit_code is ExitCode.INVALID_INPUT
    assert [path.name for path in tmp_path.iterdir()] == ["cut.pdf"]


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(data=st.data())
def test_damaged_bytes_never_raise_anything_but_our_own_errors(data):
    content = bytearray(small_pdf(catalog_entries="/AcroForm << /Fields [] >>"))
    for _ in range(data.draw(st.integers(1, 6))):
        start = data.draw(st.integers(0, len(content) - 1))
        content[start : start + data.draw(st.integers(0, 4))] = data.draw(st.binary(max_size=4))
    with contextlib.suppress(InvalidInput):
        inspect(io.BytesIO(bytes(content)), "a.pdf", Placement())


def test_the_input_is_never_touched(sign, write_pdf):
    source = write_pdf()
    source.chmod(0o400)
    before = (hashlib.sha256(source.read_bytes()).digest(), source.stat().st_mtime_ns)
    sign(source, placement=Placement())
    assert (hashlib.sha256(source.read_bytes()).digest(), source.stat().st_mtime_ns) == before

"""Taking a signature back gives the very bytes from before, and only to whoever made it."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from dvc_cli.files import OutputExists
from dvc_cli.model.signing import Placement
from dvc_cli.services.sign_plan import SameOutput
from dvc_cli.services.unsign import NothingToUndo, Ownership, unsign
from dvc_cli.sign.pades.undo import UndoRefused
from tests.sign import pki
from tests.sign.conftest import output_of, tool
from tests.sign.test_attacks import add_page, updated
from tests.sign.test_commands import dvc

__all__ = ["dvc"]


@pytest.fixture
def undo(talk, signer_of, tmp_path):
    def run(source, owner=None, *, output=None, **how):
        owner = owner or Ownership(signers=[signer_of(how.pop("holder", pki.person()))])
        return unsign(source, output or tmp_path / "before.pdf", owner, overwrite=False, progress=talk)

    return run


def sha256(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.mark.parametrize("tail", [b"", b"\n", b"\r\n\r\n"], ids=["as-is", "line-end", "blank-lines"])
@pytest.mark.parametrize("placement", [None, Placement()], ids=["invisible", "visible"])
def test_the_first_signature_gives_back_the_original(tail, placement, sign, undo, write_pdf):
    source = write_pdf("đơn.pdf")
    source.write_bytes(source.read_bytes().rstrip() + tail)
    before = source.read_bytes()
    signed = sign(source, placement=placement)
    kept = signed.read_bytes()
    report = undo(signed)
    assert Path(report.output).read_bytes() == before
    assert (report.sha256, report.size, report.signatures_left) == (sha256(source), len(before), 0)
    assert signed.read_bytes() == kept


def test_the_second_signature_leaves_the_first_as_it_was(sign, undo, write_pdf, tmp_path):
    once = sign(write_pdf("a.pdf"), pki.organisation())
    twice = sign(once, pki.person(), output=tmp_path / "twice.pdf")
    report = undo(twice)
    assert (report.sha256, report.signatures_left) == (sha256(once), 1)
    text = output_of(tool("pdfsig"), tmp_path / "before.pdf")
    assert text.count("Signature is Valid") == 1
    assert "Total document signed" in text


def test_others_signed_afterwards(sign, undo, write_pdf, tmp_path):
    twice = sign(sign(write_pdf("a.pdf")), pki.organisation(), output=tmp_path / "twice.pdf")
    with pytest.raises(UndoRefused, match="after you"):
        undo(twice)
    assert not (tmp_path / "before.pdf").exists()


def test_not_ones_own_unless_any(sign, undo, write_pdf, tmp_path):
    source = write_pdf("a.pdf")
    signed = sign(source, pki.organisation())
    with pytest.raises(UndoRefused, match="not known to be yours"):
        undo(signed)
    with pytest.raises(UndoRefused, match="not known to be yours"):
        undo(signed, Ownership())
    serial = f"{pki.organisation().certificate.serial_number:x}"
    assert undo(signed, Ownership(certificate=serial)).sha256 == sha256(source)
    assert undo(signed, Ownership(anyone=True), output=tmp_path / "any.pdf").sha256 == sha256(source)


def test_what_was_added_after_the_signature_goes_too(sign, undo, write_pdf):
    source = write_pdf("a.pdf")
    assert undo(updated(sign(source, placement=Placement()), add_page)).sha256 == sha256(source)


def test_a_damaged_signature_promises_nothing(sign, undo, write_pdf, tmp_path):
    signed = sign(write_pdf("a.pdf"))
    content = bytearray(signed.read_bytes())
    content[content.index(b"Nop ho so")] ^= 1
    signed.write_bytes(bytes(content))
    with pytest.raises(UndoRefused, match="damaged"):
        undo(signed)
    assert not (tmp_path / "before.pdf").exists()


def test_a_document_rewritten_as_a_whole_has_no_earlier_state(sign, undo, write_pdf, tmp_path):
    """Some tools write signature and document in one revision."""
    from pyhanko.pdf_utils.reader import PdfFileReader
    from pyhanko.pdf_utils.writer import copy_into_new_writer
    from pyhanko.sign import signers

    source = write_pdf("a.pdf")
    holder = pki.person()
    key = signers.SimpleSigner.load_pkcs12(holder.write_p12(tmp_path / "k.p12"), passphrase=pki.PASSPHRASE.encode())
    whole = tmp_path / "whole.pdf"
    with source.open("rb") as file, whole.open("wb") as out:
        writer = copy_into_new_writer(PdfFileReader(file))
        signers.sign_pdf(writer, signers.PdfSignatureMetadata(field_name="S"), key, output=out)
    with pytest.raises(UndoRefused, match="no earlier state"):
        undo(whole)


def test_inputs_that_cannot_be_undone(undo, sign, write_pdf, tmp_path):
    source = write_pdf("a.pdf")
    with pytest.raises(NothingToUndo):
        undo(source)
    signed = sign(source)
    with pytest.raises(SameOutput):
        undo(signed, output=signed)
    (tmp_path / "before.pdf").write_bytes(b"mine")
    with pytest.raises(OutputExists):
        undo(signed)
    assert (tmp_path / "before.pdf").read_bytes() == b"mine"


def test_the_command(dvc, sign, write_pdf):
    source = write_pdf("đơn.pdf")
    before = sha256(source)
    signed = sign(source)
    status, out, err = dvc("unsign", signed)
    assert (status, out) == (6, "")
    assert "--any" in err
    serial = f"{pki.person().certificate.serial_number:x}"
    status, out, _err = dvc("unsign", signed, "--cert", serial, "--json")
    report = json.loads(out)
    assert (status, report["schema"], report["sha256"]) == (0, "dvc.signing.unsign/1", before)
    assert report["output"].endswith("đơn.unsigned.pdf")
    status, out, _err = dvc("unsign", signed, "--cert", serial, "--force", "--lang", "vi")
    assert (status, "NGUYỄN THỊ ĐƯỢC" in out) == (0, True)
    assert dvc("unsign", source, "--any")[0] == 9

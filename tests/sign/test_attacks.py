"""Documents changed after signing, in the ways that are published, must not be called valid (signatures.md §4)."""

from __future__ import annotations

import re

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dvc_cli.errors import ExitCode
from dvc_cli.model.signing import Placement, VerifyReport
from tests.sign import pki

BYTE_RANGE = re.compile(rb"/ByteRange \[(\d+) (\d+) (\d+) (\d+)\] *")


@pytest.fixture
def signed(sign, write_pdf):
    return sign(write_pdf("don.pdf"), pki.person(), placement=Placement())


def numbers_of(content):
    return [int(number) for number in BYTE_RANGE.search(content).groups()]


def with_range(content, numbers):
    """The file with another /ByteRange written over the old one, at the same length."""
    match = BYTE_RANGE.search(content)
    text = b"/ByteRange [" + b" ".join(b"%d" % number for number in numbers) + b"]"
    assert len(text) <= len(match.group())
    return content[: match.start()] + text.ljust(len(match.group())) + content[match.end() :]


def updated(path, change):
    """The document with an incremental update on top, as an editor would write it."""
    from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter

    target = path.with_name("changed.pdf")
    with path.open("rb") as source, target.open("wb") as output:
        writer = IncrementalPdfFileWriter(source, strict=False)
        change(writer)
        writer.write(output)
    return target


def replace_page_content(writer):
    from pyhanko.pdf_utils import generic

    page = writer.root["/Pages"]["/Kids"][0].get_object()
    forged = generic.StreamObject(stream_data=b"BT /F1 30 Tf 60 700 Td (Forged) Tj ET")
    page["/Contents"] = writer.add_object(forged)
    writer.update_container(page)


def overwrite_content_object(writer):
    stream = writer.root["/Pages"]["/Kids"][0].get_object()["/Contents"]
    stream._data = b"BT /F1 30 Tf 60 700 Td (Forged) Tj ET"
    stream._encoded_data = None
    writer.update_container(stream)


def overlay_annotation(writer):
    from pyhanko.pdf_utils import generic

    name = generic.NameObject
    page = writer.root["/Pages"]["/Kids"][0].get_object()
    note = generic.DictionaryObject(
        {
            name("/Type"): name("/Annot"),
            name("/Subtype"): name("/FreeText"),
            name("/Rect"): generic.ArrayObject([generic.NumberObject(number) for number in (50, 600, 400, 800)]),
            name("/Contents"): generic.TextStringObject("Forged"),
        }
    )
    page["/Annots"].append(writer.add_object(note))
    writer.update_container(page["/Annots"])


def add_page(writer):
    from pyhanko.pdf_utils import generic

    name = generic.NameObject
    pages = writer.root["/Pages"]
    page = generic.DictionaryObject(
        {
            name("/Type"): name("/Page"),
            name("/Parent"): writer.root.raw_get("/Pages"),
            name("/MediaBox"): pages["/Kids"][0].get_object()["/MediaBox"],
        }
    )
    pages["/Kids"].append(writer.add_object(page))
    pages["/Count"] = generic.NumberObject(2)
    writer.update_container(pages)


def swap_stamp(writer):
    from pyhanko.pdf_utils import generic

    name = generic.NameObject
    widget = writer.root["/Pages"]["/Kids"][0].get_object()["/Annots"][0].get_object()
    box = generic.ArrayObject([generic.NumberObject(number) for number in (0, 0, 100, 100)])
    form = generic.StreamObject({name("/Subtype"): name("/Form"), name("/BBox"): box}, stream_data=b"0 0 100 100 re f")
    widget["/AP"] = generic.DictionaryObject({name("/N"): writer.add_object(form)})
    writer.update_container(widget)


def drop_signature_value(writer):
    widget = writer.root["/Pages"]["/Kids"][0].get_object()["/Annots"][0].get_object()
    del widget["/V"]["/ByteRange"]
    writer.update_container(widget["/V"])


CHANGES = [
    replace_page_content,
    overwrite_content_object,
    overlay_annotation,
    add_page,
    swap_stamp,
    drop_signature_value,
]


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
def test_an_incremental_update_is_found(change, signed, verdict):
    result = verdict(updated(signed, change))
    assert result.verdict == "broken"
    assert result.signatures[0].changes_after == "suspicious"
    assert VerifyReport(documents=(result,)).exit_code is ExitCode.FAILED


@pytest.mark.parametrize("change", [replace_page_content, overlay_annotation], ids=lambda change: change.__name__)
def test_a_later_signature_does_not_heal_a_change(change, signed, sign, verdict, tmp_path):
    result = verdict(sign(updated(signed, change), pki.organisation(), output=tmp_path / "healed.pdf"))
    assert result.verdict == "broken"
    assert [one.intact for one in result.signatures] == [True, True]
    assert result.signatures[0].problem == "changed-after-signing"
    assert result.signatures[1].problem is None


@pytest.mark.parametrize(
    "tail",
    [
        b"\n% comment\n",
        b"\n9 0 obj\n<< >>\nendobj\n",
        b"\n%%EOF\n",
        b"x",
        b"\nxref\n0 0\ntrailer\n<< >>\nstartxref\n0\n%%EOF\n",
    ],
)
def test_bytes_after_the_last_signed_revision_are_found(tail, signed, verdict, tmp_path):
    changed = tmp_path / "tail.pdf"
    changed.write_bytes(signed.read_bytes() + tail)
    assert verdict(changed).verdict in ("broken", "unreadable")


def test_line_ends_added_in_transport_are_no_change(signed, verdict, tmp_path):
    changed = tmp_path / "tail.pdf"
    changed.write_bytes(signed.read_bytes() + b"\r\n\n")
    assert verdict(changed).verdict == "valid"


def tricks(numbers, size):
    start, first, second, last = numbers
    return {
        "does-not-start-at-0": (1, first - 1, second, last),
        "three-numbers": (start, first, second),
        "six-numbers": (start, first, second, last // 2, second + last // 2, last - last // 2),
        "beyond-the-file": (start, first, second, last + 10),
        "ends-early": (start, first, second, last - 10),
        "gap-too-wide": (start, first - 20, second, last),
        "gap-too-wide-behind": (start, first, second + 20, last - 20),
        "no-gap": (start, size, size, 0),
        "overlapping": (start, second + 10, second, last),
        "empty": (),
    }


@pytest.mark.parametrize("trick", tricks((0, 0, 0, 0), 0))
def test_tricks_with_the_byte_range_are_refused(trick, signed, verdict, tmp_path):
    content = signed.read_bytes()
    changed = tmp_path / "trick.pdf"
    changed.write_bytes(with_range(content, tricks(numbers_of(content), len(content))[trick]))
    result = verdict(changed)
    assert result.verdict == "broken"
    assert not result.signatures[0].intact


def test_wrapping_the_signed_part_is_refused(signed, verdict, tmp_path):
    """SWA: the signed second part is moved back and forged objects are slipped into the enlarged gap."""
    content = signed.read_bytes()
    start, first, second, last = numbers_of(content)
    forged = b"\n3 0 obj\n<< /Length 6 >>\nstream\nforged\nendstream\nendobj\n"
    moved = content[:second] + forged + content[second:]
    changed = tmp_path / "wrapped.pdf"
    changed.write_bytes(with_range(moved, (start, first, second + len(forged), last)))
    assert verdict(changed).verdict in ("broken", "unreadable")


def test_a_second_cms_hidden_behind_the_first_is_refused(signed, verdict, tmp_path):
    content = bytearray(signed.read_bytes())
    _start, first, second, _last = numbers_of(bytes(content))
    digits = bytes(content[first + 1 : second - 1])
    padding = len(digits) - len(digits.rstrip(b"0"))
    assert padding > 16
    content[second - 9 : second - 1] = b"30060500"
    changed = tmp_path / "two.pdf"
    changed.write_bytes(bytes(content))
    result = verdict(changed)
    assert (result.verdict, result.signatures[0].problem) == ("broken", "contents-not-one-cms")


def test_a_signature_of_another_document_does_not_fit(sign, write_pdf, verdict, tmp_path):
    one = sign(write_pdf("a.pdf", text="One")).read_bytes()
    two = sign(write_pdf("b.pdf", text="Two")).read_bytes()
    (_, first, second, _), (_, other_first, other_second, _) = numbers_of(one), numbers_of(two)
    assert second - first == other_second - other_first
    changed = tmp_path / "mixed.pdf"
    changed.write_bytes(one[:first] + two[other_first:other_second] + one[second:])
    assert verdict(changed).verdict == "broken"


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(place=st.floats(0, 1, exclude_max=True), flip=st.integers(1, 255))
def test_no_changed_byte_goes_unnoticed(place, flip, signed, verdict, tmp_path):
    content = bytearray(signed.read_bytes())
    position = int(place * len(content))
    _start, first, second, _last = numbers_of(bytes(content))
    content[position] ^= flip
    changed = tmp_path / "flipped.pdf"
    changed.write_bytes(bytes(content))
    result = verdict(changed)
    if first < position < second:  # the embedded chain is not signed: a change there may do no harm
        assert result.verdict in ("valid", "broken", "not-established", "unreadable")
    else:
        assert result.verdict in ("broken", "unreadable", "unsigned")


def test_validation_data_added_later_is_permitted(signed, verdict):
    from asn1crypto import x509
    from pyhanko.sign.validation.dss import DocumentSecurityStore

    def add_store(writer):
        DocumentSecurityStore.supply_dss_in_writer(writer, None, certs=[x509.Certificate.load(pki.authority().der)])

    with_store = updated(signed, add_store)
    result = verdict(with_store)
    assert (result.verdict, result.signatures[0].changes_after) == ("valid", "permitted")
    content = with_store.read_bytes()
    for tail in (b"\n% more\n", b"\n99 0 obj\n<< >>\nendobj\n", b"\n% more\nstartxref\n0\n%%EOF\n"):
        with_store.write_bytes(content + tail)
        assert verdict(with_store).verdict in ("broken", "unreadable"), tail


def test_a_removed_signature_leaves_an_unsigned_document(signed, verdict, tmp_path):
    changed = tmp_path / "stripped.pdf"
    changed.write_bytes(signed.read_bytes().replace(b"/FT /Sig", b"/FT /Tx "))
    assert verdict(changed).verdict in ("unsigned", "broken")

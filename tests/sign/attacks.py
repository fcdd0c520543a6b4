"""Forgeries of signed PDFs, written by hand in the published ways: USF, SWA, ISA, shadow hide and replace, evil annotations.

Each takes the bytes of a document signed once, with the page and its text as `dvc_cli.testing.small_pdf` numbers them, and
gives the bytes of a forgery that shows something else.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

CATALOG, PAGES, CONTENT, FONT, PAGE = 1, 2, 3, 4, 5
EVIL = b"BT /F1 30 Tf 60 700 Td (Forged) Tj ET"
_ATTACKS: dict[str, Callable[[bytes], bytes]] = {}


def attacks() -> Mapping[str, Callable[[bytes], bytes]]:
    """Every forgery by name."""
    return _ATTACKS


def _attack(function: Callable[[bytes], bytes]) -> Callable[[bytes], bytes]:
    _ATTACKS[function.__name__] = function
    return function


def stream(data: bytes) -> bytes:
    return b"<< /Length %d >>\nstream\n%s\nendstream" % (len(data), data)


def body(content: bytes, number: int) -> bytes:
    """The latest definition of an object."""
    return re.findall(rb"(?<!\d)%d 0 obj\s(.*?)\sendobj" % number, content, re.DOTALL)[-1]


def size_of(content: bytes) -> int:
    return max(int(number) for number in re.findall(rb"/Size (\d+)", content))


def appended(content: bytes, objects: Mapping[int, bytes], *, root: int = CATALOG) -> bytes:
    """An incremental update with these objects."""
    out = bytearray(content)
    places = {}
    for number, text in objects.items():
        places[number] = len(out)
        out += b"%d 0 obj\n%s\nendobj\n" % (number, text)
    previous = int(re.findall(rb"startxref\s+(\d+)", content)[-1])
    start = len(out)
    out += b"xref\n" + b"".join(b"%d 1\n%010d 00000 n \n" % (number, place) for number, place in places.items())
    size = max(size_of(content), *(number + 1 for number in objects)) if objects else size_of(content)
    out += b"trailer\n<< /Size %d /Root %d 0 R /Prev %d >>\nstartxref\n%d\n%%%%EOF\n" % (size, root, previous, start)
    return bytes(out)


@_attack
def content_replaced(content: bytes) -> bytes:
    return appended(content, {CONTENT: stream(EVIL)})


@_attack
def page_replaced(content: bytes) -> bytes:
    new = size_of(content)
    page = re.sub(rb"/Contents \d+ 0 R", b"/Contents %d 0 R" % new, body(content, PAGE))
    return appended(content, {PAGE: page, new: stream(EVIL)})


@_attack
def page_tree_replaced(content: bytes) -> bytes:
    new = size_of(content)
    page = re.sub(rb"/Contents \d+ 0 R", b"/Contents %d 0 R" % (new + 1), body(content, PAGE))
    tree = b"<< /Type /Pages /Kids [%d 0 R] /Count 1 >>" % new
    return appended(content, {PAGES: tree, new: page, new + 1: stream(EVIL)})


@_attack
def catalogue_replaced(content: bytes) -> bytes:
    new = size_of(content)
    catalogue = re.sub(rb"/Pages \d+ 0 R", b"/Pages %d 0 R" % (new + 1), body(content, CATALOG))
    page = re.sub(rb"/Contents \d+ 0 R", b"/Contents %d 0 R" % (new + 3), body(content, PAGE))
    tree = b"<< /Type /Pages /Kids [%d 0 R] /Count 1 >>" % (new + 2)
    return appended(content, {new: catalogue, new + 1: tree, new + 2: page, new + 3: stream(EVIL)}, root=new)


@_attack
def page_added(content: bytes) -> bytes:
    new = size_of(content)
    page = re.sub(rb"/Contents \d+ 0 R", b"/Contents %d 0 R" % (new + 1), body(content, PAGE))
    tree = b"<< /Type /Pages /Kids [%d 0 R %d 0 R] /Count 2 >>" % (PAGE, new)
    return appended(content, {PAGES: tree, new: page, new + 1: stream(EVIL)})


@_attack
def page_cropped(content: bytes) -> bytes:
    page = body(content, PAGE)
    return appended(content, {PAGE: page.rstrip()[:-2] + b" /CropBox [0 0 50 50] >>"})


@_attack
def font_exchanged(content: bytes) -> bytes:
    """Shadow replace: the text stays, its letters look different."""
    return appended(content, {FONT: b"<< /Type /Font /Subtype /Type1 /BaseFont /Symbol >>"})


def _with_annotation(content: bytes, entries: bytes) -> bytes:
    new = size_of(content)
    page = body(content, PAGE)
    if b"/Annots" in page:
        page = re.sub(rb"/Annots\s*(\d+ 0 R|\[[^\]]*\])", b"/Annots [%d 0 R]" % new, page)
    else:
        page = page.rstrip()[:-2] + b" /Annots [%d 0 R] >>" % new
    box = b"<< /Type /XObject /Subtype /Form /BBox [0 0 400 200] /Length 28 >>\nstream\n1 0 0 rg 0 0 400 200 re f  \nendstream"
    note = b"<< /Type /Annot /Rect [40 650 440 850] /F 4 /AP << /N %d 0 R >> %s >>" % (new + 1, entries)
    return appended(content, {PAGE: page, new: note, new + 1: box})


@_attack
def overlay_stamp(content: bytes) -> bytes:
    return _with_annotation(content, b"/Subtype /Stamp")


@_attack
def overlay_free_text(content: bytes) -> bytes:
    return _with_annotation(content, b"/Subtype /FreeText /Contents (Forged) /DA (/F1 30 Tf)")


@_attack
def overlay_form_field(content: bytes) -> bytes:
    return _with_annotation(content, b"/Subtype /Widget /FT /Tx /T (evil) /V (Forged)")


@_attack
def signature_look_alike(content: bytes) -> bytes:
    """A widget that calls itself a signature field and carries no signature."""
    return _with_annotation(content, b"/Subtype /Widget /FT /Sig /T (Signature99)")


@_attack
def script_added(content: bytes) -> bytes:
    catalogue = body(content, CATALOG).rstrip()[:-2]
    return appended(content, {CATALOG: catalogue + b" /OpenAction << /S /JavaScript /JS (app.alert\\(1\\)) >> >>"})


@_attack
def bytes_without_a_revision(content: bytes) -> bytes:
    return content + b"3 0 obj\n" + stream(EVIL) + b"\nendobj\n"


@_attack
def no_trailer(content: bytes) -> bytes:
    """ISA with the objects only: readers that rebuild the table show them."""
    forged = appended(content, {CONTENT: stream(EVIL)})
    return forged[: forged.rindex(b"xref\n", 0, forged.rindex(b"startxref"))]


def _usf(pattern: bytes, replacement: bytes) -> Callable[[bytes], bytes]:
    def change(content: bytes) -> bytes:
        found = re.search(pattern, content, re.DOTALL)
        assert found is not None
        assert len(replacement) <= len(found.group())
        return content[: found.start()] + replacement.ljust(len(found.group())) + content[found.end() :]

    return change


_CONTENTS, _RANGE = rb"/Contents <[0-9a-fA-F]+>", rb"/ByteRange \[[^\]]*\]"
_ATTACKS.update(
    {
        "contents_empty": _usf(_CONTENTS, b"/Contents <>"),
        "contents_zero": _usf(_CONTENTS, b"/Contents <00>"),
        "contents_null": _usf(_CONTENTS, b"/Contents null"),
        "contents_missing": _usf(_CONTENTS, b""),
        "range_null": _usf(_RANGE, b"/ByteRange null"),
        "range_missing": _usf(_RANGE, b""),
        "range_negative": _usf(_RANGE, b"/ByteRange [0 -1 1 9]"),
        "range_beyond": _usf(_RANGE, b"/ByteRange [0 9 9 99999999]"),
        "range_of_nothing": _usf(_RANGE, b"/ByteRange [0 0 0 0]"),
    }
)


@_attack
def range_in_two_pieces(content: bytes) -> bytes:
    """SWA: the end of the signed part moves back, forged objects stand in the gap that grew."""
    found = re.search(rb"/ByteRange \[(\d+) (\d+) (\d+) (\d+)\] *", content)
    assert found is not None
    start, first, second, length = (int(number) for number in found.groups())
    forged = b"\n%d 0 obj\n%s\nendobj\n" % (CONTENT, stream(EVIL))
    text = b"/ByteRange [%d %d %d %d]" % (start, first, second + len(forged), length)
    moved = content[:second] + forged + content[second:]
    return moved[: found.start()] + text.ljust(len(found.group())) + moved[found.end() :]

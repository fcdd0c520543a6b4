"""What the bytes after the stored file change: only signature fields, their pictures and validation data may come in.

A file may begin with the stored bytes and still show another text, when the increment replaces a page's content; so every
object of the stored file that the increment writes anew is compared with what it was.
"""

from collections.abc import Iterator
from io import BytesIO
from typing import TYPE_CHECKING, Any, TypeAlias

from dvc_sandbox.signatures.byte_range import entry, open_pdf, reading
from dvc_sandbox.signatures.verdict import Refused

if TYPE_CHECKING:
    from pyhanko.pdf_utils.reader import PdfFileReader

Number: TypeAlias = tuple[int, int]
DIRECT: Number = (-1, -1)
_ROOT_MAY_CHANGE = frozenset({"/AcroForm", "/DSS", "/Extensions", "/Version", "/Metadata", "/Perms"})
_FORM_MAY_CHANGE = frozenset({"/Fields", "/SigFlags", "/DR", "/DA", "/NeedAppearances"})
_FIELD_MAY_CHANGE = frozenset({"/V", "/AP", "/F", "/M", "/DA", "/MK", "/Rect", "/P"})
_MOST_PAGES = 10_000


def only_signs(signed: "PdfFileReader", stored: bytes, new_fields: frozenset[str]) -> None:
    """Raise Refused("changed-content") unless the increment on top of `stored` adds the named signatures and nothing else."""
    old = open_pdf(stored)
    with reading():
        if _plain(old.trailer.raw_get("/Root")) != _plain(signed.trailer.raw_get("/Root")):
            raise Refused("changed-content", "another catalog")
        comparison = _Comparison(old, signed, new_fields)
        for reference in _rewritten(old, signed):
            comparison.check(reference)
        comparison.check_form()


def _rewritten(old: "PdfFileReader", new: "PdfFileReader") -> Iterator[Number]:
    """Objects of the old file that a later revision writes again or frees."""
    known = {(ref.idnum, ref.generation) for ref in _references(old, 0)}
    numbers = {number for number, _ in known}
    for ref in _references(new, old.xrefs.total_revisions):
        if (ref.idnum, ref.generation) in known:
            yield ref.idnum, ref.generation
        elif ref.idnum in numbers:
            raise Refused("changed-content", "an object number was taken over")
    for revision in range(old.xrefs.total_revisions, new.xrefs.total_revisions):
        if any(ref.idnum in numbers for ref in new.xrefs.refs_freed_in_revision(revision)):
            raise Refused("changed-content", "objects were removed")


def _references(reader: "PdfFileReader", first: int) -> Iterator[Any]:
    for revision in range(first, reader.xrefs.total_revisions):
        yield from reader.xrefs.explicit_refs_in_revision(revision)


class _Comparison:
    """Old and new state of one file."""

    def __init__(self, old: "PdfFileReader", new: "PdfFileReader", new_fields: frozenset[str]) -> None:
        self.old, self.new, self.new_fields = old, new, new_fields
        root = old.root
        self.root = _number(old.trailer.raw_get("/Root"))
        form = entry(root, "/AcroForm", {})
        free = [_raw(root, "/Metadata"), _raw(root, "/DSS"), _raw(root, "/AcroForm"), _raw(form, "/Fields")]
        free += [_raw(form, "/DR"), _raw(root, "/Extensions"), _raw(old.trailer, "/Info")]
        self.free = {_number(one) for one in free if one is not None}
        self.pages = {_number(page): page.get_object() for page in _pages(old)}
        self.annotation_lists = {_number(_raw(page, "/Annots")): number for number, page in self.pages.items()}

    def check(self, number: Number) -> None:
        """Raise Refused unless the rewritten object still says the same."""
        if number in self.free:
            return
        if number == self.root:
            _same(self.old.root, self.new.root, _ROOT_MAY_CHANGE, "the catalog")
        elif number in self.pages:
            before, after = self.pages[number], self._in_new(number)
            _same(before, after, frozenset({"/Annots"}), "a page")
            self._check_annotations(before, after)
        elif number in self.annotation_lists:
            page = self.annotation_lists[number]
            self._check_annotations(self.pages[page], self._in_new(page))
        else:
            self._check_field(self._in_old(number), self._in_new(number))

    def check_form(self) -> None:
        """Fields that were there stay; the others are the new signatures."""
        before, after = (entry(reader.root, "/AcroForm", {}) for reader in (self.old, self.new))
        if before:
            _same(before, after, _FORM_MAY_CHANGE, "the form")
        elif set(after) - _FORM_MAY_CHANGE:
            raise Refused("changed-content", "the form")
        kept = [_plain(field) for field in entry(before, "/Fields", ())]
        now = list(entry(after, "/Fields", ()))
        if not set(kept) <= {_plain(field) for field in now}:
            raise Refused("changed-content", "a field is gone")
        for field in now:
            if _plain(field) not in kept and not self._is_new_signature(field.get_object()):
                raise Refused("changed-content", "a field that is no signature")

    def _in_old(self, number: Number) -> Any:
        return _object(self.old, number)

    def _in_new(self, number: Number) -> Any:
        return _object(self.new, number)

    def _is_new_signature(self, field: Any) -> bool:
        return entry(field, "/FT", None) == "/Sig" and str(entry(field, "/T", "")) in self.new_fields

    def _check_annotations(self, before: Any, after: Any) -> None:
        kept = [_plain(one) for one in _items(before, "/Annots")]
        now = _items(after, "/Annots")
        if [_plain(one) for one in now[: len(kept)]] != kept:
            raise Refused("changed-content", "annotations of a page")
        for one in now[len(kept) :]:
            widget = one.get_object()
            holder = entry(widget, "/Parent", widget) if "/FT" not in widget else widget
            if entry(widget, "/Subtype", None) != "/Widget" or not self._is_new_signature(holder):
                raise Refused("changed-content", "a new annotation that is no signature")

    def _check_field(self, before: Any, after: Any) -> None:
        """An empty signature field that was there may be filled; any other rewritten object must be equal."""
        from pyhanko.pdf_utils.generic import DictionaryObject, StreamObject

        if isinstance(before, StreamObject) or not isinstance(before, DictionaryObject):
            if _plain(before) != _plain(after):
                raise Refused("changed-content", "an object was replaced")
            return
        empty = entry(before, "/FT", None) == "/Sig" and "/V" not in before
        may_change = _FIELD_MAY_CHANGE if empty and self._is_new_signature(after) else frozenset[str]()
        _same(before, after, may_change, "an object")


def _pages(reader: "PdfFileReader") -> Iterator[Any]:
    """References of all pages."""
    pending, seen = [reader.root.raw_get("/Pages")], 0
    while pending:
        seen += 1
        if seen > _MOST_PAGES:
            raise Refused("unreadable", "too many pages")
        node = pending.pop()
        kids = entry(node.get_object(), "/Kids", None)
        if kids is None:
            yield node
        else:
            pending += [kids.raw_get(index) for index in range(len(kids))]


def _items(page: Any, key: str) -> list[Any]:
    """The raw items (references) of an array entry."""
    found = entry(page, key, None)
    return [found.raw_get(index) for index in range(len(found))] if found is not None else []


def _raw(dictionary: Any, key: str) -> Any:
    return dictionary.raw_get(key) if dictionary and key in dictionary else None


def _number(value: Any) -> Number:
    """Object number and generation of a reference; DIRECT for an object that stands in its place."""
    from pyhanko.pdf_utils.generic import IndirectObject

    return (value.idnum, value.generation) if isinstance(value, IndirectObject) else DIRECT


def _object(reader: Any, number: Number) -> Any:
    from pyhanko.pdf_utils.generic import Reference

    return reader.get_object(Reference(*number, pdf=reader))


def _plain(value: Any) -> bytes:
    """An object as it is written in a file, references not followed."""
    target = BytesIO()
    value.write_to_stream(target, None)
    return target.getvalue()


def _same(before: Any, after: Any, may_change: frozenset[str], what: str) -> None:
    old_keys, new_keys = set(before) - may_change, set(after) - may_change
    if old_keys != new_keys or any(_plain(before.raw_get(key)) != _plain(after.raw_get(key)) for key in old_keys):
        raise Refused("changed-content", f"{what} was changed")

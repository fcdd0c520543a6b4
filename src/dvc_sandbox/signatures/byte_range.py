"""Which bytes a PDF signature covers (ISO 32000-1 §12.8.1).

Files that show forged text while a lenient checker still says "valid" all break one of these rules (contract signatures.md §4).
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING, Any

from dvc_sandbox.signatures.verdict import Refused

if TYPE_CHECKING:
    from pyhanko.pdf_utils.reader import PdfFileReader

ACCEPTED_FORMATS = frozenset({"/ETSI.CAdES.detached", "/adbe.pkcs7.detached"})
TIME_STAMP = "/ETSI.RFC3161"
_HEX = re.compile(rb"<[0-9A-Fa-f]*>")


@dataclass(frozen=True, slots=True)
class Located:
    """One signature: its field's full name, its CMS bytes (padding cut off) and the two covered stretches of the file."""

    field: str
    cms: bytes
    first_end: int
    second_start: int
    second_end: int

    def covered(self, file: bytes) -> tuple[memoryview, memoryview]:
        """The signed bytes."""
        view = memoryview(file)
        return view[: self.first_end], view[self.second_start : self.second_end]


@contextmanager
def reading() -> Iterator[None]:
    """Turn what a parser throws at hostile files into one refusal."""
    from pyhanko.pdf_utils.misc import PdfError

    try:
        yield
    except (
        PdfError,
        ValueError,
        TypeError,
        KeyError,
        IndexError,
        AttributeError,
        RecursionError,
        NotImplementedError,
    ) as error:
        raise Refused("unreadable", type(error).__name__) from error


def open_pdf(file: bytes) -> "PdfFileReader":
    """A lenient reader of the file; raises Refused("unreadable" | "encrypted")."""
    from pyhanko.pdf_utils.reader import PdfFileReader

    with reading():
        reader = PdfFileReader(BytesIO(file), strict=False)
        _ = reader.root["/Pages"]
        encrypted = reader.encrypted
    if encrypted:
        raise Refused("encrypted")
    return reader


def new_signatures(reader: "PdfFileReader", file: bytes, stored_size: int) -> list[Located]:
    """The signatures made on top of the stored bytes, in order; document time stamps are no signatures.

    Raises Refused("unsigned" | "format" | "byte-range" | "unreadable").
    """
    located = [one for one, is_stamp in _new(reader, file, stored_size) if not is_stamp]
    if not located:
        raise Refused("unsigned")
    return located


def new_time_stamps(reader: "PdfFileReader", file: bytes, stored_size: int) -> list[Located]:
    """The document time stamps (ISO 32000-2 §12.8.5) on top of the stored bytes, in order; raises as `new_signatures`."""
    return [one for one, is_stamp in _new(reader, file, stored_size) if is_stamp]


def _new(reader: "PdfFileReader", file: bytes, stored_size: int) -> list[tuple[Located, bool]]:
    with reading():
        fields = [(name, value) for name, value in _signature_fields(reader) if _end(value) > stored_size]
        found = [(_locate(name, value, file), entry(value, "/SubFilter", "") == TIME_STAMP) for name, value in fields]
        return sorted(found, key=lambda pair: pair[0].second_end)


def _signature_fields(reader: "PdfFileReader") -> Iterator[tuple[str, Any]]:
    """Every signed signature field of the final state: full name and signature dictionary."""
    pending = [("", field) for field in entry(entry(reader.root, "/AcroForm", {}), "/Fields", ())]
    seen = 0
    while pending:
        seen += 1
        if seen > 10_000:
            raise Refused("unreadable", "form fields without end")
        prefix, field = pending.pop()
        field = field.get_object()
        name = ".".join(part for part in (prefix, str(entry(field, "/T", ""))) if part)
        pending += [(name, kid) for kid in entry(field, "/Kids", ())]
        value = entry(field, "/V", None)
        if value is not None and entry(field, "/FT", "/Sig") == "/Sig" and "/ByteRange" in value:
            yield name, value


def entry(dictionary: Any, key: str, default: Any) -> Any:
    """An entry of a PDF dictionary with references followed (pyHanko's own `get` does not follow them)."""
    found = key in dictionary
    return dictionary[key] if found else default


def _numbers(value: Any) -> tuple[int, ...]:
    return tuple(int(number) for number in entry(value, "/ByteRange", ()))


def _end(value: Any) -> int:
    """Where the signature says that it ends; one that says nothing counts as new, so that it is refused and not overlooked."""
    numbers = _numbers(value)
    return numbers[2] + numbers[3] if len(numbers) == 4 else 1 << 62


def _locate(name: str, value: Any, file: bytes) -> Located:
    form = entry(value, "/SubFilter", "")
    if form not in ACCEPTED_FORMATS | {TIME_STAMP}:
        raise Refused("format", str(form))
    numbers = _numbers(value)
    if len(numbers) != 4:
        raise Refused("byte-range", f"{len(numbers)} numbers")
    start, first_length, second_start, second_length = numbers
    second_end = second_start + second_length
    if (
        start != 0
        or first_length <= 0
        or second_length <= 0
        or not first_length < second_start < second_end <= len(file)
    ):
        raise Refused("byte-range", str(numbers))
    gap = file[first_length:second_start]
    if not _HEX.fullmatch(gap):
        raise Refused("byte-range", "the gap is not exactly one hexadecimal string")
    content = bytes.fromhex(gap[1:-1].decode("ascii"))
    raw = value.raw_get("/Contents")
    if bytes(getattr(raw, "original_bytes", raw)) != content:
        raise Refused("byte-range", "the gap is not the signature's own Contents")
    return Located(name, _trimmed(content), first_length, second_start, second_end)


def _trimmed(content: bytes) -> bytes:
    """The DER object at the beginning; what follows it may only be zero padding."""
    from asn1crypto import parser

    _, _, _, header, body, trailer = parser.parse(content, strict=False)
    size = len(header) + len(body) + len(trailer)
    if content[size:].strip(b"\0"):
        raise Refused("cms", "bytes after the signature object")
    return content[:size]

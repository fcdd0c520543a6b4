# mypy: allow-untyped-calls
# pyHanko is typed in part only.
"""Our own reading of a signature's bytes, apart from the library that wrote or judges it.

ByteRange rules of signatures.md §4: four numbers, the first is 0, the gap is exactly the hexadecimal string of /Contents,
nothing reaches beyond the end of the file.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, BinaryIO, Final

from dvc_cli.errors import SigningRefused
from dvc_cli.i18n import _
from dvc_cli.sign.certificates import verify_digest
from dvc_cli.sign.pades import reading

if TYPE_CHECKING:
    from dvc_cli.sign.pades.prepare import PreparedDocument

_CHUNK: Final = 1 << 20
_LARGEST_CONTENTS: Final = 8_000_000
_HEX: Final = frozenset(b"0123456789abcdefABCDEF")
_ECDSA_OR_RSA: Final = ("rsassa_pkcs1v15", "ecdsa")


class OutputNotValid(SigningRefused):
    """The file that was just signed does not verify; it was thrown away."""

    slug = "output-not-valid"


class RangeViolation(Exception):
    """A rule for /ByteRange and /Contents is broken; `rule` is a stable slug."""

    def __init__(self, rule: str) -> None:
        super().__init__(rule)
        self.rule = rule


@dataclass(frozen=True, slots=True)
class SignedRange:
    """What a sound /ByteRange says: the CMS between the two parts, and where the signed revision ends."""

    cms: bytes
    first_end: int
    second_start: int
    end: int


def read_range(file: BinaryIO, byte_range: Sequence[Any]) -> SignedRange:
    """Apply the rules to `byte_range` of `file`.

    Raises:
        RangeViolation: the rule that is broken.
    """
    size = file.seek(0, 2)
    try:
        numbers = [int(value) for value in byte_range]
    except (TypeError, ValueError):
        raise RangeViolation("byte-range-not-numbers") from None
    if len(numbers) != 4 or any(number < 0 for number in numbers):
        raise RangeViolation("byte-range-not-four-numbers")
    start, first_end, second_start, second_length = numbers
    if start != 0:
        raise RangeViolation("byte-range-does-not-start-at-0")
    end = second_start + second_length
    if end > size:
        raise RangeViolation("byte-range-beyond-the-file")
    if second_start - first_end < 4 or second_start - first_end > _LARGEST_CONTENTS:
        raise RangeViolation("byte-range-gap-wrong")
    file.seek(first_end)
    gap = file.read(second_start - first_end)
    return SignedRange(_contents_of(gap), first_end, second_start, end)


def digest_of(file: BinaryIO, signed: SignedRange, algorithm: str) -> bytes:
    """The digest over the two signed parts, read in pieces."""
    state = hashlib.new(algorithm)
    for start, end in ((0, signed.first_end), (signed.second_start, signed.end)):
        file.seek(start)
        left = end - start
        while left > 0:
            piece = file.read(min(_CHUNK, left))
            if not piece:
                raise RangeViolation("byte-range-beyond-the-file")
            state.update(piece)
            left -= len(piece)
    return state.digest()


def sha256_of(file: BinaryIO) -> str:
    """SHA-256 of the whole file in hexadecimal, read in pieces."""
    file.seek(0)
    state = hashlib.sha256()
    while piece := file.read(_CHUNK):
        state.update(piece)
    return state.hexdigest()


def only_white_space_after(file: BinaryIO, end: int) -> bool:
    """Whether nothing but white space follows offset `end`."""
    file.seek(end)
    while piece := file.read(_CHUNK):
        if piece.strip(b"\0\t\n\f\r "):
            return False
    return True


def check_cms(signed: SignedRange, file: BinaryIO) -> bool | None:
    """Whether digest and signature value of the CMS hold; None when the algorithm is not one of ours to judge."""
    from asn1crypto import cms
    from cryptography import x509

    try:
        content = cms.ContentInfo.load(signed.cms)["content"]
        (info,) = content["signer_infos"]
        algorithm = info["digest_algorithm"]["algorithm"].native
        if (
            info["signature_algorithm"].signature_algo not in _ECDSA_OR_RSA
            or algorithm not in hashlib.algorithms_available
        ):
            return None
        attributes = {one["type"].native: one["values"] for one in info["signed_attrs"]}
        if attributes["message_digest"][0].native != digest_of(file, signed, algorithm):
            return False
        leaf = _signer_der(content, info)
        covered = info["signed_attrs"].untag().dump()
        key = x509.load_der_x509_certificate(leaf).public_key()
        return verify_digest(key, hashlib.new(algorithm, covered).digest(), info["signature"].native, algorithm)
    except (ValueError, TypeError, KeyError, IndexError):
        return False


def check_output(file: BinaryIO, prepared: PreparedDocument) -> None:
    """Re-open what was just written and verify it: it is found again, covers all, and the key's value holds.

    Raises:
        OutputNotValid: the document must not be given out.
    """
    from asn1crypto import cms

    name = prepared.document.display_name
    try:
        found = _reopened(file, prepared, name)
        signed = read_range(file, found["/ByteRange"])
        if signed.end != file.seek(0, 2):
            raise RangeViolation("signature-does-not-cover-the-file")
        if (signed.first_end, signed.second_start) != (prepared.contents_start, prepared.contents_end):
            raise RangeViolation("another-signature-found")
        content = cms.ContentInfo.load(signed.cms)["content"]
        if _signer_der(content, content["signer_infos"][0]) != prepared.certificate.der:
            raise RangeViolation("another-certificate-found")
        if check_cms(signed, file) is not True:
            raise RangeViolation("signature-value-wrong")
    except (RangeViolation, reading.PdfDamaged) as error:
        raise OutputNotValid(
            _("The signed copy of `{name}` did not pass the check after writing, so it was thrown away").format(
                name=name
            ),
            hint=_("Print the document to a new PDF and sign that"),
            details=(str(error),),
        ) from error


def _reopened(file: BinaryIO, prepared: PreparedDocument, name: str) -> Any:
    """The signature dictionary of our field, found by a fresh reader."""
    from pyhanko.pdf_utils.reader import PdfFileReader
    from pyhanko.sign.fields import enumerate_sig_fields

    with reading.pdf_border(name):
        file.seek(0)
        reader = PdfFileReader(file, strict=False)
        reading.unlock(reader, name)
        fields = list(enumerate_sig_fields(reader, filled_status=True))
        mine = [value for field_name, value, _reference in fields if field_name == prepared.field_name]
        if len(mine) != 1 or len(fields) != len(prepared.earlier) + 1:
            raise RangeViolation("signature-not-found-again")
        return mine[0].get_object()


def _contents_of(gap: bytes) -> bytes:
    """The DER in `<hex…>`; only zero padding may follow it."""
    if gap[:1] != b"<" or gap[-1:] != b">":
        raise RangeViolation("byte-range-gap-is-not-the-contents")
    digits = gap[1:-1]
    if not _HEX.issuperset(digits) or len(digits) % 2:
        raise RangeViolation("contents-not-hexadecimal")
    content = bytes.fromhex(digits.decode("ascii"))
    length = _der_length(content)
    if length is None or length > len(content) or content[length:].strip(b"\0"):
        raise RangeViolation("contents-not-one-cms")
    return content[:length]


def _der_length(content: bytes) -> int | None:
    """Length of the DER value at the start; the whole content when it is BER of indefinite length."""
    if len(content) < 2 or content[0] != 0x30:
        return None
    first = content[1]
    if first < 0x80:
        return 2 + first
    count = first & 0x7F
    if count == 0:
        return len(content)
    return 2 + count + int.from_bytes(content[2 : 2 + count], "big") if count <= 4 else None


def _signer_der(content: Any, info: Any) -> bytes:
    """The signer's certificate in a SignedData, by issuer and serial number (or key identifier)."""
    sid = info["sid"].chosen
    for choice in content["certificates"]:
        certificate = choice.chosen
        if info["sid"].name == "issuer_and_serial_number":
            same = certificate.issuer == sid["issuer"] and certificate.serial_number == sid["serial_number"].native
        else:
            same = certificate.key_identifier == sid.native
        if same:
            der: bytes = certificate.dump()
            return der
    raise KeyError("signer")

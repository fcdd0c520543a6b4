# mypy: allow-untyped-calls
# pyHanko is typed in part only.
"""The verdict on a whole file: its signatures, and what follows the last one."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Final

from dvc_cli.errors import InvalidInput
from dvc_cli.i18n import _, ngettext
from dvc_cli.model.signing import DocumentVerdict, SignatureVerdict
from dvc_cli.sign.pades import integrity, judge, reading

if TYPE_CHECKING:
    from pyhanko.pdf_utils.reader import PdfFileReader

_LAST_LINES: Final = 128
_END_OF_REVISION: Final = re.compile(rb"startxref\s+(\d{1,12})\s+%%EOF\s*\Z")


class InputUnreadable(InvalidInput):
    """A file that was named cannot be opened."""

    slug = "input-unreadable"


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgedTime:
    """At which time certificates are judged: `moment` (now, or one that was `given`), or the time each signature `claimed`."""

    moment: datetime
    given: bool = False
    claimed: bool = False


def verify_document(path: Path, roots: Sequence[bytes], moment: datetime | JudgedTime) -> DocumentVerdict:
    """Judge all signatures of the file at `path`; never raises for what the file is or contains.

    Args:
        path: the file.
        roots: DER of the trusted root certificates.
        moment: when certificates are judged, unless a trusted time stamp proves an earlier time.
    """
    try:
        with open_input(path) as file:
            return verify_stream(file, path.name, str(path), roots, moment)
    except InvalidInput as problem:
        return DocumentVerdict(
            path=str(path), sha256="", verdict="unreadable", signatures=(), explanation=problem.message
        )


def open_input(path: Path) -> BinaryIO:
    """Open a file for reading.

    Raises:
        InputUnreadable: it is missing, a folder, or may not be read.
    """
    try:
        return path.open("rb")
    except FileNotFoundError as error:
        raise InputUnreadable(_("`{path}` does not exist").format(path=path)) from error
    except IsADirectoryError as error:
        raise InputUnreadable(_("`{path}` is a folder, not a PDF").format(path=path)) from error
    except OSError as error:
        raise InputUnreadable(
            _("`{path}` cannot be read: {reason}").format(path=path, reason=error.strerror or str(error))
        ) from error


def verify_stream(
    file: BinaryIO, name: str, path: str, roots: Sequence[bytes], moment: datetime | JudgedTime
) -> DocumentVerdict:
    """As `verify_document`, for an open file.

    Raises:
        NotAPdf, PdfDamaged, PdfEncrypted.
    """
    from pyhanko.pdf_utils.reader import PdfFileReader

    digest = integrity.sha256_of(file)
    reading.require_pdf(file, name)
    with reading.pdf_border(name):
        reader = PdfFileReader(file, strict=False)
        reading.unlock(reader, name)
        _signed_fields(reader)  # raises here what makes the form unreadable
    when = moment if isinstance(moment, JudgedTime) else JudgedTime(moment=moment)
    signatures = _judge_all(reader, file, roots, when)
    verdict, explanation = _overall(signatures)
    return DocumentVerdict(
        path=path,
        sha256=digest,
        verdict=verdict,
        signatures=signatures,
        explanation=explanation,
        sandbox=any("SANDBOX" in one.issuer.upper() for one in signatures),
        changed_after_signing=any(one.intact and one.changes_after == "suspicious" for one in signatures),
    )


def open_signatures(reader: PdfFileReader) -> tuple[list[Any], list[str]]:
    """Every signature and document time stamp in the order they were made, and the names of those that cannot be opened."""
    opened: list[Any] = []
    unreadable: list[str] = []
    for name, reference in _signed_fields(reader):
        signature = _opened(reader, name, reference)
        if signature is None:
            unreadable.append(name)
        else:
            opened.append(signature)
    opened.sort(key=lambda one: one.signed_revision)
    return opened, unreadable


def _signed_fields(reader: PdfFileReader) -> list[tuple[str, Any]]:
    """Name and field of every signature field with a value, document time stamps included."""
    from pyhanko.sign.fields import enumerate_sig_fields

    return [(name, reference) for name, _value, reference in enumerate_sig_fields(reader, filled_status=True)]


def _judge_all(
    reader: PdfFileReader, file: BinaryIO, roots: Sequence[bytes], when: JudgedTime
) -> tuple[SignatureVerdict, ...]:
    opened, unreadable = open_signatures(reader)
    stamps = [one for one in opened if str(reading.entry(one.sig_object, "/Type")) == "/DocTimeStamp"]
    signatures = [one for one in opened if one not in stamps]
    around = judge.Surroundings(
        file=file,
        roots=tuple(roots),
        moment=when.moment,
        at_claimed_time=when.claimed,
        moment_given=when.given,
        tail=_tail(reader, signatures, stamps, file, roots, when.moment),
        has_dss=_has_dss(reader),
        stamps=tuple(found for one in stamps if (found := _document_stamp(reader, one, roots, when.moment))),
    )
    verdicts = [
        judge.judge(one, number, around, is_last=one is signatures[-1]) for number, one in enumerate(signatures, 1)
    ]
    lost = [judge.unreadable(len(verdicts) + number, name) for number, name in enumerate(unreadable, 1)]
    return (*verdicts, *lost)


def _opened(reader: PdfFileReader, name: str, reference: Any) -> Any:
    from pyhanko.sign.validation.pdf_embedded import EmbeddedPdfSignature

    try:
        return EmbeddedPdfSignature(reader, reference.get_object(), name)
    except Exception:  # noqa: BLE001 - whatever is wrong with its structure, it is a signature that cannot be read
        return None


def _tail(
    reader: PdfFileReader,
    signatures: Sequence[Any],
    stamps: Sequence[Any],
    file: BinaryIO,
    roots: Sequence[bytes],
    moment: datetime,
) -> judge.Tail:
    """What follows the last signature or intact document time stamp."""
    covered = 0
    for one in (*signatures, *(stamp for stamp in stamps if _stamp_holds(stamp, roots, moment))):
        try:
            covered = max(covered, integrity.read_range(file, one.byte_range).end)
        except integrity.RangeViolation:
            continue
    if integrity.only_white_space_after(file, covered):
        return judge.Tail.BLANK
    file.seek(max(covered, file.seek(0, 2) - _LAST_LINES))
    end = _END_OF_REVISION.search(file.read())
    is_whole = end is not None and int(end.group(1)) == (reader.last_startxref or 0) >= covered
    return judge.Tail.REVISIONS if is_whole else judge.Tail.LOOSE


def _document_stamp(
    reader: PdfFileReader, stamp: Any, roots: Sequence[bytes], moment: datetime
) -> judge.DocumentStamp | None:
    from pyhanko.sign.validation import validate_pdf_timestamp

    try:
        integrity.read_range(stamp.reader.stream, stamp.byte_range)
        status = validate_pdf_timestamp(stamp, judge.context(roots, moment))
        if not (status.intact and status.valid):
            return None
        covers_dss = "/DSS" in reader.get_historical_root(stamp.signed_revision)
    except Exception:  # noqa: BLE001 - a time stamp that cannot be judged proves nothing
        return None
    return judge.DocumentStamp(
        revision=stamp.signed_revision,
        proven_time=status.timestamp if status.trusted else None,
        covers_dss=covers_dss,
    )


def _stamp_holds(stamp: Any, roots: Sequence[bytes], moment: datetime) -> bool:
    from pyhanko.sign.validation import validate_pdf_timestamp

    try:
        status = validate_pdf_timestamp(stamp, judge.context(roots, moment))
    except Exception:  # noqa: BLE001 - a time stamp that cannot be judged vouches for nothing
        return False
    return bool(status.intact and status.valid)


def _has_dss(reader: PdfFileReader) -> bool:
    try:
        return "/DSS" in reader.root
    except Exception:  # noqa: BLE001 - an unreadable catalogue has none
        return False


def _overall(signatures: tuple[SignatureVerdict, ...]) -> tuple[str, str]:
    if not signatures:
        return "unsigned", _("The document has no signature")
    broken = [one for one in signatures if not one.intact or one.changes_after == "suspicious"]
    if broken:
        first = broken[0]
        text = _("Signature {number} is not valid: {reason}")
        return "broken", text.format(number=first.index, reason=first.explanation)
    doubtful = [one for one in signatures if one.trusted is not True]
    if doubtful:
        first = doubtful[0]
        text = _("Signature {number} is intact, but {reason}")
        return "not-established", text.format(number=first.index, reason=first.explanation)
    count = len(signatures)
    text = ngettext("The signature is valid", "All {count} signatures are valid", count)
    return "valid", text.format(count=count)

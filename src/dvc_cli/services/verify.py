"""Verifying the signatures of files against trusted roots."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from dvc_cli.errors import ConfigurationProblem, DvcError, UsageProblem
from dvc_cli.i18n import _
from dvc_cli.model.ports import Clock, Progress
from dvc_cli.model.signing import DocumentVerdict, SignatureVerdict, VerifyReport
from dvc_cli.sign.zone import VIETNAM

if TYPE_CHECKING:
    from dvc_cli.pdf.limited import Workers
    from dvc_cli.sign.pades.verify import JudgedTime

_COMPARE = "dvc_cli.pdf.compare:changed_pages"
_AT_CLAIMED = "claimed"
_AT_ONCE = 2


class TrustUnreadable(ConfigurationProblem):
    """A file of trusted roots is missing or holds no certificate."""

    slug = "trust-unreadable"


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifyOptions:
    """How strictly, and for which time, signatures are judged. `at_time`: empty (now), `claimed`, a date or a time.

    Raises:
        UsageProblem: `at_time` is none of these.
    """

    strict: bool = False
    at_time: str = ""

    def __post_init__(self) -> None:
        if self.at_time not in ("", _AT_CLAIMED):
            _moment_of(self.at_time)

    def judged_time(self, clock: Clock) -> JudgedTime:
        """The time as `sign.pades` takes it; a time without zone is Vietnam's."""
        from dvc_cli.sign.pades.verify import JudgedTime

        if self.at_time in ("", _AT_CLAIMED):
            return JudgedTime(moment=clock.now(), claimed=self.at_time == _AT_CLAIMED)
        return JudgedTime(moment=_moment_of(self.at_time), given=True)


def verify_files(
    files: Sequence[Path],
    trust: Sequence[Path],
    *,
    clock: Clock,
    progress: Progress,
    options: VerifyOptions | None = None,
) -> VerifyReport:
    """Judge every file in processes with limits; what is wrong with one is its verdict, never an error.

    Args:
        files: PDF files.
        trust: PEM or DER files with root certificates.
        options: how; by default for now and not strictly.

    Raises:
        TrustUnreadable: a trust file cannot be used.
    """
    from dvc_cli.pdf.limited import Workers

    chosen = options or VerifyOptions()
    roots = read_roots(trust)
    documents = []
    with progress.task(_("Verifying"), total=len(files)) as task, Workers() as workers:
        for verdict in _verdicts(files, roots, chosen.judged_time(clock), workers):
            task.update(Path(verdict.path).name)
            compared = _compared(verdict, workers)
            documents.append(_strictly(compared) if chosen.strict else compared)
            task.advance()
    return VerifyReport(documents=tuple(documents))


def _verdicts(
    files: Sequence[Path], roots: Sequence[bytes], when: JudgedTime, workers: Workers
) -> Iterator[DocumentVerdict]:
    """A verdict per file in their order, some files at a time."""
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="verify") as pool:
        yield from pool.map(lambda path: _verdict(path, roots, when, workers), files)


def _verdict(path: Path, roots: Sequence[bytes], when: JudgedTime, workers: Workers) -> DocumentVerdict:
    from dvc_cli.sign.pades import apart

    try:
        plain = workers.call(apart.FUNCTION, apart.arguments(path, roots, when), about=f"`{path}`")
    except DvcError as problem:
        return DocumentVerdict(
            path=str(path), sha256="", verdict="unreadable", signatures=(), explanation=problem.message
        )
    return apart.verdict_from(plain)


def _compared(document: DocumentVerdict, workers: Workers) -> DocumentVerdict:
    """With what the file shows held against what each signed revision showed, where the file goes on after it."""
    ends = {one.covered_bytes for one in document.signatures if one.intact and not one.covers_whole_file}
    if not ends:
        return document
    pages: set[int] = set()
    try:
        for end in sorted(ends):
            pages |= set(workers.call(_COMPARE, {"path": document.path, "covered_bytes": end}, about=document.path))
    except DvcError:
        return replace(document, shown="not-compared")
    return replace(document, shown="differs" if pages else "same", changed_pages=tuple(sorted(pages)))


def _strictly(document: DocumentVerdict) -> DocumentVerdict:
    """Strict mode: nothing uncovered may follow, nothing may be shown differently, the profile must be a known one."""
    if document.verdict not in ("valid", "not-established"):
        return document
    reason = _shown_differently(document)
    for one in document.signatures:
        if problem := reason or _against_strictness(one):
            text = _("Signature {number} is not accepted in strict mode: {reason}")
            return replace(document, verdict="broken", explanation=text.format(number=one.index, reason=problem))
    return document


def _shown_differently(document: DocumentVerdict) -> str:
    if document.shown == "differs":
        return _("what is shown on page {page} was changed after signing").format(page=document.changed_pages[0])
    return _("What is shown could not be compared with what was signed") if document.shown == "not-compared" else ""


def _against_strictness(one: SignatureVerdict) -> str:
    if one.profile == "other":
        return _("it does not follow a standard profile for PDF signatures")
    if not one.covered_by_later:
        return _("something was added afterwards that no later signature covers")
    return ""


def _moment_of(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise UsageProblem(
            _("`--at-time {text}` is not a time").format(text=text),
            hint=_("Use `claimed`, a date (`2026-11-23`) or a time (`2026-11-23T08:30:00+07:00`)"),
        ) from error
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=VIETNAM)


def read_roots(trust: Sequence[Path]) -> list[bytes]:
    """DER of the root certificates in these files. Raises TrustUnreadable."""
    return [root for path in trust for root in _read_roots(path)]


def _read_roots(path: Path) -> list[bytes]:
    from dvc_cli.sign.certificates import CertificateUnreadable, certificates_in_pem

    try:
        return certificates_in_pem(path.read_bytes())
    except OSError as error:
        raise TrustUnreadable(
            _("The trusted roots in `{path}` cannot be read: {reason}").format(
                path=path, reason=error.strerror or str(error)
            ),
            hint=_("Give a PEM file with root certificates"),
        ) from error
    except CertificateUnreadable as error:
        raise TrustUnreadable(
            _("`{path}` holds no certificate").format(path=path), hint=_("Give a PEM file with root certificates")
        ) from error

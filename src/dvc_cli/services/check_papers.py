"""Are these scans what the portal takes (contracts/portal.md §5)? Facts page by page, a verdict, and what to do."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import ClassVar

from dvc_cli.errors import DvcError, ExitCode, UsageProblem
from dvc_cli.i18n import _
from dvc_cli.model.citizen_card import parse_card
from dvc_cli.model.dossier import Dossier
from dvc_cli.model.ports import Progress
from dvc_cli.pdf.kinds import FileKind
from dvc_cli.pdf.limited import WORKERS, Workers
from dvc_cli.scan.images import LEAST_DPI
from dvc_cli.scan.inputs import expanded
from dvc_cli.scan.look import FileLook, PageLook
from dvc_cli.scan.options import DEFAULT_LIMIT
from dvc_cli.services.cards import CardComparison, Likeness, card_fields, compare_card
from dvc_cli.services.sizes import too_large

LEAST_VERSION = "1.4"
_LONGEST_MM = 430.0  # an A3 sheet and a little


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What is asked for. `procedure` and `accepted` (kinds of files) are empty when only the general rules count."""

    limit: int = DEFAULT_LIMIT
    procedure: str = ""
    procedure_name: str = ""
    accepted: tuple[str, ...] = ()
    sandbox: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Something about a file. `code` is stable; `pages` are the pages it is about, empty for the whole file."""

    code: str
    message: str
    advice: str = ""
    pages: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PaperCheck:
    """A file's facts and verdict: `problems` break a rule, `warnings` are worth a look."""

    path: Path
    kind: str
    size: int
    pages: tuple[PageLook, ...] = ()
    version: str = ""
    encrypted: bool = False
    signed: bool = False
    certified: bool = False
    scripts: bool = False
    cards: tuple[CardComparison, ...] = ()
    problems: tuple[Finding, ...] = ()
    warnings: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PapersReport:
    """Result of `scan check`."""

    schema: ClassVar[str] = "dvc.papers.check/1"
    rules: Rules
    files: tuple[PaperCheck, ...]
    against: Path | None = None
    warnings: tuple[Finding, ...] = ()
    sandbox: bool = False

    @property
    def exit_code(self) -> ExitCode:
        """10 when a rule is broken."""
        return ExitCode.INVALID_INPUT if any(file.problems for file in self.files) else ExitCode.DONE


def check_papers(
    inputs: Sequence[Path], rules: Rules, progress: Progress, *, against: Dossier | None = None
) -> PapersReport:
    """Look at every file; files that cannot be read are in the report with that as their problem.

    Without `inputs` the files of the dossier `against` are looked at. Raises MissingInput, UsageProblem.
    """
    files = expanded(inputs) if inputs else _files_of(against)
    if not files:
        raise UsageProblem(
            _("There is nothing to check"),
            hint=_("Name pictures, PDF files or folders, or a dossier file with `--against`"),
        )
    checks = []
    with Workers() as workers, ThreadPoolExecutor(WORKERS) as threads, progress.task(_("Checking"), len(files)) as task:
        for path, value in zip(
            files, threads.map(lambda path: _look(path, workers, codes=against is not None), files), strict=True
        ):
            checks.append(_checked(path, value, rules, against))
            task.advance()
            task.update(_("Checked {name}").format(name=path.name))
    return PapersReport(
        rules=rules,
        files=tuple(checks),
        against=against.source if against else None,
        warnings=tuple(_general(checks, against)),
        sandbox=rules.sandbox,
    )


def _look(path: Path, workers: Workers, *, codes: bool) -> FileLook | DvcError:
    try:
        arguments = {"path": str(path), "codes": codes}
        return FileLook.from_plain(workers.call("dvc_cli.scan.look:look_at", arguments, about=str(path)))
    except DvcError as error:
        return error


def _files_of(dossier: Dossier | None) -> list[Path]:
    if dossier is None:
        return []
    given = [part.files for part in dossier.components] + [extra.files for extra in dossier.extras]
    return list(dict.fromkeys(path for files in given for path in files))


def _checked(path: Path, look: FileLook | DvcError, rules: Rules, against: Dossier | None) -> PaperCheck:
    try:
        size = path.stat().st_size
    except OSError:
        size = 0
    if isinstance(look, DvcError):
        problem = Finding(code=look.slug, message=look.message, advice=look.hint or "")
        return PaperCheck(path=path, kind="", size=size, problems=(problem,))
    check = PaperCheck(
        path=path,
        kind=look.kind,
        size=size,
        pages=look.pages,
        version=look.version,
        encrypted=look.encrypted,
        signed=look.signed,
        certified=look.certified,
        scripts=look.scripts,
        cards=tuple(_compared(path, look, against)) if against else (),
    )
    problems = [*_file_problems(check, rules), *_page_problems(check), *_card_problems(check)]
    warnings = [*_file_warnings(check), *_page_warnings(check), *_card_warnings(check)]
    if check.signed:
        problems = [replace(one, advice=_signed_advice()) if one.code in _REMAKE else one for one in problems]
    return replace(check, problems=tuple(problems), warnings=tuple(warnings))


# -- the whole file --------------------------------------------------------------------------------------------------

_REMAKE = {"old-version", "encrypted", "too-large", "low-resolution", "not-in-colour"}


def _signed_advice() -> str:
    return _("It is signed and must not be changed: ask its issuer for another copy")


def _file_problems(check: PaperCheck, rules: Rules) -> Iterator[Finding]:
    if rules.accepted and check.kind not in rules.accepted and not FileKind(check.kind).is_image:
        message = _("The portal does not take files of this kind ({kind})").format(kind=check.kind)
        yield Finding(
            code="wrong-kind", message=message, advice=_("It takes {kinds}").format(kinds=", ".join(rules.accepted))
        )
    elif not check.pages:
        message = _("Neither a picture nor a PDF ({kind})").format(kind=check.kind)
        yield Finding(code="no-pages", message=message, advice=_("Export or print it as PDF"))
    if problem := too_large(check.path.name, check.size, rules.limit):
        yield Finding(
            code="too-large",
            message=problem,
            advice=_("Make it smaller: `dvc-cli scan convert OLD.pdf -o NEW.pdf --fit 20MB`"),
        )
    if check.encrypted:
        yield Finding(
            code="encrypted",
            message=_("The PDF is protected (encrypted)"),
            advice=_("Save a copy without protection, then use that copy"),
        )
    if check.version and check.version < LEAST_VERSION:
        message = _("PDF version {version}; at least {least} is asked for").format(
            version=check.version, least=LEAST_VERSION
        )
        yield Finding(
            code="old-version", message=message, advice=_("Write a new one: `dvc-cli scan convert OLD.pdf -o NEW.pdf`")
        )


def _file_warnings(check: PaperCheck) -> Iterator[Finding]:
    if check.pages and check.kind != FileKind.PDF.value:
        yield Finding(
            code="picture",
            message=_("A picture; the portal asks for PDF"),
            advice=_("`dvc-cli submit` makes a PDF of it by itself; `dvc-cli scan convert` does it now"),
        )
    if check.scripts:
        yield Finding(
            code="scripts",
            message=_("The PDF contains scripts; some portals refuse such files"),
            advice=_("Print it to a new PDF"),
        )
    if check.signed:
        word = _("The PDF is certified") if check.certified else _("The PDF is signed")
        yield Finding(code="signed", message=word, advice=_("Upload it as it is, byte for byte"))


# -- pages -----------------------------------------------------------------------------------------------------------


def _page_problems(check: PaperCheck) -> Iterator[Finding]:
    low = [page for page in check.pages if page.dpi is not None and page.dpi < LEAST_DPI - 1]
    if low:
        worst = min(page.dpi or 0 for page in low)
        message = _("{dpi} dpi; at least {least} are asked for").format(dpi=f"{worst:.0f}", least=LEAST_DPI)
        advice = _("Scan again at 200 to 300 dpi; a photograph from nearer by, with the sheet filling the picture")
        yield Finding(code="low-resolution", message=message, advice=advice, pages=_numbers(low))
    grey = [page for page in check.pages if page.colour in ("gray", "bw") and not page.blank]
    if grey:
        yield Finding(
            code="not-in-colour",
            message=_("Not in colour; scans in colour are asked for"),
            advice=_("Scan again in colour (`--mode color`)"),
            pages=_numbers(grey),
        )


def _page_warnings(check: PaperCheck) -> Iterator[Finding]:
    rows: tuple[tuple[str, Callable[[PageLook], bool], str, str], ...] = (
        ("blank-page", lambda page: page.blank, _("Empty page"), _("Leave it out, unless it belongs to the paper")),
        (
            "cut-page",
            lambda page: bool(page.cut),
            _("Lettering runs off the edge of the page"),
            _("Look at it with `dvc-cli scan preview`; scan again with the whole sheet on the glass"),
        ),
        (
            "not-to-scale",
            lambda page: max(page.width_mm, page.height_mm) > _LONGEST_MM,
            _("The page is larger than any sheet a scanner takes; scale 100 % is asked for"),
            _("Make the PDF anew from the pictures with `dvc-cli scan convert`, or scan at 100 %"),
        ),
    )
    for code, holds, message, advice in rows:
        if pages := [page for page in check.pages if holds(page)]:
            yield Finding(code=code, message=message, advice=advice, pages=_numbers(pages))


def _numbers(pages: Sequence[PageLook]) -> tuple[int, ...]:
    return tuple(page.number for page in pages)


# -- the right person ------------------------------------------------------------------------------------------------


def _compared(path: Path, look: FileLook, against: Dossier) -> Iterator[CardComparison]:
    seen = set()
    for page, text in look.codes:
        card = parse_card(text)
        if card is not None and card.number not in seen:
            seen.add(card.number)
            yield compare_card(card_fields(path, page, card), against)


def _card_problems(check: PaperCheck) -> Iterator[Finding]:
    for card in check.cards:
        if card.likeness is Likeness.OTHER:
            words = {"identity_number": _("number"), "full_name": _("name"), "birthday": _("birthday")}
            message = _("The citizen card is of {name}, not of the applicant; not the same: {fields}")
            yield Finding(
                code="wrong-person",
                message=message.format(name=card.full_name, fields=", ".join(words[one] for one in card.differs)),
                advice=_("Put the right person's scan in its place, or correct the dossier file"),
                pages=(card.page,),
            )


def _card_warnings(check: PaperCheck) -> Iterator[Finding]:
    for card in check.cards:
        if card.likeness is Likeness.SPELT_OTHERWISE:
            yield Finding(
                code="name-spelt-otherwise",
                message=_("On the card the name is spelt {name}").format(name=card.full_name),
                advice=_("Write it in the dossier file as on the card"),
                pages=(card.page,),
            )


def _general(checks: Sequence[PaperCheck], against: Dossier | None) -> Iterator[Finding]:
    if against is not None and not any(check.cards for check in checks):
        yield Finding(
            code="no-card-found",
            message=_("No QR code of a citizen card was found, so the person could not be compared"),
            advice=_("Look at the scans yourself, or scan the side of the card with the code at 300 dpi"),
        )

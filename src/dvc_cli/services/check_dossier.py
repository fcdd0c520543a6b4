"""Offline rules of a dossier: all faults at once, before anything is converted, signed or sent."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import ClassVar
from zipfile import is_zipfile

from dvc_cli.errors import ExitCode, InvalidInput
from dvc_cli.i18n import _
from dvc_cli.model.dossier import Component, Dossier, ExtraPaper, Person, SignRequest
from dvc_cli.model.identifiers import CitizenId, ProcedureCode, TaxCode
from dvc_cli.model.problem import Problem
from dvc_cli.model.procedure import Procedure
from dvc_cli.pdf.inspect import facts_of
from dvc_cli.pdf.kinds import FileKind, kind_of
from dvc_cli.portal.base import PortalCapabilities
from dvc_cli.services.match_components import MatchedComponent, label_of, match_components
from dvc_cli.services.signature_places import placement_of
from dvc_cli.services.sizes import too_large

_MAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_OLDEST = date(1900, 1, 1)


class DossierInvalid(InvalidInput):
    """A dossier breaks rules that can be checked offline; all of them are listed."""

    slug = "dossier-invalid"


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedComponent:
    """A component with the row it answers."""

    row: int
    name: str
    files: tuple[Path, ...]
    signers: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DossierCheck:
    """Result of `dossier check`. `problems` stop a submission, `warnings` do not."""

    schema: ClassVar[str] = "dvc.submission.check/1"
    dossier: Path | None
    procedure: str
    procedure_name: str
    components: tuple[CheckedComponent, ...]
    problems: tuple[str, ...]
    warnings: tuple[str, ...]
    sandbox: bool = False

    @property
    def exit_code(self) -> ExitCode:
        """10 when there are problems."""
        return ExitCode.INVALID_INPUT if self.problems else ExitCode.DONE


@dataclass(frozen=True, slots=True)
class _Findings:
    problems: list[Problem]
    warnings: list[Problem]


def check_dossier(
    dossier: Dossier, procedure: Procedure, capabilities: PortalCapabilities, today: date
) -> DossierCheck:
    """Check everything that needs no network; nothing is changed."""
    matched, problems = match_components(dossier, procedure)
    found = _Findings(problems, [])
    _check_head(dossier, procedure, found)
    for place, person in people(dossier):
        _check_person(place, person, today, found)
    for component in dossier.components:
        found.problems.extend(_component_problems(component, capabilities))
    found.problems.extend(_extra_problems(dossier.extras, capabilities))
    return DossierCheck(
        dossier=dossier.source,
        procedure=procedure.code,
        procedure_name=procedure.name,
        components=tuple(_checked(pair) for pair in matched),
        problems=tuple(str(problem) for problem in found.problems),
        warnings=tuple(str(problem) for problem in found.warnings),
        sandbox=procedure.sandbox,
    )


def today_in_vietnam(now: datetime) -> date:
    """The day that dates in a dossier are judged by."""
    from dvc_cli.sign.zone import VIETNAM

    return now.astimezone(VIETNAM).date()


def require_valid(check: DossierCheck) -> None:
    """Raises DossierInvalid with every problem."""
    if check.problems:
        raise DossierInvalid(
            _("The dossier for {procedure} cannot be filed like this").format(procedure=check.procedure),
            hint=_("Correct the dossier file, then check it with `dvc-cli dossier check`"),
            details=check.problems,
        )


def people(dossier: Dossier) -> list[tuple[str, Person]]:
    """The applicant, and the owner when it is someone else, each with the name of its table."""
    found = [("applicant", dossier.applicant)]
    return [*found, ("owner", dossier.owner)] if dossier.owner else found


def _checked(pair: MatchedComponent) -> CheckedComponent:
    signers = tuple(request.signer for request in pair.given.sign)
    return CheckedComponent(row=pair.spec.row, name=pair.spec.name, files=pair.given.files, signers=signers)


def _check_head(dossier: Dossier, procedure: Procedure, found: _Findings) -> None:
    try:
        ProcedureCode.parse(dossier.procedure)
    except ValueError:
        if dossier.procedure != procedure.portal_id:
            found.problems.append(
                Problem("procedure", _("`{text}` is no procedure code").format(text=dossier.procedure))
            )
    if not procedure.online:
        message = _("{procedure} cannot be filed online at this portal").format(procedure=procedure.code)
        found.problems.append(Problem("procedure", message))
    if not dossier.subject.strip():
        found.problems.append(Problem("subject", _("the subject (“Về việc”) is missing")))
    for name, given, known in (("agency", dossier.agency, procedure.agencies), ("case", dossier.case, procedure.cases)):
        if given is None and len(known) > 1:
            message = _("choose one of: {choices}").format(choices="; ".join(known))
            found.problems.append(Problem(name, message))


def _check_person(place: str, person: Person, today: date, found: _Findings) -> None:
    _check_identity(place, person, found)
    if person.tax_code:
        try:
            TaxCode.parse(person.tax_code)
        except ValueError:
            message = _("`{text}` is no tax code (10 digits, or 10-3; the check digit must fit)")
            found.problems.append(Problem(f"{place}.tax_code", message.format(text=person.tax_code)))
    for name, day in (("birthday", person.birthday), ("issued_on", person.issued_on)):
        if day and not _OLDEST <= day <= today:
            message = _("{day} cannot be").format(day=day.strftime("%d/%m/%Y"))
            found.problems.append(Problem(f"{place}.{name}", message))
    if person.birthday and person.issued_on and person.issued_on < person.birthday:
        found.problems.append(Problem(f"{place}.issued_on", _("lies before the birthday")))
    if person.email and not _MAIL.fullmatch(person.email):
        message = _("`{text}` is no e-mail address").format(text=person.email)
        found.problems.append(Problem(f"{place}.email", message))


def _check_identity(place: str, person: Person, found: _Findings) -> None:
    if not person.identity_number:
        if not person.tax_code:
            message = _("the ID number is missing (or the tax code, for an organisation)")
            found.problems.append(Problem(f"{place}.identity_number", message))
        return
    try:
        identity = CitizenId.parse(person.identity_number)
    except ValueError:
        message = _("an ID number has 12 digits (an old CMND 9); this one has {count}")
        digits = sum(character.isdigit() for character in person.identity_number)
        found.problems.append(Problem(f"{place}.identity_number", message.format(count=digits)))
        return
    if identity.is_old:
        message = _("a 9-digit CMND is no longer valid since 01/01/2025")
        found.warnings.append(Problem(f"{place}.identity_number", message))
    female = {"female": True, "male": False}.get(person.gender)
    if identity.disagrees_with(person.birthday, female=female):
        message = _("the year of birth or the sex does not fit the ID number")
        found.warnings.append(Problem(f"{place}.identity_number", message))


def _component_problems(component: Component, capabilities: PortalCapabilities) -> Iterator[Problem]:
    place = label_of(component)
    for request in component.sign:
        if problem := _place_problem(request):
            yield Problem(place, problem)
    for path in component.files:
        yield from _file_problems(place, path, component, capabilities)


def _place_problem(request: SignRequest) -> str | None:
    try:
        placement_of(request)
    except ValueError as error:
        return str(error)
    return None


def _file_problems(place: str, path: Path, component: Component, capabilities: PortalCapabilities) -> Iterator[Problem]:
    try:
        kind, size = kind_of(path), path.stat().st_size
    except OSError as error:
        message = _("`{name}` cannot be read: {reason}").format(name=path.name, reason=error.strerror or error)
        yield Problem(place, message)
        return
    converts = kind.is_image and not component.as_is
    if not converts and not _is_accepted(kind, capabilities):
        yield Problem(place, _unaccepted(path, kind, capabilities))
    elif component.sign and not converts and kind is not FileKind.PDF:
        yield Problem(place, _("`{name}` cannot be signed: only PDF files can").format(name=path.name))
    limit = capabilities.max_component_bytes
    if not converts and (problem := too_large(path.name, size, limit) or _unsound(path, kind)):
        yield Problem(place, problem)


def _is_accepted(kind: FileKind, capabilities: PortalCapabilities) -> bool:
    return kind.value in capabilities.accepted_types


def _unsound(path: Path, kind: FileKind) -> str | None:
    """What is wrong with a file that the portal would find broken, told before the first byte goes up."""
    if kind is FileKind.PDF:
        try:
            facts_of(path)
        except InvalidInput as error:
            return error.message
    if kind in (FileKind.ZIP, FileKind.DOCX) and not is_zipfile(path):
        return _("`{name}` is a broken archive").format(name=path.name)
    return None


def _unaccepted(path: Path, kind: FileKind, capabilities: PortalCapabilities) -> str:
    accepted = ", ".join(capabilities.accepted_types)
    if kind.is_image:
        return _(
            "the portal does not take `{name}` as it is ({kind}); leave out `as_is`, then it becomes a PDF"
        ).format(name=path.name, kind=kind.value)
    if kind is FileKind.EMPTY:
        return _("`{name}` is empty").format(name=path.name)
    if kind is FileKind.UNKNOWN:
        message = _("the portal does not take `{name}`: its content is of no known kind; it takes {accepted}")
        return message.format(name=path.name, accepted=accepted)
    return _("the portal does not take `{name}`: by its content it is {kind}; it takes {accepted}").format(
        name=path.name, kind=kind.value, accepted=accepted
    )


def _extra_problems(extras: Sequence[ExtraPaper], capabilities: PortalCapabilities) -> Iterator[Problem]:
    for extra in extras:
        place = _("extra paper `{name}`").format(name=extra.name)
        limit = capabilities.max_extra_bytes if extra.catch_all else capabilities.max_component_bytes
        for path in extra.files:
            kind, size = kind_of(path), path.stat().st_size
            if not kind.is_image and not _is_accepted(kind, capabilities):
                yield Problem(place, _unaccepted(path, kind, capabilities))
            if not kind.is_image and (problem := too_large(path.name, size, limit) or _unsound(path, kind)):
                yield Problem(place, problem)
    if sum(len(extra.files) for extra in extras if extra.catch_all) > 1:
        yield Problem("extra", _("the portal takes one `catch_all` file only"))

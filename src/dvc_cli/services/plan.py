"""The plan of one dossier: what will be converted, signed, uploaded and sent, with a hash that the journal is bound to."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from itertools import groupby
from pathlib import Path
from typing import ClassVar

from dvc_cli.errors import InvalidInput
from dvc_cli.i18n import _
from dvc_cli.model.dossier import Dossier, SignRequest
from dvc_cli.model.file_names import safe_file_name
from dvc_cli.model.procedure import Procedure
from dvc_cli.model.submission import State
from dvc_cli.pdf.kinds import FileKind, kind_of
from dvc_cli.portal.base import PortalCapabilities
from dvc_cli.services.match_components import match_components

_NAME_LENGTH = 60


class SourceUnreadable(InvalidInput):
    """A file of the dossier cannot be read."""

    slug = "source-unreadable"


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceFile:
    """A file of the user, as it was when the plan was made."""

    path: Path
    size: int
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedFile:
    """A file that will be uploaded. `slot` as in `FrozenFile`; `converts`: its sources become one PDF."""

    slot: str
    component: str
    sources: tuple[SourceFile, ...]
    converts: bool
    upload_name: str
    limit: int
    signatures: tuple[SignRequest, ...] = ()

    @property
    def component_id(self) -> str:
        """The portal's name of the component."""
        return self.slot.rpartition("/")[0]

    @property
    def size(self) -> int:
        """Bytes of the sources together."""
        return sum(source.size for source in self.sources)


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedSignature:
    """Who signs what, with which certificate, and where it shows. `choice`: names to choose among, when there are several."""

    file: str
    signer: str
    place: str
    certificate: str = ""
    issuer: str = ""
    serial: str = ""
    valid_until: str = ""
    choice: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SubmissionPlan:
    """Everything that `submit` will do; `--dry-run` shows it and ends."""

    schema: ClassVar[str] = "dvc.submission.plan/1"
    dossier_file: Path | None
    portal: str
    account: str
    procedure: str
    procedure_name: str
    agency: str
    applicant: str
    owner: str
    key: str
    period: str
    round: int
    reference: str
    subject: str
    note: str
    files: tuple[PlannedFile, ...]
    signatures: tuple[PlannedSignature, ...]
    warnings: tuple[str, ...]
    state: State | None
    sha256: str
    sandbox: bool = False
    dry_run: bool = False
    dossier: Dossier = field(repr=False)
    details: Procedure = field(repr=False)


def plan_files(
    dossier: Dossier, procedure: Procedure, capabilities: PortalCapabilities, suffix: str
) -> tuple[PlannedFile, ...]:
    """Files in the order of the procedure's rows, then the extra papers.

    Args:
        dossier: checked by `check_dossier`.
        procedure: what the portal asks for.
        capabilities: sizes.
        suffix: put behind each upload name (the reference), or nothing.

    Raises:
        SourceUnreadable: a file vanished since the check.
    """
    taken: set[str] = set()
    files: list[PlannedFile] = []

    def add(
        component: str, name: str, paths: Sequence[Path], limit: int, sign: Sequence[SignRequest], as_is: bool
    ) -> None:
        for number, (converts, group) in enumerate(_groups(paths, as_is=as_is)):
            sources = tuple(_source(path) for path in group)
            files.append(
                PlannedFile(
                    slot=f"{component}/{number}",
                    component=name,
                    sources=sources,
                    converts=converts,
                    upload_name=_upload_name(group[0], converts, suffix, taken),
                    limit=limit,
                    signatures=tuple(sign),
                )
            )

    for pair in match_components(dossier, procedure)[0]:
        given = pair.given
        add(pair.spec.code, pair.spec.name, given.files, capabilities.max_component_bytes, given.sign, given.as_is)
    free = 0
    for extra in dossier.extras:
        free += not extra.catch_all
        slot = "extra" if extra.catch_all else f"other-{free}"
        limit = capabilities.max_extra_bytes if extra.catch_all else capabilities.max_component_bytes
        add(slot, extra.name, extra.files, limit, (), False)
    return tuple(files)


def _groups(paths: Sequence[Path], *, as_is: bool) -> list[tuple[bool, list[Path]]]:
    """Pictures that stand together become one PDF; every other file goes up as it is."""
    if as_is:
        return [(False, [path]) for path in paths]
    result: list[tuple[bool, list[Path]]] = []
    for pictures, group in groupby(paths, key=lambda path: kind_of(path).is_image):
        members = list(group)
        result.extend([(True, members)] if pictures else [(False, [path]) for path in members])
    return result


def _source(path: Path) -> SourceFile:
    try:
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
            return SourceFile(path=path, size=file.tell(), sha256=digest)
    except OSError as error:
        raise SourceUnreadable(
            _("`{path}` cannot be read: {reason}").format(path=path, reason=error.strerror or error)
        ) from error


def _upload_name(path: Path, converts: bool, suffix: str, taken: set[str]) -> str:
    """The user's own name with the reference behind it, unique in the dossier."""
    kind = FileKind.PDF if converts else kind_of(path)
    extension = path.suffix.lstrip(".").lower() if kind is FileKind.JPEG and not converts else kind.value
    stem = safe_file_name(path.stem)[:_NAME_LENGTH].rstrip(" .") + (f"-{suffix}" if suffix else "")
    name, number = f"{stem}.{extension}", 2
    while name in taken:
        name, number = f"{stem}-{number}.{extension}", number + 1
    taken.add(name)
    return name


def plan_parts(
    dossier: Dossier, procedure: Procedure, files: Sequence[PlannedFile], reference: str
) -> dict[str, object]:
    """What is filed, by part: the reference, the people, the texts, the bytes of every source, the signatures asked for.

    Paths do not count: the same dossier in another folder is the same dossier.
    """
    return {
        "reference": reference,
        "procedure": procedure.code,
        "agency": dossier.agency,
        "case": dossier.case,
        "subject": dossier.subject,
        "note": dossier.note,
        "form": dossier.form,
        "receive": dossier.receive_how,
        "applicant": asdict(dossier.applicant),
        "owner": asdict(dossier.owner) if dossier.owner else None,
        "components": [[one.kind.value, one.copies] for one in dossier.components],
        "extras": [[one.name, one.catch_all] for one in dossier.extras],
        "files": [[file.slot, file.converts, [source.sha256 for source in file.sources]] for file in files],
        "signatures": [[file.slot, *(asdict(request) for request in file.signatures)] for file in files],
    }


def plan_hash(dossier: Dossier, procedure: Procedure, files: Sequence[PlannedFile], reference: str) -> str:
    """SHA-256 over `plan_parts`: what the journal is bound to (R4)."""
    parts = plan_parts(dossier, procedure, files, reference)
    body = json.dumps(parts, ensure_ascii=False, sort_keys=True, separators=(",", ":"), default=str)
    return hashlib.sha256(body.encode()).hexdigest()


def content_key(dossier: Dossier, files: Sequence[PlannedFile]) -> str:
    """A key made of the content, for people who have none of their own and say so (`--key-from-content`)."""
    parts = [dossier.applicant.identity_number, dossier.applicant.tax_code, dossier.subject]
    parts += sorted(source.sha256 for file in files for source in file.sources)
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:32]

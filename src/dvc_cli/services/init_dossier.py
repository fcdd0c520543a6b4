"""Writes a commented dossier file for a procedure, in the user's language, with a table for each of its components."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from dvc_cli.files import write_atomically
from dvc_cli.i18n import _
from dvc_cli.model.procedure import ComponentSpec, Procedure
from dvc_cli.portal.base import PortalSession
from dvc_cli.services.dossier_file import SCHEMA

_WIDTH = 110


@dataclass(frozen=True, slots=True, kw_only=True)
class DossierTemplate:
    """Result of `dossier init`."""

    schema: ClassVar[str] = "dvc.submission.template/1"
    path: Path
    procedure: str
    procedure_name: str
    components: int
    mandatory: int
    sandbox: bool = False


def init_dossier(
    procedure: Procedure, path: Path, *, session: PortalSession | None, signer: str | None, overwrite: bool
) -> DossierTemplate:
    """Write the file; mandatory components stand ready, the others as comments.

    Args:
        procedure: what is filed.
        path: the new file.
        session: prefills the applicant, as the portal will.
        signer: the profile's default signer, put into the signature examples.
        overwrite: replace an existing file.

    Raises:
        OutputExists, UnsafeOutput, NoSuchFolder: 10. StorageFull, StorageRefused: 14.
    """
    text = "".join(f"{line}\n".lstrip(" ") for line in _lines(procedure, session, signer))
    write_atomically(path, text.encode(), mode=0o600, overwrite=overwrite)
    rows = [spec for spec in procedure.components if not spec.is_heading]
    return DossierTemplate(
        path=path,
        procedure=procedure.code,
        procedure_name=procedure.name,
        components=len(rows),
        mandatory=sum(spec.mandatory and not spec.conditional for spec in rows),
        sandbox=procedure.sandbox,
    )


def _lines(procedure: Procedure, session: PortalSession | None, signer: str | None) -> Iterator[str]:
    yield from _comment(f"{procedure.code}: {procedure.name}")
    yield from _comment(
        _("Check this file with `dvc-cli dossier check`, show what will happen with `dvc-cli submit --dry-run`")
    )
    yield ""
    yield f"schema = {SCHEMA}"
    yield f"procedure = {_text(procedure.code)}"
    yield from _choice(
        "agency", procedure.agencies, _("the agency that receives it; only needed when there are several")
    )
    yield from _choice("case", procedure.cases, _("the case of the procedure"))
    yield from _comment(_("What the dossier is about (“Về việc”)"))
    yield f"subject = {_text(_one_line(procedure.name))}"
    yield from _comment(
        _("A short name of your own for this case: a dossier with the same key is never filed twice. Must be filled in")
    )
    yield 'key = ""'
    yield from _comment(_("For recurring filings also the month, quarter or year, for instance 2026-11"))
    yield '# period = ""'
    yield ""
    yield from _people(session)
    for spec in procedure.components:
        yield ""
        yield from _component(spec, procedure, signer)
    yield ""
    yield from _comment(
        _("Other papers, beyond the list. Up to three; or one with `catch_all = true` for the 50 MB field")
    )
    yield "# [[extra]]"
    yield '# name = ""'
    yield '# files = ["scans/…"]'


def _people(session: PortalSession | None) -> Iterator[str]:
    yield from _comment(
        _(
            "Who files (người nộp). Numbers are text, always between quotes. The portal takes name and ID from the account"
        )
    )
    yield "[applicant]"
    yield f"full_name = {_text(session.display_name if session else '')}"
    yield f"identity_number = {_text(session.identity_number if session else '')}"
    for line in (
        'birthday = "08/03/1999"',
        'gender = "female"',
        'issued_on = "10/05/2021"',
        'issued_by = ""',
        'phone = ""',
        'email = ""',
        'organisation = ""',
        'tax_code = ""',
        'province = ""',
        'commune = ""',
        'address = ""',
    ):
        yield f"# {line}"
    yield ""
    yield from _comment(_("Whose dossier it is (chủ hồ sơ); fill in the same keys when it is not the applicant"))
    yield "[owner]"
    yield "same_as_applicant = true"


def _component(spec: ComponentSpec, procedure: Procedure, signer: str | None) -> Iterator[str]:
    needed = spec.mandatory and not spec.conditional
    kind = _("mandatory") if needed else (_("only in some cases") if spec.conditional else _("optional"))
    if spec.is_heading:
        yield from _comment(
            _("Row {row}: {name} (to be shown; nothing is uploaded)").format(row=spec.row, name=spec.name)
        )
        return
    yield from _comment(_("Row {row}: {name} ({kind})").format(row=spec.row, name=spec.name, kind=kind))
    if spec.forms:
        yield from _comment(_("Forms to fill in: `dvc-cli procedures forms {code}`").format(code=procedure.code))
    mark = "" if needed else "# "
    yield f"{mark}[[component]]"
    yield f"{mark}row = {spec.row}"
    if not spec.originals:
        yield f'{mark}kind = "copy"'
    yield f"{mark}copies = {max(spec.originals, spec.copies, 1)}"
    yield from _comment(_("Pictures become one PDF, in this order; PDF and Word files go up as they are"))
    yield f'{mark}files = ["scans/{spec.row:02d}-1.jpg"]'
    yield from _comment(_("Sign it (the name of a signer of your profile; several one after the other)"))
    signed = mark if signer and spec.forms else "# "
    yield f"{signed}[[component.sign]]"
    yield f"{signed}signer = {_text(signer or '')}"
    yield f'{signed}at = "bottom-right"'
    yield f'{signed}page = "last"'


def _choice(key: str, choices: tuple[str, ...], meaning: str) -> Iterator[str]:
    if not choices:
        return
    yield from _comment(f"{key}: {meaning}")
    for choice in choices:
        yield from _comment(f"  {choice}")
    yield f"{key} = {_text(choices[0])}" if len(choices) == 1 else f"# {key} = {_text(choices[0])}"


def _comment(text: str) -> Iterator[str]:
    """A comment of one line or more; the portal's text can hold nothing that ends it."""
    line = "#"
    for word in _one_line(text).split(" "):
        if len(line) + len(word) >= _WIDTH:
            yield line
            line = "#"
        line += f" {word}"
    yield line


def _one_line(text: str) -> str:
    return " ".join("".join(char if char.isprintable() else " " for char in text).split())


def _text(value: str) -> str:
    """A TOML basic string."""
    return json.dumps(_one_line(value), ensure_ascii=False)

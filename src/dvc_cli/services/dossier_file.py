"""Reading a dossier file (TOML, `schema = 1`): every fault is found in one pass and said with its line."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Any

from dvc_cli.errors import InvalidInput
from dvc_cli.i18n import _
from dvc_cli.model.dossier import Component, Dossier, ExtraPaper, PaperKind, Person, SignRequest
from dvc_cli.model.folding import fold
from dvc_cli.model.problem import Problem
from dvc_cli.services import dossier_keys as keys
from dvc_cli.services.dossier_keys import Kind
from dvc_cli.services.find_file import find_file
from dvc_cli.services.toml_lines import Path as KeyPath
from dvc_cli.services.toml_lines import key_lines, line_of

SCHEMA = 1
_MAX_BYTES = 1_000_000
_DAY = re.compile(r"(\d{1,2})[/.-](\d{1,2})[/.-](\d{4})")


class DossierFileInvalid(InvalidInput):
    """A dossier file has faults; all of them are listed with their lines."""

    slug = "dossier-file-invalid"


def read_dossier(path: Path) -> Dossier:
    """Read a dossier file; relative paths in it are taken from its folder, and come back absolute.

    Raises:
        DossierFileInvalid: unreadable, no TOML, unknown keys, wrong values, missing files: all at once.
    """
    text = _read_text(path)
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        place = re.search(r"at line (\d+)", str(error))
        at = f"{path.name}:{place.group(1)}" if place else path.name
        raise _invalid(path, [Problem(at, _("not TOML: {reason}").format(reason=error))]) from error
    lines = key_lines(text)

    def where(place: KeyPath) -> str:
        line = line_of(lines, place)
        return f"{path.name}:{line}" if line else path.name

    reader = DossierReader(path.resolve().parent, where)
    dossier = reader.dossier(table, path.resolve())
    if dossier is None or reader.problems:
        raise _invalid(path, reader.problems)
    return dossier


def _read_text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            content = file.read(_MAX_BYTES + 1)
    except OSError as error:
        raise DossierFileInvalid(
            _("`{path}` cannot be read: {reason}").format(path=path, reason=error.strerror or error),
            hint=_("Check the name, or write one with `dvc-cli dossier init PROCEDURE`"),
        ) from error
    if len(content) > _MAX_BYTES:
        raise DossierFileInvalid(_("`{path}` is too large for a dossier file").format(path=path))
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise DossierFileInvalid(
            _("`{path}` is not UTF-8 text").format(path=path), hint=_("Save it again with the encoding UTF-8")
        ) from error


def _invalid(path: Path, problems: list[Problem]) -> DossierFileInvalid:
    return DossierFileInvalid(
        _("`{path}` is not a valid dossier file").format(path=path),
        hint=_("Correct the lines named above, then check with `dvc-cli dossier check {path}`").format(path=path),
        details=tuple(str(problem) for problem in sorted(problems, key=_line_number)),
    )


def _line_number(problem: Problem) -> int:
    line = problem.where.rpartition(":")[2]
    return int(line) if line.isdecimal() else 0


def _names(table: Mapping[str, Any], known: Mapping[str, keys.Key], key: str) -> bool:
    """Whether the table has `key` under any of its names."""
    return any(keys.canonical(name, known) == key for name in table)


class DossierReader:
    """Turns a table (from TOML, or later a manifest's row) into a dossier; faults go to `problems`.

    Args:
        folder: what relative paths start from.
        where: names the place of a key for people.
    """

    def __init__(self, folder: Path, where: Callable[[KeyPath], str]) -> None:
        self.problems: list[Problem] = []
        self._folder = folder
        self._where = where

    def dossier(self, table: Mapping[str, Any], source: Path | None = None) -> Dossier | None:
        """The dossier, or None when something it cannot do without is missing."""
        values = self._table(table, keys.DOSSIER, ())
        if "schema" in table and values.get("schema") not in (SCHEMA, None):
            self._fault(("schema",), _("this version reads `schema = {number}` only").format(number=SCHEMA))
        procedure, applicant = values.get("procedure"), self._person(values.get("applicant"))
        owner = values.get("owner", {})
        parts: dict[str, Any] = {
            "owner": None if owner.pop("same_as_applicant", not owner) else self._owner(owner),
            "components": tuple(self._component(*item) for item in values.get("component", [])),
            "extras": tuple(self._extra(*item) for item in values.get("extra", [])),
        }
        if not procedure and not _names(table, keys.DOSSIER, "procedure"):
            self._fault((), _("`{key}` is missing").format(key="procedure"))
        if applicant is None:
            self._fault(("applicant",), _("`{key}` is missing").format(key="applicant.full_name"))
        if not procedure or applicant is None:
            return None
        return Dossier(
            procedure=procedure,
            applicant=applicant,
            agency=values.get("agency"),
            case=values.get("case"),
            subject=values.get("subject", ""),
            note=values.get("note", ""),
            key=values.get("key") or None,
            period=values.get("period") or None,
            form=values.get("form", {}),
            receive_how=values.get("receive", {}).get("how", "online"),
            source=source,
            **parts,
        )

    # -- parts -------------------------------------------------------------------------------------------------------

    def _person(self, values: dict[str, Any] | None) -> Person | None:
        return Person(**values) if values and values.get("full_name") else None

    def _owner(self, values: dict[str, Any]) -> Person | None:
        owner = self._person(values)
        if owner is None:
            self._fault(("owner",), _("`{key}` is missing").format(key="owner.full_name"))
        return owner

    def _component(self, place: KeyPath, values: dict[str, Any]) -> Component:
        if sum(name in values for name in ("row", "code", "match")) != 1:
            self._fault(place, _("say which component it is by exactly one of `row`, `code`, `match`"))
        if values.get("files", ()) == ():
            self._fault((*place, "files"), _("`{key}` is missing").format(key="files"))
        if values.get("copies", 1) < 1:
            self._fault((*place, "copies"), _("`copies` must be at least 1"))
        return Component(
            files=values.get("files", ()),
            row=values.get("row"),
            code=values.get("code"),
            match=values.get("match"),
            kind=PaperKind(values.get("kind", "original")),
            copies=values.get("copies", 1),
            as_is=values.get("as_is", False),
            sign=tuple(self._sign(*item) for item in values.get("sign", [])),
        )

    def _sign(self, place: KeyPath, values: dict[str, Any]) -> SignRequest:
        if not values.get("signer"):
            self._fault(place, _("`{key}` is missing").format(key="signer"))
        if sum(name in values for name in ("at", "near", "box", "field_name")) > 1:
            self._fault(place, _("give only one of `at`, `near`, `box`, `field_name`"))
        return SignRequest(**{"signer": "", **values})

    def _extra(self, place: KeyPath, values: dict[str, Any]) -> ExtraPaper:
        for name in ("name", "files"):
            if not values.get(name):
                self._fault((*place, name), _("`{key}` is missing").format(key=name))
        return ExtraPaper(
            name=values.get("name", ""), files=values.get("files", ()), catch_all=values.get("catch_all", False)
        )

    # -- tables and values -------------------------------------------------------------------------------------------

    def _table(self, table: Mapping[str, Any], known: Mapping[str, keys.Key], place: KeyPath) -> dict[str, Any]:
        values: dict[str, Any] = {}
        for name, value in table.items():
            here = (*place, name)
            key = keys.canonical(name, known)
            if key is None:
                self._unknown(name, known, here)
            elif key in values:
                self._fault(here, _("`{key}` is given twice").format(key=name))
            else:
                read = self._value(value, known[key], key, here)
                if read is not None:
                    values[key] = read
        return values

    def _unknown(self, name: str, known: Mapping[str, keys.Key], place: KeyPath) -> None:
        if name in keys.LATER:
            self._fault(place, _("`{key}` cannot be used yet; give `files` instead").format(key=name))
            return
        message = _("unknown key `{key}`").format(key=name)
        if close := keys.suggestion(name, known):
            message += "; " + _("did you mean `{key}`?").format(key=close)
        self._fault(place, message)

    def _value(self, value: Any, key: keys.Key, name: str, place: KeyPath) -> Any:
        match key.kind:
            case Kind.TABLE:
                return self._sub_table(value, _TABLES[name], place)
            case Kind.TABLES:
                return self._sub_tables(value, _TABLES[name], place)
            case Kind.FREE:
                return self._free(value, place)
            case Kind.FILES:
                return self._files(value, place)
            case Kind.TEXT | Kind.IDENTIFIER:
                return self._text(value, key.kind, place)
            case Kind.DATE:
                return self._date(value, place)
            case Kind.CHOICE:
                return self._choice(value, key.choices or {}, place)
            case Kind.YES_NO if isinstance(value, bool):
                return value
            case Kind.COUNT if isinstance(value, int) and not isinstance(value, bool):
                return value
            case Kind.YES_NO:
                self._fault(place, _("must be `true` or `false`"))
            case _:
                self._fault(place, _("must be a whole number"))
        return None

    def _sub_table(self, value: Any, known: Mapping[str, keys.Key], place: KeyPath) -> dict[str, Any] | None:
        if isinstance(value, dict):
            return self._table(value, known, place)
        self._fault(place, _("must be a table"))
        return None

    def _sub_tables(
        self, value: Any, known: Mapping[str, keys.Key], place: KeyPath
    ) -> list[tuple[KeyPath, dict[str, Any]]] | None:
        if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
            self._fault(place, _("must be written as `[[{key}]]`").format(key=place[-1]))
            return None
        found = []
        for number, item in enumerate(value):
            here = (*place, number)
            found.append((here, self._table(item, known, here)))
        return found

    def _free(self, value: Any, place: KeyPath) -> dict[str, str] | None:
        if not isinstance(value, dict):
            self._fault(place, _("must be a table"))
            return None
        fields = {name: self._text(item, Kind.IDENTIFIER, (*place, name)) for name, item in value.items()}
        return {name: text for name, text in fields.items() if text is not None}

    def _text(self, value: Any, kind: Kind, place: KeyPath) -> str | None:
        if isinstance(value, str):
            return value.strip()
        if kind is Kind.IDENTIFIER and isinstance(value, (int, float)) and not isinstance(value, bool):
            self._fault(place, _('must be text: write it between quotes, `"…"` (a number loses its leading zeros)'))
        else:
            self._fault(place, _('must be text: write it between quotes, `"…"`'))
        return None

    def _date(self, value: Any, place: KeyPath) -> date | None:
        if isinstance(value, date):
            return value.date() if isinstance(value, datetime) else value
        if isinstance(value, str):
            if not value.strip():
                return None
            try:
                if found := _DAY.fullmatch(value.strip()):
                    return date(int(found.group(3)), int(found.group(2)), int(found.group(1)))
                return date.fromisoformat(value.strip())
            except ValueError:
                pass
        self._fault(place, _('must be a date: `2026-11-05` or `"05/11/2026"`'))
        return None

    def _choice(self, value: Any, choices: Mapping[str, str], place: KeyPath) -> str | None:
        found = (
            choices.get(fold(value).replace("_", " ")) or choices.get(fold(value)) if isinstance(value, str) else None
        )
        if found is None and value != "":
            allowed = ", ".join(f"`{word}`" for word in dict.fromkeys(choices.values()))
            self._fault(place, _("must be one of {choices}").format(choices=allowed))
        return found

    def _files(self, value: Any, place: KeyPath) -> tuple[Path, ...] | None:
        names = [value] if isinstance(value, str) else value
        if not isinstance(names, list) or not all(isinstance(name, str) and name for name in names):
            self._fault(place, _('must be file names: `["scans/trang-1.jpg", "scans/trang-2.jpg"]`'))
            return None
        found = []
        for name in names:
            path = find_file(self._folder, name)
            if path is None:
                self._fault(place, _("there is no file `{name}`").format(name=name))
            found.append(path or self._folder / name)
        return tuple(found)

    def _fault(self, place: KeyPath, message: str) -> None:
        self.problems.append(Problem(self._where(place), message))


_TABLES: Mapping[str, Mapping[str, keys.Key]] = {
    "applicant": keys.PERSON,
    "owner": keys.OWNER,
    "receive": keys.RECEIVE,
    "component": keys.COMPONENT,
    "extra": keys.EXTRA,
    "sign": keys.SIGN,
}

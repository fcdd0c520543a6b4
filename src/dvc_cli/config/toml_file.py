"""TOML files of the user: read with the line of every mistake, changed with comments and order kept."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from dvc_cli.errors import ConfigurationProblem
from dvc_cli.files import make_private_folder, reason_of, write_atomically
from dvc_cli.i18n import _

_HEADER = re.compile(r"\s*\[{1,2}([^\[\]]+)\]{1,2}\s*(?:#.*)?")
_ASSIGNMENT = re.compile(r"""\s*((?:[\w-]+|"[^"]*"|'[^']*')(?:\s*\.\s*(?:[\w-]+|"[^"]*"|'[^']*'))*)\s*=""")
_PART = re.compile(r"""[\w-]+|"[^"]*"|'[^']*'""")
_LIMIT = 1_000_000


class BadSettingsFile(ConfigurationProblem):
    """A settings or profile file is not readable TOML."""

    slug = "bad-settings-file"


class UnknownKey(ConfigurationProblem):
    """A settings or profile file has a key that this program does not know."""

    slug = "unknown-key"


class BadValue(ConfigurationProblem):
    """A setting has a value of the wrong kind."""

    slug = "bad-value"


class TomlFile:
    """The content of one file and where its keys stand; a missing file is empty."""

    def __init__(self, path: Path) -> None:
        """Read `path`. Raises BadSettingsFile."""
        self.path = path
        self.text = _read(path)
        try:
            self.data: dict[str, Any] = tomllib.loads(self.text)
        except tomllib.TOMLDecodeError as error:
            raise BadSettingsFile(
                _("`{path}` is not valid TOML: {reason}").format(path=path, reason=error),
                hint=_("Correct the line named, or move the file away"),
            ) from error

    def flat(self) -> dict[str, Any]:
        """All values by dotted key."""
        return dict(_flatten(self.data, ""))

    def place(self, key: str) -> str:
        """`FILE:LINE` of a dotted key, `FILE` when the line cannot be told."""
        line = _line_of(self.text, tuple(key.split(".")))
        return f"{self.path}:{line}" if line else str(self.path)

    def refuse_unknown(self, keys: Iterable[str], known: Iterable[str]) -> None:
        """Raise UnknownKey for the keys that are not `known`, each with its place and the key that was perhaps meant."""
        allowed = list(known)
        lines = [self._complaint(key, allowed) for key in keys if key not in allowed]
        if lines:
            raise UnknownKey(
                lines[0],
                details=tuple(lines[1:]),
                hint=_("Known keys are listed by `dvc-cli config list` and in the documentation of profiles"),
            )

    def _complaint(self, key: str, allowed: list[str]) -> str:
        close = get_close_matches(key, allowed, n=1, cutoff=0.6)
        if not close:  # the last part alone may be right: `language` for `output.language`
            close = [name for name in allowed if name.split(".")[-1] == key.rsplit(".", maxsplit=1)[-1]][:1]
        if close:
            text = _("{place}: unknown key `{key}`; did you mean `{other}`?")
            return text.format(place=self.place(key), key=key, other=close[0])
        return _("{place}: unknown key `{key}`").format(place=self.place(key), key=key)


def set_value(path: Path, key: str, value: str | float | bool) -> None:
    """Write `key = value` (dotted key) into the file, its comments and order kept.

    Raises: BadSettingsFile, and the errors of `files.write_atomically`.
    """
    import tomlkit

    document = _document(path)
    table: Any = document
    *parents, last = key.split(".")
    for name in parents:
        if name not in table:
            table[name] = tomlkit.table()
        table = table[name]
    table[last] = value
    _save(path, document)


def unset_value(path: Path, key: str) -> bool:
    """Take a dotted key out of the file; False when it was not there. Errors as `set_value`."""
    document = _document(path)
    tables: list[Any] = [document]
    *parents, last = key.split(".")
    for name in parents:
        if name not in tables[-1]:
            return False
        tables.append(tables[-1][name])
    if last not in tables[-1]:
        return False
    del tables[-1][last]
    for depth in range(len(parents), 0, -1):
        if tables[depth]:
            break
        del tables[depth - 1][parents[depth - 1]]
    _save(path, document)
    return True


def _document(path: Path) -> Any:
    import tomlkit
    from tomlkit.exceptions import TOMLKitError

    text = TomlFile(path).text
    try:
        return tomlkit.parse(text)
    except TOMLKitError as error:  # pragma: no cover - tomllib has accepted it
        raise BadSettingsFile(_("`{path}` is not valid TOML: {reason}").format(path=path, reason=error)) from error


def _save(path: Path, document: Any) -> None:
    import tomlkit

    make_private_folder(path.parent)
    write_atomically(path, tomlkit.dumps(document).encode("utf-8"), overwrite=True)


def _read(path: Path) -> str:
    try:
        with path.open("rb") as file:
            content = file.read(_LIMIT + 1)
        if len(content) > _LIMIT:
            raise ValueError(_("it is too large"))
        return content.decode("utf-8-sig").replace("\r\n", "\n")
    except FileNotFoundError:
        return ""
    except (OSError, ValueError) as error:
        reason = reason_of(error) if isinstance(error, OSError) else str(error)
        raise BadSettingsFile(_("`{path}` cannot be read: {reason}").format(path=path, reason=reason)) from error


def _flatten(table: Mapping[str, Any], prefix: str) -> Iterator[tuple[str, Any]]:
    for name, value in table.items():
        key = prefix + name
        if isinstance(value, dict) and value:
            yield from _flatten(value, f"{key}.")
        else:
            yield key, value


def _line_of(text: str, wanted: tuple[str, ...]) -> int | None:
    """The line that sets the key, else the one of the nearest table around it."""
    table: tuple[str, ...] = ()
    around: dict[tuple[str, ...], int] = {}
    for number, line in enumerate(text.split("\n"), 1):
        if header := _HEADER.fullmatch(line):
            table = _parts(header.group(1))
            around.setdefault(table, number)
        elif assignment := _ASSIGNMENT.match(line):
            around.setdefault(table + _parts(assignment.group(1)), number)
    for length in range(len(wanted), 0, -1):
        if found := around.get(wanted[:length]):
            return found
    return None


def _parts(name: str) -> tuple[str, ...]:
    return tuple(part.strip("\"'") for part in _PART.findall(name))

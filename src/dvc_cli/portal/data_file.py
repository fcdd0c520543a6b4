"""A dialect's data file: TOML shipped with the dialect, with a deployment's own differences laid over it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from dvc_cli.errors import ConfigurationProblem
from dvc_cli.i18n import _

SCHEMA = 1
# Keys a deployment may add although the shipped file leaves them out.
_OPTIONAL = frozenset({"capabilities.settle_seconds"})
# Tables whose keys are the deployment's own words.
_OPEN = frozenset({"statuses"})
# A deployment's rows are asked before the shipped ones.
_PREPENDED = frozenset({"answer"})


class BadDialectData(ConfigurationProblem):
    """The data file of a dialect cannot be used: unreadable, wrong version, or an unknown key."""

    slug = "bad-dialect-data"


@dataclass(frozen=True, slots=True)
class DialectData:
    """Names, paths and patterns of one deployment; keys are dotted (`login.user`)."""

    values: Mapping[str, Any]
    source: str

    def get(self, key: str) -> Any:
        """The value at `key`, or None."""
        found: Any = self.values
        for part in key.split("."):
            if not isinstance(found, Mapping) or part not in found:
                return None
            found = found[part]
        return found

    def text(self, key: str) -> str:
        """The text at `key`; raises BadDialectData when it is none."""
        return str(self._typed(key, str))

    def number(self, key: str) -> int:
        """The whole number at `key`."""
        return int(self._typed(key, int))

    def flag(self, key: str) -> bool:
        """The yes or no at `key`."""
        return bool(self._typed(key, bool))

    def texts(self, key: str) -> tuple[str, ...]:
        """The texts at `key`; a single text counts as one."""
        found = self.get(key)
        if isinstance(found, str):
            return (found,)
        if not isinstance(found, list) or not all(isinstance(one, str) for one in found):
            raise self._wrong(key)
        return tuple(found)

    def rows(self, key: str) -> tuple[Mapping[str, Any], ...]:
        """The tables of an array of tables."""
        return tuple(self._typed(key, list))

    def _typed(self, key: str, kind: type) -> Any:
        found = self.get(key)
        if not isinstance(found, kind) or (kind is int and isinstance(found, bool)):
            raise self._wrong(key)
        return found

    def _wrong(self, key: str) -> BadDialectData:
        return BadDialectData(_("`{key}` in {file} is missing or of the wrong kind").format(key=key, file=self.source))


def load_data(shipped: Path, own: Path | None) -> DialectData:
    """Read the dialect's data file, and `own` over it.

    Raises:
        BadDialectData: a file cannot be read, has another schema, or names a key the dialect does not know.
    """
    values = _read(shipped)
    if own is None:
        return DialectData(values, shipped.name)
    changes = _read(own)
    if changes.get("schema") != SCHEMA or changes.get("dialect", values["dialect"]) != values["dialect"]:
        message = _("{file} is not for schema {schema} of dialect {dialect}")
        raise BadDialectData(message.format(file=own, schema=SCHEMA, dialect=values["dialect"]))
    return DialectData(_merged(values, changes, own, ""), str(own))


def _read(path: Path) -> dict[str, Any]:
    import tomllib

    try:
        with path.open("rb") as file:
            return tomllib.load(file)
    except OSError as error:
        message = _("The dialect's data file {file} cannot be read: {reason}")
        raise BadDialectData(message.format(file=path, reason=error.strerror or "")) from error
    except ValueError as error:
        raise BadDialectData(_("{file} is not valid TOML: {reason}").format(file=path, reason=error)) from error


def _merged(base: Mapping[str, Any], changes: Mapping[str, Any], source: Path, prefix: str) -> dict[str, Any]:
    result = dict(base)
    for name, value in changes.items():
        key = f"{prefix}{name}"
        if name not in base and key not in _OPTIONAL and prefix.rstrip(".") not in _OPEN:
            raise _unknown(key, base, source)
        if isinstance(value, dict) and isinstance(base.get(name), dict):
            result[name] = _merged(base[name], value, source, f"{key}.")
        elif key in _PREPENDED:
            result[name] = [*value, *base[name]]
        else:
            result[name] = value
    return result


def _unknown(key: str, base: Mapping[str, Any], source: Path) -> BadDialectData:
    near = get_close_matches(key.rsplit(".", maxsplit=1)[-1], list(base), n=1)
    hint = _("Did you mean `{name}`?").format(name=near[0]) if near else None
    return BadDialectData(_("{file} has an unknown key `{key}`").format(file=source, key=key), hint=hint)

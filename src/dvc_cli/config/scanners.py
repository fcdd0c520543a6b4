"""Named presets of scanners, in the user's own `scanners.toml`: never in a project's file, for a device is contacted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from dvc_cli.config.paths import Paths
from dvc_cli.config.toml_file import BadValue, TomlFile
from dvc_cli.errors import ConfigurationProblem
from dvc_cli.i18n import _

FILE = "scanners.toml"
DEFAULT = "default"
_CHOICES = {
    "source": ("auto", "flatbed", "feeder", "duplex"),
    "mode": ("color", "gray", "bw"),
    "page_size": ("A4", "A3", "A5", "letter", "image"),
}
_KEYS = ("device", "resolution", *_CHOICES)


class NoSuchPreset(ConfigurationProblem):
    """No scanner preset has this name."""

    slug = "no-such-preset"


@dataclass(frozen=True, slots=True, kw_only=True)
class ScannerPreset:
    """A scanner and how to use it; what is not set is None."""

    name: str = ""
    device: str | None = None
    source: str | None = None
    mode: str | None = None
    resolution: int | None = None
    page_size: str | None = None


def load_presets(paths: Paths) -> dict[str, ScannerPreset]:
    """All presets by name. Raises BadSettingsFile, UnknownKey, BadValue."""
    file = TomlFile(paths.config / FILE)
    found = {}
    for name, table in file.data.items():
        if not isinstance(table, Mapping):
            raise _bad(file, name, _("it must be a table such as `[office]`"))
        file.refuse_unknown([f"{name}.{key}" for key in table], [f"{name}.{key}" for key in _KEYS])
        for key, value in table.items():
            _check(file, f"{name}.{key}", key, value)
        found[name] = ScannerPreset(name=name, **table)
    return found


def preset_of(paths: Paths, name: str | None) -> ScannerPreset:
    """The preset of that name; without a name the one called `default`, or an empty one. Raises NoSuchPreset."""
    presets = load_presets(paths)
    if name is None:
        return presets.get(DEFAULT, ScannerPreset())
    if name not in presets:
        known = ", ".join(sorted(presets)) or _("none")
        raise NoSuchPreset(
            _("There is no scanner preset `{name}`").format(name=name),
            hint=_("Presets in {file}: {known}").format(file=paths.config / FILE, known=known),
        )
    return presets[name]


def _check(file: TomlFile, place: str, key: str, value: object) -> None:
    if key == "resolution":
        if not isinstance(value, int) or isinstance(value, bool) or not 50 <= value <= 2400:
            raise _bad(file, place, _("it must be a number from {least} to {most}").format(least="50", most="2400"))
    elif not isinstance(value, str) or not value:
        raise _bad(file, place, _("it must be text in quotes"))
    elif key in _CHOICES and value not in _CHOICES[key]:
        raise _bad(file, place, _("it must be one of {choices}").format(choices=", ".join(_CHOICES[key])))


def _bad(file: TomlFile, key: str, reason: str) -> BadValue:
    message = _("{place}: bad value of `{key}`: {reason}")
    return BadValue(message.format(place=file.place(key), key=key, reason=reason))

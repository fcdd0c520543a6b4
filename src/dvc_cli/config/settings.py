"""Settings with their origins: option > environment > project `dvc.toml` > user `config.toml` > default.

Only the language's variable comes after the files (design/decisions.md, "Settings, time, text").
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING

from dvc_cli.config.keys import KEYS, Key, Value
from dvc_cli.config.paths import Paths
from dvc_cli.config.toml_file import BadValue, TomlFile
from dvc_cli.errors import ConfigurationProblem, UsageProblem
from dvc_cli.i18n import _

if TYPE_CHECKING:
    from dvc_cli.config.profiles import Profile
    from dvc_cli.net import NetSettings

USER_FILE = "config.toml"
PROJECT_FILE = "dvc.toml"


class NoProfile(ConfigurationProblem):
    """No profile is chosen; none is ever taken by itself."""

    slug = "no-profile"


class NoSuchSetting(UsageProblem):
    """The command line names a setting that does not exist."""

    slug = "no-such-setting"


class UnfitValue(UsageProblem):
    """The command line gives a setting a value of the wrong kind."""

    slug = "unfit-value"


class NotForProjects(ConfigurationProblem):
    """A project's `dvc.toml` sets something that only the user may set."""

    slug = "not-for-projects"


class OriginKind(Enum):
    """The kind of place a value comes from, weakest first."""

    DEFAULT = "default"
    USER = "user"
    PROJECT = "project"
    ENVIRONMENT = "environment"
    OPTION = "option"


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a value comes from; `detail` is FILE:LINE, the variable's or the option's name."""

    kind: OriginKind
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Setting:
    """A key, its value now and where that comes from."""

    key: Key
    value: Value | None
    origin: Origin


class Settings:
    """All settings of one run (see `load_settings`)."""

    def __init__(self, paths: Paths, found: Mapping[str, Setting]) -> None:
        self._paths = paths
        self._found = found

    def __iter__(self) -> Iterator[Setting]:
        return iter(self._found.values())

    def setting(self, name: str) -> Setting:
        """Value and origin of a key. Raises NoSuchSetting."""
        return self._found[known_key(name).name]

    def value(self, name: str) -> Value | None:
        """The value of a key, None when nothing sets it. Raises NoSuchSetting."""
        return self.setting(name).value

    def origin(self, name: str) -> Origin:
        """Where the value of a key comes from. Raises NoSuchSetting."""
        return self.setting(name).origin

    def text(self, name: str) -> str | None:
        """A text setting."""
        value = self.value(name)
        return None if value is None else str(value)

    def number(self, name: str) -> float:
        """A number setting."""
        value = self.value(name)
        return float(value) if isinstance(value, float) else 0.0

    def flag(self, name: str) -> bool:
        """A yes-or-no setting."""
        return self.value(name) is True

    def network(self, extra_ca: Path | None = None) -> NetSettings:
        """How to reach the network; `extra_ca` is the profile's CA file and comes before `network.ca_file`."""
        from dvc_cli.net import NetSettings

        proxy = self.text("network.proxy")
        ca_file = self.text("network.ca_file")
        return NetSettings(
            connect_timeout=self.number("network.connect_timeout"),
            read_timeout=self.number("network.read_timeout"),
            ca_file=extra_ca or (self._paths.config / Path(ca_file).expanduser() if ca_file else None),
            proxy="" if proxy == "none" else proxy,
        )

    def profile(self, name: str | None = None) -> Profile:
        """The named profile, else the one in use.

        Raises:
            NoProfile: none is named and none is in use.
            NoSuchProfile, BadSettingsFile, UnknownKey, BadValue: it cannot be loaded.
        """
        from dvc_cli.config.profiles import ProfileStore

        wanted = name or self.text("profile")
        if not wanted:
            raise NoProfile(
                _("No profile is chosen"),
                hint=_("Choose one: `dvc-cli profile use NAME`, or give `--profile NAME`; see `dvc-cli profile list`"),
            )
        return ProfileStore(self._paths).load(wanted)


def load_settings(paths: Paths, environ: Mapping[str, str], cwd: Path, overrides: Mapping[str, str]) -> Settings:
    """Read all sources.

    Args:
        paths: the user's folders; `config.toml` in `paths.config`.
        environ: the variables of the table of keys are read; others that begin with `DVC_` belong to other programs.
        cwd: the folder whose `dvc.toml` counts.
        overrides: values of options, by key.

    Raises:
        BadSettingsFile, UnknownKey, BadValue, NotForProjects.
    """
    found = {key.name: Setting(key, key.default, Origin(OriginKind.DEFAULT)) for key in KEYS.values()}
    found |= _from_environment(environ, weak=True)
    for kind, file in (
        (OriginKind.USER, TomlFile(paths.config / USER_FILE)),
        (OriginKind.PROJECT, TomlFile(cwd / PROJECT_FILE)),
    ):
        found |= _from_file(file, kind)
    found |= _from_environment(environ, weak=False)
    for name, text in overrides.items():
        key = known_key(name)
        option = "--" + name.rsplit(".", 1)[-1].replace("_", "-")
        found[key.name] = Setting(key, parse_setting(name, text), Origin(OriginKind.OPTION, option))
    return Settings(paths, found)


def known_key(name: str) -> Key:
    """The row of a key. Raises NoSuchSetting with the one that was perhaps meant."""
    if key := KEYS.get(name):
        return key
    close = get_close_matches(name, KEYS, n=1, cutoff=0.6) or [key for key in KEYS if key.endswith(f".{name}")]
    hint = _("Did you mean `{other}`?").format(other=close[0]) if close else _("See `dvc-cli config list`")
    raise NoSuchSetting(_("There is no setting `{key}`").format(key=name), hint=hint)


def parse_setting(name: str, text: str) -> Value:
    """The value of a key written as text by the user now. Raises NoSuchSetting, UnfitValue."""
    key = known_key(name)
    try:
        return key.parse(text)
    except ValueError as error:
        message = _("`{text}` does not fit `{key}`: {reason}")
        raise UnfitValue(message.format(text=text, key=name, reason=error)) from error


def _from_environment(environ: Mapping[str, str], *, weak: bool) -> dict[str, Setting]:
    found = {}
    for key in KEYS.values():
        if key.env and key.weak_env is weak and (text := environ.get(key.env)):
            try:
                found[key.name] = Setting(key, key.parse(text), Origin(OriginKind.ENVIRONMENT, key.env))
            except ValueError as error:
                raise _bad_value(key.name, key.env, str(error)) from error
    return found


def _from_file(file: TomlFile, kind: OriginKind) -> dict[str, Setting]:
    values = {name: value for name, value in file.flat().items() if value != {} or not _is_table(name)}
    file.refuse_unknown(values, KEYS)
    if kind is OriginKind.PROJECT:
        _refuse_foreign(file, values)
    found = {}
    for name, value in values.items():
        place = file.place(name)
        try:
            found[name] = Setting(KEYS[name], KEYS[name].check(value), Origin(kind, place))
        except ValueError as error:
            raise _bad_value(name, place, str(error)) from error
    return found


def _is_table(name: str) -> bool:
    return any(key.startswith(f"{name}.") for key in KEYS)


def _refuse_foreign(file: TomlFile, names: Mapping[str, object]) -> None:
    text = _("{place}: a project's file may not set `{key}`")
    lines = [text.format(place=file.place(name), key=name) for name in names if not KEYS[name].project]
    if lines:
        allowed = ", ".join(key.name for key in KEYS.values() if key.project)
        raise NotForProjects(
            lines[0],
            details=tuple(lines[1:]),
            hint=_("It may set only {allowed}; put the rest into your own settings: `dvc-cli config set`").format(
                allowed=allowed
            ),
        )


def _bad_value(name: str, place: str, reason: str) -> BadValue:
    return BadValue(_("{place}: bad value of `{key}`: {reason}").format(place=place, key=name, reason=reason))

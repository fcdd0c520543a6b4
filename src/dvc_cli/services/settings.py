"""Showing and changing settings (`dvc-cli config`)."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from dvc_cli.config.keys import KEYS, Value
from dvc_cli.config.paths import Paths
from dvc_cli.config.profiles import ProfileStore
from dvc_cli.config.settings import PROJECT_FILE, USER_FILE, Setting, Settings, known_key, parse_setting
from dvc_cli.config.toml_file import set_value, unset_value


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingRow:
    """A setting as shown; `origin` is default, user, project, environment or option, `place` says where exactly."""

    key: str
    value: Value | None
    origin: str
    place: str
    default: Value | None
    environment: str
    choices: tuple[str, ...]
    in_projects: bool
    help: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingsList:
    """All settings."""

    schema: ClassVar[str] = "dvc.config.settings/1"
    settings: tuple[SettingRow, ...]
    with_origin: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingShown:
    """One setting."""

    schema: ClassVar[str] = "dvc.config.setting/1"
    setting: SettingRow
    with_origin: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingChanged:
    """A change of the user's file; `hidden_by` is the stronger place that still gives another value."""

    schema: ClassVar[str] = "dvc.config.change/1"
    key: str
    value: Value | None
    file: Path
    changed: bool
    hidden_by: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingsPaths:
    """Where everything lives."""

    schema: ClassVar[str] = "dvc.config.paths/1"
    settings_file: Path
    project_file: Path | None
    profiles: Path
    state: Path
    cache: Path
    data: Path


def list_settings(settings: Settings, *, with_origin: bool) -> SettingsList:
    """All settings in the order of the table."""
    return SettingsList(settings=tuple(_row(setting) for setting in settings), with_origin=with_origin)


def show_setting(settings: Settings, key: str, *, with_origin: bool) -> SettingShown:
    """One setting. Raises NoSuchSetting."""
    return SettingShown(setting=_row(settings.setting(key)), with_origin=with_origin)


def change_setting(paths: Paths, settings: Settings, key: str, text: str) -> SettingChanged:
    """Write a setting into the user's file.

    Raises:
        NoSuchSetting, UnfitValue: nothing is written.
        NoSuchProfile: `profile` is set to one that does not exist.
    """
    value = parse_setting(key, text)
    if key == "profile":
        ProfileStore(paths).load(text)
    file = paths.config / USER_FILE
    set_value(file, key, value)
    return SettingChanged(key=key, value=value, file=file, changed=True, hidden_by=_hiding(settings, key))


def remove_setting(paths: Paths, settings: Settings, key: str) -> SettingChanged:
    """Take a setting out of the user's file; its default or another place holds then. Raises NoSuchSetting."""
    known = known_key(key)
    file = paths.config / USER_FILE
    changed = unset_value(file, known.name)
    return SettingChanged(key=known.name, value=None, file=file, changed=changed, hidden_by=_hiding(settings, key))


def settings_paths(paths: Paths, cwd: Path) -> SettingsPaths:
    """The folders and files of this user; the project's file when the folder has one."""
    project = cwd / PROJECT_FILE
    return SettingsPaths(
        settings_file=paths.config / USER_FILE,
        project_file=project if project.is_file() else None,
        profiles=paths.config / "profiles",
        state=paths.state,
        cache=paths.cache,
        data=paths.data,
    )


def setting_names() -> list[str]:
    """All keys, for completion."""
    return list(KEYS)


def _row(setting: Setting) -> SettingRow:
    key = setting.key
    return SettingRow(
        key=key.name,
        value=setting.value,
        origin=setting.origin.kind.value,
        place=setting.origin.detail,
        default=key.default,
        environment=key.env,
        choices=key.choices,
        in_projects=key.project,
        help=key.help,
    )


def _hiding(settings: Settings, key: str) -> str:
    """The place that overrides the user's file for this key, or nothing."""
    origin = settings.origin(key)
    return origin.detail if origin.kind.value in ("project", "environment", "option") else ""

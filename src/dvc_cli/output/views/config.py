"""Views of `dvc-cli config`."""

from __future__ import annotations

from dvc_cli.i18n import _
from dvc_cli.output.view import Block, Column, Line, Page, Record, Table, view
from dvc_cli.services.settings import SettingChanged, SettingRow, SettingShown, SettingsList, SettingsPaths


@view("dvc.config.settings/1")
def settings_list(result: SettingsList) -> Page:
    """A row per setting."""
    columns = [Column(_("Setting"), wrap=False), Column(_("Value"))]
    columns.append(Column(_("Origin")) if result.with_origin else Column(_("Meaning")))
    rows = tuple(
        (row.key, _shown(row.value), _origin(row) if result.with_origin else _(row.help)) for row in result.settings
    )
    steps = () if result.with_origin else ("dvc-cli config list --origin",)
    return Page(blocks=(Table(columns=tuple(columns), rows=rows),), next_steps=steps)


@view("dvc.config.setting/1")
def setting(result: SettingShown) -> Page:
    """The bare value, so that a script can take it; with its origin when asked."""
    row = result.setting
    if not result.with_origin:
        return Page(blocks=(Line(_shown(row.value)),))
    return Page(blocks=(Record(((row.key, _shown(row.value) or "-"), (_("Origin"), _origin(row)))),))


@view("dvc.config.change/1")
def change(result: SettingChanged) -> Page:
    """What was written where, and whether something hides it."""
    blocks: list[Block] = [Line(_sentence(result), "good" if result.changed else "dim")]
    if result.hidden_by:
        text = _("{place} still gives another value, which comes first")
        blocks.append(Line(text.format(place=result.hidden_by), "warn"))
    return Page(blocks=tuple(blocks))


@view("dvc.config.paths/1")
def paths(result: SettingsPaths) -> Page:
    """Where everything lives."""
    pairs = (
        (_("Settings"), str(result.settings_file)),
        (_("Project's settings"), str(result.project_file or "")),
        (_("Profiles"), str(result.profiles)),
        (_("Journal and receipts"), str(result.state)),
        (_("Cache"), str(result.cache)),
        (_("Data"), str(result.data)),
    )
    return Page(blocks=(Record(pairs),))


def _sentence(result: SettingChanged) -> str:
    if not result.changed:
        return _("`{key}` was not set in `{file}`").format(key=result.key, file=result.file)
    if result.value is None:
        return _("`{key}` is no longer set in `{file}`").format(key=result.key, file=result.file)
    text = _("`{key}` is now `{value}` in `{file}`")
    return text.format(key=result.key, value=_shown(result.value), file=result.file)


def _origin(row: SettingRow) -> str:
    words = {
        "default": _("default"),
        "user": _("own settings"),
        "project": _("project"),
        "environment": _("environment"),
        "option": _("option"),
    }
    return f"{words[row.origin]}: {row.place}" if row.place else words[row.origin]


def _shown(value: str | float | bool | None) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return f"{value:g}"
    return value or ""

"""Switches of the portal for drills and profiles; set through the sandbox's admin API only."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields, replace

from dvc_sandbox.environment import Environment

BURN_MODES = ("before", "with", "after")


@dataclass(frozen=True, slots=True)
class PortalSettings:
    """How the portal behaves.

    ``burn``: when a confirmation's token dies, relative to the commit. ``commit_failures``: so many coming
    confirmations fail with 500 before the commit (after the burn in mode ``before``). ``late_commits``: so many answer
    504 and take effect ``late_seconds`` later. ``levels``: levels of administrative units, 2 or 3.
    """

    burn: str = "with"
    commit_failures: int = 0
    late_commits: int = 0
    late_seconds: int = 120
    levels: int = 2
    session_minutes: int = 30
    lock_minutes: int = 15
    captcha_minutes: int = 5


def load(environment: Environment) -> PortalSettings:
    """Read the settings in force."""
    stored = {row["name"]: row["value"] for row in environment.database.read("SELECT name, value FROM portal_setting")}
    kinds = asdict(PortalSettings())
    return PortalSettings(**{name: type(kinds[name])(value) for name, value in stored.items() if name in kinds})


def change(environment: Environment, **values: object) -> PortalSettings:
    """Change some settings and return all; raises ``ValueError`` for an unknown name or value."""
    known = {field.name for field in fields(PortalSettings)}
    if unknown := set(values) - known:
        raise ValueError(f"unknown portal setting: {', '.join(sorted(unknown))}")
    kinds = asdict(PortalSettings())
    typed = {name: type(kinds[name])(value) for name, value in values.items()}
    wanted = replace(load(environment), **typed)
    if wanted.burn not in BURN_MODES or wanted.levels not in {2, 3}:
        raise ValueError("burn is before, with or after; levels is 2 or 3")
    with environment.database.write() as connection:
        connection.executemany(
            "INSERT INTO portal_setting (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
            [(name, str(value)) for name, value in typed.items()],
        )
    return wanted


def take(environment: Environment, name: str) -> bool:
    """Use up one of a counted drill (``commit_failures``, ``late_commits``); False when none is left."""
    with environment.database.write() as connection:
        cursor = connection.execute(
            "UPDATE portal_setting SET value = CAST(value AS INTEGER) - 1 WHERE name = ? AND CAST(value AS INTEGER) > 0",
            (name,),
        )
        return cursor.rowcount == 1

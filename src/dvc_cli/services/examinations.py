"""What `doctor` looks at, wired to the real settings, keyring, tokens and portal."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from dvc_cli.config.profiles import Profile
from dvc_cli.config.settings import Settings
from dvc_cli.errors import DvcError
from dvc_cli.i18n import _
from dvc_cli.net import HttpClient
from dvc_cli.services import diagnose as look


def examinations(
    *,
    state: Path,
    settings: Callable[[], Settings],
    profile: Callable[[], Profile],
    http: Callable[[str], HttpClient],
    environ: Mapping[str, str],
) -> list[tuple[str, str, look.Examination]]:
    """Slug, title and function of every check; nothing is looked at yet.

    Args:
        state: the state folder.
        settings, profile: give them or raise what is wrong with them.
        http: a client for one origin.
        environ: the environment.
    """
    checks: list[tuple[str, str, look.Examination]] = [
        ("system", _("System"), look.examine_system),
        ("storage", _("Storage"), lambda: look.examine_folder(state)),
        ("settings", _("Settings"), lambda: look.examine_settings(settings)),
        ("profile", _("Profile"), lambda: look.examine_profile(lambda: _name_and_address(profile()))),
        ("keyring", _("Keyring"), lambda: look.examine_keyring(lambda: _keyring_name(settings()))),
        ("tokens", _("USB token"), lambda: look.examine_tokens(lambda: _token_modules(environ))),
        ("programs", _("Programs"), look.examine_programs),
        ("sandbox", "sandbox", look.examine_sandbox),
        ("environment", _("Environment"), lambda: look.examine_environment(environ)),
    ]
    if url := _portal_address(profile):
        checks.append(("portal", _("Portal"), lambda: look.examine_portal(lambda: _status_of(http(url)))))
    return checks


def _name_and_address(profile: Profile) -> tuple[str, str]:
    return profile.name, profile.portal_url


def _portal_address(profile: Callable[[], Profile]) -> str:
    try:
        return profile().portal_url
    except DvcError:
        return ""


def _status_of(client: HttpClient) -> int:
    try:
        return client.get("/").status
    finally:
        client.close()


def _keyring_name(settings: Settings) -> str | None:
    from dvc_cli.config.keyring_door import KeyringDoor, KeyringUnusable

    door = KeyringDoor(settings.number("credentials.keyring_timeout"))
    try:
        door.probe()
        return door.name()
    except KeyringUnusable:
        return None


def _token_modules(environ: Mapping[str, str]) -> list[tuple[str, str, str]]:
    from dvc_cli.sign.token.search import describe_token, try_modules

    return [
        (str(trial.candidate.path), ", ".join(map(describe_token, trial.tokens)), trial.problem or "")
        for trial in try_modules(None, environ)
    ]

"""The language setting, read before anything else is imported; nothing here may be slow or fail."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path


def language_setting(environ: Mapping[str, str]) -> str | None:
    """`output.language` of the project's or the user's settings, None when there is none or no file can be read.

    A broken file is reported later, by the command that needs the settings.
    """
    from dvc_cli.config.paths import default_paths

    return _language_in(Path("dvc.toml")) or _language_in(default_paths(environ).config / "config.toml")


def _language_in(path: Path) -> str | None:
    try:
        content = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return None
    import tomllib

    try:
        value = tomllib.loads(content).get("output", {}).get("language")
    except (tomllib.TOMLDecodeError, AttributeError):
        return None
    return value if isinstance(value, str) else None

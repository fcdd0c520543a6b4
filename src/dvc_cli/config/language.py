"""The language setting, read before anything else is imported; nothing here may be slow or fail."""

from __future__ import annotations

from collections.abc import Mapping


def language_setting(environ: Mapping[str, str]) -> str | None:
    """`output.language` of the user's settings, or None when there is none or the file cannot be read.

    A broken file is reported later, by the command that needs the settings.
    """
    from dvc_cli.config.paths import default_paths

    try:
        content = (default_paths(environ).config / "config.toml").read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return None
    import tomllib

    try:
        value = tomllib.loads(content).get("output", {}).get("language")
    except (tomllib.TOMLDecodeError, AttributeError):
        return None
    return value if isinstance(value, str) else None

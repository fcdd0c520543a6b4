"""Folders of this user (platformdirs); `DVC_HOME` puts all of them under one folder."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Paths:
    """Where settings, durable state, caches and data of this user live. None of them need exist yet."""

    config: Path
    state: Path
    cache: Path
    data: Path


def default_paths(environ: Mapping[str, str]) -> Paths:
    """The folders for this run: below `DVC_HOME` when that is set (tests, portable use), else the system's places."""
    if home := environ.get("DVC_HOME"):
        root = Path(home).expanduser().absolute()
        return Paths(root / "config", root / "state", root / "cache", root / "data")
    from platformdirs import PlatformDirs

    dirs = PlatformDirs("dvc-cli", appauthor=False)
    return Paths(
        Path(dirs.user_config_dir), Path(dirs.user_state_dir), Path(dirs.user_cache_dir), Path(dirs.user_data_dir)
    )

"""Finding a file by a name that may be written in another Unicode form (macOS stores NFD, people type NFC)."""

from __future__ import annotations

import unicodedata
from pathlib import Path


def find_file(folder: Path, name: str) -> Path | None:
    """The file `name` (relative to `folder` unless absolute), its parts compared in NFC; None when there is none."""
    path = (folder / Path(name).expanduser()).absolute()
    if path.is_file():
        return path
    found = Path(path.anchor)
    for part in path.parts[1:]:
        step = found / part
        if part != ".." and not step.exists():
            match = _entry(found, part)
            if match is None:
                return None
            step = match
        found = step
    return found if found.is_file() else None


def _entry(folder: Path, name: str) -> Path | None:
    wanted = unicodedata.normalize("NFC", name)
    try:
        return next((item for item in folder.iterdir() if unicodedata.normalize("NFC", item.name) == wanted), None)
    except OSError:
        return None

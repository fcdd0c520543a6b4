"""Names that a server, a manifest or an archive gives are never paths (design/security.md)."""

from __future__ import annotations

import re
import unicodedata
from pathlib import Path

MAX_BYTES = 200
_FORBIDDEN = re.compile(r'[<>:"|?*]')
_RESERVED = re.compile(r"(con|prn|aux|nul|conin\$|conout\$|com[0-9¹²³]|lpt[0-9¹²³])(\..*)?", re.IGNORECASE)
_INVISIBLE = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})


def safe_file_name(given: str, fallback: str = "file") -> str:
    """A name fit for a file on every system, made from one that a stranger gave.

    Folders, drive letters, control and direction characters, reserved Windows names, leading and trailing dots and spaces go;
    the text is NFC and at most 200 bytes of UTF-8, its extension kept.
    """
    last = re.split(r"[/\\]", unicodedata.normalize("NFC", given))[-1]
    visible = "".join(char for char in last if unicodedata.category(char) not in _INVISIBLE)
    name = _FORBIDDEN.sub("_", visible).strip(" .")
    if not name:
        name = fallback
    if name.startswith("-") or _RESERVED.fullmatch(name):
        name = f"_{name}"
    return _shortened(name)


def _shortened(name: str) -> str:
    if len(name.encode()) <= MAX_BYTES:
        return name
    stem, dot, extension = name.rpartition(".")
    if not dot or len(extension.encode()) > 16:
        stem, dot, extension = name, "", ""
    room = MAX_BYTES - len(f"{dot}{extension}".encode())
    return stem.encode()[:room].decode("utf-8", "ignore").rstrip(" .") + dot + extension


def inside(folder: Path, given: str, fallback: str = "file") -> Path:
    """The path of `given` directly in `folder`; raises ValueError should it ever lie elsewhere."""
    path = folder / safe_file_name(given, fallback)
    if path.parent != folder:
        raise ValueError(given)
    return path

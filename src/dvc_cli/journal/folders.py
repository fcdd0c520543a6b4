"""Folders a journal must not lie in: network disks and folders that a service synchronises (decisions.md, Journal)."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path, PurePath

from dvc_cli.i18n import _
from dvc_cli.journal.base import UnsuitableFolder

_NETWORK_TYPES = frozenset(
    {
        "nfs",
        "nfs4",
        "cifs",
        "smb3",
        "smbfs",
        "afpfs",
        "davfs",
        "webdav",
        "ncpfs",
        "coda",
        "afs",
        "lustre",
        "ceph",
        "beegfs",
    }
)
_NETWORK_FUSE = re.compile(
    r"(fuse\.)?(sshfs|rclone|davfs2?|glusterfs|gvfsd-fuse|s3fs|ceph-fuse|onedriver|smbnetfs|curlftpfs)"
)
_SYNCED = re.compile(
    r"dropbox.*|onedrive.*|google ?drive.*|googledrive-.*|my drive|nextcloud|owncloud|icloud ?drive|mobile documents"
    r"|cloudstorage|syncthing",
    re.IGNORECASE,
)
_OCTAL = re.compile(r"\\([0-7]{3})")
_DRIVE_REMOTE = 4


def require_local(folder: Path, *, type_of: Callable[[Path], str] | None = None) -> None:
    """Refuse a folder where locks or fsync cannot be trusted.

    Args:
        folder: the state folder; need not exist yet.
        type_of: names the file system type of a path; for tests.

    Raises:
        UnsuitableFolder: with the reason and what to do.
    """
    resolved = folder.resolve()
    kind = (type_of or file_system_type)(resolved)
    if kind in _NETWORK_TYPES or _NETWORK_FUSE.fullmatch(kind):
        raise _unsuitable(_("The state folder `{path}` lies on a network disk ({kind})").format(path=folder, kind=kind))
    if name := synced_part(resolved):
        message = _("The state folder `{path}` lies in a synchronised folder ({name})")
        raise _unsuitable(message.format(path=folder, name=name))


def _unsuitable(message: str) -> UnsuitableFolder:
    return UnsuitableFolder(message, hint=_("Set `DVC_HOME` to a folder on a disk of this computer"))


def synced_part(path: PurePath) -> str:
    """The part of `path` that names a synchronising service, or nothing."""
    return next((part for part in path.parts if _SYNCED.fullmatch(part)), "")


def file_system_type(path: Path) -> str:
    """The type of the file system that `path` lies on, lower-case; nothing when it cannot be told."""
    try:
        if sys.platform == "win32":
            return _windows_type(path)
        if sys.platform == "darwin":
            listing = subprocess.run(["/sbin/mount"], capture_output=True, text=True, timeout=5, check=False).stdout
            return _longest(path, _mounts_of_mount(listing))
        return _longest(path, _mounts_of_mountinfo(Path("/proc/self/mountinfo").read_text(encoding="utf-8")))
    except (OSError, subprocess.SubprocessError, ValueError):
        return ""


def _windows_type(path: Path) -> str:
    import ctypes

    if path.drive.startswith("\\\\"):
        return "smbfs"
    kernel = getattr(ctypes, "windll").kernel32  # noqa: B009 - the attribute exists on Windows only
    return "smbfs" if kernel.GetDriveTypeW(path.anchor) == _DRIVE_REMOTE else "local"


def _mounts_of_mountinfo(text: str) -> dict[str, str]:
    """Mount point → type, from the format of proc(5)."""
    mounts = {}
    for line in text.splitlines():
        fields, _separator, tail = line.partition(" - ")
        point = _OCTAL.sub(lambda match: chr(int(match.group(1), 8)), fields.split(" ")[4])
        mounts[point] = tail.split(" ")[0].lower()
    return mounts


def _mounts_of_mount(text: str) -> dict[str, str]:
    """Mount point → type, from `mount` on macOS: `//x@host/share on /Volumes/share (smbfs, nodev)`."""
    found = re.findall(r"^.* on (.+) \((\w+)[,)]", text, re.MULTILINE)
    return {point: kind.lower() for point, kind in found}


def _longest(path: Path, mounts: Mapping[str, str]) -> str:
    text = os.fspath(path)
    inside = [point for point in mounts if text == point or text.startswith(point.rstrip("/") + "/")]
    return mounts[max(inside, key=len)] if inside else ""

"""Writes that are whole or not there: temporary file, fsync, rename, fsync of the folder (design/style.md, principle 10)."""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import stat
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from dvc_cli.errors import InvalidInput, StorageProblem
from dvc_cli.i18n import _

_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG} if hasattr(errno, "EDQUOT") else {errno.ENOSPC, errno.EFBIG}
_NO_FOLDER = {errno.ENOENT, errno.ENOTDIR}
_NO_LINKS = {errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.EMLINK, errno.ENOSYS, errno.EXDEV}
_NO_FOLDER_SYNC = {errno.EINVAL, errno.ENOTSUP, errno.EACCES, errno.EBADF, errno.EIO}
_WINDOWS_ATTEMPTS = 10


class OutputExists(InvalidInput):
    """The output file exists already and was not overwritten."""

    slug = "output-exists"


class UnsafeOutput(InvalidInput):
    """The output path is a link, a folder or a device, so nothing was written through it."""

    slug = "unsafe-output"


class NoSuchFolder(InvalidInput):
    """The folder that a file should be written into does not exist."""

    slug = "no-such-folder"


class StorageFull(StorageProblem):
    """The disk or the quota is full."""

    slug = "storage-full"


class StorageRefused(StorageProblem):
    """The file system refused the write (read-only, no permission, damaged)."""

    slug = "storage-refused"


def write_atomically(path: Path, data: bytes | Iterable[bytes], mode: int = 0o600, overwrite: bool = False) -> int:
    """Write `data` to `path` so that the file is whole or not there; returns the number of bytes.

    Args:
        path: the file; never followed when it is a symbolic link.
        data: the content, or its pieces in order (they may be read while writing).
        mode: POSIX permission bits of the new file (ignored on Windows, where the folder's rights hold).
        overwrite: replace an existing regular file.

    Raises:
        OutputExists, UnsafeOutput, NoSuchFolder: exit code 10.
        StorageFull, StorageRefused: exit code 14.
    """
    count = 0
    with atomic_file(path, mode, overwrite) as file:
        for piece in (data,) if isinstance(data, bytes) else data:
            count += len(piece)
            file.write(piece)
    return count


@contextmanager
def atomic_file(path: Path, mode: int = 0o600, overwrite: bool = False) -> Iterator[BinaryIO]:
    """A binary file (readable, seekable) that takes the name `path` when the block ends well and vanishes when it does not.

    Arguments and errors as `write_atomically`.
    """
    check_output(path, overwrite=overwrite)
    temporary = path.parent / f".{secrets.token_hex(8)}.dvc-tmp"
    with _translated(path):
        file = _create(temporary)
    try:
        with _translated(path, writing=True), file:
            yield file
            file.flush()
            os.fsync(file.fileno())
            if sys.platform != "win32":
                os.fchmod(file.fileno(), mode)
        with _translated(path):
            _publish(temporary, path, overwrite)
            sync_folder(path.parent)
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)


def check_output(path: Path, *, overwrite: bool = False) -> None:
    """Say now what would stop a later write to `path`; call it for every output before the first side effect.

    Raises: as `write_atomically`.
    """
    with _translated(path):
        if not path.parent.is_dir():
            raise FileNotFoundError(errno.ENOENT, "", str(path.parent))
        try:
            found = path.lstat()
        except FileNotFoundError:
            return
    if not stat.S_ISREG(found.st_mode):
        message = _("`{path}` is a link, a folder or a device; nothing was written")
        raise UnsafeOutput(message.format(path=path), hint=_("Give the path of an ordinary file"))
    if not overwrite:
        raise _exists(path)


def make_private_folder(path: Path) -> None:
    """Create `path` and its missing parents, readable by the owner only (0700).

    Raises: StorageFull, StorageRefused, NoSuchFolder (a parent is a file).
    """
    with _translated(path):
        missing = [folder for folder in (path, *path.parents) if not folder.exists()]
        for folder in reversed(missing):
            folder.mkdir(mode=0o700, exist_ok=True)
        if not path.is_dir():
            raise NotADirectoryError(errno.ENOTDIR, "", str(path))


def sync_folder(folder: Path) -> None:
    """Make the names in `folder` durable; nothing to do where folders cannot be opened (Windows)."""
    if sys.platform == "win32":
        return
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    except OSError as error:
        if error.errno not in _NO_FOLDER_SYNC:
            raise
    finally:
        os.close(handle)


def storage_problem(error: OSError, path: Path) -> StorageProblem | InvalidInput:
    """The error of this module that tells what `error` means for a write to `path`."""
    if error.errno in _FULL:
        return StorageFull(
            _("No space left to write `{path}`").format(path=path),
            hint=_("Free some space on the disk, then run the same command again"),
        )
    if error.errno in _NO_FOLDER:
        return NoSuchFolder(
            _("The folder of `{path}` does not exist").format(path=path),
            hint=_("Create the folder or give another path"),
        )
    return StorageRefused(
        _("`{path}` cannot be written: {reason}").format(path=path, reason=reason_of(error)),
        hint=_("Check that the disk is not read-only and that you may write there"),
    )


def reason_of(error: OSError) -> str:
    """Why a file cannot be used, in the user's language where the system's word is a common one."""
    match error.errno:
        case errno.ENOENT | errno.ENOTDIR:
            return _("there is no such file")
        case errno.EACCES | errno.EPERM:
            return _("no permission")
        case errno.EISDIR:
            return _("it is a folder")
        case errno.EROFS:
            return _("the disk is read-only")
        case _:
            return error.strerror or type(error).__name__


@contextmanager
def _translated(path: Path, *, writing: bool = False) -> Iterator[None]:
    try:
        yield
    except FileExistsError as error:
        raise _exists(path) from error
    except OSError as error:
        if writing and error.filename is not None:
            raise  # writing to a descriptor names no file: this one is the caller's own, about another file
        raise storage_problem(error, path) from error


def _exists(path: Path) -> OutputExists:
    return OutputExists(
        _("`{path}` exists already").format(path=path), hint=_("Choose another name, or overwrite it with `--force`")
    )


def _create(temporary: Path) -> BinaryIO:
    flags = os.O_RDWR | os.O_CREAT | os.O_EXCL
    for name in ("O_NOFOLLOW", "O_CLOEXEC", "O_BINARY"):
        flags |= getattr(os, name, 0)
    return os.fdopen(os.open(temporary, flags, 0o600), "w+b")


def _publish(temporary: Path, path: Path, overwrite: bool) -> None:
    if overwrite:
        _patiently(lambda: temporary.replace(path))
    elif sys.platform == "win32":
        _patiently(lambda: temporary.rename(path))  # Windows refuses an existing name by itself
    else:
        _link(temporary, path)


def _link(temporary: Path, path: Path) -> None:
    """Rename without replacing: a hard link fails when the name exists."""
    try:
        os.link(temporary, path, follow_symlinks=False)
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        # No hard links here (exFAT, some network disks): claim the name first, then rename over our own claim.
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600))
        temporary.replace(path)


def _patiently(rename: Callable[[], object]) -> None:
    """Windows: virus scanners hold new files for a moment."""
    attempts = _WINDOWS_ATTEMPTS if os.name == "nt" else 1
    for left in range(attempts - 1, -1, -1):
        try:
            rename()
        except PermissionError:
            if left == 0:
                raise
            time.sleep(0.1)
        else:
            return

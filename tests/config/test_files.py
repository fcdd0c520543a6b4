"""Writes are whole or not there, never through a link, and disk trouble has its own exit code."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from dvc_cli.errors import ExitCode
from dvc_cli.files import (
    NoSuchFolder,
    OutputExists,
    UnsafeOutput,
    check_output,
    make_private_folder,
    write_atomically,
)

posix = pytest.mark.skipif(os.name == "nt", reason="POSIX permissions")


def test_writes_and_replaces(tmp_path: Path) -> None:
    path = tmp_path / "đơn.pdf"
    assert write_atomically(path, b"one") == 3
    assert write_atomically(path, iter([b"t", b"wo!"]), overwrite=True) == 4
    assert path.read_bytes() == b"two!"
    assert list(tmp_path.iterdir()) == [path]


@posix
def test_modes(tmp_path: Path) -> None:
    write_atomically(tmp_path / "private", b"")
    write_atomically(tmp_path / "open", b"", mode=0o644)
    write_atomically(tmp_path / "open", b"", overwrite=True)
    make_private_folder(tmp_path / "a" / "b")
    modes = [(tmp_path / name).stat().st_mode & 0o777 for name in ("private", "open", "a", "a/b")]
    assert modes == [0o600, 0o600, 0o700, 0o700]


def test_existing_files_stay(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_bytes(b"mine")
    with pytest.raises(OutputExists) as raised:
        write_atomically(path, b"other")
    assert raised.value.exit_code is ExitCode.INVALID_INPUT
    assert path.read_bytes() == b"mine"


def test_a_file_that_appears_while_writing_stays(tmp_path: Path) -> None:
    path = tmp_path / "x"

    def pieces():
        yield b"ours"
        path.write_bytes(b"theirs")

    with pytest.raises(OutputExists):
        write_atomically(path, pieces())
    assert path.read_bytes() == b"theirs"
    assert list(tmp_path.iterdir()) == [path]


def test_only_one_of_many_writers_wins(tmp_path: Path) -> None:
    path = tmp_path / "x"
    results: list[str] = []

    def write(number: int) -> None:
        try:
            write_atomically(path, str(number).encode() * 1000)
            results.append("won")
        except OutputExists:
            results.append("lost")

    threads = [threading.Thread(target=write, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(results) == ["lost"] * 7 + ["won"]
    assert len(set(path.read_bytes())) == 1


@posix
def test_links_folders_and_devices_are_refused(tmp_path: Path) -> None:
    target = tmp_path / "target"
    target.write_bytes(b"mine")
    (tmp_path / "link").symlink_to(target)
    (tmp_path / "dangling").symlink_to(tmp_path / "nowhere")
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "link", tmp_path / "dangling", tmp_path, tmp_path / "pipe", Path("/dev/null")):
        for overwrite in (False, True):
            with pytest.raises(UnsafeOutput):
                write_atomically(path, b"through", overwrite=overwrite)
    assert target.read_bytes() == b"mine"
    assert not (tmp_path / "nowhere").exists()


def test_a_failure_leaves_nothing(tmp_path: Path) -> None:
    old = tmp_path / "old"
    old.write_bytes(b"old")

    def broken():
        yield b"begun"
        raise RuntimeError("source failed")

    for path in (tmp_path / "new", old):
        with pytest.raises(RuntimeError, match="source failed"):
            write_atomically(path, broken(), overwrite=True)
    assert old.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [old]


def test_the_callers_own_errors_are_not_blamed_on_the_output(tmp_path: Path) -> None:
    def reading():
        yield (tmp_path / "missing source").read_bytes()

    with pytest.raises(FileNotFoundError, match="missing source"):
        write_atomically(tmp_path / "out", reading())


def test_missing_folders(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    for path in (tmp_path / "no" / "x", tmp_path / "file" / "x"):
        with pytest.raises(NoSuchFolder):
            write_atomically(path, b"")
        with pytest.raises(NoSuchFolder):
            check_output(path)
    with pytest.raises(NoSuchFolder):
        make_private_folder(tmp_path / "file" / "below")


def in_small_disk(code: str) -> subprocess.CompletedProcess[str]:
    """Run Python in a mount namespace with a 64 kB disk and a read-only one; skips where namespaces are not allowed."""
    script = (
        "set -e; full=$(mktemp -d); ro=$(mktemp -d); mount -t tmpfs -o size=64k none $full; "
        "mount -t tmpfs -o ro none $ro; export FULL=$full RO=$ro; "
        f'"{sys.executable}" -c "$CODE"; umount $full $ro; rmdir $full $ro'
    )
    command = ["unshare", "--mount", "--map-root-user", "sh", "-c", script]
    return subprocess.run(command, env={**os.environ, "CODE": code}, capture_output=True, text=True)


def test_full_and_read_only_disks_have_their_exit_code() -> None:
    code = """
import os
from pathlib import Path
from dvc_cli.files import write_atomically
from dvc_cli.errors import DvcError
full, ro = Path(os.environ["FULL"]), Path(os.environ["RO"])
(full / "old").write_bytes(b"old")
for path in (full / "new", full / "old", ro / "x"):
    try:
        write_atomically(path, (bytes(4096) for _ in range(100)), overwrite=True)
    except DvcError as error:
        print(error.slug, int(error.exit_code))
print(sorted(p.name for p in full.iterdir()), (full / "old").read_bytes())
"""
    done = in_small_disk(code)
    if "unshare" in done.stderr or "mount" in done.stderr:
        pytest.skip("mount namespaces are not allowed here")
    assert done.stdout.splitlines() == [
        "storage-full 14",
        "storage-full 14",
        "storage-refused 14",
        "['old'] b'old'",
    ], done.stderr


def test_full_device_is_storage_full(tmp_path: Path) -> None:
    """A quota (RLIMIT_FSIZE) instead of a small disk: works without namespaces."""
    code = """
import resource, signal, sys
from pathlib import Path
from dvc_cli.files import StorageFull, write_atomically
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
try:
    write_atomically(Path(sys.argv[1]) / "x", bytes(5000))
except StorageFull as error:
    print(int(error.exit_code))
"""
    done = subprocess.run([sys.executable, "-c", code, tmp_path], capture_output=True, text=True, check=True)
    assert done.stdout == "14\n"
    assert list(tmp_path.iterdir()) == []


def test_a_killed_writer_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_bytes(b"old")
    code = """
import os, signal, sys
from pathlib import Path
from dvc_cli.files import atomic_file
with atomic_file(Path(sys.argv[1]), overwrite=True) as file:
    file.write(b"new" * 100000)
    file.flush()
    os.kill(os.getpid(), signal.SIGKILL)
"""
    subprocess.run([sys.executable, "-c", code, path])
    assert path.read_bytes() == b"old"

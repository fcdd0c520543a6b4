"""Starting, finding and stopping sandboxes that run in processes of their own."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from dvc_sandbox.control import (
    Options,
    Ports,
    SandboxError,
    reset,
    start_detached,
    start_thread,
    status,
    stop,
    wait_healthy,
)
from dvc_sandbox.folder import StateFolder
from tests.sandbox.core.wire import request

posix = pytest.mark.skipif(os.name == "nt", reason="POSIX signals")


@pytest.fixture
def state(tmp_path: Path) -> Iterator[Path]:
    """A folder whose sandbox, if any, is stopped afterwards."""
    folder = tmp_path / "s"
    yield folder
    if folder.exists():
        stop(folder, timeout=4)


def is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def wait_gone(pid: int) -> bool:
    deadline = time.monotonic() + 5
    while is_running(pid) and time.monotonic() < deadline:
        time.sleep(0.02)
    return not is_running(pid)


def slug_of(options: Options) -> str:
    with pytest.raises(SandboxError) as refused:
        start_detached(options, timeout=20)
    return refused.value.slug


def test_a_detached_sandbox_lives_until_it_is_stopped(state: Path) -> None:
    assert status(state) is None
    began = time.monotonic()
    running = start_detached(Options(state))
    assert time.monotonic() - began < 8  # fresh keys and data; about 2 s on an idle machine
    wait_healthy(running, timeout=1)
    assert running.pid != os.getpid()
    assert status(state) == running
    assert json.loads((state / "sandbox.json").read_text("utf-8"))["sandbox"] is True
    assert slug_of(Options(state)) == "state-in-use"
    assert stop(state) is True
    assert wait_gone(running.pid)
    assert status(state) is None
    assert stop(state) is False
    assert not (state / "sandbox.json").exists()


@posix
def test_a_killed_sandbox_leaves_a_file_that_fools_nobody(state: Path) -> None:
    running = start_detached(Options(state))
    os.kill(running.pid, signal.SIGKILL)
    assert wait_gone(running.pid)
    assert StateFolder(state).announced() == running
    assert status(state) is None
    # Its number now belongs to a stranger, who must not be touched.
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as stranger:
        content = json.loads((state / "sandbox.json").read_text("utf-8"))
        (state / "sandbox.json").write_text(json.dumps({**content, "pid": stranger.pid}), "utf-8")
        assert status(state) is None
        assert stop(state) is False
        assert stranger.poll() is None
        again = start_detached(Options(state))
        assert again.urls == running.urls
        assert stop(state) is True
        assert stranger.poll() is None
        stranger.communicate(b"\n")


@posix
def test_a_sandbox_that_hangs_is_killed(state: Path) -> None:
    running = start_detached(Options(state))
    os.kill(running.pid, signal.SIGSTOP)
    assert stop(state, timeout=2) is True
    assert wait_gone(running.pid)


@posix
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_in_the_foreground_it_ends_on_a_signal(state: Path, number: int) -> None:
    command = [sys.executable, "-m", "dvc_sandbox", "--state", str(state)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, encoding="utf-8") as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "THỬ NGHIỆM / SANDBOX\n"
        line = process.stdout.readline()
        assert line.startswith("portal   http://127.0.0.1:")
        assert request(line.split()[1], "/health").status == 200
        process.send_signal(number)
        process.communicate(timeout=10)
    assert process.returncode == 0
    assert "GET /health HTTP/1.1" in (state / "log" / "sandbox.log").read_text("utf-8")
    assert status(state) is None


def test_fixed_ports_are_taken_or_refused(state: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert slug_of(Options(state, ports=Ports(portal=port))) == "port-in-use"
    with start_thread(Options(state, ports=Ports(portal=port))) as running:
        assert urlsplit(running.urls.portal).port == port


def test_a_strangers_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "letters.txt").write_text("mine", "utf-8")
    mode = tmp_path.stat().st_mode
    assert slug_of(Options(tmp_path)) == "state-foreign"
    assert [path.name for path in tmp_path.iterdir()] == ["letters.txt"]
    assert tmp_path.stat().st_mode == mode
    with pytest.raises(SandboxError) as refused:
        reset(tmp_path)
    assert refused.value.slug == "state-missing"


def test_a_folder_keeps_its_seed(state: Path) -> None:
    with start_thread(Options(state, seed=7)):
        pass
    with start_thread(Options(state)):
        assert json.loads((state / "sandbox.json").read_text("utf-8"))["seed"] == 7
    assert slug_of(Options(state, seed=8)) == "seed-differs"


def test_a_later_versions_folder_is_refused(state: Path) -> None:
    with start_thread(Options(state)):
        pass
    memory = json.loads((state / "state.json").read_text("utf-8"))
    (state / "state.json").write_text(json.dumps({**memory, "schema": 99}), "utf-8")
    assert slug_of(Options(state)) == "state-newer"


def test_an_address_of_another_machine_cannot_be_listened_on(state: Path) -> None:
    assert slug_of(Options(state, listen="192.0.2.1", allow_hosts=("x",))) == "listen-failed"


def test_a_reset_of_a_stopped_sandbox_keeps_its_keys(state: Path) -> None:
    with start_thread(Options(state)):
        kept = (state / "pki/certs/citizen.pem").read_bytes()
    reset(state)
    assert not list(state.glob("*.sqlite3*"))
    with start_thread(Options(state)):
        assert (state / "pki/certs/citizen.pem").read_bytes() == kept
        assert (state / "sandbox.sqlite3").stat().st_size > 0


def test_a_sandbox_in_a_thread_is_found_and_stopped_like_any_other(state: Path) -> None:
    with start_thread(Options(state)) as running:
        assert status(state) == running
        assert running.pid == os.getpid()
        with pytest.raises(SandboxError) as refused, start_thread(Options(state)):
            pass
        assert refused.value.slug == "state-in-use"

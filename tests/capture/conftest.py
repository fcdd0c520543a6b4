"""Scanners that are not there: SANE's own `test` and `pnm` devices, and an eSCL device on the loopback address."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from dvc_cli.net import NetSettings
from dvc_cli.net.client import open_client
from dvc_cli.scan.escl import EsclScanner, parse_address
from dvc_cli.testing.talk import PreparedTalk
from dvc_sandbox.demo.scans import FIRST_PAGE, SECOND_PAGE, page
from dvc_sandbox.scanner.device import Device, loaded
from dvc_sandbox.scanner.escl import serving


class QuickClock:
    """Real enough for waits, but nobody waits."""

    def __init__(self) -> None:
        self.time = 0.0

    def now(self):
        raise NotImplementedError

    def monotonic(self) -> float:
        return self.time

    def sleep(self, seconds: float) -> None:
        self.time += seconds


@pytest.fixture(scope="session")
def sheets(tmp_path_factory) -> list[Path]:
    """Two pages in Vietnamese, as picture files."""
    folder = tmp_path_factory.mktemp("sheets")
    paths = []
    for number, words in enumerate((FIRST_PAGE, SECOND_PAGE), 1):
        paths.append(folder / f"trang-{number}.png")
        page(words).resize((827, 1170)).save(paths[-1])
    return paths


@pytest.fixture
def device(sheets) -> Device:
    return loaded([path.read_bytes() for path in sheets])


@pytest.fixture
def served(device) -> Iterator[str]:
    """The name of the eSCL device for `--device`."""
    with serving(device) as port:
        yield f"escl:127.0.0.1:{port}"


@pytest.fixture
def clock() -> QuickClock:
    return QuickClock()


@pytest.fixture
def escl(served, clock) -> Iterator[EsclScanner]:
    with ExitStack() as stack:
        client = open_client(parse_address(served).base, NetSettings(proxy="", read_timeout=5.0))
        stack.callback(client.close)
        yield EsclScanner(served, client, clock, page_seconds=20.0)


def sane_environment(folder: Path, backend: str) -> dict[str, str]:
    """Variables for a SANE that knows only one backend."""
    if shutil.which("scanimage") is None:
        pytest.skip("scanimage is not installed")
    folder.mkdir(exist_ok=True)
    (folder / "dll.conf").write_text(backend + "\n", encoding="utf-8")
    stock = Path("/etc/sane.d") / f"{backend}.conf"
    if stock.exists():
        shutil.copy(stock, folder)
    return {**os.environ, "SANE_CONFIG_DIR": str(folder)}


@pytest.fixture
def sane(tmp_path_factory) -> dict[str, str]:
    """SANE with its `test` devices only."""
    return sane_environment(tmp_path_factory.mktemp("sane-test"), "test")


@pytest.fixture
def talk() -> PreparedTalk:
    return PreparedTalk()

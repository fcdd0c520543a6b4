"""A sandbox that runs beside the tests, and a person's desk: home, profile, folder, the command line."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from dvc_cli.i18n import activate
from dvc_sandbox.client import AdminClient
from dvc_sandbox.control import Options, Running, admin_client, start_thread
from tests.journey.operator import Operator


@pytest.fixture(scope="package")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A sandbox shared by the package; each test uses its own account or leaves the shared one as it was."""
    with start_thread(Options(state=tmp_path_factory.mktemp("sandbox"), auto_approve=True)) as running:
        yield running


@pytest.fixture
def admin(sandbox: Running) -> Iterator[AdminClient]:
    """The admin API; faults that a test added go with it."""
    with admin_client(sandbox) as client:
        yield client
        client.clear_faults()


@pytest.fixture(params=["vi", "en"])
def language(request: pytest.FixtureRequest) -> str:
    """Both languages, one after the other."""
    return str(request.param)


@pytest.fixture
def operator(
    sandbox: Running,
    admin: AdminClient,
    language: str,
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> Operator:
    """Somebody at a command line in an empty folder, with the profile `sandbox`."""
    folder = tmp_path / "work"
    folder.mkdir()
    monkeypatch.chdir(folder)
    monkeypatch.setenv("DVC_LANG", language)
    activate("en")
    return Operator(sandbox, admin, language, folder, capfd)

"""One running sandbox for the tests of its parts; life-cycle tests start their own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from dvc_sandbox.client import AdminClient
from dvc_sandbox.control import Options, Running, admin_client, start_thread


@pytest.fixture(scope="session")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A sandbox with fresh data, shared by the session; leave its clock and faults as you found them."""
    with start_thread(Options(state=tmp_path_factory.mktemp("sandbox"))) as running:
        yield running


@pytest.fixture
def admin(sandbox: Running) -> Iterator[AdminClient]:
    """The admin API of the shared sandbox."""
    with admin_client(sandbox) as client:
        yield client

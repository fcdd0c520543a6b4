from __future__ import annotations

from collections.abc import Iterator

import pytest

from dvc_cli.net import NetSettings
from tests.net.certificates import Authority, make_authority
from tests.net.clients import Opener


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return make_authority(tmp_path_factory.mktemp("ca"))


@pytest.fixture
def quick() -> NetSettings:
    """Short time-outs, no proxy whatever the environment says."""
    return NetSettings(connect_timeout=1.0, read_timeout=0.5, proxy="")


@pytest.fixture
def opened(quick: NetSettings) -> Iterator[Opener]:
    opener = Opener(quick)
    yield opener
    for client in opener.opened:
        client.close()

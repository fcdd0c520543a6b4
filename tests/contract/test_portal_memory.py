"""The portal in memory passes the suite."""

import pytest

from dvc_cli.testing.portal_contract import PortalContract
from tests.portal.worlds import memory_facts, memory_world, open_memory


class TestMemoryPortal(PortalContract):
    @pytest.fixture
    def world(self):
        return memory_world()

    @pytest.fixture
    def portal(self, world):
        return open_memory(world)

    @pytest.fixture
    def known(self, world):
        return memory_facts(world)

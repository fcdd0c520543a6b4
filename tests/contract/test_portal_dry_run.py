"""The dry run passes the suite over the portal in memory and over the sandbox's; it never changes either."""

import pytest

from dvc_cli.portal.dry_run import DryRunPortal
from dvc_cli.testing.portal_contract import PortalContract
from dvc_cli.testing.portal_facts import log_in, upload_mandatory
from tests.portal.worlds import memory_facts, memory_world, open_memory


class TestDryRunOverMemory(PortalContract):
    @pytest.fixture
    def world(self):
        return memory_world()

    @pytest.fixture
    def portal(self, world):
        return DryRunPortal(open_memory(world))

    @pytest.fixture
    def known(self, world):
        return memory_facts(world)

    def test_nothing_reaches_the_inner_portal(self, portal, known, world, tmp_path):
        log_in(portal, known)
        opened = portal.open_dossier(known.dossier, portal.procedure(known.dossier.procedure))
        upload_mandatory(portal, opened, tmp_path)
        portal.prepare_commit(opened, known.dossier, subject="Thử", note="")
        assert world.drafts == {}
        assert world.filed == {}


class TestDryRunOverIgate1(PortalContract):
    @pytest.fixture
    def portal(self, live):
        inner = live.driver()
        yield DryRunPortal(inner)
        inner.close()

    @pytest.fixture
    def known(self, live):
        return live.facts("congdan19")

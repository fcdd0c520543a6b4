"""The dialect igate1 passes the suite against the sandbox portal, over real HTTP."""

import pytest

from dvc_cli.testing.portal_contract import PortalContract


class TestIgate1(PortalContract):
    @pytest.fixture
    def portal(self, live):
        driver = live.driver()
        yield driver
        driver.close()

    @pytest.fixture
    def known(self, live):
        return live.facts("congdan20")

"""The sandbox's portal over real HTTP, shared by the tests of this folder."""

from tests.portal.worlds import live, live_sandbox

__all__ = ["live", "live_sandbox"]

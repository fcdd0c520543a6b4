"""Fixtures of the portal suites; a sandbox starts only when one asks for it."""

from tests.portal.worlds import live, live_sandbox

__all__ = ["live", "live_sandbox"]

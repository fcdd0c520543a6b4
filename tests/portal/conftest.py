"""One sandbox for all tests of this folder; a person with prepared answers; a clock that does not wait."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from dvc_cli.testing.talk import PreparedTalk
from tests.portal.worlds import live, live_sandbox

__all__ = ["live", "live_sandbox"]


class VirtualClock:
    """Time that passes only by sleeping."""

    def __init__(self) -> None:
        self.moment = datetime(2026, 11, 5, 1, 30, tzinfo=UTC)
        self.slept: list[float] = []
        self.on_sleep = lambda: None

    def now(self) -> datetime:
        return self.moment

    def monotonic(self) -> float:
        return self.moment.timestamp()

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.pass_time(seconds)
        self.on_sleep()

    def pass_time(self, seconds: float) -> None:
        self.moment += timedelta(seconds=seconds)


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock()


@pytest.fixture
def talk() -> PreparedTalk:
    return PreparedTalk()


@pytest.fixture
def portal(live):
    """A driver of the sandbox's portal, nobody logged in."""
    driver = live.driver()
    yield driver
    driver.close()

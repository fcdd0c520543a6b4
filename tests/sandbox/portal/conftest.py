"""People at the portal of the shared sandbox."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from dvc_sandbox.client import AdminClient
from dvc_sandbox.control import Running

from .citizen import Citizen


@pytest.fixture
def visitor(sandbox: Running, admin: AdminClient) -> Iterator[Callable[[], Citizen]]:
    """Opens browsers that are not logged in."""
    opened: list[Citizen] = []

    def open_browser() -> Citizen:
        opened.append(Citizen(sandbox.urls.portal, admin))
        return opened[-1]

    yield open_browser
    for browser in opened:
        browser.http.close()


@pytest.fixture
def citizen(visitor: Callable[[], Citizen]) -> Citizen:
    """Nguyễn Thị Được, logged in."""
    person = visitor()
    assert person.log_in().status == 302
    return person


@pytest.fixture
def drills(admin: AdminClient) -> Iterator[Callable[..., object]]:
    """Changes the portal's settings for one test."""
    before = admin.portal_settings()
    yield admin.portal_settings
    admin.portal_settings(**{name: value for name, value in before.items() if name != "sandbox"})

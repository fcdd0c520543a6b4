"""A citizen who files dossiers, and an officer at the pages under /can-bo."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import httpx
import pytest

from dvc_sandbox.client import AdminClient
from dvc_sandbox.control import Running
from dvc_sandbox.environment import Environment

from ..agency import environment_of
from ..portal.citizen import Citizen, Page

BASE = "/can-bo"


@pytest.fixture(scope="session")
def environment(sandbox: Running) -> Environment:
    """The shared sandbox from inside."""
    return environment_of(sandbox)


@pytest.fixture
def file_dossier(sandbox: Running, admin: AdminClient) -> Iterator[Callable[[], str]]:
    """Files a dossier through the citizen's pages and returns its code."""
    citizen = Citizen(sandbox.urls.portal, admin)
    assert citizen.log_in().status == 302
    yield citizen.file_dossier
    citizen.http.close()


class OfficerBrowser:
    """A browser at the officer's pages."""

    def __init__(self, portal: str) -> None:
        self.http = httpx.Client(base_url=portal, headers={"Accept": "text/html"}, timeout=30, trust_env=False)

    def get(self, path: str, **query: object) -> Page:
        return Page(self.http.get(BASE + path, params=query or None))

    def post(self, path: str, **fields: str) -> Page:
        return Page(self.http.post(BASE + path, data=fields))

    def log_in(self, password: str = "CanBo@123") -> Page:
        return self.post("/dang-nhap", tenDangNhap="canbo", matKhau=password)

    def act(self, code: str, action: str, **fields: str) -> Page:
        token = self.get(f"/ho-so/{code}").tree.xpath("//input[@name='csrf']/@value")[0]
        return self.post(f"/ho-so/{code}/thao-tac/{action}", csrf=token, **fields)


@pytest.fixture
def browser(sandbox: Running) -> Iterator[OfficerBrowser]:
    """An officer's browser before the log-in."""
    opened = OfficerBrowser(sandbox.urls.portal)
    yield opened
    opened.http.close()


@pytest.fixture
def officer(browser: OfficerBrowser) -> OfficerBrowser:
    """An officer who is logged in."""
    assert browser.log_in().status == 303
    return browser

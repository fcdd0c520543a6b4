"""A real browser and a sandbox for the journeys of a person who clicks."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from dvc_sandbox.client import AdminClient
from dvc_sandbox.control import Options, Running, admin_client, start_thread
from tests.browser.person import Person

# Read before the tests' own environment takes the variables of the program under test away.
_SCREENSHOTS = os.environ.get("DVC_SCREENSHOTS")
_FLAGS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--force-device-scale-factor=1",
)


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A sandbox whose people are met only through its pages."""
    with start_thread(Options(state=tmp_path_factory.mktemp("sandbox"))) as running:
        yield running


@pytest.fixture
def admin(sandbox: Running) -> Iterator[AdminClient]:
    """The sandbox's admin API."""
    with admin_client(sandbox) as client:
        yield client


@pytest.fixture(scope="module")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """Headless Chromium, without the driver download that selenium would try by itself."""
    binary = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    driver = shutil.which("chromedriver")
    if not binary or not driver:
        pytest.skip("chromium or chromedriver is not installed")
    from selenium import webdriver

    options = webdriver.ChromeOptions()
    options.binary_location = binary
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    for flag in (*_FLAGS, f"--user-data-dir={tmp_path_factory.mktemp('chromium')}"):
        options.add_argument(flag)
    running = webdriver.Chrome(options=options, service=webdriver.ChromeService(driver))
    yield running
    running.quit()


@pytest.fixture
def person(chromium: Any, admin: AdminClient, tmp_path: Path, request: pytest.FixtureRequest) -> Person:
    """Somebody in front of a screen of the test's width; pictures go to DVC_SCREENSHOTS where it is set."""
    width: int = request.getfixturevalue("width")
    folder = Path(_SCREENSHOTS or tmp_path) / str(width)
    folder.mkdir(parents=True, exist_ok=True)
    chromium.execute_cdp_cmd("Network.clearBrowserCookies", {})  # of every path: officers have their own
    return Person(chromium, admin, folder, width)

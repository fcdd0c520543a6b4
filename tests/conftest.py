"""What every test gets: a home of its own, no keyring, English unless it says otherwise."""

from __future__ import annotations

import os

import pytest

from dvc_cli.i18n import activate


@pytest.fixture(autouse=True)
def own_home(tmp_path_factory, monkeypatch):
    """No test sees or changes the settings, state or keyring of the person who runs it."""
    home = tmp_path_factory.mktemp("home")
    monkeypatch.setenv("DVC_HOME", str(home / "dvc"))
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.fail.Keyring")
    monkeypatch.setenv("DVC_LANG", "en")
    for name in [name for name in os.environ if name.startswith("DVC_") and name not in ("DVC_HOME", "DVC_LANG")]:
        monkeypatch.delenv(name)
    activate("en")
    yield
    activate("en")


def pytest_runtest_makereport(item, call):
    """On CI a real part that is missing is a failure, not a skip."""
    if os.environ.get("CI") and call.excinfo is not None and call.excinfo.errisinstance(pytest.skip.Exception):
        reason = str(call.excinfo.value)
        if "not installed" in reason or reason.startswith("needs "):
            call.excinfo = pytest.ExceptionInfo.from_exc_info(
                (AssertionError, AssertionError(f"a real part is missing on CI: {reason}"), call.excinfo.tb)
            )

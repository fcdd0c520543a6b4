"""The keyring as it is: real, missing, locked, silent, lying. Each in its own process, chosen by the environment."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PRELUDE = """
import time
from dvc_cli.config.credentials import CredentialRequest, Credentials
from dvc_cli.config.keyring_door import KeyringUnusable
from dvc_cli.model.secret import Secret
request = CredentialRequest(purpose="password", subject="034099000123@portal.example", flag="--password-stdin", may_store=True)
class Person:
    can_ask = True
    def secret(self, question, *, flag):
        return Secret("asked")
credentials = Credentials({}, Person(), TIMEOUT)
started = time.monotonic()
"""


def run(
    code: str, backend: str | None, *, wrapper: list[str] | None = None, timeout: float = 3.0, **environ: str
) -> list[str]:
    environment = {key: value for key, value in os.environ.items() if key != "PYTHON_KEYRING_BACKEND"} | environ
    if backend:
        environment["PYTHON_KEYRING_BACKEND"] = backend
    environment["PYTHONPATH"] = str(ROOT)
    program = PRELUDE.replace("TIMEOUT", str(timeout)) + code
    done = subprocess.run(
        [*(wrapper or []), sys.executable, "-c", program], env=environment, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


WITHOUT = """
found = credentials.get(request)
print(found.source, found.secret.reveal())
try:
    credentials.store(request, Secret("x"))
except KeyringUnusable as error:
    print(error.reason, "|", int(error.exit_code))
print(credentials.keyring_name())
print(credentials.forget(request))
print(time.monotonic() - started < 10)
"""


@pytest.mark.parametrize(
    ("backend", "reason"),
    [
        ("keyring.backends.fail.Keyring", "this system has none"),
        ("keyring.backends.null.Keyring", "it does not keep what is written"),
        ("tests.config.keyring_backends.Raising", "RuntimeError"),
    ],
)
def test_without_a_keyring_a_person_is_asked_and_nothing_is_stored(backend: str, reason: str) -> None:
    assert run(WITHOUT, backend) == ["prompt asked", f"{reason} | 13", "None", "False", "True"]


def test_a_sleeping_keyring_costs_its_limit_once() -> None:
    code = WITHOUT + "print(round(time.monotonic() - started, 1) < 1.5)"
    lines = run(code, "tests.config.keyring_backends.Sleeping", timeout=0.5)
    assert lines == ["prompt asked", "no answer within 0.5 seconds | 13", "None", "False", "True", "True"]


def test_the_limit_is_three_seconds() -> None:
    from inspect import signature

    from dvc_cli.config.credentials import Credentials

    assert signature(Credentials).parameters["keyring_timeout"].default == 3.0


def test_plain_text_back_ends_of_others_are_refused(tmp_path: Path) -> None:
    """`keyrings.alt` and the like become the default by being installed."""
    package = tmp_path / "keyrings" / "alt"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("", encoding="utf-8")
    (package / "file.py").write_text(
        "from keyring.backends.null import Keyring as Base\n"
        "class PlaintextKeyring(Base):\n    priority = 9\n    name = 'plain'\n",
        encoding="utf-8",
    )
    code = f"import sys; sys.path.insert(0, {str(tmp_path)!r})\n" + WITHOUT
    environment = {"PYTHON_KEYRING_BACKEND": "keyrings.alt.file.PlaintextKeyring"}
    lines = run(code, None, **environment)
    assert lines[1] == "the back end keyrings.alt.file is not a safe one | 13"


REAL = """
secret = Secret("mật khẩu có dấu 🔑")
print(credentials.keyring_problem(), bool(credentials.keyring_name()))
print(credentials.store(request, secret))
found = Credentials({}, Person(), TIMEOUT).get(request)
print(found.source, found.secret == secret)
pin = CredentialRequest(purpose="pin", subject="serial", flag="--pin-file", may_store=True)
print(credentials.get(pin).source)
import secretstorage
with secretstorage.dbus_init() as bus:
    print(len(list(secretstorage.search_items(bus, {"service": "dvc-cli"}))))
print(credentials.forget(request), credentials.forget(request))
print(credentials.get(request).source)
""".replace("TIMEOUT", "3.0")

needs_gnome = pytest.mark.skipif(
    not (shutil.which("gnome-keyring-daemon") and shutil.which("dbus-run-session")),
    reason="gnome-keyring or dbus-run-session is not installed",
)


def in_session(*, unlocked: bool) -> list[str]:
    script = (
        "printf ci-pass | gnome-keyring-daemon --unlock --components=secrets --daemonize >/dev/null 2>&1; "
        if unlocked
        else ""
    )
    return ["dbus-run-session", "--", "bash", "-c", script + 'exec "$@"', "bash"]


def private_session(tmp_path: Path) -> dict[str, str]:
    (tmp_path / "run").mkdir(mode=0o700)
    return {"XDG_RUNTIME_DIR": str(tmp_path / "run"), "HOME": str(tmp_path), "XDG_DATA_HOME": str(tmp_path / "data")}


@needs_gnome
def test_the_real_keyring_keeps_reads_and_forgets(tmp_path: Path) -> None:
    lines = run(REAL, None, wrapper=in_session(unlocked=True), **private_session(tmp_path))
    assert lines == ["None True", "keyring", "keyring True", "prompt", "1", "True False", "prompt"]


@needs_gnome
def test_a_locked_collection_is_no_keyring(tmp_path: Path) -> None:
    lines = run(WITHOUT, None, wrapper=in_session(unlocked=False), **private_session(tmp_path))
    assert lines[0] == "prompt asked"
    assert lines[1].endswith("| 13")
    assert lines[2:] == ["None", "False", "True"]


def test_no_session_bus_is_no_keyring(tmp_path: Path) -> None:
    lines = run(WITHOUT, None, DBUS_SESSION_BUS_ADDRESS="unix:path=/nonexistent", HOME=str(tmp_path))
    assert lines[0] == "prompt asked"
    assert lines[2:] == ["None", "False", "True"]

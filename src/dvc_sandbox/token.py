"""A software USB token: a key and certificate of the sandbox on a SoftHSM2 token of the state folder."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from dvc_sandbox.errors import SandboxError
from dvc_sandbox.files import private_folder, write_private
from dvc_sandbox.folder import StateFolder
from dvc_sandbox.pki import Pki

_LIBRARY_NAMES = ("libsofthsm2.so", "libsofthsm2.dylib", "softhsm2-x64.dll", "softhsm2.dll")
_FOLDERS = (
    "/usr/lib/softhsm",
    "/usr/lib64/softhsm",
    "/usr/lib64/pkcs11",
    "/usr/lib/pkcs11",
    "/usr/lib",
    "/usr/local/lib/softhsm",
    "/opt/homebrew/lib/softhsm",
    "/usr/local/opt/softhsm/lib/softhsm",
    r"C:\SoftHSM2\lib",
    r"C:\Program Files\SoftHSM2\lib",
)
_WORKER_SECONDS = 60


@dataclass(frozen=True, slots=True)
class TokenMade:
    """A token that is ready. `conf` must stand in the environment as SOFTHSM2_CONF when `module` is loaded."""

    module: Path
    conf: Path
    label: str
    serial: str
    certificate_label: str
    certificate_id: str
    created: bool

    @property
    def environment(self) -> dict[str, str]:
        """The environment variables that a program needs to see the token."""
        return {"SOFTHSM2_CONF": str(self.conf)}


def find_softhsm() -> Path | None:
    """The SoftHSM2 module of this machine, or None."""
    return next((path for path in _candidates() if path.is_file()), None)


def make_token(
    state: Path, name: str = "citizen", label: str = "dvc-sandbox", pin: str = "1234", module: Path | None = None
) -> TokenMade:
    """Put the credential `name` on the token `label`, which is made when it does not exist yet.

    Repeating it changes nothing. Raises SandboxError: softhsm-missing, credential-unknown, token-label, token-pin,
    token-failed.
    """
    found = module if module is not None else find_softhsm()
    if found is None or not found.is_file():
        raise SandboxError(
            "softhsm-missing",
            "SoftHSM2 is not installed: install it with `sudo apt install softhsm2` (Debian, Ubuntu), "
            "`sudo dnf install softhsm` (Fedora), `brew install softhsm` (macOS)",
        )
    if not 1 <= len(label.encode("utf-8")) <= 32:
        raise SandboxError("token-label", f"the token label {label!r} must have 1 to 32 bytes")
    if not 4 <= len(pin.encode("utf-8")) <= 255:
        raise SandboxError("token-pin", "the token's PIN must have 4 to 255 characters")
    folder = StateFolder(state)
    credential = Pki(folder.path / "pki").credential(name)
    conf = _write_configuration(folder.path / "token")
    order = {
        "module": str(found),
        "label": label,
        "pin": pin,
        "name": name,
        "key": str(credential.key),
        "certificate": str(credential.certificate),
        "chain": str(credential.chain),
    }
    done = _run_worker(order, conf)
    return TokenMade(
        module=found,
        conf=conf,
        label=label,
        serial=done["serial"],
        certificate_label=done["certificate_label"],
        certificate_id=done["certificate_id"],
        created=done["created"] == "yes",
    )


def _candidates() -> Iterator[Path]:
    multiarch = sorted(Path("/usr/lib").glob("*-linux-gnu*/softhsm")) if sys.platform.startswith("linux") else []
    for folder in (*(Path(text) for text in _FOLDERS), *multiarch):
        for name in _LIBRARY_NAMES:
            yield folder / name


def _write_configuration(folder: Path) -> Path:
    private_folder(folder)
    tokens = private_folder(folder / "tokens")
    conf = folder / "softhsm2.conf"
    lines = (
        f"directories.tokendir = {tokens}",
        "objectstore.backend = file",
        "log.level = ERROR",
        "slots.removable = false",
    )
    write_private(conf, ("\n".join(lines) + "\n").encode("utf-8"))
    return conf


def _run_worker(order: dict[str, str], conf: Path) -> dict[str, str]:
    # SoftHSM reads its configuration once per process, and a broken module must not take the caller down.
    try:
        done = subprocess.run(
            [sys.executable, "-m", "dvc_sandbox.token_worker"],
            input=json.dumps(order).encode("utf-8"),
            capture_output=True,
            env={**os.environ, "SOFTHSM2_CONF": str(conf)},
            timeout=_WORKER_SECONDS,
            check=False,
        )
        answer: dict[str, str] = json.loads(done.stdout)
    except subprocess.TimeoutExpired as error:
        raise SandboxError("token-failed", f"the module {order['module']} did not answer in time") from error
    except ValueError as error:
        raise SandboxError("token-failed", f"the module {order['module']} could not be used") from error
    if "slug" in answer:
        raise SandboxError(answer["slug"], answer["message"])
    return answer

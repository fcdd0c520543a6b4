"""SoftHSM2 tokens for tests, each in a folder of its own."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization

from dvc_cli.journal import open_ledger
from dvc_cli.model.ports import AttemptLedger
from dvc_cli.model.secret import Secret
from dvc_cli.sign.base import SignerSpec
from dvc_cli.sign.token.signer import TokenSigner
from dvc_cli.testing.signer_contract import SystemTime
from tests.sign.pki import Issued

PIN = "482913"
_MODULES = (
    "/usr/lib/softhsm/libsofthsm2.so",
    "/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so",
    "/usr/lib64/softhsm/libsofthsm.so",
    "/opt/homebrew/lib/softhsm/libsofthsm2.so",
)


def require_softhsm() -> Path:
    """The module; its absence is a skip on a person's machine and a failure in CI."""
    module = next((Path(path) for path in _MODULES if Path(path).is_file()), None)
    if module is not None and shutil.which("softhsm2-util") and shutil.which("pkcs11-tool"):
        return module
    if os.environ.get("CI") == "true":
        pytest.fail("SoftHSM2 and pkcs11-tool must be installed in CI")
    pytest.skip("SoftHSM2 or pkcs11-tool is not installed")


@dataclass(frozen=True)
class Token:
    """A token and how a process reaches it."""

    module: Path
    folder: Path
    label: str

    @property
    def environ(self) -> Mapping[str, str]:
        return {**os.environ, "SOFTHSM2_CONF": str(self.folder / "softhsm2.conf")}

    def run(self, *command: str) -> str:
        return subprocess.run(command, env=self.environ, check=True, capture_output=True, text=True).stdout

    def add(self, issued: Issued, key_id: str, label: str, *, with_key: bool = True) -> None:
        """Import a certificate, and its key."""
        key_file, certificate_file = self.folder / f"{key_id}.p8", self.folder / f"{key_id}.der"
        certificate_file.write_bytes(issued.der)
        if with_key:
            key_file.write_bytes(
                issued.key.private_bytes(
                    serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
                )
            )
            self.run(
                "softhsm2-util",
                "--import",
                str(key_file),
                "--token",
                self.label,
                "--label",
                label,
                "--id",
                key_id,
                "--pin",
                PIN,
            )
        self.tool("--write-object", str(certificate_file), "--type", "cert", "--id", key_id, "--label", label)

    def tool(self, *arguments: str) -> str:
        return self.run(
            "pkcs11-tool",
            "--module",
            str(self.module),
            "--token-label",
            self.label,
            "--login",
            "--pin",
            PIN,
            *arguments,
        )


def make_token(folder: Path, label: str = "dvc-thu") -> Token:
    """An initialised, empty token."""
    module = require_softhsm()
    (folder / "tokens").mkdir(parents=True, exist_ok=True)
    (folder / "softhsm2.conf").write_text(
        f"directories.tokendir = {folder / 'tokens'}\nobjectstore.backend = file\nlog.level = ERROR\nslots.removable = false\n",
        encoding="utf-8",
    )
    token = Token(module, folder, label)
    token.run("softhsm2-util", "--init-token", "--free", "--label", label, "--so-pin", "12345678", "--pin", PIN)
    return token


def token_signer(
    token: Token, pin: str, ledger: AttemptLedger, *, environ: Mapping[str, str] | None = None, **options: str | bool
) -> TokenSigner:
    """The driver for a token, which gives `pin` when it is asked for one."""

    def secret(purpose: str, subject: str, *, flag: str, question: str) -> Secret:
        assert purpose == "pin"
        assert flag == "--pin-file"
        assert subject
        assert question
        return Secret(pin)

    spec = SignerSpec(name="token", kind="token", options={"module": str(token.module), **options})
    return TokenSigner(spec, secret, ledger, SystemTime(), environ or token.environ)


def ledger_in(folder: Path) -> AttemptLedger:
    """The real ledger, in a throw-away folder."""
    return open_ledger(folder, SystemTime())

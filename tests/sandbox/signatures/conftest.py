"""Signers and documents for the tests of the signature check."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from io import BytesIO
from typing import Any

import pytest

from dvc_sandbox.control import Running
from dvc_sandbox.environment import Environment

from ..agency import environment_of, page, signer_of


@pytest.fixture(scope="session")
def environment(sandbox: Running) -> Environment:
    """The shared sandbox from inside."""
    return environment_of(sandbox)


@pytest.fixture(scope="session")
def stored() -> bytes:
    """The file that the portal stores."""
    return page("Đơn đề nghị đăng tin, bài")


@pytest.fixture(scope="session")
def signer(environment: Environment) -> Callable[..., Any]:
    """PyHanko signers by the names of the sandbox's credentials."""
    return lambda name, **options: signer_of(environment.pki.credential(name), **options)


@pytest.fixture(scope="session")
def raised(sandbox: Running, environment: Environment) -> Callable[[bytes, str], bytes]:
    """Raise a signed file to a level, as a person does with `sign --upgrade`, by the sandbox's own authorities."""
    from asn1crypto import pem

    from dvc_cli.model.secret import Secret
    from dvc_cli.model.signing import SignatureLevel
    from dvc_cli.net.base import NetSettings
    from dvc_cli.net.client import open_client
    from dvc_cli.sign.pades.levels import Evidence, LevelMaker
    from dvc_cli.sign.pades.transport import Transport

    class SandboxTime:
        def now(self) -> datetime:
            return environment.clock.now()

    _, _, root = pem.unarmor((sandbox.state / "pki" / "certs" / "root.pem").read_bytes())
    transport = Transport(lambda origin: open_client(origin, NetSettings(proxy="")), lambda _subject: Secret(""))
    evidence = Evidence(
        transport=transport,
        tsa=(f"{sandbox.urls.pki}/dvc/tsa/tsa",),
        roots=(root,),
        clock=SandboxTime(),  # type: ignore[arg-type]  # nothing waits here
    )

    def run(signed: bytes, level: str) -> bytes:
        file = BytesIO(signed)
        LevelMaker(SignatureLevel(level), evidence).raise_level(file, "đơn.pdf", "b-b")
        return file.getvalue()

    return run

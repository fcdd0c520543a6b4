"""Signers and documents for the tests of the signature check."""

from __future__ import annotations

from collections.abc import Callable
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

"""The emulator's web application: the `sp769` calls and the phone page; the CSC emulator shares its port."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dvc_sandbox.csc import app as csc
from dvc_sandbox.smartca.calls import call_routes
from dvc_sandbox.smartca.phone import phone_routes
from dvc_sandbox.smartca.service import SigningService

if TYPE_CHECKING:
    from starlette.applications import Starlette

    from dvc_sandbox.environment import Environment


def build_app(environment: Environment) -> Starlette:
    """The SmartCA server of one sandbox."""
    from starlette.applications import Starlette

    service = SigningService(environment)
    return Starlette(routes=[*call_routes(service), *phone_routes(service), *csc.routes(environment)])

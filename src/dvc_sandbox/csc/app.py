"""The emulator's routes, mounted by the SmartCA server."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dvc_sandbox.csc.calls import call_routes
from dvc_sandbox.csc.page import page_routes
from dvc_sandbox.csc.service import CscService

if TYPE_CHECKING:
    from starlette.routing import Route

    from dvc_sandbox.environment import Environment


def routes(environment: Environment) -> list[Route]:
    """The calls under `/csc/v1` and the page `/csc/otp` of one sandbox."""
    service = CscService(environment)
    return [*call_routes(service), *page_routes(service)]

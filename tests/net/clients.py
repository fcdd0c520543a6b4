"""Clients that are closed at the end of a test."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from dvc_cli.net import HttpClient, NetSettings
from dvc_cli.net.client import open_client


class Opener:
    """Opens clients and closes them at the end of the test."""

    def __init__(self, settings: NetSettings) -> None:
        self.settings = settings
        self.opened: list[HttpClient] = []

    def __call__(self, url: str, **changes: Any) -> HttpClient:
        client = open_client(url, replace(self.settings, **changes))
        self.opened.append(client)
        return client

"""One sandbox for all tests of the CSC emulator, spoken to over real HTTP."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from dvc_sandbox.client import AdminClient
from dvc_sandbox.control import Options, Running, start_thread

CITIZEN, PASSWORD, PIN = "034199000123", "CSC-sandbox-123", "246810"
SHA256, RSA, RSA_SHA256, ECDSA_SHA256 = (
    "2.16.840.1.101.3.4.2.1",
    "1.2.840.113549.1.1.1",
    "1.2.840.113549.1.1.11",
    "1.2.840.10045.4.3.2",
)


@pytest.fixture(scope="session")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with start_thread(Options(state=tmp_path_factory.mktemp("sandbox"))) as sandbox:
        yield sandbox


@pytest.fixture
def admin(running: Running) -> Iterator[AdminClient]:
    with AdminClient(running.urls.admin, running.admin_token) as client:
        client.csc_reset()
        yield client


@dataclass(frozen=True, slots=True)
class Service:
    """The calls as a client would make them; answers are (HTTP status, JSON or None)."""

    http: httpx.Client
    admin: AdminClient

    def post(self, method: str, body: object = None, token: str = "", **headers: str) -> tuple[int, Any]:
        if token:
            headers["Authorization"] = f"Bearer {token}"
        answer = self.http.post(f"/csc/v1/{method}", json={} if body is None else body, headers=headers)
        return answer.status_code, answer.json() if answer.content else None

    def basic(self, user: str = CITIZEN, password: str = PASSWORD, **body: object) -> tuple[int, Any]:
        pair = base64.b64encode(f"{user}:{password}".encode()).decode()
        return self.post("auth/login", body, Authorization=f"Basic {pair}")

    def token(self, user: str = CITIZEN, password: str = PASSWORD) -> str:
        status, answer = self.basic(user, password)
        assert status == 200
        return str(answer["access_token"])

    def form(self, **fields: str) -> tuple[int, Any]:
        answer = self.http.post("/csc/v1/oauth2/token", data=fields)
        return answer.status_code, answer.json()

    def authorize(self, token: str, credential: str, names: list[str], **fields: object) -> tuple[int, Any]:
        body = {"credentialID": credential, "numSignatures": len(names), "hash": [hash_of(one) for one in names]}
        return self.post("credentials/authorize", {**body, **fields}, token)

    def sign(self, token: str, credential: str, sad: str, names: list[str], **fields: object) -> tuple[int, Any]:
        body = {"credentialID": credential, "SAD": sad, "hash": [hash_of(one) for one in names], "hashAlgo": SHA256}
        return self.post("signatures/signHash", {**body, "signAlgo": RSA, **fields}, token)

    def otp(self, credential: str) -> str:
        rows = {row["id"]: row for row in self.admin.csc()["credentials"]}
        return str(rows[credential]["otp"])


def hash_of(name: str) -> str:
    return base64.b64encode(hashlib.sha256(name.encode()).digest()).decode()


@pytest.fixture
def service(running: Running, admin: AdminClient) -> Iterator[Service]:
    with httpx.Client(base_url=running.urls.smartca, trust_env=False) as http:
        yield Service(http, admin)

"""One sandbox for all tests of the emulator, spoken to over real HTTP."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from dvc_sandbox.client import AdminClient
from dvc_sandbox.control import Options, Running, start_thread

CITIZEN = "034199000123"
ORGANISATION = "0101234565"
SP = {"sp_id": "sandbox-sp", "sp_password": "sandbox-sp-password"}


@pytest.fixture(scope="session")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with start_thread(Options(state=tmp_path_factory.mktemp("sandbox"))) as sandbox:
        yield sandbox


@pytest.fixture
def admin(running: Running) -> Iterator[AdminClient]:
    client = AdminClient(running.urls.admin, running.admin_token)
    client.smartca_mode("manual", variants={})
    client.clear_faults()
    yield client
    client.clear_faults()
    client.smartca_mode("expire", variants={})  # nothing stays open for the next test
    client.shift_clock(timedelta(minutes=6))
    client.transactions()
    client.close()


@dataclass(frozen=True, slots=True)
class Service:
    """The five calls, as a service provider would make them; answers are (HTTP status, JSON)."""

    http: httpx.Client
    state: Path

    def post(self, path: str, body: object) -> tuple[int, dict[str, Any]]:
        answer = self.http.post("/sca/sp769" + path, json=body)
        return answer.status_code, answer.json()

    def certificates(self, user_id: str = CITIZEN, **changes: str) -> list[dict[str, Any]]:
        body = {**SP, "user_id": user_id, "serial_number": "", "transaction_id": str(uuid.uuid4()), **changes}
        _, answer = self.post("/v1/credentials/get_certificate", body)
        rows: list[dict[str, Any]] = (answer["data"] or {}).get("user_certificates", [])
        return rows

    def request(self, *names: str, user_id: str = CITIZEN, **changes: object) -> dict[str, Any]:
        """A good body of v1 sign over `names`, then `changes`."""
        serial = next((row["serial_number"] for row in self.certificates(user_id)), "00")
        body = {
            **SP,
            "user_id": user_id,
            "serial_number": serial,
            "transaction_id": str(uuid.uuid4()),
            "transaction_desc": "Nộp hồ sơ thử nghiệm",
            "sign_files": [file_row(name) for name in names or ("don.pdf",)],
        }
        return {**body, **changes}

    def sign(self, *names: str, **changes: object) -> tuple[int, dict[str, Any]]:
        return self.post("/v1/signatures/sign", self.request(*names, **changes))

    def status(self, transaction_id: str) -> tuple[int, dict[str, Any]]:
        return self.post(f"/v1/signatures/sign/{transaction_id}/status", {})


def digest_of(name: str) -> bytes:
    return hashlib.sha256(name.encode()).digest()


def file_row(name: str, **changes: object) -> dict[str, object]:
    row = {"data_to_be_signed": digest_of(name).hex(), "doc_id": name, "file_type": "pdf", "sign_type": "hash"}
    return {**row, **changes}


@pytest.fixture
def service(running: Running, admin: AdminClient) -> Iterator[Service]:
    with httpx.Client(base_url=running.urls.smartca, trust_env=False, timeout=20) as http:
        yield Service(http, running.state)

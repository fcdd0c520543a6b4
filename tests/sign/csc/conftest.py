"""The driver against the emulator over real HTTP, on a clock that the sandbox shares."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from dvc_cli.journal import open_ledger, open_transactions
from dvc_cli.model.ports import AttemptLedger, TransactionStore
from dvc_cli.model.secret import Secret
from dvc_cli.model.signing import DocumentDigest
from dvc_cli.net.base import HttpClient, NetSettings, Response
from dvc_cli.net.client import open_client
from dvc_cli.sign.base import Signer, SignerSpec
from dvc_cli.sign.csc import open_csc
from dvc_cli.testing.talk import PreparedTalk
from dvc_sandbox.client import AdminClient
from dvc_sandbox.control import Options, Running, start_thread

CITIZEN, ORGANISATION = "034199000123", "0101234565"
SECRETS = {
    "csc_password": "CSC-sandbox-123",
    "client_secret": "sandbox-csc-secret",
    "pin": "246810",
    "otp_secret": "ONQW4ZDCN54C2Y3TMMWW65DQ",
}
RSA = {"credential": "citizen-rsa", "otp": "stored"}
EC = {"credential": "citizen-ec"}
SMS = {"credential": "citizen-sms"}
SEAL = {"login": "oauth2", "client_id": "sandbox-csc", "user_id": ORGANISATION}


@pytest.fixture(scope="session")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with start_thread(Options(state=tmp_path_factory.mktemp("sandbox"))) as sandbox:
        yield sandbox


@pytest.fixture
def admin(running: Running) -> Iterator[AdminClient]:
    with AdminClient(running.urls.admin, running.admin_token) as client:
        client.clear_faults()
        client.csc_reset()
        yield client
        client.clear_faults()


class SharedClock:
    """The port `Clock`: sleeping moves the sandbox's clock instead of taking time."""

    def __init__(self, admin: AdminClient) -> None:
        self._admin = admin
        self._offset = admin.clock() - datetime.now(UTC)
        self.slept = 0.0

    def now(self) -> datetime:
        return datetime.now(UTC) + self._offset

    def monotonic(self) -> float:
        return self.slept

    def sleep(self, seconds: float) -> None:
        self.slept += seconds
        self._offset += timedelta(seconds=seconds)
        self._admin.shift_clock(timedelta(seconds=seconds))


class Watched:
    """A real HTTP client that notes which calls were made (port `HttpClient` by delegation)."""

    def __init__(self, client: HttpClient, calls: list[str]) -> None:
        self._client = client
        self._calls = calls

    def post(self, path: str, **arguments: Any) -> Response:
        self._calls.append(path.removeprefix("/csc/v1/"))
        return self._client.post(path, **arguments)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)


class Talk(PreparedTalk):
    """An answer may be a function to call when asked."""

    def _answer(self, question: str) -> Any:
        answer = super()._answer(question)
        return answer() if callable(answer) else answer


@dataclass
class Desk:
    """Everything a test of the driver needs."""

    url: str
    admin: AdminClient
    clock: SharedClock
    ledger: AttemptLedger
    store: TransactionStore
    talk: Talk
    secrets: dict[str, str]
    calls: list[str] = field(default_factory=list)
    secrets_asked: list[str] = field(default_factory=list)

    def signer(self, **options: str | int) -> Signer:
        spec = SignerSpec(name="remote", kind="csc", options={"url": self.url, "user_id": CITIZEN, **options})

        def secret(purpose: str, subject: str, *, flag: str, question: str) -> Secret:
            assert flag
            assert question
            self.secrets_asked.append(f"{purpose} {subject}")
            return Secret(self.secrets[purpose])

        def client(base_url: str) -> HttpClient:
            return Watched(open_client(base_url, NetSettings(proxy="", read_timeout=20)), self.calls)

        return open_csc(
            spec,
            secrets=secret,
            ledger=self.ledger,
            transactions=self.store,
            http_factory=client,
            clock=self.clock,
        )

    def sign(self, *names: str, **options: str | int) -> Mapping[str, bytes]:
        """Open the signer, sign `names`, give the values by document."""
        with self.signer(**options).open(self.talk, self.talk) as session:
            signatures = session.sign([digest(name) for name in names], description="Nộp hồ sơ")
            return {one.doc_id: one.value for one in signatures}

    def count(self, call: str) -> int:
        return self.calls.count(call)

    def wrong_pins(self, credential: str = "citizen-ec") -> int:
        return next(int(row["wrong_pin"]) for row in self.admin.csc()["credentials"] if row["id"] == credential)

    def sent_code(self) -> str:
        return next(str(row["otp"]) for row in self.admin.csc()["credentials"] if row["id"] == "citizen-sms")


def digest(name: str) -> DocumentDigest:
    attributes = b"\x31" + name.encode()
    return DocumentDigest(
        doc_id=name,
        display_name=f"{name}.pdf",
        signed_attributes=attributes,
        digest=hashlib.sha256(attributes).digest(),
    )


@pytest.fixture
def desk(running: Running, admin: AdminClient, tmp_path: Path) -> Iterator[Desk]:
    clock = SharedClock(admin)
    ledger = open_ledger(tmp_path / "state", clock)
    store = open_transactions(tmp_path / "state")
    with closing(ledger), closing(store):  # type: ignore[type-var]  # the real ones have more than the ports
        yield Desk(
            url=running.urls.smartca,
            admin=admin,
            clock=clock,
            ledger=ledger,
            store=store,
            talk=Talk(),
            secrets=dict(SECRETS),
        )

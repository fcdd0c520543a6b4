"""The driver against the emulator over real HTTP, on a clock that the sandbox shares."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
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
from dvc_cli.sign.smartca import open_smartca
from dvc_cli.testing.talk import PreparedTalk
from dvc_sandbox.client import AdminClient
from dvc_sandbox.control import Options, Running, start_thread

CITIZEN = "034199000123"
ORGANISATION = "0101234565"
SECRETS = {
    "sp_password": "sandbox-sp-password",
    "th_password": "TH-sandbox-123",
    "otp_secret": "c2FuZGJveC10b3RwLXNlY3JldA==",
}
TH = {"user_id": ORGANISATION, "account_kind": "th", "otp": "stored"}


@pytest.fixture(scope="session")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with start_thread(Options(state=tmp_path_factory.mktemp("sandbox"))) as sandbox:
        yield sandbox


@pytest.fixture
def admin(running: Running) -> Iterator[AdminClient]:
    with AdminClient(running.urls.admin, running.admin_token) as client:
        client.clear_faults()
        client.smartca_mode("expire", variants={})  # nothing of an earlier test stays open
        client.shift_clock(timedelta(minutes=6))
        client.transactions()
        client.smartca_mode("manual")
        yield client
        client.clear_faults()


class SharedClock:
    """The port `Clock`: sleeping moves the sandbox's clock instead of taking time; `at` lets something happen meanwhile."""

    def __init__(self, admin: AdminClient) -> None:
        self._admin = admin
        self._offset = admin.clock() - datetime.now(UTC)
        self._events: list[tuple[float, Callable[[], object]]] = []
        self.slept = 0.0

    def at(self, seconds: float, event: Callable[[], object]) -> None:
        self._events.append((self.slept + seconds, event))

    def now(self) -> datetime:
        return datetime.now(UTC) + self._offset

    def monotonic(self) -> float:
        return self.slept

    def sleep(self, seconds: float) -> None:
        self.slept += seconds
        self._offset += timedelta(seconds=seconds)
        self._admin.shift_clock(timedelta(seconds=seconds))
        due = [one for one in self._events if one[0] <= self.slept]
        self._events = [one for one in self._events if one[0] > self.slept]
        for _, event in due:
            event()


@dataclass
class Talk(PreparedTalk):
    """Also keeps warnings, the count-down and the progress made; an answer may be a function to call when asked."""

    warned: list[str] = field(default_factory=list)
    countdown: list[str] = field(default_factory=list)
    advanced: float = 0.0

    def advance(self, amount: float = 1) -> None:
        self.advanced += amount

    def update(self, text: str) -> None:
        self.countdown.append(text)

    def warn(self, text: str) -> None:
        self.warned.append(text)

    def _answer(self, question: str) -> Any:
        answer = super()._answer(question)
        return answer() if callable(answer) else answer


class Watched:
    """A real HTTP client that notes when which path was called (port `HttpClient` by delegation)."""

    def __init__(self, client: HttpClient, clock: SharedClock, calls: list[tuple[float, str]]) -> None:
        self._client = client
        self._clock = clock
        self._calls = calls

    def post(self, path: str, **arguments: Any) -> Response:
        self._calls.append((self._clock.slept, path.removeprefix("/sca/sp769")))
        return self._client.post(path, **arguments)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)


@dataclass
class Desk:
    """Everything a test of the driver needs."""

    url: str
    admin: AdminClient
    clock: SharedClock
    store: TransactionStore
    ledger: AttemptLedger
    talk: Talk
    secrets: dict[str, str]
    calls: list[tuple[float, str]] = field(default_factory=list)
    secrets_asked: list[str] = field(default_factory=list)
    before: int = 0
    read_timeout: float = 20.0

    def signer(self, **options: str | int) -> Signer:
        spec = SignerSpec(
            name="director",
            kind="smartca",
            options={"url": self.url, "sp_id": "sandbox-sp", "user_id": CITIZEN, **options},
        )

        def secret(purpose: str, subject: str, *, flag: str, question: str) -> Secret:
            self.secrets_asked.append(f"{purpose} {subject}")
            return Secret(self.secrets[purpose])

        def client(base_url: str) -> HttpClient:
            return Watched(
                open_client(base_url, NetSettings(proxy="", read_timeout=self.read_timeout)), self.clock, self.calls
            )

        return open_smartca(
            spec, secrets=secret, transactions=self.store, http_factory=client, clock=self.clock, ledger=self.ledger
        )

    def sign(self, *names: str, description: str = "Nộp hồ sơ", **options: str | int) -> Mapping[str, bytes]:
        """Open the signer, sign `names`, give the values by document; each is verified by the caller's own means."""
        with self.signer(**options).open(self.talk, self.talk) as session:
            signatures = session.sign([digest(name) for name in names], description=description)
            return {one.doc_id: one.value for one in signatures}

    def transactions(self) -> list[dict[str, Any]]:
        """The emulator's transactions since this test began, newest first."""
        every = self.admin.transactions()
        return every[: len(every) - self.before]

    def newest(self) -> str:
        return str(self.admin.transactions()[0]["transaction_id"])

    def approve_after(self, seconds: float) -> None:
        self.clock.at(seconds, lambda: self.admin.approve(self.newest()))


def digest(name: str, display_name: str | None = None) -> DocumentDigest:
    attributes = b"\x31" + name.encode()
    return DocumentDigest(
        doc_id=name,
        display_name=f"{name}.pdf" if display_name is None else display_name,
        signed_attributes=attributes,
        digest=hashlib.sha256(attributes).digest(),
    )


@pytest.fixture
def desk(running: Running, admin: AdminClient, tmp_path: Path) -> Iterator[Desk]:
    store = open_transactions(tmp_path / "state")
    clock = SharedClock(admin)
    ledger = open_ledger(tmp_path / "state", clock)
    with closing(store), closing(ledger):  # type: ignore[type-var]  # the real ones have more than the ports
        yield Desk(
            url=running.urls.smartca,
            admin=admin,
            clock=clock,
            store=store,
            ledger=ledger,
            talk=Talk(),
            secrets=dict(SECRETS),
            before=len(admin.transactions()),
        )

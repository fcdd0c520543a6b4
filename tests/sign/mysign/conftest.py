"""The MySign driver against the emulator over real HTTP, on a clock of the test."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from dvc_cli.journal import open_ledger, open_transactions
from dvc_cli.model.ports import AttemptLedger, TransactionStore
from dvc_cli.model.secret import Secret
from dvc_cli.model.signing import DocumentDigest
from dvc_cli.net.base import HttpClient, NetSettings
from dvc_cli.net.client import open_client
from dvc_cli.sign.base import Signer, SignerSpec
from dvc_cli.sign.mysign import open_mysign
from dvc_cli.testing.talk import PreparedTalk
from tests.sign import pki
from tests.sign.mysign.emulator import CLIENT, SECRET, USER, MySignEmulator, serve


class TestClock:
    """The port `Clock`: sleeping takes no time, and may run what happens meanwhile."""

    __test__ = False

    def __init__(self) -> None:
        self.slept = 0.0
        self.when: Callable[[], None] | None = None

    def now(self) -> datetime:
        return datetime.now(UTC) + timedelta(seconds=self.slept)

    def monotonic(self) -> float:
        return self.slept

    def sleep(self, seconds: float) -> None:
        self.slept += seconds
        if self.when is not None:
            self.when()


@dataclass
class Desk:
    """Everything a test of the driver needs."""

    url: str
    service: MySignEmulator
    clock: TestClock
    store: TransactionStore
    ledger: AttemptLedger
    talk: PreparedTalk = field(default_factory=PreparedTalk)
    secret: str = SECRET
    secrets_asked: list[str] = field(default_factory=list)

    def signer(self, **options: str | int) -> Signer:
        spec = SignerSpec(
            name="director", kind="mysign", options={"url": self.url, "client_id": CLIENT, "user_id": USER, **options}
        )

        def secret(purpose: str, subject: str, *, flag: str, question: str) -> Secret:
            assert (purpose, flag) == ("client_secret", "client_secret_file")
            assert question
            self.secrets_asked.append(subject)
            return Secret(self.secret)

        def client(base_url: str) -> HttpClient:
            return open_client(base_url, NetSettings(proxy="", read_timeout=10))

        return open_mysign(
            spec,
            secrets=secret,
            ledger=self.ledger,
            transactions=self.store,
            http_factory=client,
            clock=self.clock,
        )

    def sign(self, *names: str, description: str = "Nộp hồ sơ", **options: str | int) -> Mapping[str, bytes]:
        """Open the signer, sign `names`, give the values by document."""
        with self.signer(**options).open(self.talk, self.talk) as session:
            signatures = session.sign([digest(name) for name in names], description=description)
            return {one.doc_id: one.value for one in signatures}


def digest(name: str, display_name: str = "") -> DocumentDigest:
    attributes = b"\x31" + name.encode()
    return DocumentDigest(
        doc_id=name,
        display_name=display_name or f"{name}.pdf",
        signed_attributes=attributes,
        digest=hashlib.sha256(attributes).digest(),
    )


@pytest.fixture
def service() -> MySignEmulator:
    return MySignEmulator(people={"001_2482540_20221017": pki.person()})


@pytest.fixture
def desk(service: MySignEmulator, tmp_path: Path) -> Iterator[Desk]:
    clock = TestClock()
    store, ledger = open_transactions(tmp_path / "state"), open_ledger(tmp_path / "state", clock)
    with serve(service) as url, closing(store), closing(ledger):  # type: ignore[type-var]  # they have more than the ports
        yield Desk(url=url, service=service, clock=clock, store=store, ledger=ledger)

"""Each kind of fault, seen from a raw socket; whether the handler ran is read from the portal's database."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing

import httpx
import pytest

from dvc_sandbox.client import AdminClient
from dvc_sandbox.control import Running, SandboxError
from dvc_sandbox.database import Database
from dvc_sandbox.faults import FaultKind, FaultRule, Faults
from tests.sandbox.core.wire import Answer, request

LOGIN = "/dich-vu-cong/cong-dan/dang-nhap"


def _count(running: Running, table: str) -> int:
    with closing(sqlite3.connect(running.state / "sandbox.sqlite3")) as connection:
        (number,) = connection.execute(f"SELECT count(*) FROM {table}").fetchone()
        return int(number)


@pytest.fixture
def faulty(admin: AdminClient) -> Iterator[Callable[[FaultKind, float], None]]:
    """Put one fault on the log-in page, once."""
    admin.clear_faults()

    def add(kind: FaultKind, seconds: float = 0.0) -> None:
        admin.add_fault(FaultRule("portal", "GET", LOGIN, kind, seconds=seconds))

    yield add
    admin.clear_faults()


@pytest.fixture
def ask(sandbox: Running) -> Callable[[], tuple[Answer, int]]:
    """Fetch the log-in page; also tells how many captchas the handler made."""

    def fetch() -> tuple[Answer, int]:
        before = _count(sandbox, "captcha")
        answer = request(sandbox.urls.portal, LOGIN)
        return answer, _count(sandbox, "captcha") - before

    return fetch


Fault = Callable[..., None]
Ask = Callable[[], tuple[Answer, int]]


def test_without_a_fault_the_handler_answers(faulty: Fault, ask: Ask) -> None:
    answer, made = ask()
    assert (answer.status, made) == (200, 1)
    assert len(answer.body) == int(answer.headers["content-length"])


@pytest.mark.parametrize(("kind", "made"), [("error-before", 0), ("error-after", 1)])
def test_an_error_before_or_after_the_handler(faulty: Fault, ask: Ask, kind: FaultKind, made: int) -> None:
    faulty(kind)
    answer, number = ask()
    assert (answer.status, number) == (500, made)
    assert "THỬ NGHIỆM" in answer.body.decode()
    assert ask()[0].status == 200  # the rule was for one request


@pytest.mark.parametrize(("kind", "made"), [("cut-before", 0), ("cut-after", 1)])
def test_a_connection_closed_without_a_reply(faulty: Fault, ask: Ask, kind: FaultKind, made: int) -> None:
    faulty(kind)
    answer, number = ask()
    assert (answer.status, answer.body, number) == (0, b"", made)


def test_a_reset_connection(faulty: Fault, ask: Ask, sandbox: Running) -> None:
    faulty("reset")
    before = _count(sandbox, "captcha")
    with pytest.raises(ConnectionResetError):
        ask()
    assert _count(sandbox, "captcha") == before


def test_a_cut_during_an_upload_still_reads_it(admin: AdminClient, sandbox: Running) -> None:
    admin.clear_faults()
    admin.add_fault(FaultRule("smartca", "POST", "/sca/.*", "cut-before"))
    answer = request(sandbox.urls.smartca, "/sca/sp769/v1/signatures/sign", "POST", b"x" * 3_000_000)
    assert answer.status == 0


def test_a_delay_adds_to_what_follows(faulty: Fault, ask: Ask) -> None:
    faulty("delay", 0.4)
    faulty("error-before")
    started = time.monotonic()
    answer, made = ask()
    assert time.monotonic() - started >= 0.4
    assert (answer.status, made) == (500, 0)


def test_throttling_says_when_to_come_back(faulty: Fault, ask: Ask) -> None:
    faulty("throttle", 6.2)
    answer, made = ask()
    assert (answer.status, answer.headers["retry-after"], made) == (429, "7", 0)


def test_maintenance(faulty: Fault, ask: Ask) -> None:
    faulty("maintenance")
    answer, made = ask()
    assert (answer.status, made) == (503, 0)
    assert "bảo trì" in answer.body.decode()


def test_a_proxys_page_instead_of_json(admin: AdminClient, sandbox: Running) -> None:
    admin.clear_faults()
    admin.add_fault(FaultRule("smartca", "*", "/sca/.*", "html"))
    answer = request(sandbox.urls.smartca, "/sca/sp769/v1/credentials/get_certificate", "POST", b"{}")
    assert answer.status == 200
    assert answer.headers["content-type"].startswith("text/html")


def test_half_of_the_body(faulty: Fault, ask: Ask) -> None:
    whole = len(ask()[0].body)
    faulty("truncate")
    answer, made = ask()
    assert (answer.status, made) == (200, 1)
    assert len(answer.body) < int(answer.headers["content-length"])
    assert abs(len(answer.body) - whole / 2) < whole * 0.1


def test_a_lost_session_is_dropped_for_good(admin: AdminClient, sandbox: Running) -> None:
    admin.clear_faults()
    with httpx.Client(base_url=sandbox.urls.portal) as browser:
        browser.get(LOGIN)
        first = browser.cookies["JSESSIONID"]
        browser.get(LOGIN)
        assert browser.cookies["JSESSIONID"] == first
        admin.add_fault(FaultRule("portal", "GET", LOGIN, "session-lost"))
        assert browser.get(LOGIN).status_code == 200
        browser.get(LOGIN)
        assert browser.cookies["JSESSIONID"] != first


def test_health_is_beyond_the_faults(admin: AdminClient, sandbox: Running) -> None:
    admin.clear_faults()
    admin.add_fault(FaultRule("portal", "*", ".*", "error-before", count=None))
    assert request(sandbox.urls.portal, "/health").status == 200
    assert request(sandbox.urls.portal, "/").status == 500
    admin.clear_faults()


def test_rules_count_match_and_survive(tmp_path: object, sandbox: Running) -> None:
    database = Database(sandbox.state / "rules-only.sqlite3")
    faults = Faults(database)
    number = faults.add(FaultRule("portal", "POST", "/a/.*", "html", count=2))
    assert faults.take("portal", "GET", "/a/b") == ()
    assert faults.take("smartca", "POST", "/a/b") == ()
    assert faults.take("portal", "POST", "/x/a/b") == ()
    assert [rule.kind for rule in faults.take("portal", "POST", "/a/b")] == ["html"]
    again = Faults(database)
    assert again.list() == (FaultRule("portal", "POST", "/a/.*", "html", count=1),)
    assert len(again.take("portal", "POST", "/a/b")) == 1
    assert again.take("portal", "POST", "/a/b") == ()
    assert (again.armed, again.hits()) == (False, {number: 2})
    database.close()


def test_chance_is_reproducible(sandbox: Running) -> None:
    def struck(seed: int) -> list[bool]:
        database = Database(sandbox.state / f"chance-{seed}.sqlite3")
        faults = Faults(database, seed)
        faults.add(FaultRule("portal", "*", ".*", "reset", count=None, probability=0.3))
        seen = [bool(faults.take("portal", "GET", "/")) for _ in range(200)]
        faults.clear()
        database.close()
        return seen

    assert struck(5) == struck(5)
    assert 30 < sum(struck(5)) < 90


@pytest.mark.parametrize(
    "rule",
    [
        FaultRule("nowhere", "*", ".*", "html"),  # type: ignore[arg-type]
        FaultRule("portal", "*", ".*", "explode"),  # type: ignore[arg-type]
        FaultRule("portal", "*", "(", "html"),
        FaultRule("portal", "*", ".*", "html", count=0),
        FaultRule("portal", "*", ".*", "html", probability=1.5),
        FaultRule("portal", "*", ".*", "delay", seconds=-1),
    ],
)
def test_a_rule_that_cannot_work_is_refused(admin: AdminClient, rule: FaultRule) -> None:
    with pytest.raises(SandboxError) as refused:
        admin.add_fault(rule)
    assert refused.value.slug == "fault-rule-invalid"

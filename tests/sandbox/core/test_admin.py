"""The admin API: its token, its switches, the reset."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from dvc_sandbox.client import AdminClient
from dvc_sandbox.control import Options, Running, SandboxError, admin_client, start_thread
from dvc_sandbox.faults import FaultRule
from tests.sandbox.core.wire import request

LOGIN = "/dich-vu-cong/cong-dan/dang-nhap"


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A sandbox of this module alone, whose clock and data may be changed."""
    with start_thread(Options(tmp_path_factory.mktemp("own") / "s")) as running:
        yield running


@pytest.fixture
def own_admin(own: Running) -> Iterator[AdminClient]:
    with admin_client(own) as client:
        yield client


@pytest.mark.parametrize("token", ["", "wrong", "Bearer"])
def test_every_route_needs_the_token(own: Running, token: str) -> None:
    for method, path in (("GET", "/v1/clock"), ("POST", "/v1/stop"), ("GET", "/v1/blobs/00"), ("DELETE", "/v1/faults")):
        answer = httpx.request(method, own.urls.admin + path, headers={"Authorization": f"Bearer {token}".strip()})
        assert answer.status_code == 401
        assert answer.json()["error"] == "unauthorized"


def test_the_token_of_one_run_is_not_that_of_another(own: Running, sandbox: Running) -> None:
    assert len(own.admin_token) >= 40
    assert own.admin_token != sandbox.admin_token


def test_the_clock_moves(own_admin: AdminClient) -> None:
    before = own_admin.clock()
    shifted = own_admin.shift_clock(timedelta(days=3))
    assert timedelta(days=3) <= shifted - before < timedelta(days=3, seconds=5)
    moment = datetime(2030, 6, 1, 8, tzinfo=UTC)
    assert abs(own_admin.set_clock(moment) - moment) < timedelta(seconds=5)
    own_admin.set_clock(datetime.now(UTC))


def test_a_wrong_body_is_refused_with_its_reason(own: Running) -> None:
    headers = {"Authorization": f"Bearer {own.admin_token}"}
    for body in (b"{", b"[]", b'{"shift_seconds": "1"}', b'{"set": "2030-06-01T08:00:00"}', b'{"set": "soon"}'):
        answer = httpx.post(f"{own.urls.admin}/v1/clock", headers=headers, content=body)
        assert answer.status_code == 400, body
        assert answer.json()["message"]
    answer = httpx.post(f"{own.urls.admin}/v1/faults", headers=headers, json={"when": "now"})
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid")


def test_the_captcha_answer_opens_the_portal(own: Running, own_admin: AdminClient) -> None:
    with httpx.Client(base_url=own.urls.portal) as browser:
        page = browser.get(LOGIN).text
        hidden = dict(re.findall(r'name="(csrf|captchaId)"\s+value="([^"]+)"', page))
        form = {"tenDangNhap": "congdan", "matKhau": "CongDan@123"}
        form |= hidden | {"maXacNhan": own_admin.captcha_answer(hidden["captchaId"])}
        assert browser.post(LOGIN, data=form).status_code == 302
    with pytest.raises(SandboxError) as refused:
        own_admin.captcha_answer("no-such")
    assert refused.value.slug == "not-found"


def test_unknown_things_are_not_found(own_admin: AdminClient) -> None:
    calls: list[Callable[[], object]] = [
        lambda: own_admin.dossier("H54-260101-0000001"),
        lambda: own_admin.blob("00" * 32),
        lambda: own_admin.approve("no-such"),
        lambda: own_admin.officer("H54-260101-0000001", "accept"),
    ]
    for call in calls:
        with pytest.raises(SandboxError):
            call()


def test_the_smartca_mode_is_set_and_read(own_admin: AdminClient) -> None:
    assert own_admin.smartca_mode("reject", delay_seconds=2)["mode"] == "reject"
    assert own_admin.smartca_mode()["mode"] == "reject"
    with pytest.raises(SandboxError):
        own_admin.smartca_mode("perhaps")


def test_a_reset_brings_back_the_seed(own: Running, own_admin: AdminClient) -> None:
    httpx.get(own.urls.portal + LOGIN)
    own_admin.shift_clock(timedelta(days=100))
    own_admin.add_fault(FaultRule("portal", "*", ".*", "maintenance", count=None))
    own_admin.smartca_mode("expire")
    root = (own.state / "pki/certs/root.pem").read_bytes()
    own_admin.reset()
    assert abs(own_admin.clock() - datetime.now(UTC)) < timedelta(seconds=5)
    assert own_admin.faults()["faults"] == []
    assert own_admin.smartca_mode()["mode"] == "manual"
    assert own_admin.dossiers() == []
    assert (own.state / "pki/certs/root.pem").read_bytes() == root
    with closing(sqlite3.connect(own.state / "sandbox.sqlite3")) as connection:
        assert connection.execute("SELECT count(*) FROM captcha").fetchone() == (0,)
        assert connection.execute("SELECT count(*) FROM account").fetchone()[0] >= 23
    assert request(own.urls.portal, LOGIN).status == 200


def test_automatic_approval_is_an_option(tmp_path: Path) -> None:
    with start_thread(Options(tmp_path / "s", auto_approve=True)) as running, admin_client(running) as admin:
        assert admin.smartca_mode()["mode"] == "approve"
        admin.reset()
        assert admin.smartca_mode()["mode"] == "approve"


def test_a_dead_server_is_unreachable() -> None:
    with AdminClient("http://127.0.0.1:9", "x", timeout=2) as client, pytest.raises(SandboxError) as failed:
        client.clock()
    assert failed.value.slug == "unreachable"

"""Who may address the sandbox, and by which name."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from dvc_sandbox.control import Options, Running, SandboxError, admin_client, start_thread, status
from tests.sandbox.core.wire import exchange, parse, request

SERVERS = ("portal", "smartca", "pki", "admin")


@pytest.mark.parametrize("server", SERVERS)
def test_only_loopback_names_are_served(sandbox: Running, server: str) -> None:
    url = sandbox.local_url(server)
    port = urlsplit(url).port
    for name in ("localhost", f"LOCALHOST:{port}", "127.0.0.1", f"[::1]:{port}"):
        assert request(url, "/health", host=name).status == 200, name
    for name in ("evil.example", f"evil.example:{port}", "127.0.0.1.evil.example", "localhost.evil.example", "[::2]"):
        refused = request(url, "/health", host=name)
        assert refused.status == 421, name
        assert b"host-refused" in refused.body


def test_a_missing_or_doubled_host_is_refused(sandbox: Running) -> None:
    url = sandbox.urls.portal
    for head in (b"", b"Host: localhost\r\nHost: evil.example\r\n"):
        answer = parse(exchange(url, b"GET /health HTTP/1.1\r\n" + head + b"Connection: close\r\n\r\n"))
        assert answer.status in {400, 421}
    # HTTP/1.0 may leave the header out; the sandbox does not.
    assert parse(exchange(url, b"GET /health HTTP/1.0\r\n\r\n")).status == 421


@pytest.mark.parametrize("server", SERVERS)
def test_health_names_the_server_and_marks_it(sandbox: Running, server: str) -> None:
    answer = request(sandbox.local_url(server), "/health")
    assert answer.body.decode() == f'{{"sandbox": true, "server": "{server}", "status": "ok"}}'


def test_an_open_address_needs_names(tmp_path: Path) -> None:
    with pytest.raises(SandboxError) as refused, start_thread(Options(tmp_path / "s", listen="0.0.0.0")):
        pass
    assert refused.value.slug == "allow-host-missing"
    assert not (tmp_path / "s").exists()


def test_a_service_container_is_reached_by_its_name(tmp_path: Path) -> None:
    options = Options(tmp_path / "s", listen="0.0.0.0", allow_hosts=("dvc-sandbox",))
    with start_thread(options) as running:
        assert urlsplit(running.urls.portal).hostname == "dvc-sandbox"
        local = running.local_url("portal")
        assert request(local, "/health", host="dvc-sandbox:8080").status == 200
        assert request(local, "/health", host="evil.example").status == 421
        # The name need not resolve on the sandbox's own machine.
        assert status(options.state) == running
        with admin_client(running) as admin:
            assert admin.health()


@pytest.mark.skipif(os.name == "nt", reason="POSIX file modes")
def test_secrets_are_readable_by_the_owner_only(sandbox: Running) -> None:
    assert stat.S_IMODE(sandbox.state.stat().st_mode) == 0o700
    private = [sandbox.state / "sandbox.json", *(sandbox.state / "pki" / "keys").glob("*.pem")]
    assert len(private) > 12
    assert {stat.S_IMODE(path.stat().st_mode) for path in private} == {0o600}

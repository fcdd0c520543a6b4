"""TLS that cannot be turned off, and proxies that are used on purpose only."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from dvc_cli.net import NetSettings, NotSent
from dvc_cli.net.address import BadAddress, check_address
from dvc_cli.net.client import open_client
from dvc_cli.net.outcome import CertificateRefused
from dvc_cli.net.proxy import BadProxy, choose_proxy
from dvc_cli.net.tls import BadCaFile
from tests.net.certificates import Authority, make_authority
from tests.net.clients import Opener
from tests.net.servers import Peer, Server, answering, serving


class TestCertificates:
    """Bad-certificate servers."""

    def test_a_private_ca_is_added(self, authority: Authority, opened: Opener) -> None:
        with serving(answering(), authority.server()) as server:
            assert opened(server.url, ca_file=authority.file).post("/x", form=[]).status == 200

    def test_an_unknown_ca_is_refused(self, authority: Authority, opened: Opener) -> None:
        self.refuses(authority.server(), None, opened)

    def test_another_ca_of_the_same_name_is_refused(self, authority: Authority, opened: Opener, tmp_path: Path) -> None:
        self.refuses(authority.server(), make_authority(tmp_path).file, opened)

    def test_an_expired_certificate_is_refused(self, authority: Authority, opened: Opener) -> None:
        self.refuses(authority.server(days=(-30, -1)), authority.file, opened)

    def test_a_certificate_of_tomorrow_is_refused(self, authority: Authority, opened: Opener) -> None:
        self.refuses(authority.server(days=(1, 30)), authority.file, opened)

    def test_another_name_is_refused(self, authority: Authority, opened: Opener) -> None:
        self.refuses(authority.server("127.0.0.2"), authority.file, opened)
        self.refuses(authority.server("localhost"), authority.file, opened)

    def refuses(self, context: ssl.SSLContext, ca_file: Path | None, opened: Opener) -> None:
        with serving(answering(), context) as server:
            client = opened(server.url, ca_file=ca_file)
            with pytest.raises(CertificateRefused) as raised:
                client.post("/x", form=[("mat_khau", "canary")])
            assert isinstance(raised.value, NotSent)
            assert not raised.value.retryable
            with pytest.raises(CertificateRefused):
                client.get("/x")
            assert server.seen == []

    def test_old_tls_is_refused(self, authority: Authority, opened: Opener) -> None:
        with pytest.warns(DeprecationWarning, match="TLSv1_1"):
            context = authority.server(highest=ssl.TLSVersion.TLSv1_1)
        with serving(answering(), context) as server, pytest.raises(NotSent, match="No secure connection"):
            opened(server.url, ca_file=authority.file).post("/x", form=[])

    def test_plain_http_behind_https_is_not_sent(self, opened: Opener) -> None:
        with serving(answering()) as server, pytest.raises(NotSent):
            opened(server.url.replace("http:", "https:")).post("/x", form=[])
        assert server.seen == []

    def test_a_server_that_stalls_the_handshake_got_nothing(self, opened: Opener) -> None:
        with serving(lambda peer: peer.connection.recv(1) and peer.connection.recv(100_000)) as server:
            client = opened(server.url.replace("http:", "https:"), connect_timeout=0.3)
            with pytest.raises(NotSent):
                client.post("/x", form=[])

    def test_threads_do_not_wait_for_the_handshakes_of_others(self, authority: Authority, opened: Opener) -> None:
        context = authority.server()

        def slow_handshake(peer: Peer) -> None:
            time.sleep(0.4)
            peer.connection = context.wrap_socket(peer.connection, server_side=True)
            answering()(peer)
            peer.connection.close()

        with serving(slow_handshake) as server:
            client = opened(server.url.replace("http:", "https:"), ca_file=authority.file, read_timeout=5.0)
            clones = [client.clone() for _ in range(8)]
            started = time.monotonic()
            with ThreadPoolExecutor(8) as pool:
                statuses = list(pool.map(lambda one: one.get("/x").status, clones))
            assert statuses == [200] * 8
            assert time.monotonic() - started < 8 * 0.4
            for one in clones:
                one.close()

    @pytest.mark.parametrize("content", [None, b"no certificate"])
    def test_a_bad_ca_file_is_told(self, content: bytes | None, tmp_path: Path, opened: Opener) -> None:
        path = tmp_path / "ca.pem"
        if content is not None:
            path.write_bytes(content)
        with pytest.raises(BadCaFile, match=r"ca\.pem"):
            opened("https://portal.example", ca_file=path)


class TestAddresses:
    """Which addresses may be used at all."""

    @pytest.mark.parametrize(
        ("url", "canonical"),
        [
            ("https://Portal.Example/dvc/", "https://portal.example/dvc"),
            ("https://portal.example:8443", "https://portal.example:8443"),
            ("http://127.0.0.1:8000/", "http://127.0.0.1:8000"),
            ("http://127.5.5.5", "http://127.5.5.5"),
            ("http://[::1]:80", "http://[::1]:80"),
            ("http://localhost:1", "http://localhost:1"),
            ("https://dịchvụcông.vn", "https://dịchvụcông.vn"),
        ],
    )
    def test_good(self, url: str, canonical: str) -> None:
        assert check_address(url) == canonical
        open_client(url, NetSettings(proxy="")).close()

    @pytest.mark.parametrize(
        "url",
        [
            "",
            "portal.example",
            "ftp://portal.example",
            "http://portal.example",
            "http://127.0.0.1.portal.example",
            "http://localhost.portal.example",
            "http://10.0.0.1",
            "http://0.0.0.0",
            "http://169.254.169.254",
            "https://user:word@portal.example",
            "https://",
            "https://portal.example:0",
            "https://portal.example:99999",
            "http://127.0.0.1\\@portal.example",
            "https://portal.example/\r\nX: y",
            "https://portal example",
            "http://[::1",
        ],
    )
    def test_bad(self, url: str) -> None:
        with pytest.raises(BadAddress):
            check_address(url)
        with pytest.raises(BadAddress):
            open_client(url, NetSettings())

    def test_a_password_in_an_address_is_not_shown(self) -> None:
        with pytest.raises(BadAddress) as raised:
            check_address("https://user:canary@portal.example")
        assert "canary" not in raised.value.message


def tunnelling(target_port: int) -> object:
    """A proxy that connects everything to one local port."""

    def behave(peer: Peer) -> None:
        seen = peer.head()
        assert seen is not None
        peer.server.seen.append(seen)
        with socket.create_connection(("127.0.0.1", target_port)) as upstream:
            peer.connection.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
            back = threading.Thread(target=pump, args=(upstream, peer.connection), daemon=True)
            back.start()
            pump(peer.connection, upstream)

    return behave


def pump(source: socket.socket, target: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while piece := source.recv(65536):
            target.sendall(piece)
        target.shutdown(socket.SHUT_WR)


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    return monkeypatch


class TestProxy:
    """A proxy canary in the environment."""

    def test_the_tunnel_is_used_for_https(self, authority: Authority, opened: Opener) -> None:
        with (
            serving(answering("200 OK", b"through"), authority.server("portal.example.test")) as target,
            serving(tunnelling(target.port)) as proxy,  # type: ignore[arg-type]
        ):
            address = f"http://ai:canary@127.0.0.1:{proxy.port}"
            client = opened("https://portal.example.test", ca_file=authority.file, proxy=address)
            assert client.post("/x", form=[("a", "b")]).content == b"through"
            assert (proxy.seen[0].method, proxy.seen[0].target) == ("CONNECT", "portal.example.test:443")
            assert proxy.seen[0].header("proxy-authorization").startswith("Basic ")
            assert target.seen[0].header("proxy-authorization") == ""

    def test_the_environment_is_asked_when_nothing_is_set(
        self, environment: pytest.MonkeyPatch, opened: Opener
    ) -> None:
        with serving(answering("502 Bad")) as canary:
            environment.setenv("HTTPS_PROXY", canary.url)
            with pytest.raises(NotSent, match="proxy"):
                opened("https://portal.example.test", proxy=None).post("/x", form=[])
            assert canary.seen[0].target == "portal.example.test:443"

    def test_none_means_none(self, environment: pytest.MonkeyPatch, opened: Opener) -> None:
        with serving(answering()) as canary:
            environment.setenv("HTTPS_PROXY", canary.url)
            environment.setenv("ALL_PROXY", canary.url)
            with pytest.raises(NotSent):
                opened("https://no-such-host.invalid", proxy="").get("/x")
            assert canary.connections == 0

    def test_no_proxy_and_loopback_are_direct(self, environment: pytest.MonkeyPatch, opened: Opener) -> None:
        with serving(answering()) as canary, serving(answering()) as server:
            environment.setenv("HTTP_PROXY", canary.url)
            environment.setenv("http_proxy", canary.url)
            environment.setenv("HTTPS_PROXY", canary.url)
            environment.setenv("NO_PROXY", "no-such-host.invalid")
            assert opened(server.url, proxy=None).get("/x").status == 200
            assert opened(server.url, proxy=canary.url).get("/x").status == 200
            with pytest.raises(NotSent):
                opened("https://no-such-host.invalid", proxy=None).get("/x")
            assert canary.connections == 0

    @pytest.mark.parametrize("behaviour", ["refuses", "silent", "cuts"])
    def test_a_failing_proxy_got_no_body(self, behaviour: str, opened: Opener) -> None:
        def behave(peer: Peer) -> None:
            peer.request()
            if behaviour == "refuses":
                peer.answer("407 Proxy Authentication Required", b"")
            elif behaviour == "silent":
                peer.connection.recv(1)

        with serving(behave) as proxy:
            client = opened("https://portal.example.test", proxy=proxy.url)
            with pytest.raises(NotSent):
                client.post("/x", form=[("a", "canary")])
            with pytest.raises(NotSent):
                client.delete("/x")
            assert all(b"canary" not in seen.body for seen in proxy.seen)

    def test_a_certificate_is_checked_behind_the_proxy(self, authority: Authority, opened: Opener) -> None:
        with (
            serving(answering(), authority.server("other.example.test")) as target,
            serving(tunnelling(target.port)) as proxy,  # type: ignore[arg-type]
            pytest.raises(CertificateRefused),
        ):
            opened("https://portal.example.test", ca_file=authority.file, proxy=proxy.url).post("/x", form=[])
        assert target.seen == []

    def test_addresses_without_a_scheme(self) -> None:
        assert choose_proxy("proxy.example:3128", "https", "portal.example") == "http://proxy.example:3128"

    @pytest.mark.parametrize("address", ["socks5://u:canary@proxy.example", "http://", "http://u:canary@h:99999"])
    def test_unusable_addresses_are_told_without_their_password(self, address: str) -> None:
        with pytest.raises(BadProxy) as raised:
            choose_proxy(address, "https", "portal.example")
        assert "canary" not in raised.value.message + str(raised.value.hint)


def test_netrc_is_not_read(environment: pytest.MonkeyPatch, tmp_path: Path, opened: Opener) -> None:
    netrc = tmp_path / ".netrc"
    netrc.write_text("default login ai password canary\n", encoding="utf-8")
    netrc.chmod(0o600)
    environment.setenv("HOME", str(tmp_path))
    environment.setenv("NETRC", str(netrc))
    with serving(answering()) as server:
        opened(server.url).get("/x")
        assert server.seen[0].header("authorization") == ""


def test_ssl_key_log_is_not_written(
    environment: pytest.MonkeyPatch, authority: Authority, tmp_path: Path, opened: Opener
) -> None:
    environment.setenv("SSLKEYLOGFILE", str(tmp_path / "keys"))
    with serving(answering(), authority.server()) as server:
        opened(server.url, ca_file=authority.file).get("/x")
    assert not (tmp_path / "keys").exists()


def test_servers_close(authority: Authority) -> None:
    server = Server(answering())
    server.close()
    with pytest.raises(OSError, match="refused"):
        socket.create_connection(("127.0.0.1", server.port), timeout=1)

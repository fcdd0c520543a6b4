"""Redirects: same origin only, never with a body."""

from __future__ import annotations

import pytest

from dvc_cli.net import Unanswered
from dvc_cli.net.address import BadAddress
from dvc_cli.net.outcome import NoAnswer
from tests.net.clients import Opener
from tests.net.servers import Behaviour, Peer, Seen, routes, serving


def redirecting(status: int, location: str) -> Behaviour:
    return routes(
        {
            "/start": lambda peer, _: peer.answer(f"{status} Moved", b"moved", f"Location: {location}"),
            "/end": lambda peer, _: peer.answer("200 OK", b"end"),
        }
    )


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("location", ["/end", "end", "./end?x=1", "/end#part"])
def test_reads_follow_the_same_origin(status: int, location: str, opened: Opener) -> None:
    with serving(redirecting(status, location)) as server:
        answer = opened(server.url).get("/start")
        assert (answer.status, answer.content) == (200, b"end")
        assert answer.url.startswith(f"{server.url}/end")


@pytest.mark.parametrize("status", [302, 303])
def test_a_mutation_is_followed_as_a_read_without_its_body(status: int, opened: Opener) -> None:
    with serving(redirecting(status, "/end")) as server:
        assert opened(server.url).post("/start", form=[("ma", "bí mật")]).content == b"end"
        first, second = server.seen
        assert (first.method, second.method) == ("POST", "GET")
        assert second.body == b""
        assert second.header("content-type") == second.header("content-length") == ""


@pytest.mark.parametrize("status", [300, 301, 304, 307, 308])
def test_a_body_is_never_sent_again(status: int, opened: Opener) -> None:
    with serving(redirecting(status, "/end")) as server:
        body = b"" if status == 304 else b"moved"
        answer = opened(server.url).post("/start", form=[("a", "b")])
        assert (answer.status, answer.content) == (status, body)
        assert len(server.seen) == 1


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_another_origin_is_never_followed(status: int, opened: Opener) -> None:
    with serving(redirecting(200, "/")) as other:
        elsewhere = [
            f"{other.url}/end",
            f"//127.0.0.1:{other.port}/end",
            f"http://localhost:{other.port}/end",
            "https://127.0.0.1/end",
            "http://user:word@127.0.0.1/end",
            "file:///etc/passwd",
            "http://[broken/",
        ]
        for location in elsewhere:
            with serving(redirecting(status, location)) as server:
                client = opened(server.url)
                client.set_cookies([{"name": "sid", "value": "canary", "domain": "127.0.0.1", "path": "/"}])
                assert client.get("/start").status == status
                assert client.post("/start", form=[("a", "b")]).status == status
        assert other.seen == []


def test_a_redirect_to_nowhere_is_no_usable_answer(opened: Opener) -> None:
    with serving(redirecting(302, "javascript:alert(1)")) as server:
        with pytest.raises(NoAnswer):
            opened(server.url).get("/start")
        with pytest.raises(Unanswered):
            opened(server.url).post("/start", form=[("a", "b")])


def test_user_name_in_a_redirect_to_the_same_origin_is_refused(opened: Opener) -> None:
    def behave(peer: Peer, seen: Seen) -> None:
        peer.answer("302 Found", b"", f"Location: http://u:p@{seen.header('host')}/end")

    with serving(routes({"/start": behave})) as server:
        assert opened(server.url).get("/start").status == 302
        assert len(server.seen) == 1


def test_no_following_when_not_wanted(opened: Opener) -> None:
    with serving(redirecting(302, "/end")) as server:
        client = opened(server.url)
        assert client.get("/start", follow=False).headers["location"] == "/end"
        assert client.post("/start", form=[], follow=False).status == 302


def test_endless_redirects_end(opened: Opener) -> None:
    with serving(redirecting(302, "/start")) as server:
        client = opened(server.url)
        with pytest.raises(NoAnswer):
            client.get("/start")
        with pytest.raises(NoAnswer):
            list(client.stream("/start"))
        with pytest.raises(Unanswered):
            client.post("/start", form=[])
        assert sum(seen.method == "POST" for seen in server.seen) == 1


def test_when_the_page_after_a_mutation_is_lost_the_mutation_is_unanswered(opened: Opener) -> None:
    def behave(peer: Peer) -> None:
        peer.request()
        peer.answer("303 See Other", b"", "Location: /end")
        peer.request()

    with serving(behave) as server, pytest.raises(Unanswered):
        opened(server.url).post("/start", form=[])


def test_stream_follows_the_same_origin_only(opened: Opener) -> None:
    with serving(redirecting(302, "/end")) as server:
        assert b"".join(opened(server.url).stream("/start")) == b"end"
    with serving(redirecting(302, "http://127.0.0.1:9/end")) as server, pytest.raises(NoAnswer):
        list(opened(server.url).stream("/start"))


class TestPaths:
    """Paths given by callers."""

    def test_paths_stand_after_the_base(self, opened: Opener) -> None:
        with serving(routes({"/dvc/list": lambda peer, _: peer.answer()})) as server:
            client = opened(f"{server.url}/dvc/")
            for path in ("list", "/list", f"{server.url}/dvc/list"):
                assert client.get(path, params={"tên": "Được & Khác"}).status == 200
            assert server.seen[0].target == "/dvc/list?t%C3%AAn=%C4%90%C6%B0%E1%BB%A3c%20%26%20Kh%C3%A1c".replace(
                "%20", "+"
            )

    def test_parameters_are_added_to_those_of_the_path(self, opened: Opener) -> None:
        with serving(routes({"/list": lambda peer, _: peer.answer()})) as server:
            opened(server.url).get("/list?a=1", params={"b": "2"})
            assert server.seen[0].target == "/list?a=1&b=2"

    @pytest.mark.parametrize("path", ["https://evil.example/x", "http://127.0.0.1:1/x", "http://u@{netloc}/x"])
    def test_addresses_elsewhere_are_refused(self, path: str, opened: Opener) -> None:
        with serving(routes({})) as server:
            client = opened(server.url)
            with pytest.raises(BadAddress):
                client.get(path.format(netloc=f"127.0.0.1:{server.port}"))
            assert server.connections == 0

    def test_a_path_cannot_change_the_host(self, opened: Opener) -> None:
        with serving(routes({"/evil.example/x": lambda peer, _: peer.answer()})) as server:
            opened(server.url).get("//evil.example/x")
            assert server.seen[0].header("host") == f"127.0.0.1:{server.port}"

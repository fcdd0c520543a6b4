"""Was anything sent, and may it have taken effect: a connection cut at every point."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from dvc_cli.errors import ExitCode, NotFound, Temporary
from dvc_cli.net import HttpClient, NotSent, Unanswered
from dvc_cli.net.base import FilePart
from dvc_cli.net.outcome import AnswerTooLarge, NoAnswer
from tests.net.clients import Opener
from tests.net.servers import Peer, answering, serving

Mutation = Callable[[HttpClient], object]
MUTATIONS: dict[str, Mutation] = {
    "form": lambda client: client.post("/x", form=[("a", "b")]),
    "json": lambda client: client.post("/x", json={"a": "b"}),
    "no body": lambda client: client.post("/x"),
    "delete": lambda client: client.delete("/x"),
}


@pytest.fixture(params=MUTATIONS, ids=lambda name: name.replace(" ", "-"))
def mutate(request: pytest.FixtureRequest) -> Mutation:
    return MUTATIONS[request.param]


def unused_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


def cut_after_request(peer: Peer) -> None:
    peer.request()


def reset_after_request(peer: Peer) -> None:
    peer.request()
    peer.reset()


def never_answer(peer: Peer) -> None:
    peer.request()
    peer.connection.recv(1)


def cut_in_status_line(peer: Peer) -> None:
    peer.request()
    peer.connection.sendall(b"HTTP/1.1 20")


def cut_in_headers(peer: Peer) -> None:
    peer.request()
    peer.connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Le")


def cut_in_body(peer: Peer) -> None:
    peer.request()
    peer.connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly this")


def cut_in_chunk(peer: Peer) -> None:
    peer.request()
    peer.connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n20\r\nonly this")


def stall_in_body(peer: Peer) -> None:
    cut_in_body(peer)
    peer.connection.recv(1)


def speak_nonsense(peer: Peer) -> None:
    peer.request()
    peer.connection.sendall(b"220 smtp.example ESMTP\r\n")


def broken_gzip(peer: Peer) -> None:
    peer.request()
    peer.answer("200 OK", b"not gzip", "Content-Encoding: gzip")


def unknown_coding(peer: Peer) -> None:
    peer.request()
    peer.answer("200 OK", b"?", "Content-Encoding: br")


AFTER_SENDING = [
    cut_after_request,
    reset_after_request,
    never_answer,
    cut_in_status_line,
    cut_in_headers,
    cut_in_body,
    cut_in_chunk,
    stall_in_body,
    speak_nonsense,
    broken_gzip,
    unknown_coding,
]


@pytest.mark.parametrize("behaviour", AFTER_SENDING)
def test_a_mutation_without_a_usable_answer_is_unanswered(
    behaviour: Callable[[Peer], None], mutate: Mutation, opened: Opener
) -> None:
    with serving(behaviour) as server:
        with pytest.raises(Unanswered) as raised:
            mutate(opened(server.url))
        assert len(server.seen) == 1, "sent once and never again"
    assert raised.value.exit_code is ExitCode.OUTCOME_UNKNOWN
    assert str(server.port) in raised.value.message


@pytest.mark.parametrize("behaviour", AFTER_SENDING)
def test_a_read_without_a_usable_answer_is_temporary(behaviour: Callable[[Peer], None], opened: Opener) -> None:
    with serving(behaviour) as server:
        with pytest.raises(NoAnswer) as raised:
            opened(server.url).get("/x")
        assert len(server.seen) == 1, "not repeated by itself"
    assert raised.value.retryable
    assert not isinstance(raised.value, NotSent)


def test_refused_connection_is_not_sent(mutate: Mutation, opened: Opener) -> None:
    with pytest.raises(NotSent) as raised:
        mutate(opened(f"http://127.0.0.1:{unused_port()}"))
    assert raised.value.exit_code is ExitCode.TEMPORARY
    assert raised.value.retryable


def test_unknown_name_is_not_sent(opened: Opener) -> None:
    client = opened("https://no-such-host.invalid")
    with pytest.raises(NotSent, match=r"no-such-host\.invalid cannot be resolved"):
        client.post("/x", form=[])


def test_connect_time_out_is_not_sent(opened: Opener) -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        port = listener.getsockname()[1]
        # Fill the queue so that the next handshake is never completed.
        waiting = [socket.socket() for _ in range(4)]
        for one in waiting:
            one.setblocking(False)
            one.connect_ex(("127.0.0.1", port))
        client = opened(f"http://127.0.0.1:{port}", connect_timeout=0.3)
        with pytest.raises(NotSent):
            client.post("/x", form=[("a", "b")])
        for one in waiting:
            one.close()


def test_a_server_that_closes_at_once_got_nothing(opened: Opener, tmp_path: Path) -> None:
    """RST before the body: a big upload may have begun, so only the answerless truth is told."""
    scan = tmp_path / "scan.pdf"
    scan.write_bytes(bytes(8_000_000))

    def slam(peer: Peer) -> None:
        peer.head()
        peer.reset()

    part = FilePart(field="file", path=scan, filename="scan.pdf", media_type="application/pdf")
    with serving(slam) as server, pytest.raises(Unanswered):
        opened(server.url).post("/x", files=[part])


def test_a_kept_connection_the_server_closed_is_not_used_for_a_mutation(opened: Opener) -> None:
    def once(peer: Peer) -> None:
        peer.request()
        peer.answer()

    with serving(once) as server:
        client = opened(server.url)
        client.get("/a")
        time.sleep(0.05)
        assert client.post("/b", form=[]).status == 200
        assert [seen.target for seen in server.seen] == ["/a", "/b"]
        assert server.connections == 2


def test_error_statuses_are_answers(opened: Opener) -> None:
    for status in ("400 Bad", "401 No", "403 No", "404 No", "409 No", "429 Slow", "500 Ouch", "503 Later"):
        with serving(answering(status, b"why", "Retry-After: 7")) as server:
            client = opened(server.url)
            answer = client.post("/x", form=[])
            assert (answer.status, answer.text(), answer.headers["retry-after"]) == (int(status[:3]), "why", "7")
            assert client.get("/x").status == int(status[:3])


def test_an_early_refusal_while_uploading_is_an_answer(opened: Opener, tmp_path: Path) -> None:
    scan = tmp_path / "scan.pdf"
    scan.write_bytes(bytes(3_000_000))

    def refuse(peer: Peer) -> None:
        seen = peer.head()
        peer.answer("413 Too Large", b"", "Connection: close")
        rest = int(seen.header("content-length")) - len(peer.buffer) if seen else 0
        while rest > 0 and (piece := peer.connection.recv(65536)):
            rest -= len(piece)

    with serving(refuse) as server:
        part = FilePart(field="file", path=scan, filename="scan.pdf", media_type="application/pdf")
        assert opened(server.url).post("/x", files=[part]).status == 413


def test_too_large_answers(opened: Opener) -> None:
    with serving(answering("200 OK", b"x" * 5000)) as server:
        client = opened(server.url, max_bytes=4999)
        with pytest.raises(AnswerTooLarge):
            client.get("/x")
        with pytest.raises(Unanswered):
            client.post("/x", form=[])
        assert len(opened(server.url, max_bytes=5000).get("/x").content) == 5000


def test_a_bomb_of_zeros_is_stopped(opened: Opener) -> None:
    import gzip

    bomb = gzip.compress(bytes(300_000_000), 9)
    with serving(answering("200 OK", bomb, "Content-Encoding: gzip")) as server, pytest.raises(AnswerTooLarge):
        opened(server.url, max_bytes=1_000_000, read_timeout=5.0).get("/x")


def test_a_dripping_server_does_not_hold_us(opened: Opener) -> None:
    def drip(peer: Peer) -> None:
        peer.request()
        peer.connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
        while True:
            peer.connection.sendall(b".")
            time.sleep(0.02)

    started = time.monotonic()
    with serving(drip) as server, pytest.raises(NoAnswer):
        opened(server.url, read_timeout=0.05).get("/x")
    assert time.monotonic() - started < 3


def test_own_read_time_out_for_one_request(opened: Opener) -> None:
    def late(peer: Peer) -> None:
        while peer.request() is not None:
            time.sleep(0.8)
            peer.answer()

    with serving(late) as server:
        client = opened(server.url)
        assert client.post("/x", json={}, read_timeout=5).status == 200
        with pytest.raises(Unanswered):
            client.post("/x", json={})


class TestStream:
    """Large bodies, piece by piece."""

    def test_pieces(self, opened: Opener) -> None:
        body = bytes(range(256)) * 1000
        with serving(answering("200 OK", body)) as server:
            pieces = list(opened(server.url).stream("/x", chunk=1000))
        assert b"".join(pieces) == body
        assert {len(piece) for piece in pieces} == {1000}

    def test_a_cut_is_temporary(self, opened: Opener) -> None:
        with serving(cut_in_body) as server, pytest.raises(NoAnswer):
            list(opened(server.url).stream("/x"))

    def test_statuses(self, opened: Opener) -> None:
        with serving(answering("404 No")) as server, pytest.raises(NotFound):
            list(opened(server.url).stream("/x"))
        with serving(answering("503 Later")) as server, pytest.raises(Temporary):
            list(opened(server.url).stream("/x"))

    def test_leaving_early_closes_the_connection(self, opened: Opener) -> None:
        with serving(answering("200 OK", bytes(5_000_000))) as server:
            client = opened(server.url)
            pieces = client.stream("/x")
            next(iter(pieces))
            pieces.close()  # type: ignore[attr-defined]
            assert next(iter(client.stream("/x")))

"""What goes over the wire: forms, files, cookies; and what is logged about it."""

from __future__ import annotations

import hashlib
import json
import logging
import threading
import tracemalloc
import unicodedata
from email.parser import BytesParser
from email.policy import HTTP
from pathlib import Path

import pytest

from dvc_cli.net import NotSent, Unanswered
from dvc_cli.net.base import FilePart
from dvc_cli.net.client import UnreadableFile
from tests.net.clients import Opener
from tests.net.servers import Peer, Seen, answering, routes, serving


def part(path: Path, name: str = "tệp.pdf", field: str = "file") -> FilePart:
    return FilePart(field=field, path=path, filename=name, media_type="application/pdf")


def parts_of(seen: Seen) -> list[tuple[str, str | None, str | None, bytes]]:
    """Name, file name, type and content of each part, as a portal's parser sees them."""
    boundary = seen.header("content-type").split("boundary=")[1].encode()
    found = []
    for piece in seen.body.split(b"--" + boundary)[1:-1]:
        head, content = piece.removeprefix(b"\r\n").removesuffix(b"\r\n").split(b"\r\n\r\n", 1)
        message = BytesParser(policy=HTTP).parsebytes(head.replace(b"\r\n", b"\n"))
        raw = head.decode("utf-8").split("\r\n")[0]
        name = raw.split('name="')[1].split('"')[0]
        file = raw.split('filename="')[1].split('"')[0] if 'filename="' in raw else None
        found.append((name, file, message.get_content_type() if file else None, content))
    return found


def test_form_keeps_order_repeats_and_letters(opened: Opener) -> None:
    with serving(answering()) as server:
        opened(server.url).post("/x", form=[("b", "1"), ("a", "Nguyễn Thị Được & Con"), ("b", "2")])
        seen = server.seen[0]
    assert seen.header("content-type") == "application/x-www-form-urlencoded"
    assert seen.body == b"b=1&a=Nguy%E1%BB%85n+Th%E1%BB%8B+%C4%90%C6%B0%E1%BB%A3c+%26+Con&b=2"


def test_json(opened: Opener) -> None:
    with serving(
        answering("200 OK", '{"tên": "Được"}'.encode(), "Content-Type: application/json; charset=utf-8")
    ) as server:
        answer = opened(server.url).post("/x", json={"a": "Được"}, headers={"X-Extra": "1"})
        assert answer.json() == {"tên": "Được"}
        assert answer.media_type == "application/json"
        assert json.loads(server.seen[0].body) == {"a": "Được"}
        assert server.seen[0].header("x-extra") == "1"
        assert server.seen[0].header("user-agent").startswith("dvc-cli/")


def test_files_arrive_byte_for_byte_under_their_vietnamese_names(opened: Opener, tmp_path: Path) -> None:
    contents = {"Đơn đề nghị.pdf": bytes(range(256)) * 900, "CCCD (mặt trước).pdf": b"\r\n--x--\r\n", "rỗng.pdf": b""}
    paths = []
    for number, content in enumerate(contents.values()):
        paths.append(tmp_path / str(number))
        paths[-1].write_bytes(content)
    files = [part(path, unicodedata.normalize("NFD", name)) for path, name in zip(paths, contents, strict=True)]
    with serving(answering()) as server:
        opened(server.url).post("/x", form=[("ghi_chú", "có dấu"), ("a", "1"), ("a", "2")], files=files)
        seen = server.seen[0]
    assert seen.header("transfer-encoding") == ""
    assert int(seen.header("content-length")) == len(seen.body)
    assert parts_of(seen)[:3] == [
        ("ghi_chú", None, None, "có dấu".encode()),
        ("a", None, None, b"1"),
        ("a", None, None, b"2"),
    ]
    assert parts_of(seen)[3:] == [("file", name, "application/pdf", content) for name, content in contents.items()]


def test_a_file_name_cannot_add_headers(opened: Opener, tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"content")
    with serving(answering()) as server:
        opened(server.url).post("/x", files=[part(path, 'a"\r\nX-Evil: 1\r\n\r\nbody.pdf')])
        assert b"\r\nX-Evil" not in server.seen[0].body


def test_uploading_needs_little_memory(opened: Opener, tmp_path: Path) -> None:
    path = tmp_path / "large.pdf"
    with path.open("wb") as file:
        file.truncate(150_000_000)
    sizes: list[int] = []

    def swallow(peer: Peer) -> None:
        seen = peer.head()
        assert seen is not None
        rest = int(seen.header("content-length")) - len(peer.buffer)
        buffer = bytearray(65536)
        while rest > 0:
            rest -= peer.connection.recv_into(buffer)
        sizes.append(int(seen.header("content-length")))
        peer.answer()

    with serving(swallow) as server:
        client = opened(server.url, read_timeout=20.0)
        client.clone().close()
        tracemalloc.start()
        try:
            assert client.post("/x", files=[part(path)]).status == 200
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
    assert sizes[0] - 150_000_000 < 1000
    assert peak < 3_000_000


def test_a_missing_file_is_told_before_anything_is_sent(opened: Opener, tmp_path: Path) -> None:
    with serving(answering()) as server:
        for path in (tmp_path / "không có.pdf", tmp_path):
            with pytest.raises(UnreadableFile, match=path.name):
                opened(server.url).post("/x", files=[part(path)])
        assert server.connections == 0


@pytest.mark.parametrize("change", ["shorter", "longer"])
def test_a_file_that_changes_while_it_is_sent_is_not_passed_off_as_whole(
    change: str, opened: Opener, tmp_path: Path
) -> None:
    path = tmp_path / "scan.pdf"
    path.write_bytes(bytes(20_000_000))

    def behave(peer: Peer) -> None:
        peer.head()
        with path.open("r+b") as file:
            file.truncate(10_000_000 if change == "shorter" else 30_000_000)
        while peer.connection.recv(65536):
            pass

    with serving(behave) as server, pytest.raises(Unanswered):
        opened(server.url, read_timeout=5.0).post("/x", files=[part(path)])


def hand_out(peer: Peer, seen: Seen) -> None:
    peer.answer(
        "200 OK",
        b"",
        "Set-Cookie: sid=first; Path=/; HttpOnly; SameSite=Lax",
        "Set-Cookie: csrf=second; Path=/form",
        "Set-Cookie: evil=third; Domain=example.com; Path=/",
    )


class TestCookies:
    """The jar as plain data."""

    def test_kept_sent_and_taken_along(self, opened: Opener) -> None:
        table = {"/in": hand_out, "/form/x": lambda peer, _: peer.answer(), "/x": lambda peer, _: peer.answer()}
        with serving(routes(table)) as server:
            client = opened(server.url)
            assert "set-cookie" not in client.get("/in").headers
            kept = client.cookies()
            assert sorted((one["name"], one["value"], one["domain"], one["path"]) for one in kept) == [
                ("csrf", "second", "127.0.0.1", "/form"),
                ("sid", "first", "127.0.0.1", "/"),
            ]
            again = opened(server.url)
            again.set_cookies(json.loads(json.dumps(kept)))
            again.get("/x")
            again.get("/form/x")
            assert server.seen[-2].header("cookie") == "sid=first"
            assert sorted(server.seen[-1].header("cookie").split("; ")) == ["csrf=second", "sid=first"]

    def test_set_replaces_all_and_a_new_value_replaces_the_old(self, opened: Opener) -> None:
        with serving(routes({"/in": hand_out})) as server:
            client = opened(server.url)
            client.set_cookies([{"name": "old", "value": "1"}, {"name": "sid", "value": "0", "domain": "127.0.0.1"}])
            client.set_cookies([{"name": "sid", "value": "0", "domain": "127.0.0.1", "path": "/"}])
            client.get("/in")
            assert [one["value"] for one in client.cookies() if one["name"] == "sid"] == ["first"]
            assert server.seen[0].header("cookie") == "sid=0"

    def test_cookies_of_other_hosts_stay_here(self, opened: Opener) -> None:
        with serving(answering()) as server:
            client = opened(server.url)
            client.set_cookies([{"name": "sid", "value": "canary", "domain": "portal.example", "path": "/"}])
            client.get("/x")
            assert server.seen[0].header("cookie") == ""

    def test_clones_go_their_own_ways(self, opened: Opener) -> None:
        with serving(routes({"/in": hand_out, "/x": lambda peer, _: peer.answer()})) as server:
            client = opened(server.url)
            client.get("/in")
            clones = [client.clone() for _ in range(8)]
            client.set_cookies([])
            threads = [threading.Thread(target=one.get, args=("/x",)) for one in clones]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            assert [seen.header("cookie") for seen in server.seen[1:]] == ["sid=first"] * 8
            for one in clones:
                one.close()


def test_the_log_tells_method_path_status_and_time_and_nothing_more(
    opened: Opener, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    canaries = ("canary-body", "canary-cookie", "canary-query", "canary-header", "canary-answer")
    with serving(answering("200 OK", b"canary-answer", "Set-Cookie: sid=canary-cookie")) as server:
        client = opened(server.url)
        client.get("/procedures/034099000123", params={"q": "canary-query", "page": "2"})
        client.post("/login", form=[("mat_khau", "canary-body")], headers={"Authorization": "Bearer canary-header"})
    refused = opened(server.url)
    with pytest.raises(NotSent):
        refused.get("/gone")
    text = "\n".join(record.getMessage() for record in caplog.records)
    lines = [line for line in text.splitlines() if " -> " in line]
    assert lines[0].startswith("GET /procedures/*********123?q&page -> 200 in ")
    assert lines[1].startswith("POST /login -> 200 in ")
    assert lines[2].startswith("GET /gone -> ConnectError in ")
    assert not any(canary in text for canary in canaries)
    assert {record.name for record in caplog.records} == {"dvc_cli.net.client"}


def test_large_downloads_are_exact(opened: Opener) -> None:
    body = bytes(range(256)) * 40_000
    with serving(answering("200 OK", body)) as server:
        digest = hashlib.sha256()
        for piece in opened(server.url, max_bytes=10).stream("/x"):
            digest.update(piece)
    assert digest.digest() == hashlib.sha256(body).digest()


def test_importing_the_package_does_not_load_httpx() -> None:
    import subprocess
    import sys

    code = (
        "import sys, dvc_cli.net.client, dvc_cli.net.redact; print('httpx' in sys.modules, 'truststore' in sys.modules)"
    )
    assert (
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
        == "False False\n"
    )

"""A portal that turns against its users: foreign redirects, foreign forms, evil names and texts, nonsense."""

from __future__ import annotations

import json
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from dvc_cli.errors import DvcError, Temporary
from dvc_cli.model.procedure import FormTemplate
from dvc_cli.model.secret import Secret
from dvc_cli.net.base import NetSettings, Unanswered
from dvc_cli.net.client import open_client
from dvc_cli.output.clock import SystemClock
from dvc_cli.portal.base import (
    ForeignRedirect,
    LoginChallenge,
    OpenedDossier,
    PortalAddress,
    ReadyCommit,
    SessionEnded,
    UnexpectedPage,
)
from dvc_cli.portal.registry import open_portal
from tests.net.servers import answering, routes, serving
from tests.portal.worlds import CITIZEN

HTML = "Content-Type: text/html; charset=utf-8"
PNG = b"\x89PNG\r\n\x1a\n"


@contextmanager
def portal_that(behaviour):
    with serving(behaviour) as server:
        address = PortalAddress(url=server.url, dialect="igate1")
        driver = open_portal(address, lambda url: open_client(url, NetSettings(read_timeout=5)), SystemClock())
        try:
            yield driver, server
        finally:
            driver.close()


def page(text: str, status: str = "200 OK", *headers: str):
    return lambda peer, _seen: peer.answer(status, text.encode(), HTML, *headers)


def ready_at(url: str) -> ReadyCommit:
    return ReadyCommit(sid="1", token="t", state={"action": url, "entries": json.dumps([["csrf", "t"]])})


def test_a_redirect_to_another_host_is_never_followed():
    with serving(answering()) as other:
        moved = answering("302 Found", b"", f"Location: {other.url}/dichvucong/bothutuc/listThuTuc")
        with portal_that(moved) as (driver, _server), pytest.raises(ForeignRedirect, match="another address"):
            driver.procedures()
        assert other.connections == 0


def test_a_password_is_never_sent_to_another_host():
    with serving(answering()) as other:
        form = f'<form action="{other.url}/x" method=post><input name=u><input name=p type=password></form>'
        login = routes({"/dich-vu-cong/cong-dan/dang-nhap": page(form)})
        with portal_that(login) as (driver, _server), pytest.raises(ForeignRedirect):
            driver.begin_login("congdan")
        challenge = LoginChallenge(
            id="x",
            captcha_png=None,
            state={"action": f"{other.url}/x", "entries": "[]", "cookies": "[]", "user": "u", "password": "p"},
            created_at=datetime.now(UTC),
        )
        with portal_that(answering()) as (driver, _server), pytest.raises(ForeignRedirect):
            driver.finish_login(challenge, "congdan", Secret("geheim"), None)
        assert other.connections == 0


def test_a_captcha_picture_from_another_host_is_not_fetched():
    with serving(answering()) as other:
        form = f'<form><input name=u><input name=p type=password><img src="{other.url}/captcha"><input name=c></form>'
        login = routes({"/dich-vu-cong/cong-dan/dang-nhap": page(form)})
        with portal_that(login) as (driver, _server), pytest.raises(ForeignRedirect):
            driver.begin_login("congdan")
        assert other.connections == 0


def test_a_form_template_on_another_host_is_not_fetched():
    with serving(answering()) as other, portal_that(answering()) as (driver, _server):
        with pytest.raises(ForeignRedirect):
            driver.download_form(FormTemplate(name="Mẫu", url=f"{other.url}/mau.docx"))
        assert other.connections == 0


@pytest.mark.parametrize(
    "disposition",
    [
        'attachment; filename="../../.bashrc"',
        "attachment; filename*=UTF-8''..%2F..%2Fevil.docx",
        'attachment; filename="C:\\\\Windows\\\\con.docx"',
        "attachment; filename*=UTF-8''%E2%80%AExcod.exe",
        "attachment",
    ],
)
def test_names_of_downloads_are_made_safe(disposition):
    served = answering("200 OK", b"PK", "Content-Type: application/zip", f"Content-Disposition: {disposition}")
    with portal_that(served) as (driver, server):
        name, content = driver.download_form(FormTemplate(name="Mẫu", url=f"{server.url}/bieu-mau?so=1"))
    assert content == b"PK"
    assert Path(name).name == name
    assert not name.startswith(".")
    assert "\u202e" not in name


def test_a_log_in_page_in_the_place_of_a_file_is_an_ended_session():
    login = page("<form><input name=u><input name=p type=password></form>")
    with portal_that(routes({"/mau.docx": login})) as (driver, server), pytest.raises(SessionEnded):
        driver.download_form(FormTemplate(name="Mẫu", url=f"{server.url}/mau.docx"))


def test_a_log_in_box_beside_a_list_is_no_ended_session():
    both = (
        "<form action=/dang-nhap><input name=u><input name=p type=password></form><form><input name=tukhoa></form>"
        "<div class=list-tthc><ul><li><a class=tthc-name href='/tthc?matt=7'>1.001612 Đăng ký</a></li></ul></div>"
    )
    with portal_that(routes({"/dichvucong/bothutuc/listThuTuc": page(both)})) as (driver, _server):
        found = driver.procedures()
    assert [(one.code, one.portal_id, one.name) for one in found.items] == [("1.001612", "7", "Đăng ký")]
    assert found.total is None


@pytest.mark.parametrize(
    "body",
    [b"", b"\x00\xff\xfe", b"<html></html>", b"{}", "Hệ thống đang bảo trì".encode()],
)
def test_nonsense_is_an_unexpected_page(body):
    with portal_that(answering("200 OK", body, HTML)) as (driver, _server):
        for ask in (driver.procedures, driver.whoami, driver.own_dossiers, driver.begin_lookup):
            with pytest.raises(UnexpectedPage):
                ask()


@pytest.mark.parametrize(
    ("status", "headers", "body"),
    [
        ("200 OK", [HTML], b"<p>Th\xc3\xa0nh c\xc3\xb4ng</p>"),
        ("200 OK", [HTML], b"<p>000.00.17.H54-260131-0000001</p><form action=/xac-nhan></form>"),
        ("200 OK", [HTML], b"<p>H54-260131-0000001 H54-260131-0000002</p>"),
        ("200 OK", [HTML], b"<p>See also H54-260131-0000001</p>"),
        ("200 OK", [HTML], b""),
        ("200 OK", ["Content-Type: application/json"], b'{"code": "H54-260131-0000001"'),
        ("302 Found", ["Location: https://elsewhere.example/nop-thanh-cong?ma-ho-so=H54-260131-0000001"], b""),
        ("302 Found", ["Location: http://[bad"], b""),
        ("307 Temporary Redirect", ["Location: /nop-thanh-cong?ma-ho-so=H54-260131-0000001"], b""),
        ("422 Unprocessable", [HTML], b"<p>?</p>"),
        ("400 Bad Request", [HTML], b"<div data-error=csrf>x</div>"),
        ("401 Unauthorized", [HTML], b"<p>x</p>"),
    ],
)
def test_a_commit_without_a_clear_success_is_unknown(status, headers, body):
    with portal_that(answering(status, body, *headers)) as (driver, server):
        with pytest.raises(Unanswered):
            driver.commit(ready_at(f"{server.url}/xac-nhan"))
        assert [seen.method for seen in server.seen].count("POST") == 1


def test_a_commit_never_goes_to_another_host():
    with serving(answering()) as other, portal_that(answering()) as (driver, _server):
        with pytest.raises(ForeignRedirect):
            driver.commit(ready_at(f"{other.url}/xac-nhan"))
        assert other.connections == 0


def test_a_commit_that_cannot_be_sent_says_so():
    from dvc_cli.net.base import NotSent

    with portal_that(answering()) as (driver, server):
        ready = ready_at(f"{server.url}/xac-nhan")
        server.close()
        with pytest.raises(NotSent):
            driver.commit(ready)


def test_the_only_code_of_a_success_page_is_taken():
    success = answering(
        "200 OK", "<main>Nộp hồ sơ thành công. Mã hồ sơ: <b>H54-260131-0000007</b></main>".encode(), HTML
    )
    with portal_that(success) as (driver, server):
        assert driver.commit(ready_at(f"{server.url}/xac-nhan")).code == "H54-260131-0000007"


@pytest.mark.parametrize(
    "answer",
    [b"[]", b"{}", b'{"id": null, "storedName": 1}', b'{"id": 5, "storedName": "x.pdf", "size": 3}', b"not json"],
)
def test_an_upload_without_a_proof_is_unknown(answer, tmp_path):
    path = tmp_path / "a.pdf"
    path.write_bytes(b"%PDF-1.4 longer than three bytes")
    with portal_that(answering("200 OK", answer, "Content-Type: application/json")) as (driver, server):
        opened = OpenedDossier(
            sid="s",
            procedure=None,  # type: ignore[arg-type]
            state={"files": f"{server.url}/tep-tin", "file_token": "", "components": f"{server.url}/c"},
        )
        with pytest.raises(Unanswered):
            driver.upload(opened, "1", path, "a.pdf")


def test_texts_of_the_portal_arrive_as_they_are_and_only_as_details():
    from dvc_cli.portal.base import PortalRefused

    evil = "<div data-error=invalid>\u202eX\u0007 <script>alert(1)</script>Thiếu</div>"
    with (
        portal_that(answering("422 X", evil.encode(), HTML)) as (driver, server),
        pytest.raises(PortalRefused) as caught,
    ):
        driver.commit(ready_at(f"{server.url}/xac-nhan"))
    assert "alert" not in "".join(caught.value.details)
    assert "\u202e" not in caught.value.message


def test_a_wizard_that_runs_in_circles_ends():
    applicant = (
        f'<form action="/b" method=post><input name=CongDan_soCmnd value="{CITIZEN.identity_number}" readonly>'
        "<input name=CongDan_tenCongDan></form>"
    )
    choice = '<form action="/a" method=post><select name=coQuan><option value=1>Sở</select></form>'
    table = {
        "/dich-vu-cong/tiep-nhan-online/chon-truong-hop-ho-so": page(applicant),
        "/b": page(choice),
        "/a": page(applicant),
    }
    from dvc_cli.model.dossier import Dossier
    from dvc_cli.model.procedure import Procedure

    procedure = Procedure(code="1.001612", name="x", field="", agency="", portal_id="1", fetched_at=datetime.now(UTC))
    with portal_that(routes(table)) as (driver, server):
        with pytest.raises(DvcError) as caught:
            driver.open_dossier(Dossier(procedure="1.001612", applicant=CITIZEN), procedure)
        assert isinstance(caught.value, Temporary | Unanswered)
        assert len(server.seen) <= 8


def test_the_confirmation_is_never_pressed_while_opening():
    confirmation = '<form action="/xac-nhan" method=post><input type=checkbox name=camDoan></form>'
    from dvc_cli.model.dossier import Dossier
    from dvc_cli.model.procedure import Procedure

    procedure = Procedure(code="1.001612", name="x", field="", agency="", portal_id="1", fetched_at=datetime.now(UTC))
    start = {"/dich-vu-cong/tiep-nhan-online/chon-truong-hop-ho-so": page(confirmation)}
    with portal_that(routes(start)) as (driver, server):
        with pytest.raises(UnexpectedPage):
            driver.open_dossier(Dossier(procedure="1.001612", applicant=CITIZEN), procedure)
        assert [seen.method for seen in server.seen] == ["GET"]

"""Log-in: captcha, lock, sessions and form tokens (portal contract, section 7)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from dvc_sandbox.client import AdminClient

from .citizen import LOGIN, OWN, WIZARD, Citizen, Page

Browsers = Callable[[], Citizen]


def test_by_user_name_or_by_id_number(visitor: Browsers) -> None:
    for name in ("congdan", "034199000123", "CONGDAN"):
        person = visitor()
        assert person.log_in(name).status == 302
        assert person.get("/dich-vu-cong/cong-dan/thong-tin").text("//*[@class='account-name']") == "Nguyễn Thị Được"


def test_a_wrong_captcha_gives_the_page_again_and_costs_no_try(visitor: Browsers) -> None:
    person = visitor()
    for _ in range(7):
        assert person.log_in("congdan03", "wrong", captcha="00000").error == "captcha"
    assert person.log_in("congdan03").status == 302


def test_a_captcha_works_once_even_when_the_password_was_wrong(visitor: Browsers) -> None:
    person = visitor()
    first = person.get(LOGIN)
    answer = person.solve(first)
    assert person.send(first, "loginForm", tenDangNhap="congdan04", matKhau="x", maXacNhan=answer).error == "password"
    number = first.tree.xpath("//input[@name='captchaId']/@value")[0]
    again = person.send(
        person.get(LOGIN),
        "loginForm",
        tenDangNhap="congdan04",
        matKhau="CongDan@123",
        maXacNhan=answer,
        captchaId=number,
    )
    assert again.error == "captcha"


def test_a_captcha_expires(visitor: Browsers, admin: AdminClient) -> None:
    person = visitor()
    page = person.get(LOGIN)
    answer = person.solve(page)
    admin.shift_clock(timedelta(minutes=6))
    sent = person.send(page, "loginForm", tenDangNhap="congdan", matKhau="CongDan@123", maXacNhan=answer)
    admin.shift_clock(timedelta(minutes=-6))
    assert sent.error == "captcha"


def test_reloading_the_captcha_gives_another_picture_and_text(visitor: Browsers) -> None:
    person = visitor()
    page = person.get(LOGIN)
    source = page.tree.xpath("//img[@id='captchaImage']/@src")[0]
    old = person.solve(page)
    first, second = person.http.get(source), person.http.get(source, params={"lam-moi": "1"})
    assert first.content.startswith(b"\x89PNG")
    assert second.content.startswith(b"\x89PNG")
    assert person.solve(page) != old
    assert visitor().http.get(source).status_code == 404


def test_five_wrong_passwords_lock_the_account_for_a_while(visitor: Browsers, admin: AdminClient) -> None:
    person = visitor()
    errors = [person.log_in("congdan05", "wrong").error for _ in range(5)]
    assert errors == ["password"] * 4 + ["locked"]
    assert person.log_in("congdan05").error == "locked"
    admin.shift_clock(timedelta(minutes=16))
    opened = person.log_in("congdan05")
    admin.shift_clock(timedelta(minutes=-16))
    assert opened.status == 302


def test_a_right_password_starts_the_count_again(visitor: Browsers) -> None:
    person = visitor()
    for _ in range(2):
        assert [person.log_in("congdan06", "wrong").error for _ in range(4)] == ["password"] * 4
        assert person.log_in("congdan06").status == 302
        person.get("/dich-vu-cong/cong-dan/dang-xuat")


def test_an_unknown_name_gets_the_same_answer_as_a_wrong_password(visitor: Browsers) -> None:
    person = visitor()
    unknown = [person.log_in("nobody", "wrong").text("//*[@role='alert']") for _ in range(6)]
    assert set(unknown) == {person.log_in("congdan07", "wrong").text("//*[@role='alert']")}


def test_the_form_token_works_once(visitor: Browsers) -> None:
    person = visitor()
    page = person.get(LOGIN)
    assert person.send(page, "loginForm", tenDangNhap="congdan", matKhau="x", maXacNhan="00000").error == "captcha"
    again = person.send(page, "loginForm", tenDangNhap="congdan", matKhau="CongDan@123", maXacNhan="00000")
    assert (again.status, again.error) == (403, "token-used")


@pytest.mark.parametrize("token", [None, "", "invented"])
def test_a_form_without_a_valid_token_is_refused(citizen: Citizen, token: str | None) -> None:
    page = citizen.get(f"{WIZARD}/thong-tin-nguoi-nop", sid=citizen.start())
    refused = citizen.send(page, "thongTinNguoiNop", csrf=token)
    assert (refused.status, refused.error) == (403, "csrf")


def test_a_token_of_another_session_is_refused(visitor: Browsers) -> None:
    mine, theirs = visitor(), visitor()
    page = mine.get(LOGIN)
    stolen = theirs.get(LOGIN).tree.xpath("//input[@name='csrf']/@value")[0]
    refused = mine.send(page, "loginForm", csrf=stolen, tenDangNhap="congdan", matKhau="x", maXacNhan="0")
    assert (refused.status, refused.error) == (403, "csrf")


def test_the_session_changes_at_log_in_and_ends_at_log_out(visitor: Browsers) -> None:
    person = visitor()
    person.get(LOGIN)
    before = person.http.cookies["JSESSIONID"]
    person.log_in()
    during = person.http.cookies["JSESSIONID"]
    assert before != during
    assert person.get("/dich-vu-cong/cong-dan/dang-xuat").status == 302
    person.http.cookies.set("JSESSIONID", during)
    assert person.get(OWN).status == 302


def test_a_session_ends_after_thirty_idle_minutes(citizen: Citizen, admin: AdminClient) -> None:
    admin.shift_clock(timedelta(minutes=29))
    alive = citizen.get(OWN).status
    admin.shift_clock(timedelta(minutes=31))
    page, program = citizen.get(OWN), citizen.http.get(f"{WIZARD}/tep-tin", headers={"Accept": "application/json"})
    admin.shift_clock(timedelta(minutes=-60))
    assert alive == 200
    assert page.response.headers["location"].startswith(f"{LOGIN}?return-url=")
    assert (program.status_code, program.json()["error"]) == (401, "session")


def test_after_the_log_in_one_is_where_one_wanted_to_be(visitor: Browsers) -> None:
    person = visitor()
    page = person.get(person.get(f"{OWN}?page=1").response.headers["location"])
    done = person.send(page, "loginForm", tenDangNhap="congdan", matKhau="CongDan@123", maXacNhan=person.solve(page))
    assert done.response.headers["location"] == f"{OWN}?page=1"


@pytest.mark.parametrize("target", ["https://example.org/", "//example.org/", "/\\example.org", "javascript:alert(1)"])
def test_the_log_in_never_leads_to_another_site(visitor: Browsers, target: str) -> None:
    person = visitor()
    page = person.get(LOGIN, **{"return-url": target})
    done = person.send(page, "loginForm", tenDangNhap="congdan", matKhau="CongDan@123", maXacNhan=person.solve(page))
    assert done.response.headers["location"] == "/"


def test_a_lost_session_is_a_log_in_page(citizen: Citizen, admin: AdminClient) -> None:
    from dvc_sandbox.faults import FaultRule

    admin.add_fault(FaultRule("portal", "GET", OWN, "session-lost"))
    assert citizen.get(OWN).status == 302
    admin.clear_faults()


def test_foreign_text_stays_text(visitor: Browsers) -> None:
    page: Page = visitor().log_in("<script>alert(1)</script>", "x")
    assert "<script>alert" not in page.response.text
    assert page.tree.xpath("//input[@name='tenDangNhap']/@value") == ["<script>alert(1)</script>"]

"""The officer's pages over HTTP: log-in, list with filters, dossier page, buttons."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

from dvc_sandbox.environment import Environment
from dvc_sandbox.portal import store_dossiers

from .conftest import OfficerBrowser

Filing = Callable[[], str]


def test_nothing_without_a_log_in(browser: OfficerBrowser, file_dossier: Filing) -> None:
    code = file_dossier()
    for path in ("/", "/ho-so", f"/ho-so/{code}", f"/ho-so/{code}/tep-tin/1"):
        answer = browser.get(path).response
        assert (answer.status_code, answer.headers["location"]) == (303, "/can-bo/dang-nhap")
    assert browser.post(f"/ho-so/{code}/thao-tac/accept").status == 303


def test_log_in_and_out(browser: OfficerBrowser) -> None:
    wrong = browser.log_in("wrong")
    assert wrong.status == 401
    assert "không đúng" in wrong.text("//p[@role='alert']")
    assert browser.log_in().status == 303
    page = browser.get("/ho-so")
    assert page.text("//span[@class='officer-name']") == "Đỗ Thị Ánh Nguyệt"
    token = page.tree.xpath("//input[@name='csrf']/@value")[0]
    assert browser.post("/dang-xuat", csrf=token).status == 303
    assert browser.get("/ho-so").status == 303


def test_citizens_session_opens_no_officers_page(file_dossier: Filing, browser: OfficerBrowser) -> None:
    browser.http.cookies.set("JSESSIONID", "x")
    assert browser.get("/ho-so").status == 303


def test_list_and_filters(officer: OfficerBrowser, file_dossier: Filing) -> None:
    codes = [file_dossier(), file_dossier()]
    officer.act(codes[0], "refuse")
    found = officer.get("/ho-so", tukhoa=codes[0]).tree.xpath("//tr/@data-code")
    assert found == [codes[0]]
    refused = officer.get("/ho-so", trang_thai="3").tree.xpath("//tr/@data-status")
    assert set(refused) == {"3"}
    by_name = officer.get("/ho-so", tukhoa="nguyen thi duoc").tree.xpath("//tr/@data-code")
    assert set(codes) <= set(by_name)
    assert (
        officer.get("/ho-so", tukhoa="khong co gi nhu the nay").text("//td[@class='empty']")
        == "Không có hồ sơ nào phù hợp"
    )
    assert officer.get("/ho-so", trang_thai="x", page="-3").status == 200


def test_dossier_page_shows_files_and_only_allowed_buttons(officer: OfficerBrowser, file_dossier: Filing) -> None:
    code = file_dossier()
    page = officer.get(f"/ho-so/{code}")
    assert page.tree.xpath("//details/@data-action") == ["accept", "refuse"]
    row = page.tree.xpath("//tr[@data-file]")[0]
    file = officer.http.get(row.xpath(".//a/@href")[0])
    assert hashlib.sha256(file.content).hexdigest() == row.get("data-sha256")
    assert file.headers["content-disposition"].startswith("inline")
    assert officer.act(code, "accept", note="Hồ sơ đầy đủ").status == 303
    after = officer.get(f"/ho-so/{code}")
    assert after.text("//h1/span[@data-status]") == "Được tiếp nhận"
    assert after.tree.xpath("//details/@data-action") == ["processing", "apologise"]
    assert "Hồ sơ đầy đủ" in after.text("//ol[@class='history']")
    paper = officer.http.get(after.tree.xpath("//li[@data-kind='1']/a/@href")[0])
    assert paper.content.startswith(b"%PDF-")


def test_second_click_is_told(officer: OfficerBrowser, file_dossier: Filing) -> None:
    code = file_dossier()
    assert officer.act(code, "accept").status == 303
    again = officer.act(code, "accept")
    assert again.status == 409
    assert "Được tiếp nhận" in again.text("//p[@role='alert']")
    wrong = officer.act(code, "apologise", appointment="mai")
    assert wrong.status == 422


def test_form_of_another_page_is_refused(
    officer: OfficerBrowser, file_dossier: Filing, environment: Environment
) -> None:
    code = file_dossier()
    assert officer.post(f"/ho-so/{code}/thao-tac/accept", csrf="forged").status == 403
    assert officer.post(f"/ho-so/{code}/thao-tac/accept").status == 403
    assert store_dossiers.get(environment, code).status == 1


def test_unknown_addresses(officer: OfficerBrowser, file_dossier: Filing) -> None:
    code = file_dossier()
    for path in ("/ho-so/khong-co", f"/ho-so/{code}/tep-tin/999999", f"/ho-so/{code}/giay-to/999999"):
        assert officer.get(path).status == 404


def test_every_page_is_marked_as_a_test(officer: OfficerBrowser, file_dossier: Filing) -> None:
    for path in ("/dang-nhap", "/ho-so", f"/ho-so/{file_dossier()}"):
        assert "THỬ NGHIỆM — SANDBOX" in officer.get(path).text("//p[@class='banner']")

"""The phone page, by plain HTTP and in a real browser."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

from dvc_sandbox.client import AdminClient
from tests.sandbox.smartca.conftest import CITIZEN, ORGANISATION, Service

SCREEN = f"/dien-thoai/{CITIZEN}"
FLAGS = (
    "--headless=new --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync"
)


def token_of(page: str) -> str:
    found = re.search(r'name="token" value="([^"]+)"', page)
    assert found
    return found.group(1)


def tap(service: Service, transaction_id: str, token: str, decision: str, user_id: str = CITIZEN) -> int:
    path = f"/dien-thoai/{user_id}/giao-dich/{transaction_id}"
    return service.http.post(path, data={"token": token, "decision": decision}).status_code


def test_the_page_shows_what_will_be_signed_and_escapes_it(service: Service) -> None:
    body = service.request("đơn.pdf", transaction_desc="<script>alert(1)</script> Nộp hồ sơ")
    service.post("/v1/signatures/sign", body)
    answer = service.http.get(SCREEN)
    assert "<script>alert" not in answer.text
    for text in ("&lt;script&gt;alert(1)", "đơn.pdf", body["sign_files"][0]["data_to_be_signed"], "THỬ NGHIỆM"):
        assert text in answer.text
    assert "script-src 'self'" in answer.headers["content-security-policy"]


def test_a_button_works_once(service: Service) -> None:
    body = service.request()
    service.post("/v1/signatures/sign", body)
    transaction_id = body["transaction_id"]
    token = token_of(service.http.get(SCREEN).text)
    assert tap(service, transaction_id, "guess", "approve") == 403
    assert tap(service, transaction_id, token, "delete") == 403
    assert tap(service, transaction_id, token, "approve", ORGANISATION) == 404
    assert service.status(transaction_id)[1]["message"] == "PENDING"
    assert tap(service, transaction_id, token, "approve") == 303
    assert tap(service, transaction_id, token, "reject") == 409
    assert service.status(transaction_id)[1]["message"] == "SUCCESS"


def test_a_token_is_bound_to_its_transaction(service: Service, admin: AdminClient) -> None:
    first = service.request()
    service.post("/v1/signatures/sign", first)
    token = token_of(service.http.get(SCREEN).text)
    admin.reject(first["transaction_id"])
    second = service.request()
    service.post("/v1/signatures/sign", second)
    assert tap(service, second["transaction_id"], token, "approve") == 403


def test_unknown_phones_are_not_found(service: Service) -> None:
    assert service.http.get("/dien-thoai/000").status_code == 404
    assert service.http.get("/dien-thoai/000/danh-sach").status_code == 404


@pytest.fixture
def browser(tmp_path: Path) -> Iterator[webdriver.Chrome]:
    driver, binary = shutil.which("chromedriver"), shutil.which("chromium") or shutil.which("google-chrome")
    if not driver or not binary:
        pytest.skip("needs chromium and chromedriver")
    options = webdriver.ChromeOptions()
    options.binary_location = binary
    for flag in [*FLAGS.split(), f"--user-data-dir={tmp_path / 'browser'}", "--window-size=430,932"]:
        options.add_argument(flag)
    options.add_experimental_option(
        "mobileEmulation", {"deviceMetrics": {"width": 390, "height": 844, "pixelRatio": 2}}
    )
    opened = webdriver.Chrome(options=options, service=webdriver.ChromeService(driver))
    yield opened
    opened.quit()


@pytest.mark.timeout(60)
def test_a_person_approves_and_rejects_on_the_phone(
    service: Service, browser: webdriver.Chrome, tmp_path: Path
) -> None:
    wait = WebDriverWait(browser, 15)
    browser.get(str(service.http.base_url).rstrip("/") + "/dien-thoai")
    browser.find_element(By.PARTIAL_LINK_TEXT, "Nguyễn Thị Được").click()
    wait.until(lambda page: "Không có giao dịch nào đang chờ" in page.page_source)
    body = service.request("đơn đề nghị.pdf", "giấy uỷ quyền.pdf", transaction_desc="Nộp hồ sơ 1.001612")
    service.post("/v1/signatures/sign", body)
    # The page finds the new transaction by itself, and its clock runs.
    card = wait.until(lambda page: page.find_element(By.CSS_SELECTOR, "article.card"))
    assert "đơn đề nghị.pdf" in card.text
    first = card.find_element(By.CSS_SELECTOR, ".left").text
    wait.until(lambda page: page.find_element(By.CSS_SELECTOR, ".left").text < first)
    assert browser.save_screenshot(str(tmp_path / "phone.png"))
    browser.find_element(By.CSS_SELECTOR, "button.approve").click()
    wait.until(lambda page: not page.find_elements(By.CSS_SELECTOR, "article.card"))
    assert browser.find_element(By.CSS_SELECTOR, ".history em").text == "Đã ký"
    assert service.status(body["transaction_id"])[1]["message"] == "SUCCESS"

    second = service.request()
    service.post("/v1/signatures/sign", second)
    wait.until(lambda page: page.find_elements(By.CSS_SELECTOR, "button.reject"))
    browser.find_element(By.CSS_SELECTOR, "button.reject").click()
    wait.until(lambda page: not page.find_elements(By.CSS_SELECTOR, "article.card"))
    assert browser.find_element(By.CSS_SELECTOR, ".history em").text == "Đã từ chối"
    assert browser.save_screenshot(str(tmp_path / "decided.png"))
    assert service.status(second["transaction_id"])[1]["message"] == "REJECTED"
    width = browser.execute_script("return [document.documentElement.scrollWidth, window.innerWidth]")
    assert width[0] <= width[1], "the page must not scroll sideways on a phone"
    assert browser.get_log("browser") == []

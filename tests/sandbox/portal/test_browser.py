"""The journey in a real browser: what a person sees, from log-in to receipt, on a desktop and on a phone."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from dvc_sandbox.client import AdminClient
from dvc_sandbox.control import Running

from .citizen import LOGIN, pdf

_FLAGS = [
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--force-device-scale-factor=1",
]


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    chromium, driver = shutil.which("chromium") or shutil.which("google-chrome"), shutil.which("chromedriver")
    if not chromium or not driver:
        pytest.skip("chromium or chromedriver is not installed")
    from selenium import webdriver

    options = webdriver.ChromeOptions()
    options.binary_location = chromium
    for flag in (*_FLAGS, f"--user-data-dir={tmp_path_factory.mktemp('chromium')}"):
        options.add_argument(flag)
    running = webdriver.Chrome(options=options, service=webdriver.ChromeService(driver))
    running.implicitly_wait(5)
    yield running
    running.quit()


class Walk:
    """Moves through the pages by what they show, and takes a picture of each."""

    def __init__(self, browser: Any, sandbox: Running, admin: AdminClient, pictures: Path) -> None:
        self.browser, self.portal, self.admin, self.pictures = browser, sandbox.urls.portal, admin, pictures
        self.count = 0

    def find(self, selector: str) -> Any:
        from selenium.webdriver.common.by import By

        return self.browser.find_element(By.CSS_SELECTOR, selector)

    def type(self, selector: str, text: str) -> None:
        box = self.find(selector)
        box.clear()
        box.send_keys(text)

    def press(self, selector: str) -> None:
        self.browser.execute_script("arguments[0].scrollIntoView({block: 'center'})", self.find(selector))
        self.find(selector).click()

    def wait(self, condition: Any) -> None:
        from selenium.webdriver.support.ui import WebDriverWait

        WebDriverWait(self.browser, 15).until(condition)

    def choose(self, selector: str, value: str) -> None:
        from selenium.webdriver.support.ui import Select

        self.wait(lambda _: any(o.get_attribute("value") == value for o in Select(self.find(selector)).options))
        Select(self.find(selector)).select_by_value(value)

    def picture(self, name: str) -> None:
        """Take a picture of the whole page and check that nothing sticks out at the side."""
        self.count += 1
        width, height = self.browser.execute_script(
            "return [document.documentElement.scrollWidth, document.documentElement.scrollHeight]"
        )
        inner = self.browser.execute_script("return window.innerWidth")
        self.browser.execute_cdp_cmd(
            "Emulation.setDeviceMetricsOverride",
            {"width": inner, "height": min(height, 3000), "deviceScaleFactor": 1, "mobile": False},
        )
        self.browser.save_screenshot(str(self.pictures / f"{self.count:02d}-{name}.png"))
        assert width <= inner, f"{name} is {width} px wide on a screen of {inner} px"

    def log_in(self) -> None:
        self.browser.delete_all_cookies()
        self.browser.get(
            f"{self.portal}{LOGIN}?return-url=%2Fdichvucong%2Fbothutuc%2FlistThuTuc%3Ftukhoa%3D%25C4%2591%25C4%2583ng%2Btin"
        )
        old = self.find("#captchaImage").get_attribute("src")
        self.press(".captcha-reload")
        self.wait(lambda _: self.find("#captchaImage").get_attribute("src") != old)
        self.wait(lambda b: b.execute_script("return document.getElementById('captchaImage').complete"))
        self.type("#tenDangNhap", "congdan")
        self.type("#matKhau", "CongDan@123")
        number = self.find("input[name=captchaId]").get_attribute("value")
        self.type("#maXacNhan", self.admin.captcha_answer(number))
        self.picture("dang-nhap")
        self.press("#loginForm button[type=submit]")


@pytest.mark.parametrize("width", [1280, 390])
def test_the_journey_in_a_browser(
    browser: Any, sandbox: Running, admin: AdminClient, tmp_path: Path, width: int
) -> None:
    pictures = Path(os.environ.get("SCREENSHOTS_TO", str(tmp_path))) / str(width)
    pictures.mkdir(parents=True, exist_ok=True)
    scan = tmp_path / "Đơn đề nghị.pdf"
    scan.write_bytes(pdf())
    browser.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride", {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False}
    )
    walk = Walk(browser, sandbox, admin, pictures)
    walk.log_in()
    walk.picture("bo-thu-tuc")
    walk.press(".list-tthc .tthc-name")
    walk.picture("thu-tuc")
    walk.press("a.nop-ho-so")
    walk.choose("#CongDan_maTinhThanh", "33")
    walk.choose("#CongDan_maPhuongXa", "13225")
    walk.type("#CongDan_diaChi", "Số 12, phố Lê Lợi")
    walk.picture("nguoi-nop")
    walk.press("#thongTinNguoiNop button[value=tiep-tuc]")
    walk.find("tr.giay-to input[type=file]").send_keys(str(scan))
    walk.wait(lambda b: "documents" in b.page_source)
    assert walk.find("tr.giay-to input[type=checkbox]").is_selected()
    walk.type("#HoSoOnline_veViec", "Đăng bài giới thiệu làng nghề")
    walk.picture("thanh-phan")
    walk.press("#thanhPhanHoSo button[value=tiep-tuc]")
    walk.press("input[name=camDoan]")
    walk.picture("xac-nhan")
    walk.press("#xacNhan button[type=submit]")
    code = walk.find("#ma-ho-so").text
    walk.picture("nop-thanh-cong")
    assert admin.dossier(code)["subject"] == "Đăng bài giới thiệu làng nghề"
    browser.get(f"{sandbox.urls.portal}/dich-vu-cong/cong-dan/ho-so/chi-tiet?ma-ho-so={code}")
    walk.picture("ho-so")
    assert not [entry for entry in browser.get_log("browser") if entry["level"] == "SEVERE"]

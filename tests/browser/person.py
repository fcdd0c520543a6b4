"""A person at a browser: finds things by what the page shows, and keeps a picture of every page."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from dvc_sandbox.client import AdminClient

PATIENCE = 20.0
_TALLEST = 6000
# Elements that stick out of the screen; what scrolls inside its own box is meant to.
_STICKING_OUT = """
const wide = document.documentElement.clientWidth;
const scrolls = (node) => { for (let up = node.parentElement; up; up = up.parentElement)
  if (['auto', 'scroll', 'hidden'].includes(getComputedStyle(up).overflowX)) return true; return false; };
return [...document.querySelectorAll('body *')].filter((node) => {
  const box = node.getBoundingClientRect();
  return box.width > 1 && box.right > wide + 1 && !scrolls(node);
}).map((node) => node.outerHTML.slice(0, 120));
"""


class Person:
    """Walks through pages; `width` is that of the screen in CSS pixels (below 500: a phone)."""

    def __init__(self, browser: Any, admin: AdminClient, pictures: Path, width: int) -> None:
        self.browser, self.admin, self.pictures, self.width = browser, admin, pictures, width
        self._count = 0
        self._screen(900)

    def open(self, address: str) -> None:
        """Go to an address."""
        self.browser.get(address)

    def find(self, selector: str) -> Any:
        """The first element of a CSS selector, waited for."""
        from selenium.webdriver.common.by import By

        self.wait(lambda: self.browser.find_elements(By.CSS_SELECTOR, selector), selector)
        return self.browser.find_element(By.CSS_SELECTOR, selector)

    def all(self, selector: str) -> list[Any]:
        """Elements of a CSS selector that are there now."""
        from selenium.webdriver.common.by import By

        return list(self.browser.find_elements(By.CSS_SELECTOR, selector))

    def text(self, selector: str) -> str:
        """What an element shows, on one line."""
        return " ".join(self.find(selector).text.split())

    def wait(self, condition: Callable[[], Any], what: str = "") -> None:
        """Wait until something is so; what a page swap makes stale counts as not yet."""
        from selenium.common.exceptions import StaleElementReferenceException, WebDriverException
        from selenium.webdriver.support.ui import WebDriverWait

        def so_by_now(_: object) -> Any:
            try:
                return condition()
            except WebDriverException as error:
                # chromedriver's other word for a stale element, while the next page takes the place of this one
                if "does not belong to the document" in str(error.msg):
                    return False
                raise

        waiting = WebDriverWait(self.browser, PATIENCE, 0.05, [StaleElementReferenceException])
        waiting.until(so_by_now, f"{what} at {self.browser.current_url}")

    def write(self, selector: str, text: str) -> None:
        """Fill a box."""
        box = self.find(selector)
        box.clear()
        box.send_keys(text)

    def choose(self, selector: str, text: str) -> None:
        """Pick an entry of a list by what it says; lists that load wait for it."""
        from selenium.webdriver.support.ui import Select

        self.wait(lambda: any(one.text == text for one in Select(self.find(selector)).options), text)
        Select(self.find(selector)).select_by_visible_text(text)

    def press(self, selector: str) -> None:
        """Click something on the same page."""
        target = self.find(selector)
        self.browser.execute_script("arguments[0].scrollIntoView({block: 'center'})", target)
        target.click()

    def go(self, selector: str) -> None:
        """Click something that leads to another page, and wait for it."""
        from selenium.webdriver.support.expected_conditions import staleness_of

        before = self.find("html")
        self.press(selector)
        gone = staleness_of(before)
        self.wait(lambda: gone(self.browser), f"the page after {selector}")
        self.wait(lambda: self.browser.execute_script("return document.readyState") == "complete", "the page to load")

    def picture(self, name: str) -> Path:
        """Keep a picture of the whole page; nothing may stick out at the side."""
        self._count += 1
        height = self.browser.execute_script("return document.documentElement.scrollHeight")
        self._screen(min(max(height, 600), _TALLEST))
        target = self.pictures / f"{self._count:02d}-{name}.png"
        assert self.browser.save_screenshot(str(target))
        scroll_width = self.browser.execute_script("return document.documentElement.scrollWidth")
        sticking_out = self.browser.execute_script(_STICKING_OUT)
        self._screen(900)
        assert scroll_width <= self.width, f"{name}: {scroll_width} px on a screen of {self.width}: {sticking_out}"
        assert not sticking_out, f"{name}: {sticking_out}"
        return target

    def download(self, selector: str) -> bytes:
        """The bytes behind a link, fetched with the page's own session."""
        script = (
            "const done = arguments[1]; fetch(arguments[0]).then((answer) => answer.blob()).then((blob) => {"
            "const reader = new FileReader(); reader.onload = () => done(reader.result); reader.readAsDataURL(blob); });"
        )
        found = self.browser.execute_async_script(script, self.find(selector).get_attribute("href"))
        return base64.b64decode(str(found).partition(",")[2])

    def complaints(self) -> list[str]:
        """What scripts and loads complained about since the last look; a form shown again with its errors (422) may."""
        found = [entry["message"] for entry in self.browser.get_log("browser") if entry["level"] == "SEVERE"]
        return [message for message in found if "status of 422" not in message]

    @contextmanager
    def other_window(self, width: int) -> Iterator[Person]:
        """A second screen, closed afterwards; the first page goes on meanwhile."""
        first = self.browser.current_window_handle
        self.browser.switch_to.new_window("window")
        other = Person(self.browser, self.admin, self.pictures, width)
        other._count = self._count
        try:
            yield other
        finally:
            self._count = other._count
            self.browser.close()
            self.browser.switch_to.window(first)
            self._screen(900)

    def _screen(self, height: int) -> None:
        size = {"width": self.width, "height": height, "deviceScaleFactor": 1, "mobile": self.width < 500}
        self.browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)

"""A real browser before the pages of a running ``camscan serve``, for their tests: Selenium and Debian's Chromium.

Debian: ``apt-get install chromium chromium-driver``. Nothing is downloaded, and no other host is asked.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from browser import axe, chromium
from selenium import webdriver
from selenium.common.exceptions import WebDriverException
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.support.expected_conditions import staleness_of
from selenium.webdriver.support.wait import WebDriverWait
from web_estate import register_of

_READY = re.compile(r"(http://127\.0\.0\.1:(\d+))/sign-in\?key=(\S+)")
_SERVE = """
import datetime, sys
import reported
from camscan.app import assess
assess.today_utc = reported.TODAY.date
from camscan.__main__ import main
sys.argv = ["camscan", "serve", "--port", "0", "--print-cookie", *sys.argv[1:]]
main()
"""
"""As of the day of the register that is shown."""
PHONE, DESK = (320, 800), (1280, 900)
"""Width and height of a window."""


class Served:
    """A running ``camscan serve``."""

    def __init__(self, address: str, link: str, cookie: tuple[str, str], process: subprocess.Popen[str]) -> None:
        self.address = address
        self.link = link
        """The one that it printed."""
        self.cookie = cookie
        """Name and value of the cookie of an owner's session."""
        self.process = process


@contextlib.contextmanager
def served(folder: Path, *options: str) -> Iterator[Served]:
    """``camscan serve`` on the register of a folder, as of the day of ``reported``, for as long as the block lasts."""
    command = [sys.executable, "-c", _SERVE, "--register", str(register_of(folder)), *options]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parent), "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(command, cwd=folder, env=environment, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        link = _READY.search(process.stdout.readline())
        assert link, process.communicate()
        cookie = ""
        while not cookie.startswith("Cookie: "):
            cookie = process.stdout.readline()
        name, _, value = cookie.removeprefix("Cookie: ").strip().partition("=")
        rest = threading.Thread(target=process.stdout.read, daemon=True)  # nothing that it prints holds it up
        rest.start()
        try:
            yield Served(link[1], link[0], (name, value), process)
        finally:
            process.terminate()


@contextlib.contextmanager
def window(*, script: bool = True, downloads: Path | None = None) -> Iterator[webdriver.Chrome]:
    """A headless Chromium; with ``script`` off, pages run none. What it downloads is saved in a folder, or nowhere."""
    driver = shutil.which("chromedriver")
    if driver is None:
        pytest.skip("no chromedriver here: apt-get install chromium-driver")
    options = Options()
    options.binary_location = chromium()
    for argument in ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run"):
        options.add_argument(argument)
    options.add_argument("--disable-background-networking")
    options.add_argument("--proxy-server=127.0.0.1:9")  # to nobody but this machine
    options.add_argument("--proxy-bypass-list=127.0.0.1")
    prefs: dict[str, object] = {"download.prompt_for_download": False}
    if not script:
        prefs["profile.managed_default_content_settings.javascript"] = 2
    if downloads:
        downloads.mkdir()
        prefs["download.default_directory"] = str(downloads)
    options.add_experimental_option("prefs", prefs)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    found = webdriver.Chrome(options=options, service=Service(driver))
    try:
        yield found
    finally:
        found.quit()


def sign_in(browser: webdriver.Chrome, at: Served) -> None:
    """Give the browser the session of the owner."""
    browser.get(f"{at.address}/about")
    name, value = at.cookie
    browser.add_cookie({"name": name, "value": value, "path": "/", "httpOnly": True, "sameSite": "Strict"})


def follow(browser: webdriver.Chrome, act: Callable[[], object]) -> None:
    """Do what leads to another page, and wait until that is there: a click may end before the old one is gone."""
    before = browser.find_element(By.TAG_NAME, "html")
    act()
    # While one page gives way to another, the driver may answer with any error: asked again, it knows.
    wait = WebDriverWait(browser, 60, ignored_exceptions=(WebDriverException,))
    wait.until(staleness_of(before))
    wait.until(lambda shown: shown.execute_script("return document.readyState") == "complete")


def size(browser: webdriver.Chrome, width: int, height: int) -> None:
    """Show pages in a window of that size: Chromium's own is never narrower than 500 pixels."""
    browser.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride",
        {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False},
    )


def overflow(browser: webdriver.Chrome) -> int:
    """By how many pixels the page is wider than its window."""
    return int(browser.execute_script("return document.documentElement.scrollWidth - window.innerWidth"))


def overflow_of_large_text(browser: webdriver.Chrome) -> int:
    """The same where somebody has set their browser to letters of twice the size (WCAG 1.4.4)."""
    style = "document.documentElement.style.fontSize"
    browser.execute_script(f"{style} = '200%'")
    try:
        return overflow(browser)
    finally:
        browser.execute_script(f"{style} = ''")


def messages(browser: webdriver.Chrome) -> list[str]:
    """The messages in the browser's console about the pages that were shown since the last call."""
    lines = browser.get_log("browser")  # type: ignore[no-untyped-call]  # selenium's own
    return [line["message"] for line in lines]


def judged(browser: webdriver.Chrome) -> Any:
    """What axe-core finds in the page that is shown: ``violations``, ``incomplete`` and the number of ``passes``."""
    # The page's policy lets no other script run; what a driver runs is not of the page.
    browser.execute_script(axe())
    text = browser.execute_async_script(
        """
        const done = arguments[arguments.length - 1]
        const brief = list => list.map(each => [each.id, each.nodes.slice(0, 3).map(node => node.html)])
        axe.run(document, {resultTypes: ["violations", "incomplete", "passes"]}).then(found => done(JSON.stringify({
          passes: found.passes.length, violations: brief(found.violations), incomplete: brief(found.incomplete)})))
        """
    )
    return json.loads(text)


_UNSEEN = """
const shown = element => {
  for (let each = element; each; each = each.parentElement) {
    const ground = getComputedStyle(each).backgroundColor
    if (ground !== "rgba(0, 0, 0, 0)" && ground !== "transparent") return ground
  }
  return "rgb(255, 255, 255)"
}
const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT)
const found = []
while (texts.nextNode()) {
  const element = texts.currentNode.parentElement
  if (!texts.currentNode.data.trim() || !element.checkVisibility() || element.closest("svg, script")) continue
  if (getComputedStyle(element).color === shown(element)) found.push(texts.currentNode.data.trim().slice(0, 60))
}
return found
"""


def unseen(browser: webdriver.Chrome) -> list[str]:
    """Texts that a reader with forced colours (a contrast theme of Windows) could not see on their ground."""
    forced = {"name": "forced-colors", "value": "active"}
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [forced]})
    try:
        assert browser.execute_script("return matchMedia('(forced-colors: active)').matches")
        return list(browser.execute_script(_UNSEEN))
    finally:
        browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})


def picture(browser: webdriver.Chrome, file: Path) -> None:
    """Write the whole page as a PNG."""
    import base64  # noqa: PLC0415 - only who looks

    shot = browser.execute_cdp_cmd("Page.captureScreenshot", {"captureBeyondViewport": True, "format": "png"})
    file.write_bytes(base64.b64decode(shot["data"]))

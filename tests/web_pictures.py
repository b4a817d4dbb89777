"""The pictures of docs/web.md, from a simulated council: ``make pictures`` writes docs/pictures/ anew.

``python tests/web_pictures.py [FOLDER]``. Needs Chromium and its driver (Debian: chromium, chromium-driver). The
council is that of ``pictures.py``, on the same day, with one doubt to settle. No page here is edited afterwards.
"""

from __future__ import annotations

import base64
import secrets
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from random import Random
from unittest.mock import patch

import reported
from pictures import DEVICES, PICTURES
from selenium import webdriver
from selenium.webdriver.common.by import By
from web_browser import PHONE, Served, follow, served, sign_in, size, window
from web_estate import doubt

from camscan.app import assess
from camscan.register import open_register

WIDTH = 1100
Act = Callable[[webdriver.Chrome, Served, str], None]
"""Leads a browser to what is shown, by the asset number of a camera."""


def council(folder: Path) -> str:
    """Fill the register there; the asset number of one camera of it."""
    with (
        patch.object(assess, "today_utc", reported.TODAY.date),  # the day of the register
        patch.object(secrets, "randbits", Random(14).getrandbits),  # the same asset numbers each time
    ):
        reported.fill(folder, DEVICES)
        with open_register(folder / "camscan.db") as book:
            doubt(book, reported.TODAY)
            rows = book.devices()
    return next(row.asset_id for row in rows if row.identification.kind == "camera" and row.entries)


def shoot(browser: webdriver.Chrome, file: Path, width: int, height: int) -> None:
    """The upper part of the page that is shown, so many pixels high."""
    cut = {"x": 0, "y": 0, "width": width, "height": height, "scale": 1}
    shot = browser.execute_cdp_cmd(
        "Page.captureScreenshot", {"format": "png", "clip": cut, "captureBeyondViewport": True}
    )
    file.write_bytes(base64.b64decode(shot["data"]))


def open_page(path: str) -> Act:
    """Go to a page; ``NUMBER`` stands for the asset number."""
    return lambda browser, at, asset_id: browser.get(f"{at.address}{path.replace('NUMBER', asset_id)}")


def change(browser: webdriver.Chrome, at: Served, asset_id: str) -> None:
    """Fill in a form, up to the page that asks whether it is right."""
    browser.get(f"{at.address}/device/{asset_id}")
    follow(browser, browser.find_element(By.LINK_TEXT, "Record a visit").click)
    field = browser.find_element(By.NAME, "location_detail")
    field.clear()
    field.send_keys("Above the side entrance, 4 m up")
    follow(browser, browser.find_element(By.CSS_SELECTOR, "main form button").click)


def settle(browser: webdriver.Chrome, at: Served, _asset_id: str) -> None:
    """Open the first question that waits for a person."""
    browser.get(f"{at.address}/review")
    follow(browser, browser.find_element(By.CSS_SELECTOR, "main a[href^='/review/']").click)


def draft(browser: webdriver.Chrome, at: Served, _asset_id: str) -> None:
    """A programme until the end of 2028, twelve devices a month."""
    browser.get(f"{at.address}/plan/draft")
    for name, text in (("by", "31 December 2028"), ("per_month", "12")):
        browser.find_element(By.NAME, name).send_keys(text)
    follow(browser, browser.find_element(By.CSS_SELECTOR, "main form button").click)


PAGES: dict[str, tuple[Act, tuple[int, int]]] = {
    "web-overview": (open_page("/"), (WIDTH, 1000)),
    "web-devices": (open_page("/devices"), (WIDTH, 900)),
    "web-device": (open_page("/device/NUMBER"), (WIDTH, 1000)),
    "web-check": (change, PHONE),
    "web-review": (settle, (WIDTH, 900)),
    "web-draft": (draft, (WIDTH, 900)),
    "web-files": (open_page("/exchange/exports"), (WIDTH, 800)),
}
"""Picture -> what leads there, and how large it is, in pixels."""


def main() -> None:
    """Write every picture into FOLDER, by default docs/pictures."""
    target = Path(sys.argv[1]).resolve() if len(sys.argv) > 1 else PICTURES
    target.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        asset_id = council(folder)
        with served(folder) as at, window() as browser:
            sign_in(browser, at)
            for picture, (act, (width, height)) in PAGES.items():
                size(browser, width, height)
                act(browser, at, asset_id)
                shoot(browser, target / f"{picture}.png", width, height)


if __name__ == "__main__":
    main()

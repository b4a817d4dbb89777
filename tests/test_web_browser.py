"""The pages of camscan serve in a real browser: axe-core, telephones, no script, the keyboard, hostile text."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import reported
from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from web_browser import (
    DESK,
    PHONE,
    Served,
    follow,
    judged,
    messages,
    overflow,
    overflow_of_large_text,
    served,
    sign_in,
    size,
    unseen,
    window,
)
from web_estate import FILES, HOSTILE_IP, make, register_of

from camscan.app import assess
from camscan.register import open_register
from camscan.web.pages import pages

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]
LEFT_TO_PEOPLE = {"color-contrast", "th-has-data-cells"}
"""What axe-core cannot judge: text in SVG (tests/test_page_palette.py), headings of groups."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    found = tmp_path_factory.mktemp("browser")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(assess, "today_utc", reported.TODAY.date)
        make(found, 24)
    return found


@pytest.fixture(scope="module")
def at(folder: Path) -> Iterator[Served]:
    with served(folder) as found:
        yield found


@pytest.fixture(scope="module")
def browser(at: Served) -> Iterator[Chrome]:
    with window() as found:
        sign_in(found, at)
        yield found


@pytest.fixture(scope="module")
def plain(at: Served) -> Iterator[Chrome]:
    """A browser that runs no script of pages."""
    with window(script=False) as found:
        sign_in(found, at)
        yield found


@pytest.fixture(scope="module")
def number(folder: Path) -> str:
    """The number of the hostile unit."""
    with open_register(register_of(folder), readonly=True) as book:
        return book.find_devices(HOSTILE_IP)[0].asset_id


def address(at: Served, name: str, number: str) -> str:
    within = {
        "number": number,
        "key": "Town%20Hall",
        "scan": "scan-1",
        "question": "1",
        "name": "walk",
        "act": "details",
        "person": "new",
        "collector": "1",
        "step": "start",
    }
    query = {"enter": f"?n={number}", "choose": f"?act=visit&n={number}"}.get(name, "")
    return at.address + re.sub(r"\{(\w+)(:path)?\}", lambda match: within[match[1]], pages()[name].path) + query


@pytest.mark.parametrize("width", [DESK, PHONE], ids=["1280", "320"])
@pytest.mark.parametrize("name", [name for name, page in pages().items() if page.show and name not in FILES])
def test_a_page_fits_its_window_and_axe_finds_nothing_wrong(
    browser: Chrome, at: Served, number: str, name: str, width: tuple[int, int]
) -> None:
    size(browser, *width)
    browser.get(address(at, name, number))
    assert overflow(browser) <= 0
    assert width == PHONE or overflow_of_large_text(browser) <= 0
    assert messages(browser) == []
    found = judged(browser)
    assert found["violations"] == []
    assert found["passes"] > 20
    assert {each for each, _ in found["incomplete"]} <= LEFT_TO_PEOPLE
    assert unseen(browser) == []


def test_nothing_of_a_hostile_unit_runs_or_becomes_an_element(browser: Chrome, at: Served, number: str) -> None:
    size(browser, *DESK)
    for path in (f"/device/{number}", "/devices?q=script&everything=yes", "/log", "/changes", "/site/Town%20Hall"):
        browser.get(at.address + path)
        assert "<script>alert(" in browser.find_element(By.TAG_NAME, "main").text
        assert browser.find_elements(By.CSS_SELECTOR, "main script, main img, main b, main i, [onmouseover]") == []
        assert messages(browser) == []


def test_the_printed_link_opens_the_register_with_a_button(folder: Path) -> None:
    with served(folder) as own, window() as other:
        other.get(own.link)
        assert other.find_element(By.TAG_NAME, "h1").text == "Sign in"
        follow(other, other.find_element(By.CSS_SELECTOR, "main button").click)
        assert other.find_element(By.TAG_NAME, "h1").text == "Overview"
        cookie = other.get_cookie(own.cookie[0])
        assert cookie is not None
        assert (cookie["httpOnly"], cookie["sameSite"]) == (True, "Strict")
        follow(other, other.find_element(By.CSS_SELECTOR, ".app-sign-out button").click)
        other.get(f"{own.address}/devices")
        assert other.find_element(By.TAG_NAME, "h1").text == "Sign in"


@pytest.mark.parametrize("which", ["browser", "plain"])
def test_a_visit_is_entered_on_a_telephone(request: pytest.FixtureRequest, at: Served, number: str, which: str) -> None:
    own: Chrome = request.getfixturevalue(which)
    size(own, *PHONE)
    own.get(f"{at.address}/device/{number}")
    follow(own, own.find_element(By.LINK_TEXT, "Record a visit").click)
    own.find_element(By.ID, "location_detail").clear()
    own.find_element(By.ID, "location_detail").send_keys(f"Loading bay {which}")
    for name in ("role", "council_asset_tag"):
        for field in own.find_elements(By.ID, name):
            field.clear()
            field.send_keys("CCTV officer" if name == "role" else f"BAY-{which}")
    follow(own, own.find_element(By.CSS_SELECTOR, "main button.govuk-button").click)
    assert own.find_element(By.TAG_NAME, "h1").text == "Check your answers"
    assert overflow(own) <= 0
    assert f"Loading bay {which}" in own.find_element(By.TAG_NAME, "main").text
    follow(own, own.find_element(By.CSS_SELECTOR, "button[value=save]").click)
    assert "were saved" in own.find_element(By.CSS_SELECTOR, "[role=alert]").text
    assert f"Loading bay {which}" in own.find_element(By.TAG_NAME, "main").text
    assert messages(own) == []


@pytest.mark.parametrize("which", ["browser", "plain"])
def test_an_officer_finds_a_device_and_why(request: pytest.FixtureRequest, at: Served, which: str) -> None:
    own: Chrome = request.getfixturevalue(which)
    size(own, *PHONE)
    own.get(f"{at.address}/")
    field = own.find_element(By.ID, "find")
    follow(own, lambda: field.send_keys("CCTV-0004", Keys.ENTER))
    assert own.find_element(By.TAG_NAME, "h1").text == "CCTV-0004"
    assert "How camscan knows" in own.find_element(By.TAG_NAME, "main").text
    own.find_element(By.CSS_SELECTOR, "details summary").click()
    assert "sadp.model" in own.find_element(By.CSS_SELECTOR, "details").text
    is_run = "return document.body.classList.contains('js-enabled')"
    assert own.execute_script(is_run) == (which == "browser")


def test_a_list_is_narrowed_and_sorted_without_script(plain: Chrome, at: Served) -> None:
    size(plain, *DESK)
    plain.get(f"{at.address}/devices")
    plain.find_element(By.CSS_SELECTOR, "#filter-maker option[value=dahua]").click()
    follow(plain, plain.find_element(By.CSS_SELECTOR, ".app-filter button").click)
    assert plain.current_url.endswith("#results")
    rows = plain.find_elements(By.CSS_SELECTOR, "tbody tr")
    assert rows
    assert all("Dahua" in row.text for row in rows)
    follow(plain, plain.find_element(By.LINK_TEXT, "Device").click)
    assert plain.find_element(By.CSS_SELECTOR, "th[aria-sort]").get_attribute("aria-sort") == "ascending"
    tags = [each.text for each in plain.find_elements(By.CSS_SELECTOR, "tbody th a") if each.text.startswith("CCTV")]
    assert tags == sorted(tags)


def test_the_keyboard_alone_leads_to_the_content(browser: Chrome, at: Served) -> None:
    size(browser, *DESK)
    browser.get(f"{at.address}/devices")
    browser.switch_to.active_element.send_keys(Keys.TAB)
    skip = browser.switch_to.active_element
    assert skip.text == "Skip to main content"
    assert skip.is_displayed()
    skip.send_keys(Keys.ENTER)
    browser.switch_to.active_element.send_keys(Keys.TAB)
    inside = "return document.getElementById('main-content').contains(document.activeElement)"
    assert browser.execute_script(inside)
    assert browser.execute_script("return getComputedStyle(document.activeElement).outlineStyle") != "none"


def test_forced_colours_leave_what_is_reported(browser: Chrome, at: Served) -> None:
    forced = {"name": "forced-colors", "value": "active"}
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [forced]})
    browser.get(f"{at.address}/")
    assert browser.execute_script("return matchMedia('(forced-colors: active)').matches")
    mark = "return getComputedStyle(document.querySelector('figure rect.full')).fill"
    ground = "return getComputedStyle(document.body).backgroundColor"
    assert browser.execute_script(mark) != browser.execute_script(ground)
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})

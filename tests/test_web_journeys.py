"""Journeys through the pages of camscan serve in a real browser, from start to end, with script and without."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import reported
from browser import axe_file
from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By
from web_browser import DESK, PHONE, Served, follow, judged, messages, overflow, served, sign_in, size, window
from web_estate import doubt, make

from camscan.app import assess
from camscan.register import open_register

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]
HAS_SCRIPT = "return document.body.classList.contains('js-enabled')"
BOTH = pytest.mark.parametrize("which", ["script", "plain"])


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    found = tmp_path_factory.mktemp("journeys")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(assess, "today", reported.TODAY.date)
        make(found, 40)
    with open_register(found / "camscan.db") as book:
        doubt(book, reported.TODAY - timedelta(days=1), 7779, "10.0.15.252")
    return found


@pytest.fixture(scope="module")
def at(folder: Path) -> Iterator[Served]:
    with served(folder) as found:
        yield found


@pytest.fixture(scope="module")
def script(at: Served) -> Iterator[Chrome]:
    with window() as found:
        sign_in(found, at)
        yield found


@pytest.fixture(scope="module")
def plain(at: Served) -> Iterator[Chrome]:
    """A browser that runs no script of pages."""
    with window(script=False) as found:
        sign_in(found, at)
        yield found


@pytest.fixture
def browser(request: pytest.FixtureRequest, which: str) -> Chrome:
    found: Chrome = request.getfixturevalue(which)
    size(found, *(DESK if which == "script" else PHONE))
    return found


def heading(browser: Chrome) -> str:
    return browser.find_element(By.TAG_NAME, "h1").text


def main_of(browser: Chrome) -> str:
    return browser.find_element(By.TAG_NAME, "main").text


def open_page(browser: Chrome, title: str) -> None:
    """Follow a link of the navigation, behind its button where the window is narrow and script runs."""
    link = browser.find_element(By.CSS_SELECTOR, "#navigation").find_element(By.LINK_TEXT, title)
    if not link.is_displayed():
        browser.find_element(By.CSS_SELECTOR, ".govuk-js-service-navigation-toggle").click()
    follow(browser, link.click)


def press(browser: Chrome, css: str) -> None:
    follow(browser, browser.find_element(By.CSS_SELECTOR, css).click)


def type_in(browser: Chrome, **texts: str) -> None:
    """Fill fields by their ids; one that is not there, such as the role once it is known, is left out."""
    for name, text in texts.items():
        for field in browser.find_elements(By.ID, name):
            field.clear()
            field.send_keys(text)


def is_well(browser: Chrome) -> None:
    """The page fits both windows, nothing is wrong in the console, and axe-core, which is a script, finds nothing."""
    for width in (DESK, PHONE):
        size(browser, *width)
        assert overflow(browser) <= 0
        if axe_file() and browser.execute_script(HAS_SCRIPT):
            assert judged(browser)["violations"] == []
    assert [each for each in messages(browser) if "status of 4" not in each] == []  # a form that is to be corrected


# Journey 4 changes the register for good: each browser settles one question.


@BOTH
def test_two_rows_are_settled(browser: Chrome, at: Served, folder: Path, which: str) -> None:
    browser.get(at.address)
    follow(browser, browser.find_element(By.PARTIAL_LINK_TEXT, "about the identity of devices").click)
    assert heading(browser) == "To settle"
    is_well(browser)
    press(browser, "tbody th a")
    assert heading(browser) == "Are these two rows one device?"
    is_well(browser)
    assert "Only the second row says" in main_of(browser)
    type_in(browser, role="CCTV officer", because="Both were seen on site")
    press(browser, "main button[value=check]")
    assert "Choose what is to become of the two rows" in main_of(browser)
    is_well(browser)
    browser.find_element(By.CSS_SELECTOR, f"input[value={'second' if which == 'plain' else 'apart'}]").click()
    press(browser, "main button[value=check]")
    assert heading(browser) == "Check your answers"
    assert ("A merge cannot be undone" in main_of(browser)) == (which == "plain")
    is_well(browser)
    press(browser, "main button[value=save]")
    assert "Settled" in heading(browser)
    is_well(browser)
    with open_register(folder / "camscan.db", readonly=True) as book:
        assert (len(book.reviews()), len(book.merged())) == ((1, 0) if which == "script" else (0, 1))


@BOTH
def test_a_plan_is_drafted_and_applied(browser: Chrome, at: Served, folder: Path, which: str) -> None:
    """Journey 5; each browser drafts for a part of the estate."""
    browser.get(at.address)
    open_page(browser, "Plan")
    follow(browser, browser.find_element(By.LINK_TEXT, "Draft a plan").click)
    assert heading(browser) == "Draft a plan"
    is_well(browser)
    type_in(browser, by="whenever")
    press(browser, "main form button")
    assert "is not a date" in main_of(browser)
    type_in(browser, by="31 March 2029", per_month="4", cost_each="400")
    if which == "script":  # and leave something for the other
        browser.find_element(By.CSS_SELECTOR, "#site option[value='Town Hall']").click()
    press(browser, "main form button")
    assert browser.current_url.endswith("#results")
    assert "The draft, month by month" in main_of(browser)
    is_well(browser)
    with open_register(folder / "camscan.db", readonly=True) as book:
        before = book.mark().change
    type_in(browser, role="CCTV officer", because="Cabinet 4")
    press(browser, "main button[value=check]")
    assert heading(browser) == "Check the draft"
    is_well(browser)
    with open_register(folder / "camscan.db", readonly=True) as book:
        assert book.mark().change == before, "nothing is written before it is applied"
        free = sum(not row.entries.get("planned_removal_date") for row in book.devices())
    press(browser, "main button[value=save]")
    assert "were saved" in browser.find_element(By.CSS_SELECTOR, "[role=alert]").text
    is_well(browser)
    with open_register(folder / "camscan.db", readonly=True) as book:
        assert sum(not row.entries.get("planned_removal_date") for row in book.devices()) < free
        assert {each.because for each in book.changes(since=before)} == {"Cabinet 4"}


@BOTH
def test_finance_gives_devices_without_a_cost_a_budget_code(
    browser: Chrome, at: Served, folder: Path, which: str
) -> None:
    """Journey 7, but for the spreadsheet."""
    browser.get(f"{at.address}/plan/costs")
    is_well(browser)
    assert "Remaining devices, by phase" in main_of(browser)
    follow(browser, browser.find_element(By.PARTIAL_LINK_TEXT, "without a cost").click)
    assert browser.find_elements(By.CSS_SELECTOR, "tbody tr")
    browser.find_element(By.CSS_SELECTOR, "#act option[value=costs]").click()
    browser.find_element(By.ID, "all").click()
    press(browser, "#choose button")
    assert heading(browser) == "Enter costs"
    type_in(browser, budget_code=f"CAP-{which}")
    press(browser, "main button[value=check]")
    is_well(browser)
    press(browser, "main button[value=save]")
    assert "were saved" in browser.find_element(By.CSS_SELECTOR, "[role=alert]").text
    with open_register(folder / "camscan.db", readonly=True) as book:
        coded = [row for row in book.devices() if row.entries.get("budget_code") == f"CAP-{which}"]
    assert coded
    assert not [row for row in coded if row.entries.get("estimated_cost")]

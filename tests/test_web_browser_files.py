"""Journeys in a real browser, with and without script: a file in, files out, a label, a site manager's answers."""

from __future__ import annotations

import csv
import zipfile
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import reported
from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.wait import WebDriverWait
from test_web_browser import LEFT_TO_PEOPLE
from web_browser import DESK, PHONE, Served, follow, judged, messages, overflow, served, sign_in, size, unseen, window
from web_estate import SECOND_SITE, SITE, make, register_of

from camscan.app import assess
from camscan.app.devices import device_site
from camscan.asset import CLOSED, Asset, Lifecycle
from camscan.register import open_register
from camscan.store import open_store
from camscan.store.sessions import Session, Sessions

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]
_DAY = timedelta(hours=8)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    found = tmp_path_factory.mktemp("browser")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(assess, "today_utc", reported.TODAY.date)
        make(found, 60)
    return found


@pytest.fixture(scope="module")
def at(folder: Path) -> Iterator[Served]:
    with served(folder) as found:
        yield found


@pytest.fixture(scope="module")
def scripted(at: Served, folder: Path) -> Iterator[Chrome]:
    with window(downloads=folder / "scripted") as found:
        sign_in(found, at)
        yield found


@pytest.fixture(scope="module")
def plain(at: Served, folder: Path) -> Iterator[Chrome]:
    with window(script=False, downloads=folder / "plain") as found:
        sign_in(found, at)
        yield found


@pytest.fixture(params=["script at 1280", "none at 320"])
def browser(request: pytest.FixtureRequest) -> Chrome:
    """The way in which a journey is made."""
    is_scripted = request.param == "script at 1280"
    found: Chrome = request.getfixturevalue("scripted" if is_scripted else "plain")
    size(found, *(DESK if is_scripted else PHONE))
    return found


def rows_of(folder: Path, site: str) -> list[Asset]:
    with open_register(register_of(folder), readonly=True) as book:
        return [row for row in book.devices() if device_site(row) == site and row.lifecycle not in CLOSED]


def row_of(folder: Path, number: str) -> Asset:
    with open_register(register_of(folder), readonly=True) as book:
        return book.devices_by_number([number])[0]


def act_as(browser: Chrome, at: Served, folder: Path, rights: str, sites: tuple[str, ...] | None = None) -> None:
    """Sign in as somebody else."""
    with open_store(register_of(folder)) as store:
        session = Session(subject=f"test-{rights}", rights=rights, sites=sites)
        secret = Sessions(store, longest=_DAY, idle=_DAY).begin(session)
    browser.delete_all_cookies()
    sign_in(browser, Served(at.address, at.link, (at.cookie[0], secret), at.process))


def press(browser: Chrome, words: str) -> None:
    """Press the button, or follow the link, of these words."""
    found = [each for each in browser.find_elements(By.CSS_SELECTOR, "main button, main a") if each.text == words]
    assert found, (words, browser.title)
    browser.execute_cdp_cmd("Runtime.enable", {})
    follow(browser, found[0].click)


def field(browser: Chrome, name: str) -> WebElement:
    return browser.find_element(By.ID, name)


def fill(browser: Chrome, name: str, text: str) -> None:
    field(browser, name).clear()
    field(browser, name).send_keys(text)


def holds(browser: Chrome) -> str:
    """What the page says; it fits its window, axe-core finds nothing wrong, and forced colours hide nothing."""
    is_scripted = bool(browser.find_elements(By.CSS_SELECTOR, ".js-enabled"))
    here = browser.execute_script("return [innerWidth, innerHeight]")
    for width in (PHONE, DESK) if is_scripted else (PHONE,):  # axe-core does not run where no script does
        size(browser, *width)
        assert overflow(browser) <= 0, browser.title
        found = judged(browser) if is_scripted else {"violations": [], "incomplete": []}
        assert found["violations"] == [], browser.title
        assert {each for each, _ in found["incomplete"]} <= LEFT_TO_PEOPLE
    size(browser, *here)
    assert unseen(browser) == []
    assert messages(browser) == []
    return browser.find_element(By.TAG_NAME, "main").text


def downloaded(folder: Path, pattern: str) -> Path:
    """A file that a browser has saved whole."""

    def arrived(_: object) -> Path | None:
        done = [each for each in folder.rglob(pattern) if not each.name.endswith(".crdownload")]
        return done[0] if done else None

    return WebDriverWait(None, 60).until(arrived)  # type: ignore[type-var,return-value]


def test_a_sheet_comes_in(browser: Chrome, at: Served, folder: Path, tmp_path: Path) -> None:
    sign_in(browser, at)
    row = rows_of(folder, SITE)[0]
    file, code = tmp_path / "costs.csv", f"CC-{abs(hash(str(tmp_path))) % 10_000}"
    with file.open("w", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerows([("asset_id", "budget_code", "presence"), (row.asset_id, code, "gone"), ("X", code, "")])
    browser.get(f"{at.address}/exchange/exports")
    follow(browser, browser.find_element(By.LINK_TEXT, "Import a file").click)
    holds(browser)
    field(browser, "file").send_keys(str(file))
    press(browser, "Show the differences")
    text = holds(browser)
    assert "1 entry of 1 device would change" in text
    assert code in text
    assert "asset_id X: there is no such device in the register" in text
    fill(browser, "because", "the sheet of finance")
    role = browser.find_elements(By.ID, "role")
    if role:
        role[0].send_keys("CCTV officer")
    press(browser, "Save the changes")
    assert "1 entry of 1 device changed" in holds(browser)
    assert row_of(folder, row.asset_id).entries["budget_code"] == code


def test_an_foi_officer_looks_and_downloads(browser: Chrome, at: Served, folder: Path) -> None:
    act_as(browser, at, folder, "foi")
    browser.get(f"{at.address}/exchange/exports")
    follow(browser, browser.find_element(By.PARTIAL_LINK_TEXT, "Look and download").click)
    assert "Not for release: small numbers" in holds(browser)
    browser.find_element(By.CSS_SELECTOR, "label[for=suppress]").click()
    press(browser, "Show")
    assert "[c]" in holds(browser)
    browser.find_element(By.LINK_TEXT, "Download the draft").click()
    place = folder / ("scripted" if browser.execute_script("return document.body.matches('.js-enabled')") else "plain")
    with zipfile.ZipFile(downloaded(place, "foi-DRAFT-*.zip")) as pack:
        assert len(pack.namelist()) == 4
        text = "".join(pack.read(name).decode("latin-1") for name in pack.namelist())
    assert SITE not in text
    assert rows_of(folder, SITE)[0].ip_addresses[0] not in text


def test_a_label_leads_to_a_visit_on_a_telephone(
    browser: Chrome, at: Served, folder: Path, request: pytest.FixtureRequest
) -> None:
    sign_in(browser, at)
    size(browser, *PHONE)
    is_scripted = "script" in request.node.callspec.id
    row = rows_of(folder, SITE)[1 if is_scripted else 2]
    browser.get(f"{at.address}/device/{row.asset_id}/label")
    holds(browser)
    code = browser.find_element(By.CSS_SELECTOR, ".qr").get_attribute("aria-label")
    browser.get(str(code).removeprefix("QR code: "))  # as a telephone reads it
    assert row.asset_id in browser.current_url
    holds(browser)
    press(browser, "Record a visit")
    holds(browser)
    fill(browser, "location_detail", "North stair")
    fill(browser, "switch_port", "SW-1/7")
    press_offline(browser)
    assert field(browser, "location_detail").get_attribute("value") == "North stair", "nothing is lost"
    assert field(browser, "switch_port").get_attribute("value") == "SW-1/7"
    for name, text in (("role", "CCTV officer"),):
        for each in browser.find_elements(By.ID, name):
            each.clear()
            each.send_keys(text)
    press(browser, "Continue")
    assert "North stair" in holds(browser)
    press(browser, "Save")
    assert "saved" in holds(browser)
    entries = row_of(folder, row.asset_id).entries
    assert (entries["location_detail"], entries["switch_port"]) == ("North stair", "SW-1/7")


def press_offline(browser: Chrome) -> None:
    """Press Continue while there is no connection, and come back to the form."""
    nothing = {"offline": True, "latency": 0, "downloadThroughput": 0, "uploadThroughput": 0}
    browser.execute_cdp_cmd("Network.enable", {})
    browser.execute_cdp_cmd("Network.emulateNetworkConditions", nothing)
    before = browser.current_url
    buttons = browser.find_elements(By.CSS_SELECTOR, "main button")
    follow(browser, next(each for each in buttons if each.text == "Continue").click)  # to the browser's own page
    again = {"offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": -1}
    browser.execute_cdp_cmd("Network.emulateNetworkConditions", again)
    assert not browser.find_elements(By.ID, "location_detail")
    browser.back()
    WebDriverWait(browser, 60).until(lambda found: found.current_url == before)
    WebDriverWait(browser, 60).until(lambda found: found.find_elements(By.ID, "location_detail"))
    messages(browser)


def test_a_site_manager_answers(browser: Chrome, at: Served, folder: Path, request: pytest.FixtureRequest) -> None:
    act_as(browser, at, folder, "site_manager", (SITE,))
    first = 4 if "script" in request.node.callspec.id else 7
    ours, theirs, gone = rows_of(folder, SITE)[first : first + 3]
    browser.get(f"{at.address}/sites")
    text = holds(browser)
    assert SITE in text
    assert SECOND_SITE not in text
    press(browser, "Answer for each camera")
    holds(browser)
    for row, answer in ((ours, "ours"), (theirs, "not_ours"), (gone, "gone")):
        chosen = field(browser, f"answer-{row.asset_id}-{answer}")
        browser.execute_script("arguments[0].scrollIntoView({block: 'center'})", chosen)
        chosen.click()
    fill(browser, f"note-{theirs.asset_id}", "It belongs to the landlord")
    press(browser, "Continue")
    text = holds(browser)
    assert "It is here, but it is not ours" in text
    assert "reported as gone, and records each removal when there is proof of it" in text
    press(browser, "Send")
    assert "saved" in holds(browser)
    assert row_of(folder, ours.asset_id).entries["last_confirmed_by_role"] == f"Site manager, {SITE}"
    assert row_of(folder, theirs.asset_id).lifecycle is Lifecycle.NOT_OURS
    left = row_of(folder, gone.asset_id)
    assert (left.lifecycle, bool(left.entries["reported_gone_on"])) == (gone.lifecycle, True)
    with open_register(register_of(folder), readonly=True) as book:
        assert {each.role for each in book.changes(gone.asset_id) if each.column == "reported_gone_on"} == {
            f"Site manager, {SITE}"
        }

"""Journeys through the pages of camscan serve in a real browser, from start to end, with script and without."""

from __future__ import annotations

import contextlib
import csv
import io
import urllib.request
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import reported
from browser import axe_file
from sample_report import camera, report
from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from web_browser import DESK, PHONE, Served, follow, judged, messages, overflow, served, sign_in, size, window
from web_estate import doubt, make, register_of

from camscan.app import assess
from camscan.asset import RecordType
from camscan.register import Edit, NewRow, open_register
from camscan.store import open_store
from camscan.store.sessions import Session, Sessions
from camscan.web.rights import Role

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]
PAST_IP = "10.0.15.240"
"""Of a device that has moved since, was removed, and answers."""
HAS_SCRIPT = "return document.body.classList.contains('js-enabled')"
BOTH = pytest.mark.parametrize("which", ["script", "plain"])


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    found = tmp_path_factory.mktemp("journeys")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(assess, "today_utc", reported.TODAY.date)
        make(found, 40)
    when = reported.TODAY - timedelta(days=1)
    with open_register(register_of(found)) as book:
        doubt(book, when, 7779, "10.0.15.252")
        for turn, ip in enumerate((PAST_IP, "10.0.15.241")):  # one that has moved
            seen = camera(7790, ip=ip, when=when)
            book.record(report(seen, scan_id=f"moved-{turn}", when=when + timedelta(hours=turn), targets=(f"{ip}/32",)))
        (moved,) = book.find_devices(PAST_IP)
        extra = NewRow(RecordType.MANUAL, {"stated_serial_number": "9" * 9})
        (gone,) = book.add_devices([extra], role="CCTV officer", how="test")
        book.merge_devices(moved.asset_id, gone, role="CCTV officer")
        entries = {"council_asset_tag": "CCTV-7790", "lifecycle_status": "removed", "removal_evidence_ref": "WO-7790"}
        entries["actual_removal_date"] = (when - timedelta(days=9)).date().isoformat()
        edits = [Edit(moved.asset_id, column, value) for column, value in entries.items()]
        book.edit_entries(
            edits, role="CCTV officer", how="test", because="The depot closed", at=when - timedelta(days=8)
        )
        (found / "merged").write_text(gone, encoding="utf-8")
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


@contextlib.contextmanager
def signed_in(browser: Chrome, at: Served, folder: Path, role: Role) -> Iterator[None]:
    """Somebody else sits down before it, with these rights."""
    day = timedelta(hours=8)
    with contextlib.closing(open_store(register_of(folder))) as store:
        secret = Sessions(store, longest=day, idle=day).begin(Session(subject=role, rights=role, role="", sites=None))
    name, own = at.cookie
    for value in (secret, own):
        browser.get(f"{at.address}/about")
        browser.add_cookie({"name": name, "value": value, "path": "/", "httpOnly": True, "sameSite": "Strict"})
        if value == secret:
            try:
                yield
            finally:
                browser.delete_cookie(name)


def downloaded(browser: Chrome, at: Served, link: str) -> bytes:
    """The file that a link of the page leads to, as whoever is signed in gets it."""
    address = browser.find_element(By.PARTIAL_LINK_TEXT, link).get_attribute("href")
    assert address
    assert address.startswith(at.address)
    cookie = browser.get_cookie(at.cookie[0])
    assert cookie
    request = urllib.request.Request(address, headers={"Cookie": f"{cookie['name']}={cookie['value']}"})
    with urllib.request.urlopen(request, timeout=60) as answer:
        content: bytes = answer.read()
    return content


def is_well(browser: Chrome) -> None:
    """The page fits both windows, nothing is wrong in the console, and axe-core, which is a script, finds nothing."""
    for width in (DESK, PHONE):
        size(browser, *width)
        assert overflow(browser) <= 0
        if axe_file() and browser.execute_script(HAS_SCRIPT):
            assert judged(browser)["violations"] == []
    assert [each for each in messages(browser) if "status of 4" not in each] == []  # a form that is to be corrected


# The journeys of `docs/web.md`, in the order of their numbers. What they change, they change once in each browser.


@BOTH
def test_monday_s_alarm_leads_to_the_device_and_why_in_two_clicks(browser: Chrome, at: Served, which: str) -> None:
    """Journey 1."""
    browser.get(at.address)
    alarm = browser.find_element(By.PARTIAL_LINK_TEXT, "came back after removal")
    assert alarm.location["y"] < (DESK if which == "script" else PHONE)[1], "on the first screen"
    assert "Visit each" in main_of(browser)
    follow(browser, alarm.click)
    follow(browser, browser.find_element(By.LINK_TEXT, "CCTV-7790").click)
    assert heading(browser) == "CCTV-7790"
    assert "it answers, although somebody entered that it was removed" in main_of(browser)
    assert "How camscan knows" in main_of(browser)
    is_well(browser)


@BOTH
def test_a_device_is_found_by_any_of_its_identifiers(browser: Chrome, at: Served, folder: Path, which: str) -> None:
    """Journey 2: also by an address that it had once, and by a number that was merged into it."""
    unit = camera(7790).identification
    merged = (folder / "merged").read_text(encoding="utf-8")
    assert unit.serial
    assert unit.mac
    for text in (
        "cctv-7790",
        "10.0.15.241",
        unit.mac,
        unit.mac.replace(":", "-").upper(),
        unit.serial[-6:],
        PAST_IP,
        merged,
    ):
        browser.get(at.address if which == "script" else f"{at.address}/plan")
        follow(browser, lambda text=text: browser.find_element(By.ID, "find").send_keys(text, Keys.ENTER))  # type: ignore[misc]
        assert heading(browser) == "CCTV-7790", text
    browser.find_element(By.CSS_SELECTOR, "details summary").click()
    assert "sadp.serial" in browser.find_element(By.CSS_SELECTOR, "details").text
    is_well(browser)


@BOTH
def test_two_rows_are_settled(browser: Chrome, at: Served, folder: Path, which: str) -> None:
    """Journey 4; each browser settles one question."""
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
    assert "Choose what to do with the two rows" in main_of(browser)
    is_well(browser)
    browser.find_element(By.CSS_SELECTOR, f"input[value={'second' if which == 'plain' else 'apart'}]").click()
    press(browser, "main button[value=check]")
    assert heading(browser) == "Check your answers"
    assert ("A merge cannot be undone" in main_of(browser)) == (which == "plain")
    is_well(browser)
    press(browser, "main button[value=save]")
    assert "Settled" in heading(browser)
    is_well(browser)
    with open_register(register_of(folder), readonly=True) as book:
        assert (len(book.reviews()), len(book.merged_rows())) == ((1, 1) if which == "script" else (0, 2))


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
    with open_register(register_of(folder), readonly=True) as book:
        before = book.mark().change
    type_in(browser, role="CCTV officer", because="Cabinet 4")
    press(browser, "main button[value=check]")
    assert heading(browser) == "Check the draft"
    is_well(browser)
    with open_register(register_of(folder), readonly=True) as book:
        assert book.mark().change == before, "nothing is written before it is applied"
        free = sum(not row.entries.get("planned_removal_date") for row in book.devices())
    press(browser, "main button[value=save]")
    assert "were saved" in browser.find_element(By.CSS_SELECTOR, "[role=alert]").text
    is_well(browser)
    with open_register(register_of(folder), readonly=True) as book:
        assert sum(not row.entries.get("planned_removal_date") for row in book.devices()) < free
        assert {each.because for each in book.changes(since=before)} == {"Cabinet 4"}


@BOTH
def test_finance_gives_devices_without_a_cost_a_budget_code(
    browser: Chrome, at: Served, folder: Path, which: str
) -> None:
    """Journey 7."""
    browser.get(f"{at.address}/plan/costs")
    is_well(browser)
    assert downloaded(browser, at, "as a spreadsheet (ODS)").startswith(b"PK")
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
    with open_register(register_of(folder), readonly=True) as book:
        coded = [row for row in book.devices() if row.entries.get("budget_code") == f"CAP-{which}"]
    assert coded
    assert not [row for row in coded if row.entries.get("estimated_cost")]


@BOTH
def test_an_auditor_follows_an_entry_and_takes_the_log_along(browser: Chrome, at: Served, folder: Path) -> None:
    """Journey 8; tests/test_web_rights.py holds that an auditor can change nothing on any page."""
    with open_register(register_of(folder), readonly=True) as book:
        before = book.mark()
    with signed_in(browser, at, folder, Role.AUDITOR):
        browser.get(at.address)
        open_page(browser, "Log")
        browser.find_element(By.CSS_SELECTOR, "#filter-role option[value='CCTV officer']").click()
        browser.find_element(By.CSS_SELECTOR, "#filter-column option[value=removal_evidence_ref]").click()
        type_in(browser, since="1 November 2026", until="30/11/2026")
        press(browser, "main form button")
        assert "1 entry" in main_of(browser)
        assert "The depot closed" in main_of(browser)
        is_well(browser)
        (row,) = csv.DictReader(io.StringIO(downloaded(browser, at, "Download this entry").decode("utf-8-sig")))
        wanted = {"role": "CCTV officer", "old": "", "new": "WO-7790", "because": "The depot closed"}
        assert {name: row[name] for name in wanted} == wanted
        follow(browser, browser.find_element(By.LINK_TEXT, "CCTV-7790").click)
        timeline = browser.find_element(By.CSS_SELECTOR, ".app-timeline").text
        assert "entered by CCTV officer" in timeline
        assert "seen by a scan" in timeline
        assert not browser.find_elements(By.CSS_SELECTOR, ".app-acts")
        is_well(browser)
        browser.get(f"{at.address}/enter/note?n={row['asset_id']}")
        assert heading(browser) == "You may not see this page"
    messages(browser)
    with open_register(register_of(folder), readonly=True) as book:
        assert book.mark() == before


@BOTH
def test_ict_sees_what_nobody_looked_at_and_brings_a_list(
    browser: Chrome, at: Served, folder: Path, tmp_path: Path, which: str
) -> None:
    """Journey 10; the list is a switch's ARP table, with a line that nobody can read."""
    file, ip = tmp_path / "arp.txt", f"10.0.15.{100 if which == 'script' else 101}"
    unit = f"4419.b6ff.00{ip[-2:]}"
    head = "Protocol  Address          Age (min)  Hardware Addr   Type   Interface\n"
    file.write_text(f"{head}Internet  {ip}  3  {unit}  ARPA  Vlan10\nInternet  10.0.15.300  3  {unit}  ARPA  Vlan10\n")
    with signed_in(browser, at, folder, Role.ICT):
        browser.get(at.address)
        open_page(browser, "Coverage")
        assert "Sites that were never scanned completely" in main_of(browser)
        assert browser.find_elements(By.LINK_TEXT, "Hollybush Road Nursery")
        is_well(browser)
        follow(browser, browser.find_element(By.LINK_TEXT, "Import a list from another system").click)
        is_well(browser)
        browser.find_element(By.ID, "file").send_keys(str(file))
        browser.find_element(By.ID, "kind-arp").click()
        type_in(browser, as_of="29 November 2026")
        press(browser, "main button[value=look]")
        assert heading(browser) == "Check what the file says"
        assert "1 device would be added" in main_of(browser)
        assert "What cannot be read" in main_of(browser)
        is_well(browser)
        press(browser, "main button[value=save]")
        assert "1 device added" in browser.find_element(By.CSS_SELECTOR, "[role=alert]").text
        is_well(browser)
    with open_register(register_of(folder), readonly=True) as book:
        assert len(book.find_devices(ip)) == 1

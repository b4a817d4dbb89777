"""Collectors and parcels in a real browser, with and without script: a code, six words, a file from a stick."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import reported
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from parcels import make_attempt, parcel, sadp, scan
from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By
from test_web_browser_files import field, fill, holds, press
from web_browser import DESK, PHONE, Served, messages, served, sign_in, size, window
from web_estate import SITE, make, register_of

from camscan.app import assess
from camscan.config.read import load_config
from camscan.parcel.keys import key_words, public_key_of
from camscan.store import open_store
from camscan.store.collectors import Collectors

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]
NOW = datetime.now(UTC) - timedelta(minutes=5)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    found = tmp_path_factory.mktemp("collectors")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(assess, "today_utc", reported.TODAY.date)
        make(found, 12)
    return found


@pytest.fixture(scope="module")
def at(folder: Path) -> Iterator[Served]:
    with served(folder) as found:
        yield found


@pytest.fixture(params=["script at 1280", "none at 320"])
def browser(request: pytest.FixtureRequest, at: Served) -> Iterator[Chrome]:
    is_scripted = request.param == "script at 1280"
    with window(script=is_scripted) as found:
        sign_in(found, at)
        size(found, *(DESK if is_scripted else PHONE))
        yield found


def give_role(browser: Chrome) -> None:
    for each in browser.find_elements(By.ID, "role"):
        each.clear()
        each.send_keys("ICT")


def compared(browser: Chrome) -> None:
    browser.find_element(By.CSS_SELECTOR, "label[for=same]").click()
    give_role(browser)


def refused(browser: Chrome) -> str:
    """What a form says that was not taken; the browser notes its status, which is 422."""
    assert all(each.endswith("422 (Unprocessable Entity)") for each in messages(browser))
    return holds(browser)


def key_of(browser: Chrome, first: int) -> Ed25519PrivateKey:
    """Another one for each test and each way."""
    is_scripted = bool(browser.find_elements(By.CSS_SELECTOR, ".js-enabled"))
    return Ed25519PrivateKey.from_private_bytes(bytes([first + is_scripted]) * 32)


def test_a_collector_is_added_approved_asked_and_revoked(browser: Chrome, at: Served, folder: Path) -> None:
    browser.get(f"{at.address}/collectors")
    assert "3 collectors need attention" in holds(browser)
    key = key_of(browser, 21)
    press(browser, "Add a collector")
    holds(browser)
    give_role(browser)
    press(browser, "Make the code")
    assert "Enter a name" in refused(browser)
    fill(browser, "name", f"School {public_key_of(key).hex()[:4]}")
    fill(browser, "sites", SITE)
    press(browser, "Make the code")
    assert "The code is shown on this page only" in holds(browser)
    code = browser.find_element(By.ID, "code").text
    assert re.fullmatch("(?:[0-9a-f]{4}-){7}[0-9a-f]{4}", code)
    press(browser, "its page")
    assert "Make another code" in [each.text for each in browser.find_elements(By.CSS_SELECTOR, "main button")]
    holds(browser)
    with open_store(register_of(folder)) as store:
        assert Collectors(store).enrol(code.replace("-", ""), public_key_of(key), datetime.now(UTC))
    browser.refresh()
    assert key_words(public_key_of(key)) in holds(browser)
    give_role(browser)
    press(browser, "Approve it")
    assert "Compare the words by telephone first" in refused(browser)
    compared(browser)
    press(browser, "Approve it")
    assert "It is approved" in holds(browser)
    press(browser, "Ask for a scan")
    assert "The collector has not asked yet" in holds(browser)
    press(browser, "Revoke it")
    assert "Revoke this collector?" in holds(browser)
    give_role(browser)
    press(browser, "Revoke it")
    assert "It is revoked" in holds(browser)


def test_a_parcel_comes_from_a_stick(browser: Chrome, at: Served, folder: Path, tmp_path: Path) -> None:
    key, network = (
        key_of(browser, 23),
        next(
            str(network)
            for site in load_config(folder / "camscan.yaml").sites
            if site.name == SITE
            for network in site.cidrs
        ),
    )
    own = network.rsplit(".", 1)[0] + ".9"
    report = scan(make_attempt(own, sadp(9), when=NOW), when=NOW, site=SITE, targets=(network,))
    file = parcel(tmp_path / "site.camparcel", report, key)
    browser.get(f"{at.address}/parcels")
    holds(browser)
    press(browser, "Take in a parcel from a file")
    holds(browser)
    field(browser, "file").send_keys(str(file))
    press(browser, "Show what is in it")
    text = holds(browser)
    assert "Do you trust this key?" in text
    assert key_words(public_key_of(key)) in text
    compared(browser)
    press(browser, "Trust the key and record the parcel")
    assert "The scan is recorded: 1 device" in holds(browser)


def test_one_that_was_cloned_says_what_to_do(browser: Chrome, at: Served) -> None:
    browser.get(f"{at.address}/collectors/4")
    assert "Two programs have used the key" in holds(browser)
    press(browser, "Revoke it")
    holds(browser)

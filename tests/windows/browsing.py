"""What somebody does in a browser with the pages of ``camscan serve``: sign in, look, enter something."""

from __future__ import annotations

import re
from collections.abc import Mapping

import httpx
from web_estate import Page

LINK = re.compile(r"^Open (http://127\.0\.0\.1:\d+)/sign-in\?key=(\S{43})\s*$", re.MULTILINE)


def sign_in_and_enter(address: str, key: str, number: str) -> str:
    """Sign in with the key, read the first page, enter a visit of a device; the headline that the page showed."""
    headers = {"Origin": address, "Sec-Fetch-Site": "same-origin"}
    with httpx.Client(base_url=address, headers=headers, timeout=60, trust_env=False) as browser:
        assert browser.get("/").status_code == 303, "nobody has signed in yet"
        send(browser, "/sign-in", {"key": key})
        assert send(browser, "/sign-in", {"key": key}, 403), "a key is spent once"
        headline = re.search(r"Hikvision or Dahua: \d+ devices", Page(get(browser, "/")).text)
        assert headline
        answers = {"last_confirmed_on": "14 September 2026", "location_detail": "Stair – größer", "remark": "ceiling"}
        answers["role"] = "CCTV officer"
        form = fields(get(browser, f"/enter/visit?n={number}"))
        checked = send(browser, "/enter/visit", {**form, **answers, "step": "check"}, 200)
        assert "Nothing is saved yet" in Page(checked).text
        send(browser, "/enter/visit", {**fields(checked), "because": "works order 17", "step": "save"})
        assert "Stair – größer" in Page(get(browser, f"/device/{number}")).text
    return headline[0]


def get(browser: httpx.Client, path: str) -> str:
    """Get a page. Returns its text."""
    answer = browser.get(path)
    assert answer.status_code == 200, f"{path}: {answer.status_code}"
    return answer.text


def send(browser: httpx.Client, path: str, form: Mapping[str, str | list[str]], status: int = 303) -> str:
    """Send a form."""
    answer = browser.post(path, data=dict(form))
    assert answer.status_code == status, f"{path}: {answer.status_code} {Page(answer.text).text[:300]}"
    return answer.text


def fields(html: str) -> dict[str, str | list[str]]:
    """What the last form of a page would send, but for buttons."""
    form: dict[str, str | list[str]] = {}
    devices = []
    for each in Page(html).all("input"):
        name, value = each.get("name") or "", each.get("value") or ""
        if name == "device":
            devices.append(value)
        elif name not in {"", "q", "find", "everything"} and (each.get("type") != "radio" or "checked" in each):
            form[name] = value
    return form | {"device": devices}

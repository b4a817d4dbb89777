"""Twelve pages as they were when somebody last looked at them: a change of any of them is seen, and taken on purpose.

Of each, what stands between its frame: a new link of the navigation changes none.

``CAMSCAN_GOLDEN=write .venv/bin/python -m pytest tests/test_web_golden.py`` writes them anew.
"""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import reported
from web_estate import HOSTILE_IP, Client, desk_of, make

from camscan.app import assess
from camscan.dates import moment_text
from camscan.web.desk import Desk
from camscan.web.rights import Role

FOLDER = Path(__file__).parent / "golden" / "web"
PAGES = {
    "overview": ("/", Role.OWNER),
    "overview-foi": ("/", Role.FOI),
    "devices": ("/devices", Role.OWNER),
    "devices-finance": ("/devices?maker=dahua&sort=site", Role.FINANCE),
    "device-hostile": ("/device/{hostile}", Role.OWNER),
    "device-site-manager": ("/device/{device}", Role.SITE_MANAGER),
    "enter-plan": ("/enter/plan?n={device}", Role.OFFICER),
    "site": ("/site/Town%20Hall", Role.OFFICER),
    "sites": ("/sites", Role.AUDITOR),
    "log": ("/log", Role.AUDITOR),
    "coverage": ("/coverage", Role.ICT),
    "person": ("/people/new", Role.OWNER),
}
_CHANGES = (
    (r'(name="token" value=")[^"]*', r"\1TOKEN"),
    (r"/static/[0-9a-f]{16}/", "/static/HASH/"),
    (r"(As of )[^.<]*", r"\1A MOMENT"),
    (r"camscan \d+\.\d+\.\d+", "camscan VERSION"),
)
"""What differs from run to run."""


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(assess, "today_utc", reported.TODAY.date)
        with contextlib.closing(desk_of(make(tmp_path_factory.mktemp("golden"), 16))) as opened:
            yield opened


@pytest.fixture(scope="module")
def names(desk: Desk) -> dict[str, str]:
    with desk.reading() as book:
        rows = sorted(book.devices(), key=lambda row: row.ip_addresses)
        (hostile,) = book.find_devices(HOSTILE_IP)
        device = next(row for row in rows if row.entries.get("site_name", row.site) == "Town Hall" and row != hostile)
    return {"hostile": hostile.asset_id, "device": device.asset_id}


def shown(desk: Desk, names: dict[str, str], name: str) -> str:
    path, role = PAGES[name]
    answer = Client(desk, role).get(path.format(**names))
    assert answer.status_code == 200
    (text,) = re.findall(r"<main.*</main>\n", answer.text, re.DOTALL)
    for pattern, instead in _CHANGES:
        text = re.sub(pattern, instead, text)
    for minutes in range(10):  # the entries of this register were made a moment ago
        just_now = datetime.now(UTC) - timedelta(minutes=minutes)
        text = re.sub(rf'datetime="{just_now:%Y-%m-%dT%H:%M}:[^"]*"', 'datetime="JUST NOW"', text)
        text = text.replace(moment_text(just_now), "JUST NOW")
    known: dict[str, str] = {}
    # Asset numbers are made by chance: the first that is met is A, and so on.
    return re.sub(
        r"\b[0-9A-Z]{7}-[0-9A-Z]{8}\b", lambda found: known.setdefault(found[0], f"NUMBER-{len(known) + 1}"), text
    )


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_as_it_was(desk: Desk, names: dict[str, str], name: str) -> None:
    kept, text = FOLDER / f"{name}.html", shown(desk, names, name)
    if os.environ.get("CAMSCAN_GOLDEN") == "write":
        FOLDER.mkdir(exist_ok=True)
        kept.write_text(text, encoding="utf-8")
    assert text == kept.read_text(encoding="utf-8"), "if that is meant: CAMSCAN_GOLDEN=write"


def test_they_are_twelve_and_no_other_is_there() -> None:
    assert len(PAGES) == 12
    assert {path.stem for path in FOLDER.iterdir()} == {*PAGES}

"""``camscan export ocsf`` and ``servicenow``: against what their readers ask for, as tables. Neither was run here."""

from __future__ import annotations

import csv
import io
import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from export_samples import HOSTILE, estate, hostile, ordinary, texts_of

from camscan.exports import Inventory, count_reasons, ocsf, servicenow
from camscan.version import __version__

GOLDEN = Path(__file__).parent / "golden" / "exports"

EVENT = {
    "activity_id": int,
    "category_uid": int,
    "class_uid": int,
    "device": dict,
    "metadata": dict,
    "severity_id": int,
    "time": int,
    "type_uid": int,
}
"""Members that class 5001 requires, at tag 1.6.0; there are no others here."""
DEVICE = {
    **dict.fromkeys(("type", "uid", "uid_alt", "name", "hostname", "ip", "mac", "vendor_name", "model", "desc"), str),
    **dict.fromkeys(("type_id", "first_seen_time", "last_seen_time"), int),
    "zone": str,
    "hw_info": dict,
}
"""Members of the object ``device`` at that tag, as far as they are written."""


def events(inventory: Inventory) -> list[dict[str, Any]]:
    return [json.loads(line) for line in texts_of(ocsf.make_ocsf(inventory, {}))[""].splitlines()]


@pytest.mark.parametrize("inventory", [ordinary(), hostile()], ids=["ordinary", "hostile"])
def test_every_event_has_what_the_class_requires(inventory: Inventory) -> None:
    found = events(inventory)
    assert found
    for each in found:
        assert {name: type(value) for name, value in each.items()} == EVENT
        assert (each["class_uid"], each["category_uid"], each["type_uid"]) == (5001, 5, 500102)
        assert set(each["metadata"]) == {"product", "version"}
        device = each["device"]
        assert device["type_id"] == 7
        assert {name for name, value in device.items() if not isinstance(value, DEVICE[name])} == set()
        assert set(device.get("hw_info", {"serial_number": ""})) == {"serial_number"}


def test_the_whole_files() -> None:
    expected = (GOLDEN / "ocsf.ndjson").read_text(encoding="utf-8").replace("VERSION", __version__)
    assert texts_of(ocsf.make_ocsf(ordinary(), {}))[""] == expected
    assert texts_of(servicenow.make_servicenow(ordinary(), {}))[""] == (GOLDEN / "servicenow.csv").read_bytes().decode()


def test_a_guess_has_no_vendor() -> None:
    found = {each["device"]["uid"]: each["device"] for each in events(ordinary())}
    assert "vendor_name" not in found["CAM-0008"]
    assert found["CAM-0001"]["vendor_name"] == "Hikvision"


def test_every_device_is_there_or_has_a_reason() -> None:
    for made in (ocsf.make_ocsf(ordinary(), {}), servicenow.make_servicenow(ordinary(), {})):
        assert made.devices + len(made.left_out) == len(estate())
    assert count_reasons(servicenow.make_servicenow(ordinary(), {}).left_out).startswith(
        "2 with an unknown or only possible maker, 1 "
    )


def test_hostile_texts_are_text() -> None:
    made = ocsf.make_ocsf(hostile(), {})
    assert made.devices == texts_of(made)[""].count("\n") == len(HOSTILE)
    assert texts_of(made)[""].isascii()
    text = texts_of(servicenow.make_servicenow(hostile(), {}))[""]
    text.encode("utf-8")
    for row in csv.reader(io.StringIO(text, newline="")):
        assert len(row) == len(servicenow.COLUMNS)
        assert not [cell for cell in row if cell.lstrip()[:1] in {*"=+-@"} and cell.strip()]
        assert not [cell for cell in row if set(cell) & set("\x00\x1b\r\n\u202e")]


def test_times_of_servicenow_are_its_own() -> None:
    rows = list(csv.DictReader(io.StringIO(texts_of(servicenow.make_servicenow(ordinary(), {}))[""], newline="")))
    for row in rows:
        assert row["u_last_discovered"]
        datetime.strptime(row["u_last_discovered"], "%Y-%m-%d %H:%M:%S")  # noqa: DTZ007 - it has no time zone
    assert {row["u_install_status"] for row in rows} == {"Installed", "Retired"}

"""NetBox itself takes what ``camscan export netbox`` writes: ``make netbox``, not ``make test``.

The first files, the same files again, what people do there by hand, a later run, and hostile texts, in this order: each
test goes on where the one before left NetBox.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from export_samples import HOSTILE, SETTINGS, estate, hostile, texts_of
from place import NetBox, running
from planned import TODAY, asset

from camscan.app.inventory import inventory_of
from camscan.asset import Asset, Place, Presence
from camscan.exports import ExportResult, Inventory, netbox

pytestmark = pytest.mark.timeout(7200)  # the first time, NetBox migrates an empty database
PAGES = {
    "manufacturers.csv": "/dcim/manufacturers/import/",
    "device-roles.csv": "/dcim/device-roles/import/",
    "sites.csv": "/dcim/sites/import/",
    "locations.csv": "/dcim/locations/import/",
    "device-types.csv": "/dcim/device-types/import/",
    "devices.csv": "/dcim/devices/import/",
    "interfaces.csv": "/dcim/interfaces/import/",
    "mac-addresses.csv": "/dcim/mac-addresses/import/",
    "ip-addresses.csv": "/ipam/ip-addresses/import/",
    "devices-update.csv": "/dcim/devices/import/",
    "devices-update-status.csv": "/dcim/devices/import/",
}
SORTS = {
    "manufacturers.csv": "Manufacturer",
    "device-roles.csv": "DeviceRole",
    "sites.csv": "Site",
    "locations.csv": "Location",
    "device-types.csv": "DeviceType",
    "devices.csv": "Device",
    "interfaces.csv": "Interface",
    "mac-addresses.csv": "MACAddress",
    "ip-addresses.csv": "IPAddress",
}
State = dict[str, list[dict[str, Any]]]


@pytest.fixture(scope="module")
def box(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NetBox]:
    with running(tmp_path_factory.mktemp("netbox")) as found:
        yield found


def devices() -> list[Asset]:
    """Sixty more than the ordinary estate: at four sites, on subnets, in rooms, some with labels and two interfaces."""
    rows = []
    for number in range(100, 160):
        place = Place(f"Depot {number % 4}", f"10001234{number % 4}", "depot", "2", "own", subnet="192.0.2.0/24")
        row = asset(
            number,
            place=place,
            maker="dahua" if number % 3 else "hikvision",
            model=f"Model {number % 7}",
            serial=f"4C0{number:07}AB" if number % 5 else None,
            council_asset_tag=f"CCTV-{number}" if number % 2 else "",
            location_detail=f"Stair {number % 3}" if number % 4 else "",
        )
        macs = (f"44:19:b6:00:01:{number:02x}", f"44:19:b6:00:02:{number:02x}")[: 1 + number % 2]
        addresses = (f"192.0.2.{number}", f"2001:db8::{number}", f"fe80::{number}")
        rows.append(replace(row, mac_addresses=macs, ip_addresses=addresses))
    return [*estate(), *rows]


def ordinary(rows: Sequence[Asset]) -> Inventory:
    return inventory_of(rows, SETTINGS, TODAY)


def take(box: NetBox, made: ExportResult, delimiter: str = ",") -> dict[str, list[str]]:
    """Import every file that has rows: what NetBox has against each."""
    return {
        name: box("take", page=page, text=texts_of(made)[name], delimiter=delimiter)
        for name, page in PAGES.items()
        if name in texts_of(made) and table(made, name)
    }


def table(made: ExportResult, name: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(texts_of(made)[name], newline="")))


def device(state: State, tag: str) -> dict[str, Any]:
    return next(row for row in state["Device"] if row["asset_tag"] == tag)


def later(box: NetBox, inventory: Inventory) -> ExportResult:
    """The files of a later run, from the list that NetBox exports."""
    return netbox.make_netbox(inventory, {"update": box("listed")})


def said(number: int, words: str) -> str:
    return f"camscan CAM-{number:04}: {words}"


def differences(before: State, after: State) -> dict[tuple[str, str], dict[str, tuple[Any, Any]]]:
    """What is not the same: sort and name of an object -> field -> what it was, and is."""
    found = {}
    for sort, rows in after.items():
        old = {row["id"]: row for row in before[sort]}
        for row in rows:
            was = old.pop(row["id"], {})
            fields = {name: (was.get(name), row[name]) for name in row if was.get(name) != row[name]}
            if fields:
                found[sort, str(row.get("asset_tag") or row.get("name") or row.get("model") or row["id"])] = fields
        found |= {(sort, str(number)): {"id": (number, None)} for number in old}
    return found


def test_the_first_files_go_in(box: NetBox) -> None:
    made = netbox.make_netbox(ordinary(devices()), {})
    assert take(box, made, "auto") == {name: [] for name in netbox.COLUMNS}
    state = box("state")
    assert len(state["Device"]) == made.devices == 66
    assert made.devices + len(made.left_out) == len(devices())
    assert {row["asset_tag"] for row in state["Device"]} == {row["asset_tag"] for row in table(made, "devices.csv")}
    one = device(state, "CCTV-101")
    assert (one["name"], one["serial"], one["status"]) == ("CCTV-101", "4C00000101AB", "active")
    addresses = {row["id"]: row["address"] for row in state["IPAddress"]}
    assert addresses[one["primary_ip4"]] == "192.0.2.101/24"
    assert addresses[one["primary_ip6"]] == "2001:db8::101/128"
    assert len(state["MACAddress"]) == len(table(made, "mac-addresses.csv")) == 5 + 90
    assert len(state["IPAddress"]) == len(table(made, "ip-addresses.csv")) == 5 + 120


def test_the_same_files_again_are_refused_and_change_nothing(box: NetBox) -> None:
    before = box("state")
    made = netbox.make_netbox(ordinary(devices()), {})
    files = {name: text for name, text in texts_of(made).items() if name != "mac-addresses.csv"}  # those it takes twice
    errors = take(box, replace(made, files=files))
    assert all(errors.values())
    assert "asset tag already exists" in " ".join(errors["devices.csv"]).casefold()
    assert differences(before, box("state")) == {}


BY_HAND = {
    "CCTV-101": {"description": "=by the north stair", "comments": "Ask the caretaker", "latitude": "51.500000"},
    "CAM-0102": {"description": 'Ours; "quoted", since 2019', "status": "staged", "comments": "- a list\n- of two"},
    "CAM-0100": {"serial": "typed in by hand", "description": "", "asset_tag": "CAM-0100", "longitude": "-0.100000"},
    "CCTV-103": {"name": "Lobby camera", "status": "failed"},
}
"""What people write there: a formula, quotes, a serial number that camscan does not know, another name."""


def test_a_later_run_of_the_same_register_writes_nothing_of_theirs(box: NetBox) -> None:
    for tag, fields in BY_HAND.items():
        box("edit", tag=tag, fields=fields)
    before = box("state")
    made = later(box, ordinary(devices()))
    assert made.devices == 66
    assert {name: len(table(made, name)) for name in PAGES} == {**dict.fromkeys(PAGES, 0), "devices-update.csv": 1}
    (row,) = table(made, "devices-update.csv")
    assert row["description"] == "camscan CAM-0100: to be removed, without a date yet"  # somebody had emptied it
    assert take(box, made) == {"devices-update.csv": []}
    assert differences(before, box("state")) == {("Device", "CAM-0100"): {"description": ("", row["description"])}}


def moved_on() -> list[Asset]:
    """A month later: one planned, one missed, one removed, a serial number found, a label given, and one new device."""
    rows = {row.asset_id: row for row in devices()}
    planned = {"planned_removal_date": "2027-03-31", "lifecycle_status": "planned"}
    gone = {"actual_removal_date": "2026-11-20", "lifecycle_status": "removed"}
    for number, entries in ((101, planned), (102, planned), (105, gone), (106, {"council_asset_tag": "CCTV-NEW"})):
        row = rows[f"CAM-0{number}"]
        rows[row.asset_id] = replace(row, entries={**row.entries, **entries})
    rows["CAM-0103"] = replace(rows["CAM-0103"], presence=Presence.OFFLINE)
    rows["CAM-0107"] = replace(rows["CAM-0107"], presence=Presence.MISSED)
    found = rows["CAM-0110"]
    rows["CAM-0110"] = replace(found, identification=replace(found.identification, serial="4C09999999AB"))
    new = asset(200, place=Place("Depot 9"), maker="dahua", model="Model 1", location_detail="Stair 0")
    rows["CAM-0200"] = replace(new, ip_addresses=("192.0.2.200",), mac_addresses=("44:19:b6:00:03:01",))
    return list(rows.values())


def test_a_later_run_writes_what_is_new_and_blanks_nothing(box: NetBox) -> None:
    before = box("state")
    made = later(box, ordinary(moved_on()))
    (new,) = table(made, "devices.csv")
    assert (new["asset_tag"], new["site"], new["location"]) == ("CAM-0200", "Depot 9", "Stair 0")
    assert [row["name"] for row in table(made, "sites.csv")] == ["Depot 9"]
    assert not table(made, "manufacturers.csv")
    assert not table(made, "device-types.csv")
    assert all(not errors for errors in take(box, made).values())
    after = box("state")
    found = differences(before, after)
    changed = {name: fields for (sort, name), fields in found.items() if sort == "Device" and name != "CAM-0200"}
    assert changed == {
        "CCTV-101": {"status": ("active", "decommissioning")},  # its description is a person's
        "CAM-0102": {"status": ("staged", "decommissioning")},
        "CCTV-105": {
            "status": ("active", "inventory"),
            "description": (said(105, "to be removed, without a date yet"), said(105, "removed on 2026-11-20")),
        },
        "CCTV-107": {"status": ("active", "offline")},
        "CAM-0110": {"serial": ("", "4C09999999AB")},
    }
    assert {sort for sort, _ in found} == {"Site", "Location", "Device", "Interface", "MACAddress", "IPAddress"}
    assert len(after["Device"]) == len(before["Device"]) + 1 == made.devices


def test_and_then_there_is_nothing_left_to_write(box: NetBox) -> None:
    made = later(box, ordinary(moved_on()))
    assert take(box, made) == {}
    assert made.devices + len(made.left_out) == len(moved_on())


def test_who_may_only_add_cannot_update(box: NetBox) -> None:
    page = PAGES["devices-update.csv"]
    (error,) = box("take", page=page, text='"id","status"\r\n"1","offline"\r\n', name="adding")
    assert "requires the dcim.change_device permission" in error


def test_what_order_txt_says_is_so(box: NetBox) -> None:
    before = box("state")
    made = netbox.make_netbox(ordinary([asset(300, place=Place("Depot 1")), asset(301, place=Place("Depot 10"))]), {})
    refused = box("take", page=PAGES["sites.csv"], text=texts_of(made)["sites.csv"])
    assert "Record 1 name: Site with this Name already exists." in refused
    assert differences(before, box("state")) == {}  # whole, or not at all
    new = texts_of(made)["sites.csv"].replace('"Depot 1","depot-1","active",""\r\n', "")
    assert box("take", page=PAGES["sites.csv"], text=new) == []
    assert box("take", page=PAGES["devices.csv"], text=texts_of(made)["devices.csv"]) == []
    # MAC addresses may stand there twice.
    macs = texts_of(netbox.make_netbox(ordinary(devices()), {}))["mac-addresses.csv"]
    assert box("take", page=PAGES["mac-addresses.csv"], text=macs) == []
    assert len(box("state")["MACAddress"]) == len(before["MACAddress"]) + 5 + 90
    # Who may add device types, and not their parts, is turned away.
    (error,) = box("take", page=PAGES["device-types.csv"], text=texts_of(made)["device-types.csv"], name="adding")
    assert error.startswith("403 ")


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[NetBox]:
    with running(tmp_path) as found:
        yield found


def test_hostile_texts_go_in_and_a_later_run_knows_them_again(empty: NetBox) -> None:
    made = netbox.make_netbox(hostile(), {})
    errors = take(empty, made)
    assert errors == {name: [] for name in netbox.COLUMNS if table(made, name)}
    state = empty("state")
    assert len(state["Device"]) == made.devices == len(HOSTILE) - len(made.left_out)
    assert all(len(state[sort]) == len(table(made, name)) for name, sort in SORTS.items())
    again = later(empty, hostile())
    assert {name: len(table(again, name)) for name in PAGES} == dict.fromkeys(PAGES, 0)

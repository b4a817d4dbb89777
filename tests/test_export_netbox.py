"""``camscan export netbox``, against what NetBox asks of a file, as a table. ``make netbox`` asks NetBox itself.

The table was read in NetBox 4.7.3 (``dcim/forms/bulk_import.py``, ``ipam/forms/bulk_import.py`` and the models), and
is the same in 4.6.8. Run ``make netbox`` when there is a newer one, and then correct the table.
"""

from __future__ import annotations

import csv
import io
import ipaddress
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from export_samples import HOSTILE, SETTINGS, estate, hostile, ordinary, texts_of
from planned import SEEN, TODAY, asset

from camscan.app.inventory import inventory_of
from camscan.asset import Asset, Place, Presence
from camscan.errors import UsageError
from camscan.exports import ExportResult, Inventory, count_reasons, netbox

GOLDEN = Path(__file__).parent / "golden" / "exports" / "netbox"
WORDS = {
    "sites.csv": {"planned", "staging", "active", "decommissioning", "retired"},
    "locations.csv": {"planned", "staging", "active", "decommissioning", "retired"},
    "devices.csv": {"offline", "active", "planned", "staged", "failed", "inventory", "decommissioning"},
    "ip-addresses.csv": {"active", "reserved", "deprecated", "dhcp", "slaac"},
}
"""What may stand in the column ``status``."""


@dataclass(frozen=True)
class Page:
    """What one import page asks for."""

    required: frozenset[str]
    known: frozenset[str]
    """Columns that it has besides; any other has the file refused."""
    unique: tuple[tuple[str, ...], ...] = ()
    """Columns of which no two rows may have the same."""
    longest: Mapping[str, int] = field(default_factory=dict)


def page(required: str, known: str, *unique: tuple[str, ...], **longest: int) -> Page:
    return Page(frozenset(required.split()), frozenset(known.split()), unique, longest)


_TREE = "parent description owner comments tags"
_SITE = "region group tenant facility time_zone description physical_address shipping_address latitude longitude"
_DEVICE = (
    "name tenant platform serial asset_tag location rack position face latitude longitude parent device_bay airflow "
    "virtual_chassis vc_position vc_priority cluster description config_template owner comments tags"
)
PAGES = {
    "manufacturers.csv": page("name slug", "description owner comments tags", ("name",), ("slug",), name=100, slug=100),
    "device-roles.csv": page(
        "name slug color", f"vm_role config_template {_TREE}", ("name",), ("slug",), name=100, slug=100, color=6
    ),
    "sites.csv": page(
        "name slug status", f"{_SITE} owner comments tags", ("name",), ("slug",), name=100, slug=100, facility=50
    ),
    "locations.csv": page(
        "site name slug status", f"tenant facility {_TREE}", ("site", "name"), ("site", "slug"), name=100, slug=100
    ),
    "device-types.csv": page(
        "manufacturer model slug u_height",
        "default_platform part_number exclude_from_utilization is_full_depth subdevice_role airflow description weight "
        "weight_unit owner comments tags",
        ("manufacturer", "model"),
        ("manufacturer", "slug"),
        model=100,
        slug=100,
    ),
    "devices.csv": page(
        "role manufacturer device_type status site",
        _DEVICE,
        ("asset_tag",),
        ("site", "name"),  # whatever its capitals
        name=64,
        serial=50,
        asset_tag=50,
        description=200,
    ),
    "interfaces.csv": page("device name type", "enabled poe_mode description owner tags", ("device", "name"), name=64),
    "mac-addresses.csv": page("mac_address", "device virtual_machine interface is_primary description owner comments"),
    "ip-addresses.csv": page(
        "address status",
        "vrf tenant role device virtual_machine interface fhrp_group is_primary is_oob dns_name description owner "
        "comments tags",
    ),
}
"""Of NetBox 4.7.3; what 4.6.8 does not have is left out."""
REFERS = {
    "locations.csv": {"site": ("sites.csv", "name")},
    "device-types.csv": {"manufacturer": ("manufacturers.csv", "name")},
    "devices.csv": {
        "role": ("device-roles.csv", "name"),
        "manufacturer": ("manufacturers.csv", "name"),
        "site": ("sites.csv", "name"),
    },
    "interfaces.csv": {"device.asset_tag": ("devices.csv", "asset_tag")},
    "mac-addresses.csv": {"device.asset_tag": ("interfaces.csv", "device.asset_tag")},
    "ip-addresses.csv": {"device.asset_tag": ("interfaces.csv", "device.asset_tag")},
}
"""File -> its column -> where that has to stand before."""
UPDATES = ("devices-update.csv", "devices-update-status.csv")


def table(made: ExportResult, name: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(texts_of(made)[name], newline="")))


def made_of(*rows: Asset, update: str | None = None) -> ExportResult:
    return netbox.make_netbox(inventory_of(rows, SETTINGS, TODAY), {} if update is None else {"update": update})


def check(made: ExportResult) -> None:
    """Hold every file against the table, as NetBox would."""
    for name, asked in PAGES.items():
        (header, *_), rows = csv.reader(io.StringIO(texts_of(made)[name], newline="")), table(made, name)
        columns = {column.partition(".")[0] for column in header}
        assert asked.required <= columns <= asked.required | asked.known, name
        for row in rows:
            assert all(row[column] for column in header if column in asked.required), (name, row)
            assert all(len(row[column]) <= most for column, most in asked.longest.items()), (name, row)
            assert all(cell == cell.strip() for cell in row.values())
            assert "slug" not in row or re.fullmatch(r"[-a-zA-Z0-9_]+", row["slug"])
            assert row.get("status", "active") in WORDS.get(name, {"active"})
        for unique in asked.unique:
            by = [
                tuple(row[column if column in row else f"{column}.asset_tag"].casefold() for column in unique)
                for row in rows
            ]
            assert len(by) == len(set(by)), (name, unique)
        for column, (file, other) in REFERS.get(name, {}).items():
            assert {row[column] for row in rows} <= {row[other] for row in table(made, file)}, (name, column)
    types = {(row["manufacturer"], row["model"]) for row in table(made, "device-types.csv")}
    places = {(row["site"], row["name"]) for row in table(made, "locations.csv")}
    for row in table(made, "devices.csv"):
        assert (row["manufacturer"], row["device_type"]) in types
        assert not row["location"] or (row["site"], row["location"]) in places
    hosts = [ipaddress.ip_interface(row["address"]).ip for row in table(made, "ip-addresses.csv")]
    assert len(hosts) == len(set(hosts))  # NetBox refuses an address that it has (ENFORCE_GLOBAL_UNIQUE)
    assert max(Counter(row["device.asset_tag"] for row in primary(made, "mac-addresses.csv")).values(), default=1) == 1


def primary(made: ExportResult, name: str) -> list[dict[str, str]]:
    return [row for row in table(made, name) if row["is_primary"] == "true"]


@pytest.mark.parametrize(
    "made", [netbox.make_netbox(ordinary(), {}), netbox.make_netbox(hostile(), {})], ids=["ordinary", "hostile"]
)
def test_netbox_would_take_every_file(made: ExportResult) -> None:
    check(made)
    assert tuple(PAGES) == tuple(netbox.COLUMNS)  # in this order


@pytest.mark.parametrize(
    "made", [netbox.make_netbox(ordinary(), {}), netbox.make_netbox(hostile(), {})], ids=["ordinary", "hostile"]
)
def test_netbox_reads_the_same_where_it_guesses_at_the_delimiter(made: ExportResult) -> None:
    for name in netbox.COLUMNS:
        text = texts_of(made)[name]
        dialect = csv.Sniffer().sniff(text.strip(), delimiters=",;|\t")  # as utilities/forms/bulk_import.py does
        guessed = list(csv.reader(io.StringIO(text.strip()), dialect=dialect))
        assert guessed == list(csv.reader(io.StringIO(text, newline=""))), name


@pytest.mark.parametrize("name", [*PAGES, "ORDER.txt"])
def test_the_whole_files(name: str) -> None:
    assert texts_of(netbox.make_netbox(ordinary(), {}))[name] == (GOLDEN / name).read_bytes().decode()


def test_every_device_is_in_it_or_left_out() -> None:
    made = netbox.make_netbox(ordinary(), {})
    assert len(table(made, "devices.csv")) == made.devices
    assert made.devices + len(made.left_out) == len(estate())
    assert count_reasons(made.left_out) == (
        "2 with an unknown or only possible maker, 1 already removed, 1 entered as a false alarm, "
        "1 not part of video surveillance, 1 not the council's, 1 without a site, which NetBox needs"
    )


def test_hostile_texts_are_text() -> None:
    made = netbox.make_netbox(hostile(), {})
    assert made.devices + len(made.left_out) == len(HOSTILE)
    assert len(table(made, "devices.csv")) == made.devices
    for name in PAGES:
        for row in table(made, name):
            assert not [cell for cell in row.values() if set(cell) & set("\x00\x1b\r\n\u202e")]


# ── a later run ──────────────────────────────────────────────────────────────────────────────────────────────────

NOTHING: Mapping[str, Mapping[str, str]] = {}
HEADING = "Name,Status,Site,Location,Role,Manufacturer,Type,ID,Serial number,Asset tag,Description,Comments"


def listed(made: ExportResult, theirs: Mapping[str, Mapping[str, str]] = NOTHING, delimiter: str = ",") -> str:
    """The list as NetBox would export it after the import, with what people changed there, by asset tag."""
    stream = io.StringIO(newline="")
    writer = csv.writer(stream, delimiter=delimiter)
    writer.writerow(HEADING.split(","))
    for number, row in enumerate(table(made, "devices.csv"), 1):
        there = {**row, "comments": "theirs, two\nlines", **theirs.get(row["asset_tag"], {})}
        cells = ("site", "location", "role", "manufacturer", "device_type")
        writer.writerow(
            [there["name"], there["status"].capitalize(), *(there[name] for name in cells), number]
            + [there[name] for name in ("serial", "asset_tag", "description", "comments")]
        )
    return stream.getvalue()


@pytest.mark.parametrize("inventory", [ordinary(), hostile()], ids=["ordinary", "hostile"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_a_later_run_of_the_same_register_has_no_row(inventory: Inventory, delimiter: str) -> None:
    first = netbox.make_netbox(inventory, {})
    made = netbox.make_netbox(inventory, {"update": listed(first, delimiter=delimiter)})
    assert {name: len(table(made, name)) for name in (*PAGES, *UPDATES)} == dict.fromkeys((*PAGES, *UPDATES), 0)
    assert made.devices == first.devices
    assert len(made.left_out) == len(first.left_out)


PLACE = Place("Town Hall")


def test_a_later_run_tells_what_is_new() -> None:
    rows = [asset(number, place=PLACE) for number in range(1, 7)]
    there = listed(made_of(*rows))
    rows[0] = replace(rows[0], entries={"planned_removal_date": "2027-03-31", "lifecycle_status": "planned"})
    rows[1] = replace(rows[1], presence=Presence.MISSED)
    rows[2] = replace(rows[2], entries={"actual_removal_date": "2026-11-01", "lifecycle_status": "removed"})
    rows[3] = asset(4, place=PLACE, serial="4C00000001")
    rows[4] = replace(rows[4], presence=Presence.UNREACHABLE_SCOPE, place=Place("Elsewhere"))
    rows[5] = asset(6, place=PLACE, council_asset_tag="CCTV-6", maker=None, model=None)
    gone = replace(asset(8, place=PLACE), entries=rows[2].entries)
    new = asset(7, place=PLACE, location_detail="Lobby"), gone
    made = made_of(*rows, *new, update=there)
    waits = "to be removed, without a date yet"
    assert table(made, "devices-update.csv") == [
        update(1, "decommissioning", "removal planned for 2027-03-31"),
        update(2, "offline", waits),
        update(3, "inventory", "removed on 2026-11-01"),
        {**update(4, "active", waits), "serial": "4C00000001"},
        {**update(6, "active", ""), "description": "camscan CAM-0006"},
    ]
    assert [row["asset_tag"] for row in table(made, "devices.csv")] == ["CAM-0007"]
    assert [row["name"] for row in table(made, "locations.csv")] == ["Lobby"]
    assert {name: len(table(made, name)) for name in ("manufacturers.csv", "sites.csv", "device-types.csv")} == {
        "manufacturers.csv": 0,
        "sites.csv": 0,
        "device-types.csv": 0,
    }
    assert count_reasons(made.left_out) == "1 already removed, and not in NetBox"
    assert "In NetBox already: 6 devices." in texts_of(made)["ORDER.txt"]


def update(number: int, status: str, words: str) -> dict[str, str]:
    return {"id": str(number), "status": status, "serial": "", "description": f"camscan CAM-{number:04}: {words}"}


def test_what_people_keep_there_is_not_written() -> None:
    rows = [asset(number, place=PLACE) for number in range(1, 6)]
    theirs = {
        "CAM-0001": {"description": "by the stair", "serial": "typed in"},
        "CAM-0002": {"status": "staged"},
        "CAM-0003": {"status": "failed", "description": "-"},
        "CAM-0004": {"description": "=theirs"},
        "CAM-0005": {"site": "Moved there"},
    }
    there = listed(made_of(*rows), theirs)
    assert not table(made_of(*rows, update=there), "devices-update.csv")
    planned = {"planned_removal_date": "2027-03-31", "lifecycle_status": "planned"}
    made = made_of(*(replace(row, entries=planned) for row in rows), update=there)
    found = {row["id"]: row for row in table(made, "devices-update.csv")}
    assert set(found) == {"1", "2", "5"}
    assert found["1"] == {"id": "1", "status": "decommissioning", "serial": "typed in", "description": "by the stair"}
    # An apostrophe would come before these texts: they are not written at all.
    assert table(made, "devices-update-status.csv") == [
        {"id": "3", "status": "decommissioning"},
        {"id": "4", "status": "decommissioning"},
    ]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "the file has no column 'id'; in NetBox, open the list of devices and choose Export, All Data"),
        ("Name,Asset tag\r\n", "the file has no column 'id'"),
        (HEADING.replace("Serial number,", "") + "\r\n", "the file has no column 'serial number'"),
        (HEADING + "\r\n,,,,,,,=1,,,,\r\n", "'=1' in the column 'id' is not a number; export it again"),
        (HEADING + "\r\nCAM-0001,Active\r\n", "a row has more or fewer cells than the heading; export it again"),
        (HEADING + '\r\n"' + "x" * 200_000 + '"\r\n', "the file cannot be read as CSV"),
    ],
)
def test_a_list_that_cannot_be_used_is_refused(text: str, words: str) -> None:
    with pytest.raises(UsageError, match=f"--update: .*{re.escape(words)}"):
        made_of(asset(1, place=PLACE), update=text)


# ── names ────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_names_that_differ_in_capitals_or_blanks_are_one() -> None:
    sites = ("Town Hall", "TOWN  HALL", " town hall ")
    made = made_of(*(asset(number, place=Place(name)) for number, name in enumerate(sites, 1)))
    check(made)
    (site,) = table(made, "sites.csv")
    assert site["name"].casefold() == "town hall"


def test_names_of_one_slug_and_of_none_have_slugs_of_their_own() -> None:
    sites = ("A b", "A-b", "\u6d77\u5eb7", "\u5927\u534e", "Café", "x" * 99 + "y", "x" * 120)
    made = made_of(*(asset(number, place=Place(name)) for number, name in enumerate(sites, 1)))
    check(made)
    slugs = {row["name"]: row["slug"] for row in table(made, "sites.csv")}
    assert slugs["A b"] == "a-b"
    assert re.fullmatch("a-b-[0-9a-f]{8}", slugs["A-b"])
    assert slugs["Café"] == "cafe"


@pytest.mark.parametrize("label", ["CAM-0002", "cam-0002", "x" * 51, "=1+1", "two\nlines", "a  b", "\u202egpj", ""])
def test_a_label_that_netbox_could_not_hold_gives_way_to_the_number(label: str) -> None:
    made = made_of(asset(1, place=PLACE, council_asset_tag=label), asset(2, place=PLACE))
    check(made)
    assert {row["asset_tag"] for row in table(made, "devices.csv")} == {"CAM-0001", "CAM-0002"}


def test_an_address_belongs_to_the_device_that_was_seen_there_last() -> None:
    def row(number: int, *addresses: str, day: int = 20, subnet: str = "192.0.2.0/24") -> Asset:
        place = Place("Town Hall", subnet=subnet, vlan="20")
        return replace(asset(number, place=place, last_seen=SEEN.replace(day=day)), ip_addresses=addresses)

    made = made_of(
        row(1, "192.0.2.1", day=10),
        row(2, "192.0.2.1", "192.0.2.2", "2001:db8::2", "fe80::2", "169.254.0.2", "127.0.0.1"),
        row(3, "192.0.2.255", "198.51.100.3"),
        row(4, "192.0.2.0", subnet=""),
    )
    check(made)
    found = {(row["address"], row["device.asset_tag"], row["is_primary"]) for row in table(made, "ip-addresses.csv")}
    assert found == {
        ("192.0.2.1/24", "CAM-0002", "true"),
        ("192.0.2.2/24", "CAM-0002", "false"),
        ("2001:db8::2/128", "CAM-0002", "true"),
        ("192.0.2.255/32", "CAM-0003", "true"),
        ("198.51.100.3/32", "CAM-0003", "false"),
        ("192.0.2.0/32", "CAM-0004", "true"),
    }


@pytest.mark.parametrize(("serial", "written"), [("A" * 49, "A" * 49), ("A" * 51, ""), (" 4C 01 ", "4C 01")])
def test_a_part_of_a_serial_number_is_not_written(serial: str, written: str) -> None:
    (row,) = table(made_of(asset(1, place=PLACE, serial=serial)), "devices.csv")
    assert row["serial"] == written


def test_what_is_not_in_scope_is_not_said_to_go() -> None:
    (row,) = table(made_of(asset(1, place=PLACE, maker="axis", brand="Axis", model="P3245-LV")), "devices.csv")
    assert row["description"] == "camscan CAM-0001"


def test_order_names_every_file_and_its_rows() -> None:
    made = netbox.make_netbox(ordinary(), {})
    for number, name in enumerate(PAGES, 1):
        rows = len(table(made, name))
        assert f"\n{number}. {name}: {rows} row{'' if rows == 1 else 's'}\n" in texts_of(made)["ORDER.txt"]
    assert len(estate()) == len(estate())


def test_the_words_of_camscan_are_words_of_netbox() -> None:
    own: Sequence[str] = (netbox.ACTIVE, netbox.OFFLINE, netbox.PLANNED, netbox.REMOVED)
    assert set(own) < WORDS["devices.csv"]

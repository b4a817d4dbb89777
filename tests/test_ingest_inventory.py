"""Exports of other inventories, as NetBox and Shodan write them; details are made up."""

from __future__ import annotations

import io
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from camscan import fingerprints
from camscan.errors import ConfigError
from camscan.ingest import sources
from camscan.ingest.gather import Findings
from camscan.ingest.source import Entry, Item, LeftOut, Problem, open_document
from camscan.ingest.sources import inventory
from camscan.model import Confidence
from camscan.register.knowledge import listed_elsewhere
from camscan.strict_yaml import load_yaml

NOON = datetime(2026, 5, 12, 12, 0, tzinfo=UTC)
ALL_DATA = (
    "Name,Status,Tenant,Site,Location,Rack,Role,Manufacturer,Type,IP Address,ID,Tenant Group,Platform,Serial number,"
    "Asset tag,Region,Site Group,Position (U),Rack face,Airflow,IPv4 Address,IPv6 Address,Cluster,Virtual chassis,"
    "VC Position,VC Priority,Comments,Contacts,Tags,Created,Last updated\n"
)
REST = "2026-03-01 09:30,2026-03-02 10:00"
CAMERA = (
    f"CAM-17,Active,,Town Hall,Car park,,Camera,Hikvision,DS-2CD2143G0-I,192.0.2.7/24,1,,,X1,A-17,,,,,,192.0.2.7/24,"
    f',,,,,"Above the gate,\nreplaced in March",,,{REST}\n'
)
SWITCH = (
    f"CT-2,Active,,Town Hall,,R1,Switch,Cisco,C9300,2001:db8::2/64,2,,,,,,,12,Front,,,2001:db8::2/64,,,,,,,,{REST}\n"
)
STORE = f"CAM-99,Inventory,,Depot,,,Camera,Dahua,IPC-HFW,,3,,,,,,,,,,,,,,,,,,,{REST}\n"
PANEL = f"PP-1,Active,,Town Hall,,R1,Patch panel,Generic,48 ports,,4,,,,,,,,,,,,,,,,,,,{REST}\n"
CURRENT_VIEW = """Name,Status,Tenant,Site,Location,Rack,Role,Manufacturer,Type,IP Address
CAM-17,Active,,Town Hall,,,Camera,Hikvision,DS-2CD2143G0-I,192.0.2.7/24
"""
MOVED = """"Type";"Manufacturer";"Name";"Role";"Status";"Site";"IPv4 Address"
"DS-2CD2143G0-I";"Hikvision";"CAM-17";"Camera";"Active";"Town Hall";"192.0.2.7/24"
"""
WEB = {
    "hash": 1,
    "_shodan": {"id": "x", "options": {}, "ptr": True, "module": "http", "crawler": "x"},
    "http": {"server": "App-webs/", "title": "index", "html": "<html>"},
    "product": "Hikvision IP Camera",
    "hostnames": ["cam.example.org", "www.example.org"],
    "location": {"city": "Leeds", "country_code": "GB"},
    "timestamp": "2026-05-10T08:00:00.123456",
    "data": "HTTP/1.1 200 OK\r\nServer: App-webs/\r\n\r\n",
    "port": 80,
    "transport": "tcp",
    "ip_str": "192.0.2.7",
}
RTSP = {**WEB, "port": 554, "http": None, "product": None, "hostnames": [], "_shodan": {"module": "rtsp-tcp"}}
IPV6 = {**WEB, "ip_str": None, "ipv6": "2001:db8::7", "ip": 0}


def lines(*records: object) -> str:
    return "".join(json.dumps(each) + "\n" for each in records)


def read(payload: str | bytes, *networks: str) -> tuple[str, list[Item]]:
    content = payload if isinstance(payload, bytes) else payload.encode()
    document = open_document(sources.load_source("inventory"), "x", io.BytesIO(content), NOON, networks=networks)
    assert document.form is not None
    return document.form.name, list(document.form.read(document))


def facts(item: Item) -> list[tuple[str, str]]:
    assert isinstance(item, Entry)
    return [(fact.key, fact.value) for fact in item.facts]


def test_all_data_of_netbox() -> None:
    form, (camera, switch, store, panel) = read(ALL_DATA + CAMERA + SWITCH + STORE + PANEL)
    assert form == "netbox"
    assert isinstance(camera, Entry)
    assert (camera.place, camera.ip, camera.mac, camera.seen_at) == ("lines 2 to 3", "192.0.2.7", "", None)
    assert facts(camera) == [
        ("listed.host_name", "CAM-17"),
        ("listed.maker", "Hikvision"),
        ("listed.product", "DS-2CD2143G0-I"),
        ("listed.serial", "X1"),
        ("listed.location", "Town Hall"),
        ("listed.location", "Car park"),
    ]
    assert isinstance(switch, Entry)
    assert switch.ip == "2001:db8::2"
    assert store == LeftOut("line 5", "only planned or in store")
    assert panel == LeftOut("line 6", "without an IP or MAC address")


@pytest.mark.parametrize(
    "payload",
    [CURRENT_VIEW, MOVED, MOVED.encode("utf-16"), CURRENT_VIEW.replace("\n", "\r\n").encode("utf-8-sig")],
    ids=["current view", "columns moved, semicolons", "UTF-16", "Windows"],
)
def test_a_view_of_netbox_in_any_order_of_columns(payload: str | bytes) -> None:
    form, (camera,) = read(payload)
    assert form == "netbox"
    assert isinstance(camera, Entry)
    assert camera.ip == "192.0.2.7"
    assert ("listed.maker", "Hikvision") in facts(camera)


def test_a_broken_row_of_netbox_costs_that_row() -> None:
    broken = (
        CURRENT_VIEW + 'CAM-18,Active,,"Town Hall,,,Camera\n' + "CAM-19,Active,,Depot,,,Camera,Dahua,X,192.0.2.999/24\n"
    )
    _, (camera, *wrong) = read(broken)
    assert isinstance(camera, Entry)
    assert [f"{each.place}: {each.why[:30]}" for each in wrong if isinstance(each, Problem)] == [
        "line 3: the quotes of this row never c",
        "line 4: not an IP address of one devic",
    ]


def test_hostile_cells_are_values_and_nothing_else() -> None:
    row = '=cmd|\'/c calc\'!A1,Active,,<script>,,,Camera,"\x1b]0;owned\x07Hikvision","' + "A" * 5000 + '",192.0.2.7\n'
    _, (camera,) = read(ALL_DATA + row)
    told = dict(facts(camera))
    assert told["listed.maker"] == "Hikvision"
    assert len(told["listed.product"]) == 255
    assert told["listed.host_name"] == "=cmd|'/c calc'!A1"  # harmless where it is written: camscan/cells.py


def test_what_shodan_download_wrote() -> None:
    form, (web, rtsp, other) = read(lines(WEB, RTSP, IPV6), "192.0.2.0/24", "2001:db8::/32")
    assert form == "shodan"
    assert isinstance(web, Entry)
    assert (web.ip, web.seen_at) == ("192.0.2.7", datetime(2026, 5, 10, 8, 0, 0, 123456, tzinfo=UTC))
    assert facts(web) == [
        ("listed.host_name", "cam.example.org"),
        ("listed.host_name", "www.example.org"),
        ("listed.product", "Hikvision IP Camera"),
        ("listed.service", "80"),
        ("http.server", "App-webs/"),
        ("http.body", "<html>"),
        ("http.title", "index"),
        ("listed.exposed", "yes"),
        ("listed.zone", "internet_facing"),
    ]
    assert facts(rtsp) == [
        ("listed.service", "554"),
        ("listed.exposed", "yes"),
        ("listed.zone", "internet_facing"),
    ]
    assert isinstance(other, Entry)
    assert other.ip == "2001:db8::7"


def test_a_long_first_record_of_shodan_is_recognised() -> None:
    form, items = read(lines({**WEB, "data": "A" * 100_000}), "192.0.2.0/24")
    assert form == "shodan"
    assert len(items) == 1


@pytest.mark.parametrize("networks", [(), ("198.51.100.0/24",)])
def test_devices_of_other_people_are_not_taken_from_shodan(networks: tuple[str, ...]) -> None:
    _, items = read(lines(WEB), *networks)
    assert items == [LeftOut("line 1", "of public addresses that are in no network of camscan.yaml")]


def test_a_file_of_shodan_that_was_cut_off_is_taken_up_to_there() -> None:
    whole = lines(WEB, RTSP)
    _, (web, wrong) = read(whole[:-40], "192.0.2.0/24")
    assert isinstance(web, Entry)
    assert isinstance(wrong, Problem)
    assert (wrong.place, wrong.why[:20]) == ("line 2", "not a record of JSON")


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("[" * 100_000, "not a record of JSON"),
        ("[1, 2]", "not a record of JSON"),
        ('{"ip_str": ' + "9" * 5000 + "}", "not a record of JSON"),
        ('{"ip_str": "\x1b[2J192.0.2.7"}', "not a record of JSON"),
        ('{"ip_str": "224.0.0.1"}', "not an IP address"),
        ('{"ip_str": "\\ud800"}', "not an IP address"),
        ('{"ip_str": "' + "A" * 3_000_000 + '"}', "a record of more than 1 MB"),
    ],
)
def test_a_hostile_record_costs_one_line(line: str, why: str) -> None:
    _, (before, wrong, after) = read(lines(WEB) + line + "\n" + lines(RTSP), "192.0.2.0/24")
    assert isinstance(before, Entry)
    assert isinstance(after, Entry)
    assert isinstance(wrong, Problem)
    assert wrong.place == "line 2"
    assert wrong.why.startswith(why)
    assert len(wrong.why) < 120


def test_a_time_that_has_not_come_is_that_of_the_file() -> None:
    records = ({**WEB, "timestamp": "2099-01-01T00:00:00"}, {**WEB, "timestamp": "0001-01-01T00:00:00+23:00"})
    _, (late, unreadable) = read(lines(*records), "192.0.2.0/24")
    assert isinstance(late, Entry)
    assert isinstance(unreadable, Entry)
    assert (late.seen_at, unreadable.seen_at) == (NOON, None)


@pytest.mark.parametrize(
    ("payload", "exposed"), [(CURRENT_VIEW, ""), (lines(WEB, RTSP), "yes")], ids=["netbox", "shodan"]
)
def test_a_list_makes_a_maker_possible_at_most(payload: str, exposed: str) -> None:
    found = Findings(sources.load_source("inventory"))
    stream = io.BytesIO(payload.encode())
    found.read_document(open_document(found.source, "own.txt", stream, NOON, networks=("192.0.2.0/24",)))
    ((device, _),) = found.devices(fingerprints.load_database())
    assert (device.identification.maker, device.identification.confidence) == ("hikvision", Confidence.POSSIBLE)
    told = listed_elsewhere(device)
    assert told.get("internet_exposed", {}).get("value", "") == exposed
    assert {each["basis"] for each in told.values()} == {"inventory (own.txt)"}


@pytest.mark.parametrize(
    ("old", "new", "wrong"),
    [
        ("written: csv", "written: xlsx", "expected csv, json-lines or json"),
        ("evidence: list", "evidence: hearsay", "expected device or list"),
        ("listed.maker:", "onvif.manufacturer:", "onvif.manufacturer is for what a device itself said"),
        ("facts:", "fact:", "did you mean 'facts'"),
        ("  why: only planned or in store\n", "", "expected column, values and why"),
    ],
)
def test_a_wrong_map_is_named_with_its_line(tmp_path: Path, old: str, new: str, wrong: str) -> None:
    text = (Path(inventory.__file__).parent / "maps" / "netbox.yaml").read_text(encoding="utf-8")
    path = tmp_path / "netbox.yaml"
    path.write_text(text.replace(old, new), encoding="utf-8")
    with pytest.raises(ConfigError, match=rf"netbox\.yaml:\d+: .*{wrong}"):
        inventory.load_map(path)


def test_every_map_says_words_of_the_vocabulary_and_names_its_sample() -> None:
    vocabulary = load_yaml(Path(__file__).parents[1] / "fingerprints" / "vocabulary.yaml").entries()
    for path in (Path(inventory.__file__).parent / "maps").glob("*.yaml"):
        found = inventory.load_map(path)
        assert {*found.facts, *found.always} <= set(vocabulary), path.name
        assert "on GitHub" in path.read_text(encoding="utf-8"), path.name

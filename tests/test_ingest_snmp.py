"""What switches and routers say over SNMP, saved by snmpwalk, and what is made of it; details are made up."""

from __future__ import annotations

import io
import re
from datetime import UTC, datetime

import pytest

from camscan import fingerprints
from camscan.ingest import mib, sources
from camscan.ingest.gather import Findings
from camscan.ingest.source import Entry, Host, Item, LeftOut, Problem, open_document
from camscan.model import Confidence
from camscan.register.knowledge import listed_elsewhere

NOON = datetime(2026, 5, 12, 12, 0, tzinfo=UTC)
A, B = "00:00:5e:00:53:01", "00:00:5e:00:53:02"
HIKVISION = "44:19:b6:0a:0b:0c"

# As snmpwalk -On and -OS write a ProCurve's table, as a Linux router's, and with the names of the MIB files: three
# forms of real output found in public (docs/import.md).
NUMERIC = """$ snmpwalk -On -c public -v 1 192.0.2.2 .1.3.6.1.2.1.17.7.1.2.2.1
.1.3.6.1.2.1.17.7.1.2.2.1.2.1.0.0.94.0.83.1 = INTEGER: 210
.1.3.6.1.2.1.17.7.1.2.2.1.2.1.0.0.94.0.83.2 = INTEGER: 3
"""
PROCURVE = """> snmpwalk -v 2c -c public 192.0.2.2 mib-2.17.7.1.2.2.1.2
SNMPv2-SMI::mib-2.17.7.1.2.2.1.2.1.0.28.46.14.170.0 = INTEGER: 0
SNMPv2-SMI::mib-2.17.7.1.2.2.1.2.1.0.0.94.0.83.1 = INTEGER: 1
SNMPv2-SMI::mib-2.17.7.1.2.2.1.2.1.0.0.94.0.83.2 = INTEGER: 3
"""
DEBIAN = """iso.3.6.1.2.1.1.1.0 = STRING: "Cisco IOS Software, C2960 Software (C2960-LANBASEK9-M), Version 15.0(2)SE\r
Technical Support: http://www.cisco.com/techsupport\r
Compiled Sat 28-Jul-12 00:29 by prod_rel_team"
iso.3.6.1.2.1.1.5.0 = STRING: "CT-2"
iso.3.6.1.2.1.4.22.1.2.200.192.0.2.7 = Hex-STRING: 00 00 5E 00 53 01
iso.3.6.1.2.1.4.22.1.2.200.192.0.2.8 = Hex-STRING: 00 00 5E 00 53 02
iso.3.6.1.2.1.4.22.1.4.200.192.0.2.8 = INTEGER: 2
iso.3.6.1.2.1.31.1.1.1.1.200 = STRING: "Vl20"
"""
NAMED = """SNMPv2-MIB::sysName.0 = STRING: CT-2
IF-MIB::ifName.5 = STRING: Gi0/5
BRIDGE-MIB::dot1dBasePortIfIndex.5 = INTEGER: 5
IP-MIB::ipNetToMediaPhysAddress.124.192.0.2.7 = STRING: 0:0:5e:0:53:1
IP-MIB::ipNetToMediaType.124.192.0.2.7 = INTEGER: dynamic(3)
LLDP-MIB::lldpRemChassisIdSubtype.0.5.94 = INTEGER: macAddress(4)
LLDP-MIB::lldpRemChassisId.0.5.94 = Hex-STRING: 00 00 5E 00 53 02
LLDP-MIB::lldpRemPortId.0.5.94 = STRING: "Port 4"
LLDP-MIB::lldpRemSysName.0.5.94 = STRING: axis-0000
LLDP-MIB::lldpRemSysDesc.0.5.94 = STRING: AXIS P3245-LV Network Camera 10.4.0
LLDP-MIB::lldpRemSysCapEnabled.0.5.94 = BITS: 20 00 bridge(2)
POWER-ETHERNET-MIB::pethPsePortDetectionStatus.1.5 = INTEGER: deliveringPower(3)
POWER-ETHERNET-MIB::pethPsePortPowerClassifications.1.5 = INTEGER: class3(4)
HP-ICF-POE-MIB::hpicfPoePethPsePortPower.1.5 = INTEGER: 1800
"""


def read(payload: bytes | str) -> list[Item]:
    content = payload.encode() if isinstance(payload, str) else payload
    document = open_document(sources.load_source("snmp"), "x", io.BytesIO(content), NOON)
    assert document.form is not None
    return list(document.form.read(document))


def entries(items: list[Item]) -> list[tuple[str, str, dict[str, str]]]:
    return [
        (each.ip, each.mac, {fact.key: fact.value for fact in each.facts}) for each in items if isinstance(each, Entry)
    ]


def problems(items: list[Item]) -> list[str]:
    return [f"{each.place}: {each.why}" for each in items if isinstance(each, Problem)]


def test_a_walk_in_numbers() -> None:
    items = read(NUMERIC)
    assert items[0] == Host("192.0.2.2")
    assert entries(items) == [
        ("", A, {"listed.vlan": "1", "listed.port": "210"}),
        ("", B, {"listed.vlan": "1", "listed.port": "3"}),
    ]


def test_a_walk_of_a_procurve_without_mib_files() -> None:
    items = read(PROCURVE)
    assert [port["listed.port"] for _, _, port in entries(items)] == ["1", "3"]
    assert [each.why for each in items if isinstance(each, LeftOut)] == [
        "without a port, or without the address of one unit"
    ]


def test_the_arp_table_of_a_cisco() -> None:
    items = read(DEBIAN)
    assert items[0] == Host("CT-2")
    assert entries(items) == [("192.0.2.7", A, {"listed.interface": "Vl20"})]
    assert [each.why for each in items if isinstance(each, LeftOut)] == ["whose address did not answer"]
    assert problems(items) == []


def test_a_router_with_only_ipv6_in_the_newer_table_keeps_the_older() -> None:
    old = ".1.3.6.1.2.1.4.22.1.2.20.192.0.2.{} = Hex-STRING: 44 19 B6 00 53 0{}\n"
    newer = ".1.3.6.1.2.1.4.35.1.4.20.1.4.192.0.2.7 = Hex-STRING: 44 19 B6 00 53 07\n"
    assert [ip for ip, _mac, _facts in entries(read(newer + old.format(7, 7) + old.format(8, 8)))] == [
        "192.0.2.7",
        "192.0.2.8",
    ]


def test_a_walk_with_names() -> None:
    items = read(NAMED)
    assert entries(items) == [
        (
            *("", B),
            {
                "listed.port": "Gi0/5",
                "listed.poe": "1.8",
                "listed.host_name": "axis-0000",
                "listed.product": "AXIS P3245-LV Network Camera 10.4.0",
            },
        ),
        ("192.0.2.7", A, {}),
    ]
    assert problems(items) == []


def test_several_switches_in_one_file() -> None:
    second = NUMERIC.replace("192.0.2.2", "192.0.2.3").replace("94.0.83.1 =", "94.0.83.3 =")
    items = read(NUMERIC + second)
    assert [each.name for each in items if isinstance(each, Host)] == ["192.0.2.2", "192.0.2.3"]
    assert len(entries(items)) == 4
    again = DEBIAN + DEBIAN.replace("CT-2", "CT-3")
    assert [each.name for each in read(again) if isinstance(each, Host)] == ["CT-2", "CT-3"]


@pytest.mark.parametrize(
    "payload", [NAMED.encode("utf-16"), NAMED.replace("\n", "\r\n").encode("utf-8-sig")], ids=["UTF-16", "Windows"]
)
def test_a_walk_in_any_encoding(payload: bytes) -> None:
    assert entries(read(payload)) == entries(read(NAMED))


def test_octets_that_fill_several_lines() -> None:
    text = ".1.3.6.1.2.1.4.22.1.2.2.192.0.2.7 = Hex-STRING: 00 00 5E \n00 53 01 \n.1.3.6.1.2.1.1.5.0 = STRING: CT-2\n"
    assert entries(read(text)) == [("192.0.2.7", A, {})]


def test_a_broken_walk_costs_the_broken_lines() -> None:
    named = "Q-BRIDGE-MIB::dot1qTpFdbPort[20][0:0:5e:0:53:3] = INTEGER: 4"
    text = (
        ".1.3.6.1.2.1.17.7.1.2.2.1.2.1.0.0.94.0.83.1 = INTEGER: many\n"
        ".1.3.6.1.2.1.17.7.1.2.2.1.2.1.0.0.94.0.83.2 = INTEGER: 3\n"
        f"{named}\n"
        ".1.3.6.1.2.1.17.7.1.2.2.1.2.1.0.0.94.0.8\n"
    )
    items = read(text)
    assert [mac for _, mac, _ in entries(items)] == [B]
    assert problems(items) == [
        "line 1: not a value of dot1qTpFdbPort: many",
        f"line 3: the index is not in numbers; save it with snmpwalk -On: {named}",
        "line 4: not an answer of SNMP: .1.3.6.1.2.1.17.7.1.2.2.1.2.1.0.0.94.0.8",
    ]


@pytest.mark.parametrize(
    "line",
    [
        ".1.3.6.1.2.1.17.7.1.2.2.1.2." + "9" * 5000 + " = INTEGER: 3",
        ".1.3.6.1.2.1.1.1.0 = STRING: " + "A" * 100_000,
        '.1.3.6.1.2.1.1.1.0 = STRING: "' + "A\n" * 100_000,
        ".1.3.6.1.2.1.17.7.1.2.2.1.2.1.0.0.94.0.83.999 = INTEGER: 3",
        ".1.3.6.1.2.1.17.7.1.2.2.1.2.4294967295.0.0.94.0.83.9 = INTEGER: 99999999999999999999",
        ".1.3.6.1.2.1.4.35.1.4.1.9.4.1.2.3.4 = Hex-STRING: 00 00 5E 00 53 01",
        ".1.3.6.1.2.1.4.35.1.4.1 = Hex-STRING: 00 00 5E 00 53 01",
        ".1.3.6.1.2.1.1.5.0 = STRING: \x1b[2J=cmd|'/c calc'!A1",
        "." * 100_000,
        "a::" * 30_000 + " = ",
    ],
)
def test_a_hostile_line_takes_nothing_from_the_others(line: str) -> None:
    items = read(f"{NUMERIC}{line}\n.1.3.6.1.2.1.17.7.1.2.2.1.2.1.0.0.94.0.83.3 = INTEGER: 4\n")
    found = [mac for _, mac, _ in entries(items)]
    assert {A, B} <= set(found)
    assert all(len(each) < 200 for each in problems(items))
    assert not any("\x1b" in repr(each) or "\\x1b" in repr(each) for each in items)


def test_the_power_of_a_stack_goes_by_unit_and_port() -> None:
    walk = mib.Walk()
    for unit in (1, 2):
        for port in (1, 2):
            index = unit * 100 + port
            walk.take((*mib.COLUMNS["ifName"], index), f"Gi{unit}/0/{port}".encode())
            walk.take((*mib.COLUMNS["dot1dBasePortIfIndex"], index), index)
            walk.take((*mib.COLUMNS["pethPsePortDetectionStatus"], unit, port), 3)
            walk.take((*mib.COLUMNS["cpeExtPsePortPwrConsumption"], unit, port), index * 10)
    walk.take((*mib.COLUMNS["dot1qTpFdbPort"], 20, 0, 0, 94, 0, 83, 1), 202)
    ((_, _, facts),) = entries(list(mib.walk_items(walk)))
    assert facts == {"listed.vlan": "20", "listed.port": "Gi2/0/2", "listed.poe": "2.0"}


def test_a_power_that_may_be_of_two_ports_is_not_said() -> None:
    walk = mib.Walk()
    for index, name in ((1, b"Gi1/0/1"), (25, b"Te1/1/1")):
        walk.take((*mib.COLUMNS["ifName"], index), name)
        walk.take((*mib.COLUMNS["dot1dBasePortIfIndex"], index + 100), index)
    walk.take((*mib.COLUMNS["pethPsePortDetectionStatus"], 1, 1), 3)
    walk.take((*mib.COLUMNS["cpeExtPsePortPwrConsumption"], 1, 1), 5000)
    walk.take((*mib.COLUMNS["dot1dTpFdbPort"], 0, 0, 94, 0, 83, 1), 101)
    ((_, _, facts),) = entries(list(mib.walk_items(walk)))
    assert facts == {"listed.port": "Gi1/0/1"}


def test_a_place_to_look_and_its_basis() -> None:
    """Switch, port and watts in the words of the register; a MAC address and a neighbour's own words accuse nobody."""
    octets = ".".join(str(int(each, 16)) for each in HIKVISION.split(":"))
    text = NAMED + (
        f".1.3.6.1.2.1.17.7.1.2.2.1.2.20.{octets} = INTEGER: 5\n"
        "LLDP-MIB::lldpRemChassisId.0.5.94 = Hex-STRING: " + HIKVISION.upper().replace(":", " ") + "\n"
        "LLDP-MIB::lldpRemSysDesc.0.5.94 = STRING: HIKVISION DS-2CD2143G0-I\n"
    )
    gathered = Findings(sources.load_source("snmp"))
    gathered.read_document(open_document(gathered.source, "walk.txt", io.BytesIO(text.encode()), NOON))
    found = {device.mac_addresses: device for device, _ in gathered.devices(fingerprints.load_database())}
    camera = found[HIKVISION,]
    told = listed_elsewhere(camera)
    assert told["switch_port"]["value"] == "CT-2, port Gi0/5, PoE 1.8 W"
    assert told["switch_port"]["basis"] == "SNMP table of CT-2 (walk.txt)"
    assert (camera.identification.maker, camera.identification.confidence) == ("hikvision", Confidence.POSSIBLE)


def test_every_column_is_named_once_and_by_its_number() -> None:
    assert len(set(mib.COLUMNS.values())) == len(mib.COLUMNS)
    for name, oid in mib.COLUMNS.items():
        assert mib.column_of((*oid, 1)) == name
        assert re.fullmatch(r"[a-z][A-Za-z0-9]+", name)


def test_rows_without_an_index_or_with_one_that_no_table_has_are_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    walk, base = mib.Walk(), mib.COLUMNS["ipNetToPhysicalPhysAddress"]
    assert not walk.take(base, b"\2\0\0\0\0\1")
    assert not walk.take((*base, *range(mib.LONGEST_INDEX + 1)), b"\2\0\0\0\0\1")
    assert walk.take((*base, 7, 1, 4, 10, 1, 0, 7), b"\2\0\0\0\0\1")
    monkeypatch.setattr(mib, "MOST_NUMBERS", walk.numbers + 6)
    assert not walk.take((*base, 7, 1, 4, 10, 1, 0, 8), b"\2\0\0\0\0\2")
    assert list(mib.walk_items(walk))

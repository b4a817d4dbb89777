"""A routed estate that is scanned, then enriched with what its own network knows: every unit has MAC, port and name.

The ARP table is the router's own (``ip neigh``), the MAC table that of its bridge (``bridge fdb``); the table of an
access switch and the leases are made of the same units. Some units are filtered: they answer no scan. The same scan is
enriched a second time by SNMP alone: net-snmp's snmpd runs on the router and reads its ARP table from the kernel.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from lan import ESTATE, PREFIX, ROUTER, ROUTER_OUTSIDE, Lan, Seat, lan
from snmp_agents import BRIDGE, PASSWORD, POE, PRIVACY, USER, Table, octets, snmpd

from camscan.asset import Asset, Presence, RecordType
from camscan.demo import plan_interfaces
from camscan.register import open_register

pytestmark = [pytest.mark.lab, pytest.mark.timeout(300)]

UNITS = 60
FILTERED = 4
SPEAKS = """
import socket, sys
for name, ip in (each.split("=") for each in sys.argv[2:]):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as door:
        door.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, name.encode())
        door.bind((ip, 0))
        door.sendto(b"x", (sys.argv[1], 9))
"""


CONFIG = f"""snmp:
  - name: router
    user: {USER}
    password_file: auth
    privacy_file: privacy
    cidrs: [{ROUTER_OUTSIDE}]
"""


def switch(seats: Sequence[Seat]) -> Table:
    """What an access switch says over SNMP: behind which port each unit is, and that it powers it."""
    table: dict[str, int | str | bytes] = {}
    for number, seat in enumerate(seats, 1):
        table[f"1.3.6.1.2.1.31.1.1.1.1.{1000 + number}"] = f"Gi1/0/{number}"
        table[f"{BRIDGE}.1.4.1.2.{number}"] = 1000 + number
        table[f"{BRIDGE}.7.1.2.2.1.2.20.{octets(seat.mac)}"] = number
        table[f"{BRIDGE}.7.1.2.2.1.3.20.{octets(seat.mac)}"] = 3
        table[f"{POE}.1.1.1.6.1.{number}"] = 3
        table[f"{POE}.1.1.1.10.1.{number}"] = 4
    return table


def ask_router(built: Lan, seats: Sequence[Seat], where: Path) -> tuple[int, str, str, int]:
    """Enter what the router says over SNMP: exit code, what was said, and how many SETs the agent has counted."""
    for name, text in (("auth", PASSWORD), ("privacy", PRIVACY), ("camscan.yaml", CONFIG)):
        (where / name).write_text(text)
        (where / name).chmod(0o600)
    served = ("1.3.6.1.2.1.31.1.1.1.1", BRIDGE, POE)
    inside = ("ip", "netns", "exec", built.middle)
    words = (sys.executable, "-m", "camscan", "import", "snmp", "--run", str(ROUTER_OUTSIDE), "--everything", "--apply")
    agent = snmpd(
        where / "snmpd", switch(seats), name="CT-9", ip=str(ROUTER_OUTSIDE), served=served, inside=inside, port=161
    )
    with agent:
        register = ("--register", str(where / "snmp.db"), "--config", str(where / "camscan.yaml"))
        done = built.run(*words, *register)
        counted = ("snmpget", "-v2c", "-c", "community", "-Oqv", str(ROUTER_OUTSIDE), "1.3.6.1.2.1.11.17.0")
        sets = int(command(built, *counted)) if shutil.which("snmpget") else 0
    return done.returncode, done.stdout, done.stderr, sets


def command(built: Lan, *words: str, namespace: str = "") -> str:
    line = ["ip", "netns", "exec", namespace or built.middle, *words]
    return subprocess.run(line, capture_output=True, text=True, check=True).stdout


def tables(built: Lan, seats: Sequence[Seat], where: Path) -> None:
    """What the network knows, in files."""
    everyone = [f"{PREFIX}{number}={seat.ip}" for number, seat in enumerate(seats)]
    command(built, sys.executable, "-c", SPEAKS, str(ROUTER), *everyone, namespace=built.estate)
    (where / "router.txt").write_text(command(built, "ip", "neigh"))
    (where / "bridge.txt").write_text(command(built, "bridge", "fdb", "show", "br", "br0"))
    rows = "".join(f"  20    {seat.mac}    DYNAMIC     Gi1/0/{number + 1}\n" for number, seat in enumerate(seats))
    (where / "access.txt").write_text(f"CT-2#show mac address-table\n{rows}")
    leases = (f"4102444800 {seat.mac} {seat.ip} unit-{number} *\n" for number, seat in enumerate(seats))
    (where / "leases").write_text("".join(leases))


@pytest.fixture(scope="module")
def enriched(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Any]:
    where = tmp_path_factory.mktemp("lists")
    seats = [Seat(ip, mac) for ip, mac in plan_interfaces(UNITS, base=ESTATE)]
    hidden = ", ".join(seat.ip for seat in seats[:FILTERED])
    register = ("--register", str(where / "camscan.db"))
    with lan(seats, routed=True) as built:
        drop = f"ip daddr {{ {hidden} }} drop;"
        rules = f"table inet lab {{ chain forward {{ type filter hook forward priority 0; {drop} }}; }}"
        subprocess.run(["ip", "netns", "exec", built.middle, "nft", "-f", "-"], input=rules, text=True, check=True)
        camscan = (sys.executable, "-m", "camscan")
        with built.demo(UNITS):
            built.run(*camscan, "scan", str(ESTATE), *register, "--pace", "fast", timeout=250)
        with open_register(where / "camscan.db", readonly=True) as book:
            before = book.devices()
        shutil.copy(where / "camscan.db", where / "snmp.db")
        tables(built, seats, where)
        asked = ask_router(built, seats, where)
        files = (("arp", "router.txt"), ("mac", "bridge.txt"), ("mac", "access.txt"), ("dhcp", "leases"))
        told = {}
        for source, name in files:
            words = (*camscan, "import", source, str(where / name), *register, "--everything", "--apply")
            done = built.run(*words)
            told[name] = (done.returncode, done.stdout, done.stderr)
    with open_register(where / "camscan.db", readonly=True) as book:
        found = {"seats": seats, "before": before, "after": book.devices(), "told": told, "damage": book.find_faults()}
    with open_register(where / "snmp.db", readonly=True) as book:
        return {**found, "asked": asked, "by_snmp": book.devices()}


def holders(rows: Sequence[Asset], seat: Seat) -> list[Asset]:
    return [row for row in rows if seat.mac in row.mac_addresses]


def test_every_table_is_read(enriched: Mapping[str, Any]) -> None:
    assert {name: (code, errors) for name, (code, _, errors) in enriched["told"].items()} == dict.fromkeys(
        ("router.txt", "bridge.txt", "access.txt", "leases"), (0, "")
    )
    assert enriched["damage"] == []


def test_every_unit_has_mac_port_and_name(enriched: Mapping[str, Any]) -> None:
    for number, seat in enumerate(enriched["seats"]):
        (row,) = holders(enriched["after"], seat)
        assert row.elsewhere["mac"].value == seat.mac
        assert row.entry("switch_port") == f"CT-2, port Gi1/0/{number + 1}"
        assert row.elsewhere["hostname"].value == f"unit-{number}"


def test_what_scans_saw_stays_as_it_was(enriched: Mapping[str, Any]) -> None:
    after = {row.asset_id: row for row in enriched["after"]}
    for row in enriched["before"]:
        now = after[row.asset_id]
        same = ("presence", "last_seen", "ip_addresses", "open_ports", "sightings", "lifecycle")
        assert [getattr(now, name) for name in same] == [getattr(row, name) for name in same]
        assert now.identification.certainty >= row.identification.certainty


def test_filtered_units_are_in_the_register_and_nobody_is_accused_by_a_mac_address(enriched: Mapping[str, Any]) -> None:
    for seat in enriched["seats"][:FILTERED]:
        (row,) = holders(enriched["after"], seat)
        assert (row.record_type, row.presence) == (RecordType.LISTED, Presence.NOT_SCANNED)
        assert row.identification.confidence in {"possible", "unknown"}
    sure = {row.asset_id for row in enriched["before"] if row.identification.confidence in {"confirmed", "probable"}}
    for row in enriched["after"]:
        assert row.asset_id in sure or row.identification.confidence in {"possible", "unknown"}


def test_snmp_alone_gives_every_unit_its_mac_address_and_port(enriched: Mapping[str, Any]) -> None:
    code, said, errors, sets = enriched["asked"]
    assert (code, errors, sets) == (0, "", 0)
    assert f"{ROUTER_OUTSIDE}: " in said
    for number, seat in enumerate(enriched["seats"], 1):
        (row,) = holders(enriched["by_snmp"], seat)
        assert row.elsewhere["mac"].value == seat.mac
        assert row.entry("switch_port") == f"CT-9, port Gi1/0/{number}, PoE class 3"
        assert row.elsewhere["switch_port"].basis == f"SNMP table of CT-9 ({ROUTER_OUTSIDE})"


def test_snmp_enters_filtered_units_and_accuses_nobody(enriched: Mapping[str, Any]) -> None:
    for seat in enriched["seats"][:FILTERED]:
        (row,) = holders(enriched["by_snmp"], seat)
        assert (row.record_type, row.presence) == (RecordType.LISTED, Presence.NOT_SCANNED)
        assert row.ip_addresses == (seat.ip,)
    sure = {row.asset_id for row in enriched["before"] if row.identification.confidence in {"confirmed", "probable"}}
    for row in enriched["by_snmp"]:
        assert row.asset_id in sure or row.identification.confidence in {"possible", "unknown"}

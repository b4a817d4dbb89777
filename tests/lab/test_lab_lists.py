"""A routed estate that is scanned, then enriched with what its own network knows: every unit has MAC, port and name.

The ARP table is the router's own (``ip neigh``), the MAC table that of its bridge (``bridge fdb``); the table of an
access switch and the leases are made of the same units. Some units are filtered: they answer no scan.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from lan import ESTATE, PREFIX, ROUTER, Lan, Seat, lan

from camscan.asset import Asset, Presence, RecordType
from camscan.demo import plan
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
    seats = [Seat(ip, mac) for ip, mac in plan(UNITS, base=ESTATE)]
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
        tables(built, seats, where)
        files = (("arp", "router.txt"), ("mac", "bridge.txt"), ("mac", "access.txt"), ("dhcp", "leases"))
        told = {}
        for source, name in files:
            words = (*camscan, "import", source, str(where / name), *register, "--everything", "--apply")
            done = built.run(*words)
            told[name] = (done.returncode, done.stdout, done.stderr)
    with open_register(where / "camscan.db", readonly=True) as book:
        return {"seats": seats, "before": before, "after": book.devices(), "told": told, "damage": book.check()}


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

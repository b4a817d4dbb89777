"""On a wire: a unit that claims its neighbour's serial number and MAC address, in one scan and over several.

Two units on a bridge, each with a MAC address of its own, which the scanner learns as on any network: by ARP and
neighbour discovery.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from lan import missing, sweep_up

from camscan.asset import Asset, Presence
from camscan.register import open_register

pytestmark = [
    pytest.mark.lab,
    pytest.mark.timeout(180),
    pytest.mark.skipif(bool(missing()), reason=missing() or "there is a laboratory"),
]

UNIT = Path(__file__).with_name("claiming_unit.py")
FORGER = Path(__file__).with_name("forging_unit.py")
NETWORK = "10.66.0.0/24"
HOME, AWAY, HOME_V6 = "10.66.0.40", "10.66.0.30", "fd66::40"
ADDRESSES = {HOME: (f"{HOME}/24", f"{HOME_V6}/64"), AWAY: (f"{AWAY}/24",)}
SERIAL, MAC, MODEL = "DS-2CD2385G1-I20190101AAWRD11112222", "44:19:b6:11:22:33", "DS-2CD2385G1-I"
OTHER_SERIAL, OTHER_MAC = "DS-2CD2032-I20150101BBWRD77776666", "44:19:b6:77:77:77"
MADE_UP, OTHER_MADE_UP = "46:19:b6:11:22:33", "46:19:b6:77:77:77"
TRUE = (SERIAL, MAC, MODEL)
BOXES = 8
"""How many are listed for one address at most."""
_numbers = itertools.count(1)


def ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True, capture_output=True)


@dataclass(slots=True)
class Wire:
    """A scanner and two units, each behind a MAC address of its own."""

    scanner: str
    units: dict[str, str] = field(default_factory=dict)
    """Address -> namespace."""

    @contextlib.contextmanager
    def answering(self, address: str, *claims: Sequence[str]) -> Iterator[None]:
        """The unit at the address is switched on, and makes these claims."""
        ip("-n", self.units[address], "link", "set", "e0", "up")
        for each in ADDRESSES[address]:
            ip("-n", self.units[address], "addr", "add", each, "dev", "e0", *(["nodad"] if ":" in each else []))
        words = [word for claim in claims for word in claim]
        command = ["ip", "netns", "exec", self.units[address], sys.executable, str(UNIT), "60", *words]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout
            assert process.stdout.readline() == "ready\n"
            try:
                yield
            finally:
                process.terminate()
                ip("-n", self.units[address], "addr", "flush", "dev", "e0")
                ip("-n", self.units[address], "link", "set", "e0", "down")

    @contextlib.contextmanager
    def forging(self, *words: str) -> Iterator[None]:
        """The other unit's cable is in, and it speaks in the name of an address that is not its own."""
        ip("-n", self.units[AWAY], "link", "set", "e0", "up")
        command = ["ip", "netns", "exec", self.units[AWAY], sys.executable, str(FORGER), "60", *words]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout
            assert process.stdout.readline() == "ready\n"
            try:
                yield
                assert process.poll() is None, "it had stopped before the scan did"
            finally:
                process.terminate()
                ip("-n", self.units[AWAY], "link", "set", "e0", "down")

    def scan(self, book: Path, *targets: str) -> dict[str, Asset]:
        """Scan both addresses, or these; every row by its asset id."""
        words = [*(targets or (HOME, AWAY)), "--pace", "fast", "--register", str(book), "--quiet"]
        command = ["ip", "netns", "exec", self.scanner, sys.executable, "-m", "camscan", "scan", *words]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=90, cwd=book.parent)
        assert "Traceback" not in done.stderr
        assert done.returncode in {0, 1, 3}, done.stderr
        with open_register(book, readonly=True) as register:
            return {row.asset_id: row for row in register.devices()}


@pytest.fixture(params=[(MAC, OTHER_MAC), (MADE_UP, OTHER_MADE_UP)], ids=["assigned", "made-up"])
def wire(request: pytest.FixtureRequest) -> Iterator[Wire]:
    sweep_up()
    number = next(_numbers)
    scanner, home, away = (f"cs{os.getpid()}-{number}-{role}" for role in ("scan", "mid", "est"))
    made: list[str] = []
    try:
        for name in (scanner, home, away):
            ip("netns", "add", name)
            made.append(name)
            ip("-n", name, "link", "set", "lo", "up")
        ip("-n", scanner, "link", "add", "br0", "type", "bridge")
        ip("-n", scanner, "addr", "add", "10.66.0.1/24", "dev", "br0")
        ip("-n", scanner, "addr", "add", "fd66::1/64", "dev", "br0", "nodad")
        ip("-n", scanner, "link", "set", "br0", "up")
        for name, mac in zip((home, away), request.param, strict=True):
            port = f"p{name[-3:]}"
            ip("-n", scanner, "link", "add", port, "type", "veth", "peer", "name", "e0", "netns", name)
            ip("-n", scanner, "link", "set", port, "master", "br0", "up")
            ip("-n", name, "link", "set", "e0", "address", mac)
        yield Wire(scanner, {HOME: home, AWAY: away})
    finally:
        for name in made:
            ip("netns", "del", name)


def at(rows: dict[str, Asset]) -> dict[str, str]:
    """Address -> asset id of the row that was last seen there."""
    return {address: name for name, row in rows.items() for address in row.ip_addresses}


def test_who_claims_it_beside_the_unit_is_a_row_of_its_own(wire: Wire, tmp_path: Path) -> None:
    book = tmp_path / "camscan.db"
    with wire.answering(HOME, TRUE):
        (known,) = wire.scan(book)
        with wire.answering(AWAY, TRUE):
            rows = wire.scan(book)
        again = wire.scan(book)
    assert (len(rows), at(rows)[HOME], rows[known].sightings) == (2, known, 2)
    assert (again[known].presence, again[known].sightings, again[known].ip_addresses) == (Presence.SEEN, 3, (HOME,))
    with open_register(book, readonly=True) as register:
        assert {each.kind for each in register.conflicts()} == {"shared-key"}


def test_who_claims_it_while_the_unit_is_off_is_a_row_of_its_own(wire: Wire, tmp_path: Path) -> None:
    book = tmp_path / "camscan.db"
    with wire.answering(HOME, TRUE):
        (known,) = wire.scan(book)
    with wire.answering(AWAY, TRUE):
        rows = wire.scan(book)
    assert (len(rows), rows[known].last_scan != at(rows)[AWAY]) == (2, True)
    assert rows[known].ip_addresses == (HOME,)
    with open_register(book, readonly=True) as register:
        (conflict,) = register.conflicts()
    assert (conflict.kind, conflict.other) == ("contradiction", known)
    with wire.answering(HOME, TRUE):
        again = wire.scan(book)
    assert (len(again), again[known].presence, again[known].sightings) == (2, Presence.SEEN, 2)


def test_a_second_identity_from_its_address_takes_nothing_from_the_unit(wire: Wire, tmp_path: Path) -> None:
    book = tmp_path / "camscan.db"
    with wire.answering(HOME, TRUE):
        (known,) = wire.scan(book)
    with wire.answering(HOME, (OTHER_SERIAL, OTHER_MAC, "DS-2CD2032-I"), TRUE):
        rows = wire.scan(book)
    assert (rows[known].sightings, rows[known].identification.serial) == (2, SERIAL)
    with wire.answering(HOME, TRUE):
        again = wire.scan(book)
    assert (again[known].sightings, again[known].identification.serial) == (3, SERIAL)


def test_two_units_that_swap_addresses_keep_their_rows(wire: Wire, tmp_path: Path) -> None:
    book, other = tmp_path / "camscan.db", (OTHER_SERIAL, OTHER_MAC, "DS-2CD2032-I")
    with wire.answering(HOME, TRUE), wire.answering(AWAY, other):
        before = at(wire.scan(book))
    wire.units = {HOME: wire.units[AWAY], AWAY: wire.units[HOME]}
    with wire.answering(HOME, other), wire.answering(AWAY, TRUE):
        rows = wire.scan(book)
    assert at(rows) == {HOME: before[AWAY], AWAY: before[HOME]}
    assert (rows[before[HOME]].identification.serial, rows[before[AWAY]].identification.serial) == (
        SERIAL,
        OTHER_SERIAL,
    )
    assert {row.presence for row in rows.values()} == {Presence.SEEN}


def test_who_claims_a_hundred_serial_numbers_is_no_more_than_eight_boxes(wire: Wire, tmp_path: Path) -> None:
    book = tmp_path / "camscan.db"
    many = [(f"DS-2CD2032-I20150101BBWRD777766{number:02}", OTHER_MAC, "DS-2CD2032-I") for number in range(99)]
    with wire.answering(HOME, TRUE):
        (known,) = wire.scan(book)
        with wire.answering(AWAY, TRUE, *many):
            rows = wire.scan(book)
            again = wire.scan(book)
    assert {*rows} == {*again}
    assert len(rows) == 1 + BOXES
    conflicts = [row.identification.conflicts for name, row in again.items() if name != known]
    assert all(any("several boxes answer on it" in one for one in each) or "more than" in each[0] for each in conflicts)
    assert (again[known].sightings, again[known].ip_addresses) == (3, (HOME,))
    assert again[known].identification.serial == SERIAL


@pytest.mark.parametrize("how", ["", "flood"])
def test_what_another_says_in_its_name_changes_nothing(wire: Wire, tmp_path: Path, how: str) -> None:
    """It answers what a group is asked, as quickly and with the same echo; and it may flood besides."""
    book = tmp_path / "camscan.db"
    with wire.answering(HOME, TRUE):
        (known,) = wire.scan(book, NETWORK)
        with wire.forging(HOME, *filter(None, [how])):
            rows = wire.scan(book, NETWORK)
    assert {*rows} == {known}
    who = rows[known].identification
    assert (who.maker, who.serial, who.model) == ("hikvision", SERIAL, MODEL)
    assert (who.confidence, rows[known].ip_addresses) == ("confirmed", (HOME,))


def test_nobody_is_made_of_an_ipv6_address_that_no_mac_stands_behind(wire: Wire, tmp_path: Path) -> None:
    with wire.answering(HOME, TRUE), wire.forging("fd66::99", "six"):
        rows = wire.scan(tmp_path / "camscan.db", "fd66::99", HOME_V6, "--ask-groups")
    assert [row.ip_addresses for row in rows.values()] == [(HOME_V6,)]


def test_a_dual_stack_unit_is_one_row(wire: Wire, tmp_path: Path) -> None:
    with wire.answering(HOME, TRUE):
        rows = wire.scan(tmp_path / "camscan.db", HOME, HOME_V6)
    assert sorted(sorted(row.ip_addresses) for row in rows.values()) == [[HOME, HOME_V6]]


def test_what_is_blocked_makes_no_row(wire: Wire, tmp_path: Path) -> None:
    """Its datagrams are dropped: it does not say who it is."""
    book = tmp_path / "camscan.db"
    with wire.answering(HOME, TRUE):
        (known,) = wire.scan(book, HOME)
        for words in (
            ("add", "table", "inet", "f"),
            ("add", "chain", "inet", "f", "in", "{ type filter hook input priority 0 ; }"),
            ("add", "rule", "inet", "f", "in", "udp", "dport", "37020", "drop"),
        ):
            subprocess.run(["ip", "netns", "exec", wire.units[HOME], "nft", *words], check=True)
        rows = wire.scan(book, HOME)
    assert {name: row.sightings for name, row in rows.items()} == {known: 2}

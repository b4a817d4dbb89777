"""The site map in the register: it is what the configuration says, and rows know their place by it."""

from __future__ import annotations

from pathlib import Path

from sample_report import camera, report

from camscan.asset import Place
from camscan.register import Edit, Register, open_register

HALL = Place("Town Hall", ref="100023336956", type="office", sensitivity="1", controller="own", network_zone="core")
DEPOT = Place("Depot", type="depot", sensitivity="3", owner_service="Waste")
MAP = [
    HALL,
    Place("Town Hall", "100023336956", "office", "1", "own", "", "core", subnet="192.0.0.0/16"),
    Place("Town Hall", "100023336956", "office", "1", "own", "", "segregated", vlan="40", subnet="192.0.8.0/24"),
    DEPOT,
    Place("Depot", "", "depot", "3", "landlord", "Waste", subnet="192.0.9.0/24"),
]


def test_what_is_remembered_comes_back(book: Register) -> None:
    assert book.sites() == []
    book.remember_sites(MAP)
    assert book.sites() == [DEPOT, MAP[4], HALL, MAP[1], MAP[2]]


def test_the_map_is_the_last_one_told(book: Register) -> None:
    book.remember_sites(MAP)
    book.remember_sites([DEPOT, Place("Depot", "", "depot", "3", "", "Waste", subnet="192.0.0.0/16")])
    assert [(place.name, place.subnet) for place in book.sites()] == [("Depot", ""), ("Depot", "192.0.0.0/16")]
    book.remember_sites([])
    assert book.sites() == []


def test_a_site_that_devices_were_seen_at_is_not_forgotten(book: Register) -> None:
    book.remember_sites(MAP)
    book.record(report(camera(1), site="Town Hall"))
    book.remember_sites([DEPOT])
    assert book.sites() == [DEPOT, HALL]
    (row,) = book.devices()
    assert row.place == HALL


def test_nothing_is_written_where_nothing_changed(tmp_path: Path) -> None:
    log = tmp_path / "camscan.db-wal"
    with open_register(tmp_path / "camscan.db") as book:
        book.remember_sites(MAP)
        before = log.read_bytes()
        book.remember_sites(reversed(MAP))
        assert log.read_bytes() == before
        book.remember_sites(MAP[:-1])
        assert log.read_bytes() != before


def test_the_longest_prefix_decides_where_a_device_is(book: Register) -> None:
    book.remember_sites(MAP)
    book.record(report(*map(camera, range(3))))
    places = {row.ip_addresses[0]: row.place for row in book.devices()}
    assert {place.subnet for place in places.values() if place} == {"192.0.0.0/16"}
    book.remember_sites([*MAP, *(Place("Depot", subnet=f"{ip}/32") for ip in places)])
    assert {row.place.name for row in book.devices() if row.place} == {"Depot"}


def test_a_site_is_known_in_whatever_case(book: Register) -> None:
    book.remember_sites(MAP)
    book.record(report(camera(1, ip="10.0.0.1"), camera(2, ip="192.0.9.7")))
    for row in book.devices():
        book.edit_entries([Edit(row.asset_id, "site_name", "DEPOT")], role="r", how="test")
    one, other = book.devices()
    assert one.place == DEPOT
    assert other.place == MAP[4]
    assert {row.entries["site_name"] for row in (one, other)} == {"DEPOT"}


def test_a_subnet_may_have_its_own_zone_and_controller(book: Register) -> None:
    book.remember_sites(MAP)
    book.record(report(camera(1)))
    (row,) = book.devices()
    assert row.place is not None
    assert (row.place.network_zone, row.place.controller, row.entry("vlan_or_subnet")) == (
        "core",
        "own",
        "192.0.0.0/16",
    )
    address = row.ip_addresses[0]
    book.remember_sites([HALL, Place("Town Hall", controller="landlord", vlan="7", subnet=f"{address}/32")])
    (row,) = book.devices()
    assert row.place is not None
    assert (row.place.network_zone, row.place.controller) == ("core", "landlord")
    assert row.entry("vlan_or_subnet") == f"{address}/32 (VLAN 7)"

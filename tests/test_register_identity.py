"""Who is who over time: strong keys recognise, addresses never do, and contradictions are kept apart and said."""

from __future__ import annotations

import dataclasses
import shutil
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest
from examples import examples
from hypothesis import given
from hypothesis import strategies as st
from sample_report import DAY, NOON, camera, nameless, record, report

from camscan.asset import Event, Lifecycle, Place, Presence, RecordType
from camscan.identify.keys import Key, serials_contradict, shared_keys, strong_keys
from camscan.model import Device, Observation
from camscan.register import Edit, NewRow, Register, open_register
from camscan.register.asset_numbers import new_asset_number

UUID = "urn:uuid:7d2a1f00-3b1c-11b5-8a83-4419b6000001"


def with_endpoint(device: Device, value: str = UUID) -> Device:
    seen = Observation(device.ip_addresses[0], 3702, "wsd", "wsd.endpoint", value, device.first_seen)
    return dataclasses.replace(device, observations=(*device.observations, seen))


def bare_mac(number: int, ip: str) -> Device:
    """A device that only its MAC tells apart."""
    known = camera(number).identification.mac
    return dataclasses.replace(nameless(ip), mac_addresses=(known or "",))


class TestKeys:
    def test_serial_with_maker_endpoint_and_mac(self) -> None:
        assert strong_keys(with_endpoint(camera(1))) == {
            Key("serial", "hikvision|DS-2CD2385G1-I20190701AAWR000000001"),
            Key("unit", "DS-2CD2385G1-I20190701AAWR000000001"),
            Key("unit", "000000001"),
            Key("onvif", "7d2a1f00-3b1c-11b5-8a83-4419b6000001"),
            Key("mac", "44:19:b6:00:00:01"),
        }

    def test_a_serial_without_a_maker_is_not_a_key(self) -> None:
        assert not any(key.kind == "serial" for key in strong_keys(camera(1, maker=None)))

    @pytest.mark.parametrize("serial", ["", "1234", "0000000", "AAAAAA", "UNKNOWN", None])
    def test_what_many_units_say_is_not_a_serial(self, serial: str | None) -> None:
        assert not any(key.kind == "serial" for key in strong_keys(camera(1, serial=serial)))

    @pytest.mark.parametrize(
        "mac", ["02:00:00:00:00:01", "46:19:b6:00:00:01", "01:00:5e:00:00:01", "00:00:00:00:00:00", "ff:ff:ff:ff:ff:ff"]
    )
    def test_a_made_up_or_group_mac_is_not_a_key(self, mac: str) -> None:
        assert not any(key.kind == "mac" for key in strong_keys(camera(1, mac=mac)))

    @pytest.mark.parametrize("value", ["", "urn:uuid:", "00000000-0000-0000-0000-000000000000", "not a uuid"])
    def test_an_empty_endpoint_is_not_a_key(self, value: str) -> None:
        assert not any(key.kind == "onvif" for key in strong_keys(with_endpoint(camera(1), value)))

    def test_a_short_form_of_a_serial_contradicts_nothing(self) -> None:
        long, short = (
            Key("serial", "hikvision|DS-2CD2385G1-I20190701AAWR000000001"),
            Key("serial", "hikvision|000000001"),
        )
        other = Key("serial", "hikvision|000000002")
        assert not serials_contradict([long], [short])
        assert not serials_contradict([short], [long])
        assert serials_contradict([other], [long])
        assert not serials_contradict([], [long])

    @given(st.lists(st.frozensets(st.builds(Key, st.just("mac"), st.sampled_from("abcdef")))))
    def test_shared_keys_are_those_of_two(self, sets: list[frozenset[Key]]) -> None:
        expected = {key for key in frozenset().union(*sets) if sum(key in each for each in sets) > 1}
        assert shared_keys(sets) == expected


class TestRecognition:
    def test_the_same_unit_is_one_row(self, book: Register) -> None:
        first = record(book, camera(1))
        again = record(book, camera(1))
        assert (len(first.new), again.new, again.changed, again.conflicts) == (1, (), (), ())
        (row,) = book.devices()
        assert (row.sightings, row.asset_id, row.last_scan) == (2, first.new[0], "scan-2")

    def test_an_address_that_moved_to_another_unit_moves_nothing_else(self, book: Register) -> None:
        """DHCP churn: two cameras swap their leases."""
        one, two = record(book, camera(1, ip="192.0.2.10"), camera(2, ip="192.0.2.11")).new
        swapped = record(book, camera(1, ip="192.0.2.11"), camera(2, ip="192.0.2.10"))
        assert swapped.new == ()
        assert set(swapped.changed) == {one, two}
        rows = {row.asset_id: row for row in book.devices()}
        assert (rows[one].ip_addresses, rows[one].past_ip_addresses) == (("192.0.2.11",), ("192.0.2.10",))
        assert (rows[two].ip_addresses, rows[two].past_ip_addresses) == (("192.0.2.10",), ("192.0.2.11",))
        assert [row.asset_id for row in book.find_devices("192.0.2.10")] == [two, one]

    def test_a_unit_swapped_on_its_address_is_a_new_row(self, book: Register) -> None:
        (old,) = record(book, camera(1, ip="192.0.2.10")).new
        (new,) = record(book, camera(2, ip="192.0.2.10")).new
        assert new != old
        assert {row.asset_id: row.last_scan for row in book.devices()} == {old: "scan-1", new: "scan-2"}

    def test_a_unit_that_moved_to_another_site_keeps_its_row(self, book: Register) -> None:
        record(book, camera(1), site="Depot")
        assert record(book, camera(1, ip="10.0.0.1"), site="Library").new == ()
        (row,) = book.devices()
        assert row.site == "Library"

    def test_a_new_network_board_is_the_same_unit(self, book: Register) -> None:
        record(book, camera(1))
        assert record(book, camera(1, mac="44:19:b6:00:99:99")).new == ()
        (row,) = book.devices()
        assert (row.mac_addresses, row.past_mac_addresses) == (("44:19:b6:00:99:99",), ("44:19:b6:00:00:01",))
        assert book.find_devices("44-19-B6-00-00-01") == [row]

    def test_the_mac_recognises_where_the_serial_is_silent(self, book: Register) -> None:
        (known,) = record(book, camera(1)).new
        assert record(book, bare_mac(1, "192.0.2.77")).new == ()
        (row,) = book.devices()
        assert row.asset_id == known
        assert row.identification.serial == camera(1).identification.serial

    def test_the_endpoint_recognises_where_serial_and_mac_are_silent(self, book: Register) -> None:
        (one,) = record(book, with_endpoint(camera(1))).new
        assert record(book, with_endpoint(nameless("192.0.2.77"))).new == ()
        (row,) = book.devices()
        assert (row.asset_id, row.last_scan) == (one, "scan-2")

    def test_an_endpoint_of_another_mac_recognises_nothing(self, book: Register) -> None:
        """Cheap units carry one UUID in all of them: the MAC address says which of them it is."""
        one, two = record(book, with_endpoint(camera(1)), camera(2)).new
        recorded = record(book, with_endpoint(bare_mac(2, "192.0.2.77")))
        assert recorded.new == ()
        assert {row.asset_id: row.last_scan for row in book.devices()} == {one: "scan-1", two: "scan-2"}
        (conflict,) = recorded.conflicts
        assert (conflict.kind, conflict.asset_id, conflict.other) == ("key-elsewhere", two, one)

    def test_a_short_serial_is_the_same_unit(self, book: Register) -> None:
        record(book, camera(1))
        assert record(book, camera(1, serial="000000001")).new == ()

    def test_one_unit_on_two_addresses_is_one_row(self, book: Register) -> None:
        both = dataclasses.replace(camera(1), ip_addresses=("192.0.2.10", "192.0.2.11"))
        record(book, both)
        (row,) = book.devices()
        assert row.ip_addresses == ("192.0.2.10", "192.0.2.11")
        assert book.find_devices("192.0.2.11") == [row]

    def test_fifty_units_that_exchange_their_leases_stay_fifty_rows(self, book: Register) -> None:
        units = list(range(1, 51))
        before = dict(zip(units, record(book, *map(camera, units)).new, strict=True))
        for turn in (1, 7, 49):
            leases = units[turn:] + units[:turn]
            moved = [camera(unit, ip=f"192.0.2.{lease}") for unit, lease in zip(units, leases, strict=True)]
            recorded = record(book, *moved)
            assert (recorded.new, recorded.conflicts) == ((), ())
            held = {row.asset_id: (row.identification.serial, row.ip_addresses) for row in book.devices()}
            assert held == {
                before[unit]: (device.identification.serial, device.ip_addresses)
                for unit, device in zip(units, moved, strict=True)
            }

    def test_a_swapped_unit_is_a_new_row_and_the_old_one_is_missed(self, book: Register) -> None:
        old, _ = record(book, camera(1, ip="192.0.2.10"), camera(3)).new
        recorded = record(book, camera(2, ip="192.0.2.10"), camera(3))
        (new,) = recorded.new
        told = {(each.event, each.asset_id) for each in recorded.happenings}
        assert told == {(Event.NEW, new), (Event.MISSED, old)}

    def test_one_that_moved_to_another_site_says_from_where_to_where(self, book: Register) -> None:
        record(book, camera(1), site="Depot")
        recorded = record(book, camera(1, ip="10.0.0.1"), site="Library")
        moves = {each.event: (each.old, each.new) for each in recorded.happenings}
        assert moves == {Event.MOVED_IP: ("192.0.2.2", "10.0.0.1"), Event.MOVED_SITE: ("Depot", "Library")}

    def test_two_interfaces_seen_one_at_a_time_are_one_row_and_no_move(self, book: Register) -> None:
        sides = (("192.0.2.10", "44:19:b6:00:00:01"), ("192.0.2.11", "44:19:b6:00:77:01"))
        record(book, camera(1, ip=sides[0][0], mac=sides[0][1]))
        told = [record(book, camera(1, ip=ip, mac=mac)).happenings for ip, mac in (sides[1], sides[0], sides[1])]
        assert [[each.event for each in happened] for happened in told] == [[Event.MOVED_IP], [], []]
        (row,) = book.devices()
        assert {*row.mac_addresses, *row.past_mac_addresses} == {mac for _, mac in sides}

    def test_a_reset_unit_without_its_name_and_firmware_is_the_same(self, book: Register) -> None:
        (asset,) = record(book, camera(1)).new
        reset = camera(1, ip="192.0.2.64", firmware=None, brand=None, kind=None)
        assert record(book, reset).new == ()
        (row,) = book.devices()
        assert (row.asset_id, row.identification.firmware) == (asset, "V5.6.2build 190701")

    def test_a_firmware_that_tells_only_the_end_of_the_serial_is_no_other_unit(self, book: Register) -> None:
        """Across a router no MAC address helps."""
        full, short = camera(1, mac=None), camera(1, mac=None, serial="000000001")
        (asset,) = record(book, full).new
        for told in (short, full, short):
            assert record(book, told).new == ()
        (row,) = book.devices()
        assert (row.asset_id, row.identification.serial) == (asset, camera(1).identification.serial)

    def test_a_firmware_that_brings_the_whole_serial_is_no_other_unit(self, book: Register) -> None:
        (asset,) = record(book, camera(1, mac=None, serial="000000001")).new
        assert record(book, camera(1, mac=None)).new == ()
        (row,) = book.devices()
        assert (row.asset_id, row.identification.serial) == (asset, camera(1).identification.serial)

    def test_a_firmware_that_loses_the_serial_leaves_the_mac(self, book: Register) -> None:
        record(book, camera(1))
        assert record(book, camera(1, serial=None)).new == ()
        assert record(book, camera(1)).new == ()

    def test_a_serial_is_that_of_the_unit_whatever_its_maker_is_thought_to_be(self, book: Register) -> None:
        """A better database names another maker, or none any more."""
        (asset,) = record(book, camera(1, mac=None)).new
        assert record(book, camera(1, mac=None, maker="dahua")).new == ()
        assert record(book, camera(1, mac=None, maker=None)).new == ()
        (row,) = book.devices()
        assert row.asset_id == asset

    def test_a_short_serial_of_another_maker_is_another_unit(self, book: Register) -> None:
        record(book, camera(1, mac=None, serial="12345678", maker="axis", model="P1"))
        assert len(record(book, camera(1, mac=None, serial="12345678", maker="bosch", model="B2")).new) == 1

    def test_a_row_that_a_person_stated_is_recognised(self, book: Register) -> None:
        entries = {"stated_serial_number": "000000001", "stated_manufacturer": "HIKVISION", "notes": "by the stair"}
        (asset,) = book.add_devices([NewRow(RecordType.MANUAL, entries)], role="CCTV manager", how="test")
        recorded = record(book, camera(1, mac=None))
        assert (recorded.new, recorded.recognised, recorded.happenings) == ((), (asset,), ())
        (row,) = book.devices()
        assert (row.record_type, row.presence, row.sightings) == (RecordType.NETWORK, Presence.SEEN, 1)
        assert row.entries == entries
        assert row.identification.serial == camera(1).identification.serial

    def test_a_stated_mac_address_recognises_too(self, book: Register) -> None:
        new = NewRow(RecordType.IMPORTED, {"stated_mac_address": "44:19:b6:00:00:01"})
        (asset,) = book.add_devices([new], role="CCTV manager", how="test")
        assert record(book, camera(1, serial=None)).recognised == (asset,)


class TestContradictions:
    def test_a_mac_with_another_serial_is_another_unit(self, book: Register) -> None:
        (old,) = record(book, camera(1)).new
        recorded = record(book, camera(2, mac="44:19:b6:00:00:01"))
        (new,) = recorded.new
        (conflict,) = recorded.conflicts
        assert (conflict.asset_id, conflict.kind, conflict.scan_id) == (new, "contradiction", "scan-2")
        assert "44:19:b6:00:00:01" in conflict.detail
        assert old in conflict.detail
        assert book.conflicts(new) == [conflict] == book.conflicts()
        assert book.conflicts(old) == []

    def test_a_key_that_two_devices_of_a_scan_claim_recognises_neither(self, book: Register) -> None:
        """A baked-in UUID, a cloned MAC, a router that answers ARP for everybody."""
        one, two = record(book, camera(1), camera(2)).new
        twins = record(book, with_endpoint(camera(1)), with_endpoint(camera(2)))
        assert twins.new == ()
        assert {(conflict.asset_id, conflict.kind) for conflict in twins.conflicts} == {
            (one, "shared-key"),
            (two, "shared-key"),
        }
        (later,) = record(book, with_endpoint(nameless("192.0.2.99"))).new
        assert later not in {one, two}

    def test_a_liar_does_not_take_over_the_row_of_the_unit_that_it_copies(self, book: Register) -> None:
        (known,) = record(book, camera(1)).new
        liar = camera(1, ip="192.0.2.66", mac="44:19:b6:00:66:66")
        recorded = record(book, liar, camera(1))
        (new,) = recorded.new
        assert {row.asset_id: row.ip_addresses for row in book.devices()} == {
            known: camera(1).ip_addresses,
            new: ("192.0.2.66",),
        }

    def test_what_was_said_once_is_not_said_again(self, book: Register) -> None:
        record(book, camera(1))
        clash = camera(2, mac="44:19:b6:00:00:01")
        assert record(book, clash).conflicts
        assert record(book, clash).conflicts == ()
        assert len(book.conflicts()) == 1

    def test_another_maker_for_the_same_unit_is_reported(self, book: Register) -> None:
        record(book, camera(1))
        recorded = record(book, camera(1, maker="dahua", serial=None, certainty=0.8))
        assert recorded.new == ()
        assert [conflict.kind for conflict in recorded.conflicts] == ["maker-changed"]

    def test_a_uuid_that_the_factory_built_in_is_never_trusted_again(self, book: Register) -> None:
        """Two such units, seen alone in turn, behind a router."""
        one, two = (with_endpoint(nameless(ip, maker="axis", model=model)) for ip, model in ALONE.items())
        record(book, one)
        record(book, one, two)
        assert len(book.devices()) == 2
        record(book, one)
        record(book, two)
        assert len(book.devices()) == 2
        moved = dataclasses.replace(one, ip_addresses=("192.0.2.12",))
        assert len(record(book, moved).new) == 1

    def test_a_unit_keeps_its_row_if_another_claims_all_that_it_was_known_by(self, book: Register) -> None:
        """One claim would otherwise separate a row, and what people entered on it, from its unit for ever."""
        unit = with_endpoint(nameless("192.0.2.10", maker="axis", model="P1"))
        (known,) = record(book, unit).new
        impostor = with_endpoint(nameless("198.51.100.66", maker="axis", model="P1"))
        assert known not in record(book, impostor, unit).new
        assert record(book, unit).new == ()
        assert book.find_devices(known)[0].sightings == 3

    def test_a_uuid_and_another_mac_are_another_unit_in_whatever_scan(self, book: Register) -> None:
        (first,) = record(book, with_endpoint(bare_mac(1, "192.0.2.10"))).new
        recorded = record(book, with_endpoint(bare_mac(2, "198.51.100.10")))
        assert (len(recorded.new), recorded.conflicts[0].kind) == (1, "key-elsewhere")
        assert record(book, with_endpoint(bare_mac(1, "192.0.2.11"))).new == ()
        assert book.find_devices(first)[0].ip_addresses == ("192.0.2.11",)

    def test_a_mac_that_two_units_share_recognises_neither_from_then_on(self, book: Register) -> None:
        shared = "44:19:b6:00:00:01"
        one, two = record(book, camera(1, mac=shared), camera(2, mac=shared)).new
        (third,) = record(book, dataclasses.replace(nameless("192.0.2.99"), mac_addresses=(shared,))).new
        assert third not in {one, two}

    def test_two_rows_that_share_a_key_are_one_question(self, book: Register) -> None:
        one, two = record(book, with_endpoint(camera(1)), with_endpoint(camera(2))).new
        (review,) = book.reviews()
        assert {review.asset_id, review.other} == {one, two}
        assert len(review.conflicts) == 2


def anonymous() -> Device:
    """A unit of the cameras' maker and model that does not say which."""
    return nameless("192.0.2.9", maker="hikvision", model="DS-2CD2385G1-I")


ALONE = {"192.0.2.10": "P1", "192.0.2.11": "P2"}


class TestProvisional:
    """A device that says nothing unique stands for what was found at an address, and for no more."""

    def test_it_goes_on_while_nothing_contradicts(self, book: Register) -> None:
        record(book, nameless(model="WebCam"))
        again = record(book, nameless(model="WebCam", maker="axis"))
        assert (again.new, again.conflicts) == ((), ())
        (row,) = book.devices()
        assert row.provisional

    def test_it_ends_when_something_else_stands_there(self, book: Register) -> None:
        (old,) = record(book, nameless(maker="axis")).new
        (new,) = record(book, nameless(maker="bosch")).new
        assert new != old

    def test_it_follows_no_address(self, book: Register) -> None:
        record(book, nameless("192.0.2.9"))
        assert len(record(book, nameless("192.0.2.10")).new) == 1

    def test_the_same_private_address_at_another_site_is_another(self, book: Register) -> None:
        record(book, nameless(), site="Depot")
        assert len(record(book, nameless(), site="Library").new) == 1

    def test_it_is_never_taken_for_a_unit_with_a_key(self, book: Register) -> None:
        (known,) = record(book, camera(1, ip="192.0.2.9")).new
        recorded = record(book, nameless("192.0.2.9"))
        (new,) = recorded.new
        (conflict,) = recorded.conflicts
        assert (conflict.kind, conflict.asset_id) == ("possible-duplicate", new)
        assert known in conflict.detail

    def test_a_unit_with_a_key_never_takes_its_row(self, book: Register) -> None:
        (old,) = record(book, nameless("192.0.2.9")).new
        recorded = record(book, camera(1, ip="192.0.2.9"))
        (conflict,) = recorded.conflicts
        assert (len(recorded.new), conflict.kind) == (1, "possible-duplicate")
        assert old in conflict.detail

    def test_a_unit_that_is_seen_elsewhere_in_the_scan_is_not_a_duplicate(self, book: Register) -> None:
        record(book, camera(1, ip="192.0.2.9"))
        recorded = record(book, nameless("192.0.2.9"), camera(1, ip="192.0.2.10"))
        assert recorded.conflicts == ()

    def test_one_that_says_who_it_is_after_all_takes_the_row_that_stood_for_it(self, book: Register) -> None:
        (asset,) = record(book, anonymous()).new
        recorded = record(book, camera(1, ip="192.0.2.9"))
        assert (recorded.new, recorded.conflicts) == ((), ())
        (row,) = book.devices()
        assert (row.asset_id, row.provisional) == (asset, False)

    def test_where_a_person_has_written_on_it_only_a_person_can_say_so(self, book: Register) -> None:
        (asset,) = record(book, anonymous()).new
        book.edit_entries([Edit(asset, "notes", "by the stair")], role="CCTV manager", how="test")
        recorded = record(book, camera(1, ip="192.0.2.9"))
        (conflict,) = recorded.conflicts
        assert (len(recorded.new), conflict.kind, conflict.other) == (1, "possible-duplicate", asset)
        assert [row.entries for row in book.find_devices(recorded.new[0])] == [{}]

    @pytest.mark.parametrize("model", ["DS-2CD2043G0-I", None])
    def test_it_is_not_taken_by_a_unit_of_another_model(self, book: Register, model: str | None) -> None:
        (asset,) = record(book, nameless("192.0.2.9", maker="hikvision", model=model)).new
        (new,) = record(book, camera(1, ip="192.0.2.9")).new
        assert new != asset

    def test_what_stood_in_for_a_known_unit_becomes_part_of_it(self, book: Register) -> None:
        """One scan lost the packets that say who it is."""
        (asset,) = record(book, camera(1, ip="192.0.2.9")).new
        assert len(record(book, anonymous()).new) == 1
        assert [conflict.kind for conflict in book.conflicts()] == ["possible-duplicate"]
        record(book, camera(1, ip="192.0.2.9"))
        (row,) = book.devices()
        assert (row.asset_id, row.sightings) == (asset, 3)
        assert [seen.scan_id for seen in book.history(asset)] == ["scan-1", "scan-2", "scan-3"]
        assert book.conflicts() == []
        record(book, camera(1, ip="192.0.2.9"))
        assert len(book.devices()) == 1

    def test_rows_that_one_sighting_proves_to_be_one_become_one(self, book: Register) -> None:
        """Known by its MAC address on one subnet, by its serial number across a router."""
        record(book, bare_mac(1, "192.0.2.9"))
        (asset,) = record(book, camera(1, ip="10.0.0.9", mac=None)).new
        recorded = record(book, camera(1, ip="192.0.2.9"))
        (row,) = book.devices()
        assert (row.asset_id, row.sightings, recorded.conflicts) == (asset, 3, ())

    def test_not_where_a_person_has_written_on_the_one_that_would_go(self, book: Register) -> None:
        (asset,) = record(book, bare_mac(1, "192.0.2.9")).new
        book.edit_entries([Edit(asset, "notes", "by the stair")], role="CCTV manager", how="test")
        record(book, camera(1, ip="10.0.0.9", mac=None))
        (conflict,) = record(book, camera(1, ip="192.0.2.9")).conflicts
        assert (conflict.kind, conflict.other, len(book.devices())) == ("key-elsewhere", asset, 2)

    def test_nor_where_the_other_has_more_to_say(self, book: Register) -> None:
        record(book, camera(2, mac="44:19:b6:00:00:01"))
        record(book, camera(1, mac=None))
        (conflict,) = record(book, camera(1, mac="44:19:b6:00:00:01")).conflicts
        assert (conflict.kind, len(book.devices())) == ("contradiction", 2)

    def test_at_another_site_the_same_address_is_not_a_duplicate(self, book: Register) -> None:
        record(book, camera(1, ip="192.0.2.9"), site="Depot")
        assert record(book, nameless("192.0.2.9"), site="Library").conflicts == ()

    def test_the_site_map_knows_the_place_whatever_the_scan_was_called(self, book: Register) -> None:
        book.remember_sites([Place("Depot"), Place("Depot", subnet="192.0.2.0/24")])
        record(book, nameless("192.0.2.9", model="P1"), site="North")
        assert record(book, nameless("192.0.2.9", model="P1"), site="North").new == ()


class TestNews:
    def test_returned_means_missed_by_the_last_scan_of_the_same_targets(self, book: Register) -> None:
        one, _two = record(book, camera(1), camera(2)).new
        assert record(book, camera(2)).returned == ()
        elsewhere = dataclasses.replace(report(camera(3), scan_id="else"), targets=("198.51.100.0/24",))
        book.record(elsewhere)
        assert record(book, camera(1), camera(2)).returned == (one,)
        assert record(book, camera(1), camera(2)).returned == ()

    def test_silence_blanks_nothing(self, book: Register) -> None:
        record(book, camera(1))
        record(book, bare_mac(1, "192.0.2.2"))
        (row,) = book.devices()
        expected = dataclasses.replace(camera(1).identification, conflicts=())
        assert row.identification == expected
        assert book.history(row.asset_id)[1].identification.maker is None

    def test_silence_order_and_certainty_are_not_change(self, book: Register) -> None:
        addresses = ("192.0.2.10", "192.0.2.11")
        both = dataclasses.replace(camera(1), ip_addresses=addresses)
        record(book, both)
        assert record(book, dataclasses.replace(both, ip_addresses=addresses[::-1])).changed == ()
        assert record(book, camera(1, ip="192.0.2.10", firmware=None, certainty=0.5)).changed == ()
        assert record(book, camera(1, ip="192.0.2.10", mac=None)).changed == ()
        assert record(book, camera(1, ip="192.0.2.10")).changed == ()
        assert record(book, both).changed != ()
        assert record(book, dataclasses.replace(both, mac_addresses=("44:19:b6:00:88:88",))).changed != ()

    def test_a_new_firmware_is_a_change(self, book: Register) -> None:
        record(book, camera(1))
        changed = record(book, camera(1, firmware="V5.7.17 build 240606"))
        assert changed.changed == tuple(row.asset_id for row in book.devices())
        (row,) = book.devices()
        assert row.identification.firmware == "V5.7.17 build 240606"
        assert [seen.identification.firmware for seen in book.history(row.asset_id)] == [
            "V5.6.2build 190701",
            "V5.7.17 build 240606",
        ]

    def test_weaker_evidence_for_the_same_maker_lowers_nothing(self, book: Register) -> None:
        record(book, camera(1))
        record(book, camera(1, certainty=0.4, because=("mac.address",)))
        (row,) = book.devices()
        assert (row.identification.certainty, row.identification.because[0][:10]) == (0.99, "sadp.model")

    def test_a_clock_that_was_set_back_loses_nothing(self, book: Register) -> None:
        record(book, camera(1))
        book.record(report(camera(1, when=NOON - 9 * DAY), scan_id="past", when=NOON - 9 * DAY))
        (row,) = book.devices()
        assert row.first_seen == NOON - 9 * DAY
        assert row.last_seen == NOON + timedelta(seconds=2)
        assert row.last_scan == "past"


def test_asset_ids_are_short_sortable_and_easy_to_read() -> None:
    early, late = new_asset_number(NOON), new_asset_number(NOON + DAY)
    assert len(early) == 16
    assert early < late
    assert not set(early) & set("ILOU")


ESTATE = st.lists(st.lists(st.integers(1, 8), max_size=6, unique=True), min_size=1, max_size=5)


@examples(25)
@given(ESTATE, st.randoms(use_true_random=False))
def test_however_addresses_move_every_unit_has_one_row(
    tmp_path_factory: pytest.TempPathFactory, scans: list[list[int]], chance: Random
) -> None:
    """Units come and go, and every scan deals the addresses anew."""
    with open_register(tmp_path_factory.mktemp("estate") / "camscan.db") as book:
        for units in scans:
            addresses = [f"192.0.2.{number}" for number in range(1, 9)]
            chance.shuffle(addresses)
            record(book, *(camera(unit, ip=ip) for unit, ip in zip(units, addresses, strict=False)))
        serials = [row.identification.serial for row in book.devices()]
        assert len(serials) == len({unit for units in scans for unit in units})
        assert len(set(serials)) == len(serials)
        assert book.conflicts() == []


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A register without anything in it, to be copied: making one costs most of a second."""
    path = tmp_path_factory.mktemp("empty") / "empty.db"
    open_register(path).close()
    return path


STEPS = st.lists(
    st.fixed_dictionaries(
        {
            "up": st.sets(st.integers(1, 6), max_size=6),
            "says": st.lists(st.sampled_from(["all", "short", "mac", "uuid", "nothing"]), min_size=6, max_size=6),
            "site": st.sampled_from(["", "Depot", "Library"]),
            "is_search": st.booleans(),
            "edit": st.none() | st.tuples(st.integers(0, 9), st.sampled_from(["a", "b", ""])),
        }
    ),
    min_size=1,
    max_size=7,
)


def unit(number: int, says: str, ip: str) -> Device:
    """The ``number``-th unit, telling more or less of itself. Three of six have a network board that changes."""
    whole = with_endpoint(camera(number, ip=ip), f"urn:uuid:7d2a1f00-3b1c-11b5-8a83-4419b600000{number}")
    serial, mac = whole.identification.serial, whole.identification.mac
    told = {
        "all": {"serial": serial, "mac": mac},
        "short": {"serial": (serial or "")[-9:], "mac": None},
        "mac": {"serial": None, "mac": mac},
        "uuid": {"serial": None, "mac": None},
        "nothing": {"serial": None, "mac": None},
    }[says]
    device = camera(number, ip=ip, **told)  # type: ignore[arg-type]  # by name
    seen = whole.observations[-1:] if says in {"all", "uuid"} else ()
    return dataclasses.replace(device, observations=seen)


@examples(80)
@given(STEPS, st.randoms(use_true_random=False))
def test_whatever_happens_nothing_splits_nothing_merges_and_no_entry_changes(
    empty: Path, steps: list[dict[str, Any]], chance: Random
) -> None:
    """Units come and go, exchange addresses and sites, and say now more and now less of themselves."""
    entered: dict[str, str] = {}
    path = empty.with_name("camscan.db")
    shutil.copy(empty, path)
    with open_register(path) as book:
        for number, step in enumerate(steps):
            addresses = [f"192.0.2.{host}" for host in range(1, 9)]
            chance.shuffle(addresses)
            devices = [unit(each, step["says"][each - 1], addresses[each]) for each in sorted(step["up"])]
            of = report(*devices, scan_id=str(number), when=NOON + number * DAY, site=step["site"])
            book.record(dataclasses.replace(of, coverage=dataclasses.replace(of.coverage, is_search=step["is_search"])))
            rows = book.devices()
            if step["edit"] and rows:
                row = rows[step["edit"][0] % len(rows)]
                book.edit_entries([Edit(row.asset_id, "notes", step["edit"][1])], role="CCTV manager", how="test")
                entered[row.asset_id] = step["edit"][1]
        rows = book.devices()
        keyed = {each for step in steps for each in step["up"] if step["says"][each - 1] in {"all", "short"}}
        serials = [(row.identification.serial or "")[-9:] for row in rows if row.identification.serial]
        assert sorted(serials) == sorted(f"{each:09d}" for each in keyed), "a unit with a serial number is one row"
        for row in rows:
            history = {seen.identification.serial for seen in book.history(row.asset_id)} - {None}
            assert len({(serial or "")[-9:] for serial in history}) <= 1, "two units are in one row"
        # A row of which not recorded anything (an entry that was cleared is none) may have joined another.
        notes = {row.asset_id: note for row in rows if (note := row.entries.get("notes"))}
        assert notes == {name: note for name, note in entered.items() if note}
        assert all(row.lifecycle is Lifecycle.FOUND for row in rows)

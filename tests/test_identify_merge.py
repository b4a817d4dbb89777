"""Which addresses of one scan are one box: a strong key joins them, and whatever contradicts it keeps them apart.

A unit can say anything of itself. What it cannot say is which MAC address the wire shows behind another unit.
"""

from __future__ import annotations

import functools
import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sample_report import report
from test_identify import HIKVISION, OTHER_HIKVISION, attempt, dhip, sadp

from camscan import fingerprints
from camscan.fingerprints import Database
from camscan.identify import merge_attempts
from camscan.identify.keys import Key, device_marks, mac_keys, wire_contradiction
from camscan.model import Attempt, Device
from camscan.probes import as_unsolicited
from camscan.register.record.keys import find_own_keys, marks_in_report

OURS, THEIRS = "44:19:b6:00:00:01", "44:19:b6:00:00:02"
MADE_UP = "46:19:b6:00:00:01", "46:19:b6:00:00:02"
UUID = "urn:uuid:5f5a69c2-e0ae-504f-829b-000000000001"


@pytest.fixture(scope="module")
def database() -> Database:
    return fingerprints.load_database()


def wire(ip: str, mac: str) -> Attempt:
    """What ARP showed."""
    return attempt("mac", ip, address=mac)


def page(ip: str, port: int = 80) -> Attempt:
    return attempt("http", ip, port, title="Login")


def of_model(ip: str, model: str) -> Attempt:
    return attempt("sadp", ip, 37020, type="ProbeMatch/inquiry", model=model, serial=HIKVISION)


def addresses(devices: list[Device]) -> list[tuple[str, ...]]:
    return [device.ip_addresses for device in devices]


def conflicts(device: Device) -> str:
    return "; ".join(device.identification.conflicts)


class TestImpostors:
    @pytest.mark.parametrize(("real", "other"), [(OURS, THEIRS), MADE_UP, (OURS, MADE_UP[0])])
    @pytest.mark.parametrize("order", [0, 1])
    def test_who_claims_a_neighbours_serial_and_mac_is_a_box_of_its_own(
        self, database: Database, real: str, other: str, order: int
    ) -> None:
        unit = [sadp("192.0.2.1", mac=real), wire("192.0.2.1", real)]
        impostor = [sadp("192.0.2.2", mac=real), wire("192.0.2.2", other)]
        both = [impostor, unit] if order else [unit, impostor]
        found = merge_attempts(list(itertools.chain(*both)), database)
        assert sorted(addresses(found)) == [("192.0.2.1",), ("192.0.2.2",)]
        for device in found:
            assert f"shares serial hikvision {HIKVISION} with another box" in conflicts(device)
            assert "the MAC addresses on the wire differ" in conflicts(device)

    def test_a_camera_that_claims_the_serial_with_its_own_mac_is_not_a_second_interface(
        self, database: Database
    ) -> None:
        unit = [sadp("192.0.2.1"), wire("192.0.2.1", OURS)]
        impostor = [sadp("192.0.2.2", mac=THEIRS), wire("192.0.2.2", THEIRS)]
        assert len(merge_attempts([*unit, *impostor], database)) == 2

    def test_another_model_with_the_same_serial_is_another_box(self, database: Database) -> None:
        found = merge_attempts(
            [of_model("192.0.2.1", "DS-2CD2385G1-I"), of_model("192.0.2.2", "DS-2CD2032-I")], database
        )
        assert len(found) == 2
        assert all("the models differ" in conflicts(device) for device in found)

    def test_who_names_a_mac_that_the_wire_shows_behind_another_is_reported(self, database: Database) -> None:
        unit = [page("192.0.2.1"), wire("192.0.2.1", OURS)]
        liar = [sadp("192.0.2.2", OTHER_HIKVISION, mac=OURS), wire("192.0.2.2", THEIRS)]
        found = merge_attempts([*unit, *liar], database)
        assert addresses(found) == [("192.0.2.1",), ("192.0.2.2",)]
        assert all("the wire shows it behind one of them only" in conflicts(device) for device in found)
        assert Key("mac", OURS) in device_marks(found[0]).keys
        assert device_marks(found[1]).macs == frozenset()

    def test_a_serial_number_that_a_crowd_claims_is_a_conflict_of_each(self, database: Database) -> None:
        crowd = merge_attempts([sadp(f"192.0.2.{number}", mac="") for number in range(1, 11)], database)
        assert len(crowd) == 10
        assert all("more than 8 claim it" in conflicts(device) for device in crowd)

    def test_who_names_the_mac_of_a_unit_across_a_router_is_not_that_unit(self, database: Database) -> None:
        unit = sadp("198.51.100.1")
        impostor = [sadp("192.0.2.2"), wire("192.0.2.2", THEIRS)]
        assert len(merge_attempts([unit, *impostor], database)) == 2

    def test_one_impostor_does_not_tear_a_dual_stack_unit_apart(self, database: Database) -> None:
        unit = [sadp("192.0.2.1"), wire("192.0.2.1", OURS), page("2001:db8::1"), wire("2001:db8::1", OURS)]
        impostor = [sadp("192.0.2.2"), wire("192.0.2.2", THEIRS)]
        found = merge_attempts([*unit, *impostor], database)
        assert addresses(found) == [("192.0.2.1", "2001:db8::1"), ("192.0.2.2",)]

    def test_a_thousand_devices_with_one_serial_stay_a_thousand_devices(self, database: Database) -> None:
        crowd = [sadp(f"10.0.{n // 250}.{n % 250}", mac="00:00:00:00:00:00") for n in range(1000)]
        assert len(merge_attempts(crowd, database)) == 1000


class TestForgedReplies:
    """A datagram's sender is not proven: a reply from a unit's address may be somebody else's."""

    def test_a_forged_reply_is_a_box_of_its_own_and_the_unit_keeps_its_mac(self, database: Database) -> None:
        forged = sadp("192.0.2.1", OTHER_HIKVISION, mac=THEIRS)
        genuine = [sadp("192.0.2.1"), page("192.0.2.1"), wire("192.0.2.1", OURS)]
        for replies in ([forged, *genuine], [*genuine, forged]):
            found = merge_attempts(replies, database)
            (unit,) = [device for device in found if device.identification.serial == HIKVISION]
            (guest,) = [device for device in found if device is not unit]
            assert (unit.open_ports, guest.identification.serial) == (("tcp/80", "udp/37020"), OTHER_HIKVISION)
            assert Key("mac", OURS) in device_marks(unit).keys
            assert not device_marks(guest).macs
            assert device_marks(guest).wire == {OURS}
            assert all("several boxes answer on it" in conflicts(device) for device in found)

    def test_forged_replies_of_another_maker_name_no_second_maker(self, database: Database) -> None:
        found = merge_attempts([sadp("192.0.2.1"), wire("192.0.2.1", OURS), dhip("192.0.2.1")], database)
        assert [device.identification.maker for device in found] == ["hikvision", "dahua"]

    def test_an_unasked_reply_joins_no_two_units_across_a_router(self, database: Database) -> None:
        web = attempt("dvrip", "192.0.2.2", 37777, realm="Login to 6C01E93PAG00009")
        lie = as_unsolicited(dhip("192.0.2.2"))
        unit, other = merge_attempts([dhip("192.0.2.1"), web, lie], database)
        assert addresses([unit, other]) == [("192.0.2.1",), ("192.0.2.2",)]
        assert (conflicts(unit), other.mac_addresses) == ("", ())
        assert not device_marks(unit).keys & device_marks(other).keys

    def test_what_only_an_unasked_reply_says_takes_no_key_from_a_unit_that_answered(self, database: Database) -> None:
        unit = [sadp("192.0.2.1"), wire("192.0.2.1", OURS), attempt("wsd", "192.0.2.1", 3702, endpoint=UUID)]
        lies = [sadp("192.0.2.2"), attempt("wsd", "192.0.2.2", 3702, endpoint=UUID)]
        found = merge_attempts([*unit, wire("192.0.2.2", THEIRS), *map(as_unsolicited, lies)], database)
        assert addresses(found) == [("192.0.2.1",), ("192.0.2.2",)]
        assert "serial" not in conflicts(found[0])
        of = report(*found)
        own = find_own_keys(of, marks_in_report(of), frozenset())
        assert {key.kind for key in own.keys[0]} == {"serial", "unit", "onvif", "mac"}
        assert own.shared == own.notes == (frozenset(), frozenset())

    def test_many_forged_serials_make_no_crowd(self, database: Database) -> None:
        forged = [sadp("192.0.2.1", f"DS-2CD2385G1-I20200414AAWRE3300{n:04}", mac=THEIRS) for n in range(100, 200)]
        found = merge_attempts([*forged, sadp("192.0.2.1"), wire("192.0.2.1", OURS)], database)
        assert len(found) <= 9
        assert sum(device.identification.serial == HIKVISION for device in found) == 1
        assert any("more than 8 boxes are claimed on this address" in conflicts(device) for device in found)


class TestEndpoints:
    def test_cameras_with_one_uuid_behind_a_router_stay_several(self, database: Database) -> None:
        cameras = [attempt("wsd", f"192.0.2.{n}", 3702, endpoint=UUID, hardware="DS-2CD2385G1-I") for n in range(1, 7)]
        assert len(merge_attempts(cameras, database)) == 6

    def test_an_endpoint_adds_nothing_where_a_serial_joins(self, database: Database) -> None:
        (device,) = merge_attempts(
            [each for ip in ("192.0.2.1", "192.0.2.2") for each in (sadp(ip), attempt("wsd", ip, 3702, endpoint=UUID))],
            database,
        )
        assert device.ip_addresses == ("192.0.2.1", "192.0.2.2")


class TestDualStack:
    @pytest.mark.parametrize("mac", [OURS, MADE_UP[0]])
    def test_the_same_mac_on_the_wire_joins(self, database: Database, mac: str) -> None:
        replies = [
            sadp("192.0.2.1", mac=mac),
            *(wire(ip, mac) for ip in ("192.0.2.1", "fe80::7%eth0", "2001:db8::7")),
            page("fe80::7%eth0"),
            page("2001:db8::7"),
        ]
        (device,) = merge_attempts(replies, database)
        assert device.ip_addresses == ("192.0.2.1", "2001:db8::7", "fe80::7%eth0")

    def test_an_address_made_from_a_mac_joins_nothing(self, database: Database) -> None:
        """Anybody may give himself that address."""
        found = merge_attempts([page("fe80::4619:b6ff:fe00:1"), sadp("192.0.2.1", at=1)], database)
        assert addresses(found) == [("fe80::4619:b6ff:fe00:1",), ("192.0.2.1",)]

    def test_a_mac_that_it_names_itself_joins_nothing(self, database: Database) -> None:
        found = merge_attempts([sadp("192.0.2.1", serial="N/A"), sadp("2001:db8::1", serial="N/A")], database)
        assert len(found) == 2

    def test_a_serial_joins_nothing_and_says_so(self, database: Database) -> None:
        found = merge_attempts([sadp("192.0.2.1"), sadp("2001:db8::1")], database)
        assert len(found) == 2
        assert all("only the same MAC address on the wire" in conflicts(device) for device in found)

    def test_a_repeater_in_front_of_several_units_joins_none_of_them(self, database: Database) -> None:
        """It answers ARP with its own made-up MAC address."""
        ips = "192.0.2.1", "192.0.2.2", "2001:db8::1"
        assert len(merge_attempts([each for ip in ips for each in (page(ip), wire(ip, MADE_UP[0]))], database)) == 3


class TestRouters:
    def test_two_units_behind_one_mac_show_that_it_is_a_routers(self, database: Database) -> None:
        router = "00:1b:21:00:00:01"
        cameras = [sadp("192.0.2.1"), sadp("192.0.2.2", OTHER_HIKVISION, THEIRS), page("192.0.2.3")]
        found = merge_attempts([*cameras, *(wire(f"192.0.2.{n}", router) for n in (1, 2, 3))], database)
        assert addresses(found) == [("192.0.2.1",), ("192.0.2.2",), ("192.0.2.3",)]

    def test_units_that_name_different_macs_are_not_the_one_on_the_wire(self, database: Database) -> None:
        router = "00:1b:21:00:00:01"
        units = [attempt("sadp", f"192.0.2.{n}", 37020, mac=mac) for n, mac in ((1, OURS), (2, THEIRS))]
        assert len(merge_attempts([*units, *(wire(f"192.0.2.{n}", router) for n in (1, 2))], database)) == 2

    @pytest.mark.parametrize("mac", ["00:00:5e:00:01:0a", "00:00:5e:00:02:0a", "00:00:0c:07:ac:01"])
    def test_a_virtual_routers_mac_says_nothing(self, database: Database, mac: str) -> None:
        found = merge_attempts(
            [each for n in (1, 2) for each in (page(f"192.0.2.{n}"), wire(f"192.0.2.{n}", mac))], database
        )
        assert len(found) == 2
        assert device_marks(found[0]).wire == frozenset()
        assert mac_keys([], [mac]) == frozenset()


class TestLegitimate:
    def test_a_recorder_with_two_addresses_on_one_interface(self, database: Database) -> None:
        (device,) = merge_attempts(
            [sadp("192.0.2.1"), wire("192.0.2.1", OURS), sadp("192.0.2.2"), wire("192.0.2.2", OURS)], database
        )
        assert device.ip_addresses == ("192.0.2.1", "192.0.2.2")

    def test_a_recorder_with_an_interface_across_a_router(self, database: Database) -> None:
        near = [sadp("192.0.2.1"), wire("192.0.2.1", OURS)]
        (device,) = merge_attempts([*near, sadp("198.51.100.1", mac=THEIRS)], database)
        assert device.ip_addresses == ("192.0.2.1", "198.51.100.1")

    def test_a_model_that_one_protocol_cuts_is_the_same(self, database: Database) -> None:
        whole = attempt(
            "sadp", "192.0.2.1", 37020, type="ProbeMatch/inquiry", model="DS-7616NI-K2/16P", serial=HIKVISION
        )
        short = attempt("sadp", "192.0.2.2", 37020, type="ProbeMatch/inquiry", model="DS-7616NI-K2", serial=HIKVISION)
        assert len(merge_attempts([whole, short], database)) == 1

    def test_ports_forwarded_to_several_cameras(self, database: Database) -> None:
        cameras = [
            attempt("isapi", "192.0.2.1", 80 + n, serial=serial, model="DS-2CD2385G1-I", manufacturer="hikvision")
            for n, serial in enumerate((HIKVISION, OTHER_HIKVISION))
        ]
        assert len(merge_attempts([*cameras, wire("192.0.2.1", "00:1b:21:00:00:01")], database)) == 2


MACS = st.sampled_from([OURS, THEIRS, *MADE_UP])


LOADED = functools.cache(fingerprints.load_database)


@settings(max_examples=100, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from([f"192.0.2.{n}" for n in (1, 2, 3)] + ["2001:db8::1", "2001:db8::2"]),
            st.sampled_from([HIKVISION, OTHER_HIKVISION, "N/A"]),
            MACS,
            st.none() | MACS,
        ),
        max_size=6,
        unique_by=lambda each: each[0],
    )
)
def test_whatever_units_say_two_macs_on_the_wire_are_two_boxes(
    units: list[tuple[str, str, str, str | None]],
) -> None:
    attempts = [sadp(ip, serial, mac) for ip, serial, mac, _ in units]
    attempts += [wire(ip, seen) for ip, _, _, seen in units if seen]
    found = merge_attempts(attempts, LOADED())
    behind = {ip: seen for ip, _, _, seen in units}
    assert sorted(ip for device in found for ip in device.ip_addresses) == sorted(behind), "nobody is hidden"
    for device in found:
        assert len({behind[ip] for ip in device.ip_addresses} - {None}) <= 1


def test_the_marks_of_a_device_tell_the_wire_from_what_it_says(database: Database) -> None:
    (device,) = merge_attempts([sadp("192.0.2.1", mac=OURS), wire("192.0.2.1", THEIRS)], database)
    marks = device_marks(device)
    assert marks.wire == {THEIRS}
    assert marks.claims == marks.denied_macs == {OURS}
    assert not marks.macs
    honest = device_marks(merge_attempts([sadp("192.0.2.9"), wire("192.0.2.9", OURS)], database)[0])
    assert honest.macs == {OURS}
    assert wire_contradiction(marks, honest) == "the MAC addresses on the wire differ"

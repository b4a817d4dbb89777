"""One who claims another's serial number takes over no row and hides none, in whatever scan, and a person is told."""

from __future__ import annotations

import dataclasses

import pytest
from sample_report import ROLE, camera, nameless, record

from camscan.asset import Asset, Presence
from camscan.model import Device, Observation
from camscan.register import Edit, Recorded, Register

HOME, AWAY = "192.0.2.2", "192.0.2.66"
OURS, THEIRS = "44:19:b6:00:00:01", "44:19:b6:00:66:66"
MADE_UP, OTHER_MADE_UP = "46:19:b6:00:00:01", "46:19:b6:00:66:66"
SERIAL = camera(1).identification.serial


def on_wire(device: Device, *macs: str) -> Device:
    """The device, with what ARP showed behind its first address."""
    ip, when = device.ip_addresses[0], device.first_seen
    seen = tuple(Observation(ip, 0, "mac", "mac.address", mac, when) for mac in macs)
    listed = tuple(dict.fromkeys((*device.mac_addresses, *macs)))
    return dataclasses.replace(device, observations=(*device.observations, *seen), mac_addresses=listed)


def unit(ip: str = HOME, mac: str = OURS, model: str = "DS-2CD2385G1-I") -> Device:
    """The known camera, where the scanner sees its MAC address."""
    return on_wire(camera(1, ip=ip, mac=mac, model=model), mac)


def impostor(ip: str = AWAY, wire: str = THEIRS, mac: str = OURS) -> Device:
    """Another box that says all that the camera says."""
    return on_wire(camera(1, ip=ip, mac=mac), wire)


def rows(book: Register) -> dict[str, Asset]:
    return {row.asset_id: row for row in book.devices()}


def kinds(recorded: Recorded) -> set[str]:
    return {conflict.kind for conflict in recorded.conflicts}


class TestTheUnitAnswersToo:
    @pytest.mark.parametrize(("real", "other"), [(OURS, THEIRS), (MADE_UP, OTHER_MADE_UP), (OURS, MADE_UP)])
    @pytest.mark.parametrize("order", [0, 1])
    def test_it_keeps_its_row(self, book: Register, real: str, other: str, order: int) -> None:
        (known,) = record(book, unit(mac=real)).new
        both = [unit(mac=real), impostor(wire=other, mac=real)][:: 1 - 2 * order]
        recorded = record(book, *both)
        (new,) = recorded.new
        assert {row.asset_id: row.ip_addresses for row in book.devices()} == {known: (HOME,), new: (AWAY,)}
        assert kinds(recorded) == {"shared-key"}
        again = record(book, unit(mac=real))
        assert (again.new, rows(book)[known].ip_addresses, rows(book)[known].sightings) == ((), (HOME,), 3)
        assert rows(book)[new].presence is Presence.MISSED

    def test_across_a_router_it_keeps_its_row_at_its_address(self, book: Register) -> None:
        """No MAC address tells them apart; that they are of two models does."""
        (known,) = record(book, camera(1, mac=None)).new
        liar = camera(1, ip=AWAY, mac=None, model="DS-2CD2032-I")
        (new,) = record(book, liar, camera(1, mac=None)).new
        assert {row.asset_id: row.ip_addresses for row in book.devices()} == {known: (HOME,), new: (AWAY,)}

    def test_a_copied_serial_number_takes_no_row_from_its_place(self, book: Register) -> None:
        """Once several units were seen to share it, it recognises none of them; where each stands, it still does."""
        known, _ = record(book, unit(), impostor(mac=THEIRS)).new
        assert record(book, camera(1, mac=None)).new == ()
        assert rows(book)[known].last_scan == "scan-2"
        (elsewhere,) = record(book, camera(1, mac=None, ip="198.51.100.7")).new
        assert elsewhere != known


class TestTheUnitIsOff:
    @pytest.mark.parametrize(("real", "other"), [(OURS, THEIRS), (MADE_UP, OTHER_MADE_UP), (OURS, MADE_UP)])
    @pytest.mark.parametrize("ip", [AWAY, HOME])
    def test_its_row_is_missed_and_the_impostor_is_a_row_of_its_own(
        self, book: Register, real: str, other: str, ip: str
    ) -> None:
        known, _ = record(book, unit(mac=real), camera(3)).new
        recorded = record(book, impostor(ip, other, real), camera(3))
        (new,) = recorded.new
        assert kinds(recorded) == {"contradiction"}
        (conflict,) = recorded.conflicts
        assert (conflict.asset_id, conflict.other) == (new, known)
        assert "the MAC addresses on the wire differ; kept apart" in conflict.detail
        assert (rows(book)[known].presence, rows(book)[known].ip_addresses) == (Presence.MISSED, (HOME,))
        back = record(book, unit(mac=real), camera(3))
        assert (back.new, back.returned) == ((), (known,))
        assert rows(book)[known].identification.serial == SERIAL

    def test_the_impostor_is_the_same_row_when_it_comes_again(self, book: Register) -> None:
        record(book, unit())
        (new,) = record(book, impostor()).new
        assert record(book, impostor()).new == ()
        assert rows(book)[new].sightings == 2

    def test_the_serial_number_goes_on_recognising_the_unit_alone(self, book: Register) -> None:
        (known,) = record(book, unit()).new
        record(book, impostor())
        assert record(book, camera(1, mac=None, ip="198.51.100.9")).new == ()
        assert rows(book)[known].ip_addresses == ("198.51.100.9",)

    def test_the_row_of_the_impostor_is_never_made_one_with_it(self, book: Register) -> None:
        """A row whose keys are all the unit's is otherwise a stand-in for it."""
        record(book, unit())
        record(book, impostor(ip=HOME))
        record(book, unit())
        record(book, unit(), impostor())
        assert len(book.devices()) == 2

    def test_one_of_another_model_elsewhere_is_not_the_unit(self, book: Register) -> None:
        (known,) = record(book, camera(1, mac=None)).new
        recorded = record(book, camera(1, mac=None, ip=AWAY, model="DS-2CD2032-I"))
        assert (len(recorded.new), kinds(recorded)) == (1, {"contradiction"})
        assert "the models differ" in recorded.conflicts[0].detail
        assert rows(book)[known].ip_addresses == (HOME,)

    def test_a_forged_reply_from_another_units_address_takes_no_row(self, book: Register) -> None:
        """The wire shows the other unit's MAC address behind that address."""
        (known,) = record(book, unit()).new
        (other,) = record(book, on_wire(camera(2), "44:19:b6:00:00:02")).new
        host = on_wire(camera(2), "44:19:b6:00:00:02")
        forged = on_wire(camera(1, ip=host.ip_addresses[0]), "44:19:b6:00:00:02")
        recorded = record(book, host, forged)
        (new,) = recorded.new
        assert rows(book)[known].last_scan == "scan-1"
        assert rows(book)[other].last_scan == "scan-3"
        assert rows(book)[new].identification.serial == SERIAL
        assert record(book, host, unit()).new == ()


class TestTheSamePlace:
    @pytest.mark.parametrize("mac", [OURS, MADE_UP])
    def test_is_the_same_row_whatever_was_blocked(self, book: Register, mac: str) -> None:
        (known,) = record(book, unit(mac=mac)).new
        blocked = on_wire(nameless(HOME), mac)
        assert (record(book, blocked).new, record(book, unit(mac=mac)).new, record(book, blocked).new) == ((), (), ())
        assert rows(book)[known].identification.serial == SERIAL

    def test_also_of_one_that_says_nothing_unique(self, book: Register) -> None:
        (known,) = record(book, on_wire(nameless(HOME, model="P1", maker="axis"), MADE_UP)).new
        recorded = record(book, on_wire(nameless(HOME), MADE_UP))
        assert (recorded.new, recorded.conflicts, [*rows(book)]) == ((), (), [known])

    def test_not_where_the_serial_number_differs(self, book: Register) -> None:
        (known,) = record(book, unit(mac=MADE_UP)).new
        (new,) = record(book, on_wire(camera(2, ip=HOME, mac=MADE_UP), MADE_UP)).new
        assert new != known

    def test_not_where_a_made_up_mac_is_behind_another_model(self, book: Register) -> None:
        record(book, unit(mac=MADE_UP))
        assert (
            len(record(book, on_wire(camera(2, ip=HOME, mac=None, serial=None, model="DS-2CD2032-I"), MADE_UP)).new)
            == 1
        )

    def test_not_at_another_address(self, book: Register) -> None:
        record(book, unit(mac=MADE_UP))
        assert len(record(book, on_wire(nameless(AWAY), MADE_UP)).new) == 1

    def test_not_at_another_site(self, book: Register) -> None:
        record(book, unit(mac=MADE_UP), site="Depot")
        assert len(record(book, on_wire(nameless(HOME), MADE_UP), site="Library").new) == 1

    def test_a_nameless_box_with_another_mac_is_another_row(self, book: Register) -> None:
        (known,) = record(book, on_wire(nameless(HOME), MADE_UP)).new
        recorded = record(book, on_wire(nameless(HOME), OTHER_MADE_UP))
        assert (len(recorded.new), recorded.conflicts) == (1, ())
        assert known not in recorded.new

    def test_a_row_by_the_serial_number_comes_first(self, book: Register) -> None:
        """Known by its place on one subnet, by its serial number across a router."""
        record(book, on_wire(nameless(HOME), MADE_UP))
        (asset,) = record(book, camera(1, ip="10.0.0.9", mac=None)).new
        assert record(book, unit(mac=MADE_UP)).new == ()
        assert rows(book)[asset].ip_addresses == (HOME,)


class TestLegitimate:
    def test_a_camera_that_moved_to_another_address(self, book: Register) -> None:
        (known,) = record(book, unit()).new
        assert record(book, unit(ip=AWAY)).new == ()
        assert record(book, camera(1, ip="198.51.100.7", mac=None)).new == ()
        assert record(book, unit(ip="192.0.2.77")).new == ()
        assert rows(book)[known].sightings == 4

    def test_a_board_that_was_replaced_is_a_question_and_one_row_once_it_is_answered(self, book: Register) -> None:
        """An impostor looks the same: only a person knows."""
        (known,) = record(book, unit()).new
        (new,) = record(book, unit(mac=THEIRS)).new
        book.merge_devices(known, new, role=ROLE, because="new board")
        for device in (unit(mac=THEIRS), unit(mac=OURS), unit(ip=AWAY, mac=THEIRS)):
            recorded = record(book, device)
            assert (recorded.new, recorded.conflicts) == ((), ())
        assert [*rows(book)] == [known]

    def test_a_unit_behind_a_router_that_answers_arp_for_several(self, book: Register) -> None:
        """Seen on its own subnet before: the router's MAC address behind several units contradicts none of them."""
        one, two = record(book, unit(), on_wire(camera(2), "44:19:b6:00:00:02")).new
        router = "00:1b:21:00:00:01"
        assert record(book, on_wire(camera(1), router), on_wire(camera(2), router)).new == ()
        assert [row.sightings for row in rows(book).values()] == [2, 2]
        assert record(book, unit(), on_wire(camera(2), "44:19:b6:00:00:02")).new == ()
        assert {one, two} == {*rows(book)}

    def test_a_virtual_router_contradicts_nobody(self, book: Register) -> None:
        record(book, unit())
        assert record(book, on_wire(camera(1), "00:00:5e:00:01:0a")).new == ()
        assert record(book, on_wire(camera(1, ip=AWAY), "00:00:5e:00:01:0b")).new == ()

    def test_a_unit_whose_model_is_known_better_now(self, book: Register) -> None:
        (known,) = record(book, unit()).new
        assert record(book, unit(ip=AWAY, model="DS-2CD2385G1-I(B)")).new == ()
        assert record(book, unit(ip="192.0.2.77", model="IPC")).new == ()
        assert [*rows(book)] == [known]

    def test_a_weak_guess_at_the_maker_contradicts_nothing(self, book: Register) -> None:
        record(book, camera(1, mac=None))
        assert record(book, camera(1, mac=None, ip=AWAY, maker="dahua", certainty=0.4)).new == ()

    def test_what_a_person_wrote_stays_with_the_unit(self, book: Register) -> None:
        (known,) = record(book, unit()).new
        book.edit_entries([Edit(known, "notes", "by the stair")], role=ROLE, how="test")
        record(book, impostor())
        record(book, impostor(), unit())
        assert {row.ip_addresses[0]: row.entries.get("notes") for row in book.devices()} == {
            HOME: "by the stair",
            AWAY: None,
        }

"""Whether scans see a device: who is missed, which subnet is silent, and what a recorded removal turns into."""

from __future__ import annotations

import dataclasses
from datetime import datetime, timedelta
from typing import Any

import pytest
from sample_report import DAY, NOON, camera, nameless, report

from camscan.asset import Asset, Event, Lifecycle, Place, Presence, RecordType
from camscan.model import Attempt, Completion, Device, Outcome
from camscan.plan.standing import answers_after_removal
from camscan.register import Edit, NewRow, Recorded, Register

TARGETS = ("192.0.2.0/24",)
TWO = ("192.0.2.0/24", "198.51.100.0/24")
FAR = "198.51.100.7"


def record(book: Register, *devices: Device, offline_after: int = 3, **members: Any) -> Recorded:
    """Record a scan, a day after the last; ``members`` replace those of its report or of its coverage."""
    number = len(book.scans()) + 1
    when: datetime = members.pop("when", NOON + number * DAY)
    site, targets = members.pop("site", ""), members.pop("targets", TARGETS)
    of = report(*devices, scan_id=f"scan-{number}", when=when, site=site, targets=targets)
    own = {name: members.pop(name) for name in ("completion", "attempts") if name in members}
    of = dataclasses.replace(of, coverage=dataclasses.replace(of.coverage, **members), **own)
    return book.record(of, offline_after=offline_after)


def row(book: Register, serial: str | None) -> Asset:
    (found,) = [each for each in book.devices() if each.identification.serial == serial]
    return found


def one(book: Register) -> Asset:
    """Camera 1."""
    return row(book, camera(1).identification.serial)


def told(recorded: Recorded, *events: Event) -> list[tuple[Event, str]]:
    """Which of these events were told, and of which row."""
    return [(each.event, each.asset_id) for each in recorded.happenings if not events or each.event in events]


def remove(book: Register, asset: str, status: str = "removed", at: datetime = NOON) -> None:
    edits = [Edit(asset, "lifecycle_status", status), Edit(asset, "removal_evidence_ref", "WO-7")]
    book.edit_entries(edits, role="CCTV manager", how="test", at=at)


class TestMissed:
    def test_it_is_seen_missed_offline_and_seen_again(self, book: Register) -> None:
        (asset,) = record(book, camera(1)).new
        record(book, camera(1), camera(2))
        found = []
        for _ in range(4):
            recorded = record(book, camera(2))
            found.append((one(book).presence, one(book).scans_missed, told(recorded)))
        assert found == [
            (Presence.MISSED, 1, [(Event.MISSED, asset)]),
            (Presence.MISSED, 2, []),
            (Presence.OFFLINE, 3, [(Event.OFFLINE, asset)]),
            (Presence.OFFLINE, 4, []),
        ]
        back = record(book, camera(1), camera(2))
        assert (back.returned, told(back)) == ((asset,), [(Event.RETURNED, asset)])
        assert (one(book).presence, one(book).scans_missed) == (Presence.SEEN, 0)

    def test_after_how_many_it_is_offline_is_for_the_council_to_say(self, book: Register) -> None:
        (asset, _) = record(book, camera(1), camera(2)).new
        assert told(record(book, camera(2), offline_after=1)) == [(Event.OFFLINE, asset)]
        assert one(book).presence is Presence.OFFLINE

    def test_no_scan_ever_writes_what_became_of_it(self, book: Register) -> None:
        record(book, camera(1), camera(2))
        for _ in range(20):
            record(book, camera(2))
        assert (one(book).lifecycle, one(book).entries) == (Lifecycle.FOUND, {})
        assert len(book.devices()) == 2

    def test_a_scan_elsewhere_misses_nobody(self, book: Register) -> None:
        record(book, camera(1))
        record(book, camera(2, ip=FAR), targets=("198.51.100.0/24",))
        assert (one(book).presence, one(book).scans_missed) == (Presence.SEEN, 0)

    def test_a_scan_of_a_part_misses_who_is_in_that_part(self, book: Register) -> None:
        record(book, camera(1, ip="192.0.2.10"), camera(2, ip="192.0.2.20"), camera(3, ip="192.0.2.30"))
        record(book, camera(1, ip="192.0.2.10"), targets=("192.0.2.1-25",))
        assert {each.ip_addresses[0]: each.scans_missed for each in book.devices()} == {
            "192.0.2.10": 0,
            "192.0.2.20": 1,
            "192.0.2.30": 0,
        }

    @pytest.mark.parametrize(
        "members",
        [
            {"completion": Completion.INTERRUPTED},
            {"completion": Completion.PARTIAL, "not_tried": 10},
            {"completion": Completion.PARTIAL},
            {"is_search": False},
            {"targets": ("scan.xml",)},
        ],
        ids=["interrupted", "not all tried", "ended early", "passive, enrichment or import", "no addresses"],
    )
    def test_a_scan_that_did_not_look_everywhere_misses_nobody(self, book: Register, members: dict[str, Any]) -> None:
        record(book, camera(1), camera(2))
        recorded = record(book, camera(2), **members)
        assert told(recorded) == []
        assert (one(book).presence, one(book).scans_missed) == (Presence.SEEN, 0)

    def test_unreachable_subnets_take_nothing_from_the_others(self, book: Register) -> None:
        record(book, camera(1), camera(2))
        record(book, camera(2), completion=Completion.PARTIAL, unreachable=256, targets=TWO)
        assert one(book).presence is Presence.MISSED

    def test_what_was_left_out_on_purpose_is_not_missed(self, book: Register) -> None:
        record(book, camera(1, ip="192.0.2.10"), camera(2, ip="192.0.2.20"))
        record(book, camera(2, ip="192.0.2.20"), left_out=("192.0.2.8/29",))
        assert one(book).scans_missed == 0
        refused = (Attempt("sadp", "192.0.2.10", 37020, Outcome.OUT_OF_SCOPE, seen_at=NOON),)
        record(book, camera(2, ip="192.0.2.20"), attempts=refused)
        assert one(book).scans_missed == 0
        record(book, camera(2, ip="192.0.2.20"))
        assert one(book).scans_missed == 1

    def test_one_that_answered_from_outside_is_expected_by_the_same_scan_only(self, book: Register) -> None:
        """A unit with a factory address answers a question to everybody."""
        record(book, camera(1, ip=FAR), camera(2))
        record(book, camera(2), targets=("192.0.2.0/25",))
        assert one(book).scans_missed == 0
        for missed in (1, 2):
            record(book, camera(2))
            assert one(book).scans_missed == missed

    def test_the_same_private_address_at_another_site_is_another(self, book: Register) -> None:
        record(book, camera(1), site="Depot")
        record(book, camera(2, ip="192.0.2.77"), site="Library")
        assert one(book).scans_missed == 0
        record(book, camera(2, ip="192.0.2.77"), site="Depot")
        assert one(book).scans_missed == 1

    def test_a_site_of_the_map_is_that_site_for_whatever_scan(self, book: Register) -> None:
        book.remember_sites([Place("Depot"), Place("Depot", subnet="192.0.2.0/24")])
        record(book, camera(1), camera(2), site="North")
        assert {each.site for each in book.devices()} == {"Depot"}
        record(book, camera(2), site="North")
        assert one(book).presence is Presence.MISSED

    def test_a_device_that_moved_is_looked_for_where_it_is(self, book: Register) -> None:
        record(book, camera(1), camera(2))
        record(book, camera(1, ip=FAR), targets=("198.51.100.0/24",))
        record(book, camera(2))
        assert one(book).presence is Presence.SEEN

    def test_rows_that_no_scan_saw_are_not_missed(self, book: Register) -> None:
        new = NewRow(RecordType.MANUAL, {"stated_ip_address": "192.0.2.10"})
        (asset,) = book.add_devices([new], role="CCTV manager", how="test")
        record(book, camera(2))
        (found,) = book.find_devices(asset)
        assert (found.presence, found.scans_missed) == (Presence.NOT_SCANNED, 0)

    def test_a_clock_that_was_set_back_breaks_nothing(self, book: Register) -> None:
        (asset, _) = record(book, camera(1), camera(2)).new
        record(book, camera(2), when=NOON - 400 * DAY)
        assert one(book).scans_missed == 1
        recorded = record(book, camera(1), camera(2), when=NOON - 800 * DAY)
        assert told(recorded) == [(Event.RETURNED, asset)]
        assert [each.event for each in book.happenings("scan-2")] == [Event.RETURNED]


class TestSilentSubnet:
    def test_it_freezes_its_devices_and_says_so_once(self, book: Register) -> None:
        record(book, camera(1), camera(2, ip=FAR), targets=TWO)
        lost = record(book, camera(2, ip=FAR), targets=TWO)
        (happening,) = lost.happenings
        assert (happening.event, happening.asset_id, happening.old) == (Event.COVERAGE_LOST, "", "192.0.2.0/24")
        assert record(book, camera(2, ip=FAR), targets=TWO).happenings == ()
        assert (one(book).presence, one(book).scans_missed) == (Presence.UNREACHABLE_SCOPE, 0)
        back = record(book, camera(1), camera(2, ip=FAR), targets=TWO)
        assert told(back) == [(Event.COVERAGE_RESTORED, "")]
        assert one(book).presence is Presence.SEEN

    def test_misses_from_before_count_on_after_it(self, book: Register) -> None:
        asset, _, _ = record(book, camera(1), camera(2, ip=FAR), camera(3), targets=TWO).new
        record(book, camera(2, ip=FAR), camera(3), targets=TWO)
        record(book, camera(2, ip=FAR), targets=TWO)
        assert (one(book).presence, one(book).scans_missed) == (Presence.UNREACHABLE_SCOPE, 1)
        record(book, camera(2, ip=FAR), camera(3), targets=TWO)
        assert (one(book).presence, one(book).scans_missed) == (Presence.MISSED, 2)
        assert told(record(book, camera(2, ip=FAR), camera(3), targets=TWO)) == [(Event.OFFLINE, asset)]

    def test_one_that_was_not_missed_before_did_not_return(self, book: Register) -> None:
        record(book, camera(1))
        record(book)
        assert record(book, camera(1)).returned == ()

    def test_any_sign_of_life_is_coverage(self, book: Register) -> None:
        """A printer that refuses connections proves that the way there is open."""
        record(book, camera(1))
        recorded = record(book, living={"192.0.2.0/24": 1})
        assert [each.event for each in recorded.happenings] == [Event.MISSED]

    def test_a_subnet_without_devices_may_fall_silent_too(self, book: Register) -> None:
        record(book, camera(1), targets=TWO, living={"192.0.2.0/24": 1, "198.51.100.0/24": 4})
        recorded = record(book, camera(1), targets=TWO, living={"192.0.2.0/24": 1})
        assert [(each.event, each.old) for each in recorded.happenings] == [(Event.COVERAGE_LOST, "198.51.100.0/24")]

    def test_a_scan_of_some_of_its_addresses_cannot_say_so(self, book: Register) -> None:
        record(book, camera(1, ip="192.0.2.10"), camera(2, ip="192.0.2.20"))
        recorded = record(book, targets=("192.0.2.10",))
        assert recorded.happenings == ()
        assert (one(book).presence, one(book).scans_missed) == (Presence.SEEN, 0)

    def test_a_scan_of_the_same_addresses_as_before_can(self, book: Register) -> None:
        record(book, camera(1, ip="192.0.2.10"), targets=("192.0.2.1-99",))
        recorded = record(book, targets=("192.0.2.1-99",))
        assert [each.event for each in recorded.happenings] == [Event.COVERAGE_LOST]
        assert one(book).presence is Presence.UNREACHABLE_SCOPE

    def test_one_camera_that_is_asked_alone_and_is_off_is_not_a_silent_subnet(self, book: Register) -> None:
        record(book, camera(1, ip="192.0.2.10"), camera(2, ip="192.0.2.20"))
        record(book, camera(1, ip="192.0.2.10"), targets=("192.0.2.10",))
        assert record(book, targets=("192.0.2.10",)).happenings == ()
        assert one(book).presence is Presence.SEEN

    def test_a_scan_that_did_not_ask_all_says_nothing(self, book: Register) -> None:
        record(book, camera(1))
        assert record(book, completion=Completion.INTERRUPTED).happenings == ()
        assert one(book).presence is Presence.SEEN

    def test_the_subnets_are_those_of_the_site_map(self, book: Register) -> None:
        near, far = "192.0.2.0/25", "192.0.2.128/25"
        book.remember_sites([Place("Depot"), *(Place("Depot", subnet=cidr) for cidr in (near, far))])
        record(book, camera(1, ip="192.0.2.10"), camera(2, ip="192.0.2.200"))
        recorded = record(book, camera(2, ip="192.0.2.200"), living={"192.0.2.0/24": 1})
        assert [(each.event, each.old) for each in recorded.happenings] == [(Event.COVERAGE_LOST, near)]

    def test_a_refused_connection_in_a_small_subnet_of_the_map_is_life_in_that_subnet(self, book: Register) -> None:
        """Signs of life are counted for a /24; the scan of one site says nothing about its neighbour there."""
        depot, library = "192.0.2.0/28", "192.0.2.16/28"
        book.remember_sites([Place("Depot", subnet=depot), Place("Library", subnet=library)])
        for site, number, ip, subnet in (("Depot", 1, "192.0.2.5", depot), ("Library", 2, "192.0.2.20", library)):
            record(book, camera(number, ip=ip), site=site, targets=(subnet,))
        recorded = record(book, site="Depot", targets=(depot,), living={"192.0.2.0/24": 14})
        assert [each.event for each in recorded.happenings] == [Event.MISSED]
        recorded = record(book, site="Library", targets=(library,))
        assert [(each.event, each.old) for each in recorded.happenings] == [(Event.COVERAGE_LOST, library)]
        assert record(book, site="Depot", targets=(depot,), living={"192.0.2.0/24": 14}).happenings == ()
        recorded = record(book, site="Library", targets=(library,), living={"192.0.2.0/24": 1})
        assert told(recorded, Event.COVERAGE_RESTORED) == [(Event.COVERAGE_RESTORED, "")]

    def test_of_nested_subnets_one_does_not_answer_for_the_other(self, book: Register) -> None:
        outer, inner = "192.0.2.0/26", "192.0.2.32/27"
        book.remember_sites([Place("Depot", subnet=outer), Place("Library", subnet=inner)])
        record(book, camera(1, ip="192.0.2.5"), site="Depot", targets=(outer,), left_out=(inner,))
        recorded = record(book, site="Depot", targets=(outer,), left_out=(inner,))
        assert [(each.event, each.old) for each in recorded.happenings] == [(Event.COVERAGE_LOST, outer)]
        assert (
            told(record(book, camera(2, ip="192.0.2.40"), site="Library", targets=(inner,)), Event.COVERAGE_RESTORED)
            == []
        )

    def test_life_in_a_part_of_a_wide_subnet_of_the_map_is_life_in_it(self, book: Register) -> None:
        book.remember_sites([Place("Depot"), Place("Depot", subnet="10.1.0.0/16")])
        wide = ("10.1.0.0/16",)
        record(book, camera(1, ip="10.1.1.5"), camera(2, ip="10.1.9.5"), targets=wide)
        recorded = record(book, camera(2, ip="10.1.9.5"), targets=wide, living={"10.1.9.0/24": 1})
        assert [each.event for each in recorded.happenings] == [Event.MISSED]

    def test_at_two_sites_with_the_same_network_only_one_is_silent(self, book: Register) -> None:
        for site, number in (("Depot", 1), ("Library", 2)):
            record(book, camera(number), site=site)
        recorded = record(book, site="Depot")
        assert [each.old for each in recorded.happenings] == ["192.0.2.0/24 at Depot"]
        assert record(book, camera(2), site="Library").happenings == ()
        assert told(record(book, camera(1), site="Depot")) == [(Event.COVERAGE_RESTORED, "")]

    def test_ipv6_subnets_fall_silent_as_a_whole(self, book: Register) -> None:
        targets = ("2001:db8::/112", "192.0.2.0/24")
        record(book, camera(1, ip="2001:db8::5"), camera(2), targets=targets)
        recorded = record(book, camera(2), targets=targets)
        assert [(each.event, each.old) for each in recorded.happenings] == [(Event.COVERAGE_LOST, "2001:db8::/64")]


class TestRemoval:
    def test_a_scan_that_looks_for_it_in_vain_confirms_it_once(self, book: Register) -> None:
        asset, _ = record(book, camera(1), camera(2)).new
        remove(book, asset)
        recorded = record(book, camera(2))
        assert told(recorded) == [(Event.CONFIRMED_REMOVED, asset)]
        assert record(book, camera(2)).happenings == ()
        assert (one(book).lifecycle, one(book).scans_missed) == (Lifecycle.REMOVED, 2)

    @pytest.mark.parametrize("members", [{"completion": Completion.INTERRUPTED}, {"targets": ("198.51.100.0/24",)}])
    def test_one_that_did_not_look_there_confirms_nothing(self, book: Register, members: dict[str, Any]) -> None:
        asset, _ = record(book, camera(1), camera(2)).new
        remove(book, asset)
        assert record(book, camera(2), **members).happenings == ()

    def test_a_silent_subnet_confirms_nothing(self, book: Register) -> None:
        (asset,) = record(book, camera(1)).new
        remove(book, asset)
        assert record(book).happenings == ()  # and it is no alarm: all that hung there is known to be gone
        assert book.devices()[0].presence is Presence.UNREACHABLE_SCOPE

    def test_one_that_answers_again_is_an_alarm_once_for_each_time(self, book: Register) -> None:
        asset, _ = record(book, camera(1), camera(2)).new
        remove(book, asset)
        alarm = (Event.REAPPEARED_AFTER_REMOVAL, asset)
        heard = []
        for is_there in (True, True, False, True, True):
            recorded = record(book, *([camera(1)] if is_there else []), camera(2))
            heard.append(told(recorded, Event.REAPPEARED_AFTER_REMOVAL, Event.CONFIRMED_REMOVED))
        assert heard == [[alarm], [], [(Event.CONFIRMED_REMOVED, asset)], [alarm], []]

    def test_one_that_answers_on_the_day_of_its_removal_counts_as_there(self, book: Register) -> None:
        """As soon as the alarm is raised, and not from the next day on: a count must not contradict an alarm."""
        asset, _ = record(book, camera(1), camera(2)).new
        remove(book, asset, at=NOON + 2 * DAY - timedelta(hours=1))
        counts = []
        for is_there in (True, False):
            record(book, *([camera(1)] if is_there else []), camera(2))
            counts.append(answers_after_removal(row(book, camera(1).identification.serial)))
        record(book, camera(1), camera(2))
        remove(book, asset, "disposed", at=NOON + 5 * DAY)
        assert (counts, row(book, camera(1).identification.serial).is_back) == ([True, False], False)

    def test_one_that_answered_after_its_removal_stays_counted_while_its_subnet_is_silent(self, book: Register) -> None:
        asset, _ = record(book, camera(1), camera(2)).new
        remove(book, asset, at=NOON + 2 * DAY - timedelta(hours=1))
        record(book, camera(1), camera(2))
        record(book)
        assert one(book).presence is Presence.UNREACHABLE_SCOPE
        assert answers_after_removal(one(book))
        record(book, camera(2))
        assert not answers_after_removal(one(book))

    def test_the_alarm_is_all_that_is_told_of_it(self, book: Register) -> None:
        """Nobody was told that it was missed, so nobody is told that it returned."""
        asset, _ = record(book, camera(1), camera(2)).new
        remove(book, asset)
        record(book, camera(2))
        recorded = record(book, camera(1), camera(2))
        assert told(recorded) == [(Event.REAPPEARED_AFTER_REMOVAL, asset)]
        assert recorded.returned == ()

    def test_one_that_was_missed_before_its_removal_is_seen_again(self, book: Register) -> None:
        asset, _ = record(book, camera(1), camera(2)).new
        record(book, camera(2))
        remove(book, asset, at=NOON + 2 * DAY + timedelta(hours=1))
        record(book, camera(2))
        record(book, camera(1), camera(2))
        assert [each.event for each in book.happenings("scan-1")] == [Event.REAPPEARED_AFTER_REMOVAL]
        remove(book, asset, "confirmed", at=NOON + 4 * DAY + timedelta(hours=1))
        record(book, camera(2))
        assert [each.event for each in book.happenings("scan-1")] == [Event.MISSED, Event.REAPPEARED_AFTER_REMOVAL]
        assert [each.event for each in book.happenings("scan-4")] == [Event.MISSED]

    def test_one_that_is_no_longer_recorded_as_removed_returns(self, book: Register) -> None:
        asset, _ = record(book, camera(1), camera(2)).new
        remove(book, asset)
        record(book, camera(2))
        remove(book, asset, "confirmed")
        assert told(record(book, camera(1), camera(2))) == [(Event.RETURNED, asset)]

    def test_one_that_is_at_another_place_is_an_alarm_too(self, book: Register) -> None:
        asset, _ = record(book, camera(1), camera(2)).new
        remove(book, asset, "removed")
        remove(book, asset, "disposed")
        recorded = record(book, camera(1, ip=FAR), targets=("198.51.100.0/24",))
        (alarm,) = [each for each in recorded.happenings if each.event is Event.REAPPEARED_AFTER_REMOVAL]
        assert (alarm.old, alarm.new) == ("disposed", FAR)

    def test_a_removal_that_is_recorded_anew_is_held_anew(self, book: Register) -> None:
        asset, _ = record(book, camera(1), camera(2)).new
        remove(book, asset)
        assert told(record(book, camera(1), camera(2))) == [(Event.REAPPEARED_AFTER_REMOVAL, asset)]
        remove(book, asset, "found")
        assert record(book, camera(1), camera(2)).happenings == ()
        remove(book, asset)
        assert told(record(book, camera(1), camera(2))) == [(Event.REAPPEARED_AFTER_REMOVAL, asset)]

    def test_one_that_was_recorded_while_the_scan_ran_is_not_an_alarm_yet(self, book: Register) -> None:
        """The scan asked it before somebody took it down."""
        asset, _ = record(book, camera(1), camera(2)).new
        during = NOON + 2 * DAY + timedelta(seconds=10)
        remove(book, asset, at=during)
        assert record(book, camera(1), camera(2)).happenings == ()
        assert told(record(book, camera(1), camera(2))) == [(Event.REAPPEARED_AFTER_REMOVAL, asset)]

    def test_an_alarm_is_not_lost_to_a_clock_that_was_set_back(self, book: Register) -> None:
        asset, _ = record(book, camera(1), camera(2)).new
        remove(book, asset, at=NOON + 900 * DAY)
        recorded = record(book, camera(1), camera(2), when=NOON - 900 * DAY)
        assert told(recorded) == [(Event.REAPPEARED_AFTER_REMOVAL, asset)]

    def test_a_missing_one_that_is_recorded_as_removed_is_confirmed_by_the_next_scan(self, book: Register) -> None:
        asset, _ = record(book, camera(1), camera(2)).new
        for _ in range(4):
            record(book, camera(2))
        remove(book, asset)
        assert told(record(book, camera(2))) == [(Event.CONFIRMED_REMOVED, asset)]


def test_what_answers_namelessly_is_missed_like_others(book: Register) -> None:
    record(book, nameless("192.0.2.9", model="P1"), camera(2))
    record(book, camera(2))
    assert row(book, None).presence is Presence.MISSED

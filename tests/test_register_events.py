"""What changed: written as it happens, read as net changes, and nothing volatile."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from datetime import timedelta

import pytest
from sample_report import DAY, NOON, camera, nameless, record, report

from camscan.asset import Asset, Event, Happening
from camscan.errors import UsageError
from camscan.model import Capability
from camscan.register import Edit, Register
from camscan.register.events import _net_changes

OLD, NEW = "V5.6.2build 190701", "V5.7.17 build 240606"


def kinds(found: Sequence[Happening]) -> list[Event]:
    return [each.event for each in found]


class TestWhatIsTold:
    def test_a_new_device(self, book: Register) -> None:
        recorded = record(book, camera(1))
        (happening,) = recorded.happenings
        assert (happening.event, happening.asset_id) == (Event.NEW, recorded.new[0])
        assert happening.detail == "Hikvision DS-2CD2385G1-I at 192.0.2.2"
        assert (happening.scan_id, happening.at) == ("scan-1", NOON + DAY + timedelta(seconds=30))

    def test_firmware_maker_and_capabilities(self, book: Register) -> None:
        record(book, camera(1))
        more = {"microphone": Capability("fair", "model"), "face": Capability("reported", "isapi.field")}
        recorded = record(book, camera(1, firmware=NEW, maker="dahua", capabilities=more))
        assert {each.event: (each.old, each.new) for each in recorded.happenings} == {
            Event.FIRMWARE_CHANGED: (OLD, NEW),
            Event.MAKER_CHANGED: ("hikvision", "dahua"),
            Event.CAPABILITY_CHANGED: ("microphone", "face, microphone"),
            Event.IDENTITY_CONFLICT: ("", ""),
        }

    @pytest.mark.parametrize("firmware", [None, "V5.6.2", "V5.6.2 build 190701", "v5.6.2Build 190701"])
    def test_another_spelling_or_half_of_a_firmware_is_not_a_change(self, book: Register, firmware: str | None) -> None:
        record(book, camera(1))
        assert record(book, camera(1, firmware=firmware)).happenings == ()
        assert record(book, camera(1)).happenings == ()

    @pytest.mark.parametrize("firmware", ["V5.6.3 build 190701", "V5.6.2 build 190702", "V5.6.3"])
    def test_another_version_or_build_is_one(self, book: Register, firmware: str) -> None:
        record(book, camera(1))
        assert kinds(record(book, camera(1, firmware=firmware)).happenings) == [Event.FIRMWARE_CHANGED]

    def test_a_build_that_is_reported_beside_the_version_counts_too(self, book: Register) -> None:
        record(book, camera(1, firmware="V5.6.2", build="2019-07-01"))
        assert record(book, camera(1, firmware="V5.6.2", build=None)).happenings == ()
        assert record(book, camera(1, firmware="V5.6.2 build 190701", build="2019-07-01")).happenings == ()
        (happening,) = record(book, camera(1, firmware="V5.6.2", build="2020-01-31")).happenings
        assert (happening.old, happening.new) == ("V5.6.2 build 190701", "V5.6.2 build 2020-01-31")
        found = book.devices()[0].identification
        assert (found.firmware, found.build) == ("V5.6.2", "2020-01-31")

    def test_weaker_evidence_for_another_maker_is_a_question_and_no_change(self, book: Register) -> None:
        record(book, camera(1))
        assert kinds(record(book, camera(1, maker="dahua", certainty=0.4)).happenings) == [Event.IDENTITY_CONFLICT]
        assert book.devices()[0].identification.maker == "hikvision"

    def test_a_device_that_says_less_loses_no_capability(self, book: Register) -> None:
        record(book, camera(1))
        assert record(book, camera(1, capabilities={})).happenings == ()

    def test_a_longer_form_of_the_model_is_the_same_model(self, book: Register) -> None:
        record(book, camera(1))
        for model in ("DS-2CD2385G1", "DS-2CD2385G1-I"):
            assert record(book, camera(1, model=model, capabilities={})).happenings == ()
        assert book.devices()[0].identification.model == "DS-2CD2385G1-I"

    def test_volatile_things_are_not_change(self, book: Register) -> None:
        record(book, camera(1))
        other = dataclasses.replace(camera(1), open_ports=("tcp/81",), observations=camera(1).observations[:1])
        other = dataclasses.replace(other, first_seen=NOON + 5 * DAY, last_seen=NOON + 6 * DAY)
        assert record(book, other).happenings == ()
        assert record(book, camera(1, certainty=0.95, because=("something else",))).happenings == ()

    def test_a_second_address_and_one_that_it_gave_itself_are_not_move(self, book: Register) -> None:
        record(book, camera(1, ip="192.0.2.10"))
        for addresses in (("192.0.2.10", "192.0.2.11"), ("192.0.2.11", "fe80::1"), ("192.0.2.11", "169.254.7.7")):
            assert record(book, dataclasses.replace(camera(1), ip_addresses=addresses)).happenings == ()
        moved = dataclasses.replace(camera(1), ip_addresses=("192.0.2.12", "169.254.7.7"))
        assert kinds(record(book, moved).happenings) == [Event.MOVED_IP]

    def test_a_conflict_is_reported_once(self, book: Register) -> None:
        record(book, camera(1))
        clash = camera(2, mac="44:19:b6:00:00:01")
        assert Event.IDENTITY_CONFLICT in kinds(record(book, clash).happenings)
        assert Event.IDENTITY_CONFLICT not in kinds(record(book, clash).happenings)

    def test_the_tally_is_counted_over_what_was_just_recorded(self, book: Register) -> None:
        def count(assets: Sequence[Asset]) -> Mapping[str, float]:
            return {"devices": len(assets), "half": len(assets) / 2}

        book.record(report(camera(1)), tally=count)
        record(book, camera(1), camera(2))
        book.record(report(camera(1), camera(3), scan_id="last"), tally=count)
        assert [(scan.scan_id, counts) for scan, counts in book.tallies()] == [
            ("scan-1", {"devices": 1, "half": 0.5}),
            ("last", {"devices": 3, "half": 1.5}),
        ]

    def test_a_tally_that_fails_leaves_the_register_as_it_was(self, book: Register) -> None:
        def fail(_: Sequence[Asset]) -> Mapping[str, float]:
            raise UsageError("no such policy")

        with pytest.raises(UsageError):
            book.record(report(camera(1)), tally=fail)
        assert (book.devices(), book.scans(), book.happenings()) == ([], [], [])


class TestNet:
    def test_there_and_back_is_nothing(self, book: Register) -> None:
        record(book, camera(1, ip="192.0.2.10"), camera(2))
        record(book, camera(1, ip="192.0.2.77", firmware=NEW), camera(2))
        assert kinds(book.happenings("scan-1")) == [Event.MOVED_IP, Event.FIRMWARE_CHANGED]
        record(book, camera(2))
        assert kinds(book.happenings("scan-1")) == [Event.MISSED, Event.MOVED_IP, Event.FIRMWARE_CHANGED]
        record(book, camera(1, ip="192.0.2.10", firmware=OLD), camera(2))
        assert book.happenings("scan-1") == []
        assert kinds(book.happenings("scan-3")) == [Event.RETURNED, Event.MOVED_IP, Event.FIRMWARE_CHANGED]

    def test_of_several_steps_the_first_old_and_the_last_new(self, book: Register) -> None:
        record(book, camera(1))
        for firmware in ("V5.6.3 build 200101", "V5.6.4 build 210101", NEW):
            record(book, camera(1, firmware=firmware))
        (happening,) = book.happenings("scan-1")
        assert (happening.old, happening.new, happening.detail) == (OLD, NEW, f"was {OLD}, is {NEW}")

    def test_of_a_new_device_all_is_new(self, book: Register) -> None:
        record(book)
        record(book, camera(1, ip="192.0.2.10"), camera(2))
        record(book, camera(1, ip="192.0.2.77", firmware=NEW), camera(2))
        record(book, camera(2))
        assert kinds(book.happenings("scan-1")) == [Event.NEW, Event.MISSED, Event.NEW]

    def test_missed_and_then_offline_is_offline(self, book: Register) -> None:
        record(book, camera(1), camera(2))
        for _ in range(3):
            record(book, camera(2))
        (happening,) = book.happenings("scan-1")
        assert (happening.event, happening.old, happening.new) == (Event.OFFLINE, "seen", "offline")

    def test_one_that_came_by_between_two_absences_is_nothing(self, book: Register) -> None:
        record(book, camera(1), camera(2))
        record(book, camera(2))
        record(book, camera(1), camera(2))
        record(book, camera(2))
        assert kinds(book.happenings("scan-2")) == []

    def test_a_subnet_that_was_silent_for_a_while_is_nothing(self, book: Register) -> None:
        record(book, camera(1))
        record(book)
        assert kinds(book.happenings("scan-1")) == [Event.COVERAGE_LOST]
        record(book, camera(1))
        assert book.happenings("scan-1") == []
        assert kinds(book.happenings("scan-2")) == [Event.COVERAGE_RESTORED]

    def test_an_alarm_is_still_sent_after_later_changes(self, book: Register) -> None:
        asset, _ = record(book, camera(1), camera(2)).new
        edits = [Edit(asset, "lifecycle_status", "removed"), Edit(asset, "removal_evidence_ref", "WO-7")]
        book.edit_entries(edits, role="CCTV manager", how="test", at=NOON)
        record(book, camera(1), camera(2))
        record(book, camera(2))
        told = {Event.REAPPEARED_AFTER_REMOVAL, Event.CONFIRMED_REMOVED}
        assert set(kinds(book.happenings("scan-1"))) == told
        assert kinds(book.happenings("scan-2")) == [Event.CONFIRMED_REMOVED]

    def test_what_a_person_settled_is_not_a_change(self, book: Register) -> None:
        record(book, camera(1))
        record(book, camera(1, maker="dahua", certainty=0.4))
        assert kinds(book.happenings("scan-1")) == [Event.IDENTITY_CONFLICT]
        (conflict,) = book.conflicts()
        book.close_conflicts([conflict.number], role="CCTV manager")
        assert book.happenings("scan-1") == []

    def test_nothing_is_told_of_a_row_that_was_merged(self, book: Register) -> None:
        record(book, camera(1))
        (gone,) = record(book, camera(1), nameless("192.0.2.9")).new
        book.merge_devices(book.devices()[0].asset_id, gone, role="CCTV manager")
        assert book.happenings("scan-1") == []


class TestSince:
    @pytest.fixture
    def moved(self, book: Register) -> Register:
        for number in range(1, 5):
            record(book, camera(1, ip=f"192.0.2.{number}"))
        return book

    def test_after_a_scan(self, moved: Register) -> None:
        assert [(each.old, each.new) for each in moved.happenings("scan-2")] == [("192.0.2.2", "192.0.2.4")]
        assert moved.happenings("scan-4") == []

    def test_from_a_time_on(self, moved: Register) -> None:
        assert [each.old for each in moved.happenings(NOON + 3 * DAY)] == ["192.0.2.2"]
        assert moved.happenings(NOON + 9 * DAY) == []

    def test_ever(self, moved: Register) -> None:
        assert kinds(moved.happenings()) == [Event.NEW]

    def test_a_scan_that_does_not_exist(self, moved: Register) -> None:
        with pytest.raises(UsageError, match=r"^the register has no scan scan-99;"):
            moved.happenings("scan-99")

    def test_a_clock_that_was_set_back_for_one_scan_hides_no_other(self, moved: Register) -> None:
        moved.record(report(camera(1, ip="192.0.2.50"), scan_id="past", when=NOON - 900 * DAY))
        assert [each.new for each in moved.happenings("scan-4")] == ["192.0.2.50"]
        assert [each.old for each in moved.happenings(NOON + 4 * DAY)] == ["192.0.2.3"]


def test_what_an_earlier_camscan_wrote_beside_an_alarm_is_left_out() -> None:
    alarm = Happening(Event.REAPPEARED_AFTER_REMOVAL, "A", "removed", "192.0.2.1", "answers", NOON, "scan-3")
    back = Happening(Event.RETURNED, "A", "missed", "seen", "answers again", NOON, "scan-3")
    assert list(_net_changes([alarm, back])) == [alarm]


def test_the_net_of_nothing_is_nothing() -> None:
    assert list(_net_changes([])) == []

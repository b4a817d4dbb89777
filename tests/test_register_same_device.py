"""One device that people and scans know in different ways: brought together by a person, and sound afterwards."""

from __future__ import annotations

import dataclasses

import pytest
from sample_report import NOON, ROLE, camera, enter, nameless, record

from camscan.asset import Event, RecordType
from camscan.model import Device, Observation
from camscan.register import NewRow, Recorded, Register


def telling(recorder: Device, line: str) -> Device:
    """The recorder, with one channel that it lists after a login."""
    seen = Observation(recorder.ip_addresses[0], 80, "isapi", "isapi.channel", line, NOON)
    return dataclasses.replace(recorder, observations=(*recorder.observations, seen))


def listed(book: Register, **entries: str) -> str:
    """A row of the CCTV team's list: an address and what people know."""
    (made,) = book.add_devices([NewRow(RecordType.IMPORTED, entries)], role=ROLE, how="import of list.csv")
    return made


class TestAnAddressThatPeopleStated:
    def test_a_scan_that_finds_a_new_device_there_asks_whether_it_is_the_same(self, book: Register) -> None:
        row = listed(book, stated_ip_address="192.0.2.2", location_detail="gate", stated_manufacturer="Hikvision")
        recorded = record(book, camera(1), camera(2))
        (review,) = book.reviews()
        assert {review.asset_id, review.other} == {row, recorded.new[0]}
        assert "192.0.2.2 is what people stated of" in review.conflicts[0].detail
        record(book, camera(1), camera(2))
        assert len(book.reviews()) == 1
        book.merge_devices(recorded.new[0], row, role=ROLE)
        kept, _ = book.devices()
        assert kept.entries["location_detail"] == "gate"
        assert (book.reviews(), book.find_faults()) == ([], [])

    @pytest.mark.parametrize(
        ("entries", "site"),
        [
            ({"stated_manufacturer": "Axis"}, ""),
            ({"site_name": "Depot"}, "Town Hall"),
            ({"stated_ip_address": "192.0.2.99"}, ""),
        ],
    )
    def test_what_cannot_be_the_same_is_not_asked(self, book: Register, entries: dict[str, str], site: str) -> None:
        listed(book, **{"stated_ip_address": "192.0.2.2", **entries})
        assert record(book, camera(1), site=site).conflicts == ()

    def test_one_that_is_recognised_is_not_asked_about(self, book: Register) -> None:
        record(book, camera(1, ip="192.0.2.77"))
        listed(book, stated_ip_address="192.0.2.2")
        assert record(book, camera(1)).conflicts == ()


class TestAChannelThatPeopleEntered:
    @pytest.mark.parametrize("serial", [None, "DS-7616NI-K21620190701CCRR123456789WCVU"])
    def test_it_is_filled_when_the_recorder_tells_of_it(self, book: Register, serial: str | None) -> None:
        recorder = camera(1, kind="nvr", serial=serial)
        (name,) = record(book, recorder).new
        row = NewRow(RecordType.BEHIND_RECORDER, {"location_detail": "main gate"}, name, 3)
        (asset,) = book.add_devices([row], role=ROLE, how="register add")
        enter(book, asset, stated_model="unknown")
        enter(book, asset, stated_model="")
        record(book, telling(recorder, "3: name=Gate, model=DS-2CD2042WD-I"))
        _, camera_3 = book.devices()
        assert (camera_3.asset_id, camera_3.channel) == (asset, 3)
        assert (camera_3.identification.model, camera_3.entries["location_detail"]) == ("DS-2CD2042WD-I", "main gate")
        assert book.find_faults() == []

    @pytest.fixture
    def recorder(self, book: Register) -> str:
        """One that has not yet said its serial number."""
        (name,) = record(book, camera(1, kind="nvr", serial=None)).new
        return name

    def tell(self, book: Register, line: str) -> Recorded:
        """What it lists once its serial number is known."""
        return record(book, telling(camera(1, kind="nvr"), line))

    def test_the_recorder_may_say_its_serial_number_later(self, book: Register, recorder: str) -> None:
        row = NewRow(RecordType.BEHIND_RECORDER, {"location_detail": "main gate"}, recorder, 3)
        (asset,) = book.add_devices([row], role=ROLE, how="register add")
        for _ in range(2):
            self.tell(book, "3: name=Gate, model=DS-2CD2042WD-I")
            assert [each.asset_id for each in book.devices()] == [recorder, asset]
        assert book.find_devices(asset)[0].identification.model == "DS-2CD2042WD-I"

    @pytest.mark.parametrize("serial", [None, "DS-2CD2385G1-I20190701AAWR000000001"])
    def test_it_may_be_entered_of_a_row_by_hand(self, book: Register, serial: str | None) -> None:
        (recorder,) = record(book, camera(1, kind="nvr", serial=serial)).new
        asset = listed(book, location_detail="main gate")
        enter(book, asset, recorder_asset_id=recorder, recorder_channel="3")
        recorded = self.tell(book, "3: name=Gate, model=DS-2CD2042WD-I, serial=DS-2CD2042WD-I20190701AAWR000000077")
        assert [each.event for each in recorded.happenings] == [Event.RECORDER_ADDED_CAMERA]
        _, row = book.devices()
        assert (row.asset_id, row.channel, row.recorder_asset_id) == (asset, 3, recorder)
        assert (row.identification.model, row.record_type) == ("DS-2CD2042WD-I", RecordType.IMPORTED)
        assert [each.asset_id for each in book.find_devices("000000077")] == [asset]
        assert self.tell(book, "3: name=Gate, model=DS-2CD2042WD-I").happenings == ()
        assert len(book.devices()) == 2
        assert book.find_faults() == []

    def test_it_may_be_entered_of_a_camera_that_scans_see(self, book: Register, recorder: str) -> None:
        (asset,) = record(book, camera(1, kind="nvr", serial=None), camera(7)).new
        enter(book, asset, recorder_asset_id=recorder, recorder_channel="3")
        seen = camera(7).identification
        record(book, telling(camera(1, kind="nvr"), f"3: name=Gate, model={seen.model}"), camera(7))
        assert [each.asset_id for each in book.devices()] == [recorder, asset]
        assert (book.devices()[1].channel, book.devices()[1].identification) == (3, seen)

    @pytest.mark.parametrize(
        "entries",
        [
            {"stated_serial_number": "DS-2CD2042WD-I20190701AAWR000000078"},
            {"lifecycle_status": "removed", "removal_evidence_ref": "WO-7"},
        ],
    )
    def test_another_unit_there_is_another_row(self, book: Register, recorder: str, entries: dict[str, str]) -> None:
        asset = listed(book, location_detail="main gate", **entries)
        enter(book, asset, recorder_asset_id=recorder, recorder_channel="3")
        for _ in range(2):
            self.tell(book, "3: name=Gate, model=DS-2CD2042WD-I, serial=DS-2CD2042WD-I20190701AAWR000000077")
            assert len(book.devices()) == 3
        assert book.find_devices(asset)[0].identification.model is None
        assert book.conflicts() == []

    def test_where_the_recorder_names_a_device_that_scans_see_a_person_is_asked(
        self, book: Register, recorder: str
    ) -> None:
        seventh = camera(7, serial="DS-2CD2385G1-I20190701AAWRD12345607")
        (seen,) = record(book, camera(1, kind="nvr", serial=None), seventh).new
        asset = listed(book, location_detail="main gate")
        enter(book, asset, recorder_asset_id=recorder, recorder_channel="3")
        line = f"3: name=Gate, serial={seventh.identification.serial}"
        for _ in range(2):
            record(book, telling(camera(1, kind="nvr"), line), seventh)
        (conflict,) = book.conflicts()
        assert (conflict.kind, conflict.asset_id, conflict.other) == ("possible-duplicate", seen, asset)
        book.merge_devices(seen, asset, role=ROLE)
        record(book, telling(camera(1, kind="nvr"), line), seventh)
        assert [each.asset_id for each in book.devices()] == [recorder, seen]
        assert (book.conflicts(), book.find_faults()) == ([], [])


def test_where_it_answers_namelessly_is_not_forgotten_when_something_is_stated(book: Register) -> None:
    (keyed,) = record(book, camera(1, ip="192.0.2.9")).new
    (other,) = record(book, nameless("192.0.2.9")).new
    book.merge_devices(keyed, other, role=ROLE)
    enter(book, keyed, stated_model="DS-2CD2385G1")
    record(book, nameless("192.0.2.9"))
    assert [row.asset_id for row in book.devices()] == [keyed]


class TestARowThatAScanMadePartOfAnother:
    """Scans write nothing that people entered; who named the row that went means the one that it is part of."""

    @pytest.fixture
    def names(self, book: Register) -> tuple[str, str, str]:
        """A recorder, a row that stood for it while it said less, and a camera that people put behind that."""
        nvr = camera(1, ip="192.0.2.9", kind="nvr")
        keep, camera_ = record(book, nvr, camera(2)).new
        found = nvr.identification
        short = nameless("192.0.2.9", maker="hikvision", brand="Hikvision", model=found.model, kind="nvr")
        (gone,) = record(book, short, camera(2)).new
        enter(book, camera_, recorder_asset_id=gone, replacement_asset_id=gone, notes=gone)
        record(book, nvr, camera(2))
        assert {row.asset_id for row in book.devices()} == {keep, camera_}
        return keep, gone, camera_

    def test_who_named_it_names_the_one_that_is_kept(self, book: Register, names: tuple[str, str, str]) -> None:
        keep, gone, camera_ = names
        expected = {"recorder_asset_id": keep, "replacement_asset_id": keep, "notes": gone}
        for row in (book.devices()[1], book.devices_by_number([camera_])[0], book.find_devices(camera_)[0]):
            assert (row.asset_id, row.entries) == (camera_, expected)
        assert book.find_faults() == []
        assert len(book.changes()) == 3

    def test_other_entries_may_be_made(self, book: Register, names: tuple[str, str, str]) -> None:
        keep, _, camera_ = names
        enter(book, camera_, notes="x")
        assert book.find_devices(camera_)[0].entries["recorder_asset_id"] == keep


class TestMerge:
    def test_the_register_is_sound_after_it_whatever_the_two_said(self, book: Register) -> None:
        keep, gone = record(book, camera(1), camera(2)).new
        enter(book, keep, planned_removal_date="2027-01-01", lifecycle_status="planned", notes="ours")
        enter(
            book, gone, lifecycle_status="removed", removal_evidence_ref="WO-7", notes="theirs", location_detail="gate"
        )
        book.merge_devices(keep, gone, role=ROLE)
        assert book.find_faults() == []
        assert book.devices()[0].entries == {
            "planned_removal_date": "2027-01-01",
            "lifecycle_status": "planned",
            "notes": "ours",
            "location_detail": "gate",
        }

    def test_who_named_the_row_that_goes_names_the_one_that_is_kept(self, book: Register) -> None:
        keep, gone, behind = record(book, camera(1, kind="nvr"), camera(2, kind="nvr"), camera(3)).new
        enter(book, behind, recorder_asset_id=gone, notes=gone)
        book.merge_devices(keep, gone, role=ROLE)
        (row,) = [row for row in book.devices() if row.asset_id == behind]
        assert row.entries == {"recorder_asset_id": keep, "notes": gone}
        assert [(line.column, line.old, line.new) for line in book.changes(behind)][-1] == (
            "recorder_asset_id",
            gone,
            keep,
        )
        assert book.find_faults() == []


def test_an_entry_that_nobody_logged_is_found(book: Register) -> None:
    (asset,) = record(book, camera(1)).new
    enter(book, asset, notes="ladder")
    assert book.find_faults() == []
    with book._writing_built() as connection:
        connection.exec_driver_sql("""UPDATE people SET entries = '{"notes":"ladder","uprn":"100"}'""")
    assert book.find_faults() == [f"{asset}: uprn is '100'; the log does not say who entered it"]
    with book._writing_built() as connection:
        connection.exec_driver_sql("DELETE FROM people")
    assert book.find_faults() == [f"{asset}: notes is ''; according to the log it was last set to 'ladder'"]


def test_the_event_of_such_a_question_is_a_conflict(book: Register) -> None:
    listed(book, stated_ip_address="192.0.2.2")
    assert [each.event for each in record(book, camera(1)).happenings] == [Event.NEW, Event.IDENTITY_CONFLICT]

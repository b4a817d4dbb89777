"""What people enter stands: whole or not at all, each change logged, one label on one device."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import pytest
from sample_report import NOON, camera, nameless, report
from sqlalchemy import select

from camscan.asset import Asset, Lifecycle, Presence, RecordType
from camscan.errors import BusyError, RegisterError, UsageError
from camscan.model import Confidence, Identification
from camscan.register import Edit, NewRow, Register, open_register, schema
from camscan.register.overrides import overlay_entries

ROLE = "CCTV manager"


@pytest.fixture
def book(register_at: str) -> Iterator[Register]:
    with open_register(register_at) as register:
        register.record(report(camera(1), camera(2), camera(3)))
        yield register


def ids(book: Register) -> list[str]:
    return [row.asset_id for row in book.devices()]


def one(book: Register, asset_id: str) -> Asset:
    (row,) = [row for row in book.devices() if row.asset_id == asset_id]
    return row


class TestEdit:
    def test_an_entry_is_made_and_logged(self, book: Register) -> None:
        name = ids(book)[0]
        (change,) = book.edit_entries(
            [Edit(name, "notes", " by the  stair ")], role=ROLE, how="test", because="walk", at=NOON
        )
        assert (change.number, change.at, change.role, change.how, change.because) == (1, NOON, ROLE, "test", "walk")
        assert (change.asset_id, change.column, change.old, change.new) == (name, "notes", "", "by the  stair")
        assert book.changes() == [change]
        row = one(book, name)
        assert row.entries == {"notes": "by the  stair"}
        assert row.revision == 1

    def test_only_differences_are_logged(self, book: Register) -> None:
        name = ids(book)[0]
        book.edit_entries([Edit(name, "notes", "a"), Edit(name, "supplier", "b")], role=ROLE, how="test")
        (change,) = book.edit_entries([Edit(name, "notes", "a"), Edit(name, "supplier", "c")], role=ROLE, how="test")
        assert (change.column, change.old, change.new) == ("supplier", "b", "c")
        assert book.edit_entries([Edit(name, "notes", "a")], role=ROLE, how="test") == []
        assert one(book, name).revision == 3

    def test_empty_clears(self, book: Register) -> None:
        name = ids(book)[0]
        book.edit_entries([Edit(name, "notes", "a")], role=ROLE, how="test")
        (change,) = book.edit_entries([Edit(name, "notes", " ")], role=ROLE, how="test")
        assert (change.old, change.new) == ("a", "")
        assert one(book, name).entries == {}

    def test_values_are_stored_as_the_column_has_them(self, book: Register) -> None:
        name = ids(book)[0]
        edits = [Edit(name, "planned_removal_date", "31/03/2027"), Edit(name, "estimated_cost", "£1,250")]
        book.edit_entries([*edits, Edit(name, "controller", "Landlord")], role=ROLE, how="test")
        row = one(book, name)
        assert row.entries == {
            "lifecycle_status": "planned",
            "planned_removal_date": "2027-03-31",
            "estimated_cost": "1250.00",
            "controller": "landlord",
        }
        assert row.date_of("planned_removal_date") == date(2027, 3, 31)

    @pytest.mark.parametrize(
        ("edit", "why"),
        [
            (Edit("", "note", "x"), r"there is no column 'note'; did you mean notes\?"),
            (Edit("", "model", "x"), r"model cannot be edited: model number"),
            (Edit("", "planned_removal_date", "soon"), r"'soon' is not a date; write it as 2027-03-31"),
            (Edit("", "recorder_asset_id", "NVR"), r"recorder_asset_id NVR: there is no such device in the register"),
            (Edit("NOBODY", "notes", "x"), r"^there is no device NOBODY in the register$"),
        ],
    )
    def test_one_that_cannot_be_made_undoes_the_rest(self, book: Register, edit: Edit, why: str) -> None:
        name = ids(book)[0]
        wrong = Edit(edit.asset_id or name, edit.column, edit.value)
        with pytest.raises(UsageError, match=why):
            book.edit_entries([Edit(name, "supplier", "x"), wrong], role=ROLE, how="test")
        assert book.changes() == []
        assert one(book, name).entries == {}

    def test_no_device_hangs_behind_itself(self, book: Register) -> None:
        name = ids(book)[0]
        with pytest.raises(UsageError, match="cannot be behind itself"):
            book.edit_entries([Edit(name, "recorder_asset_id", name)], role=ROLE, how="test")

    def test_nothing_hangs_behind_a_camera(self, book: Register) -> None:
        known, other, _ = ids(book)
        with pytest.raises(
            UsageError, match=f"^recorder_asset_id {known}: is a camera, and nothing can be behind a camera"
        ):
            book.edit_entries([Edit(other, "recorder_asset_id", known)], role=ROLE, how="test")
        book.edit_entries([Edit(known, "stated_device_type", "recorder_nvr")], role=ROLE, how="test")
        book.edit_entries([Edit(other, "recorder_asset_id", known)], role=ROLE, how="test")
        book.edit_entries([Edit(known, "stated_device_type", "")], role=ROLE, how="test")
        book.edit_entries([Edit(other, "notes", "x")], role=ROLE, how="test")  # what stood before hinders nobody
        assert one(book, other).entries == {"recorder_asset_id": known, "notes": "x"}

    def test_a_recorder_that_was_merged_is_named_by_the_row_that_was_kept(self, book: Register) -> None:
        keep, gone = book.record(
            report(camera(8, kind="nvr"), camera(9, kind="nvr"), scan_id="2", when=NOON + timedelta(days=1))
        ).new
        book.merge_devices(keep, gone, role=ROLE)
        with pytest.raises(UsageError, match=f"^recorder_asset_id {gone}: is a duplicate of {keep}"):
            book.edit_entries([Edit(ids(book)[0], "recorder_asset_id", gone)], role=ROLE, how="test")

    def test_a_role_is_asked_for(self, book: Register) -> None:
        with pytest.raises(UsageError, match="role"):
            book.edit_entries([Edit(ids(book)[0], "notes", "x")], role=" ", how="test")

    def test_a_register_opened_for_reading_takes_none(self, book: Register, register_at: str) -> None:
        name = ids(book)[0]
        with open_register(register_at, readonly=True) as reader, pytest.raises(RegisterError, match="reading only"):
            reader.edit_entries([Edit(name, "notes", "x")], role=ROLE, how="test")

    def test_entries_are_made_while_a_scan_holds_the_register(self, book: Register, register_at: str) -> None:
        name = ids(book)[0]
        with open_register(register_at, editing=True) as editor:
            editor.edit_entries([Edit(name, "notes", "x")], role=ROLE, how="test")
        assert one(book, name).entries == {"notes": "x"}

    def test_a_scan_leaves_them_alone(self, book: Register) -> None:
        name = ids(book)[0]
        book.edit_entries([Edit(name, "notes", "x"), Edit(name, "stated_model", "Y")], role=ROLE, how="test")
        book.record(report(camera(1), camera(2), scan_id="2", when=NOON + timedelta(days=1)))
        assert one(book, name).entries == {"notes": "x", "stated_model": "Y"}
        assert one(book, name).identification.model == "DS-2CD2385G1-I"

    def test_the_log_since_a_change(self, book: Register) -> None:
        first, second, _ = ids(book)
        for value in "abc":
            book.edit_entries([Edit(first, "notes", value), Edit(second, "notes", value)], role=ROLE, how="test")
        assert [change.number for change in book.changes(since=4)] == [5, 6]
        assert [(change.old, change.new) for change in book.changes(first)] == [("", "a"), ("a", "b"), ("b", "c")]


class TestTags:
    def test_a_tag_is_on_one_device(self, book: Register) -> None:
        first, second, _ = ids(book)
        book.edit_entries([Edit(first, "council_asset_tag", "CCTV-0001")], role=ROLE, how="test")
        with pytest.raises(
            UsageError, match=f"^{second}: council_asset_tag CCTV-0001 already belongs to {first}; a label"
        ):
            book.edit_entries([Edit(second, "council_asset_tag", "cctv-0001")], role=ROLE, how="test")

    def test_two_in_one_batch_are_seen(self, book: Register) -> None:
        edits = [Edit(name, "council_asset_tag", "A1") for name in ids(book)[:2]]
        with pytest.raises(UsageError, match="A1 also belongs to"):
            book.edit_entries(edits, role=ROLE, how="test")

    def test_two_devices_may_swap_theirs(self, book: Register) -> None:
        first, second, _ = ids(book)
        tag = "council_asset_tag"
        book.edit_entries([Edit(first, tag, "A1"), Edit(second, tag, "A2")], role=ROLE, how="test")
        book.edit_entries([Edit(first, tag, "A2"), Edit(second, tag, "A1")], role=ROLE, how="test")
        assert [row.asset_id for row in book.find_devices("a1")] == [second]

    def test_one_of_several_new_tags_that_is_taken_is_seen(self, book: Register) -> None:
        first, second, third = ids(book)
        book.edit_entries([Edit(first, "council_asset_tag", "KAMERA-Ö1")], role=ROLE, how="test")
        several = [Edit(second, "council_asset_tag", "kamera-ö1"), Edit(third, "council_asset_tag", "B2")]
        for edits in (several, several[:1]):
            with pytest.raises(UsageError, match=f"already belongs to {first}"):
                book.edit_entries(edits, role=ROLE, how="test")

    def test_another_entry_of_a_tagged_device_needs_no_other_tag(self, book: Register) -> None:
        first, second, _ = ids(book)
        book.edit_entries([Edit(first, "council_asset_tag", "A1")], role=ROLE, how="test")
        book.edit_entries(
            [Edit(first, "notes", "on the stair"), Edit(second, "notes", "at the gate")], role=ROLE, how="test"
        )
        assert [row.asset_id for row in book.find_devices("a1")] == [first]


def move(book: Register, name: str, **entries: str) -> dict[str, str]:
    book.edit_entries([Edit(name, column, value) for column, value in entries.items()], role=ROLE, how="test", at=NOON)
    return dict(one(book, name).entries)


PROOF = {"removal_evidence_ref": "WO-7"}


class TestLifecycle:
    def test_removed_has_a_date(self, book: Register) -> None:
        assert move(book, ids(book)[0], lifecycle_status="removed", **PROOF)["actual_removal_date"] == "2026-03-02"

    def test_the_date_that_is_given_stands(self, book: Register) -> None:
        entries = move(book, ids(book)[0], lifecycle_status="removed", **PROOF, actual_removal_date="2026-02-01")
        assert entries["actual_removal_date"] == "2026-02-01"

    def test_planned_needs_a_date(self, book: Register) -> None:
        with pytest.raises(UsageError, match="planned needs a planned_removal_date"):
            move(book, ids(book)[0], lifecycle_status="planned")
        assert move(book, ids(book)[0], lifecycle_status="planned", planned_removal_date="2027-01-01")

    def test_disposed_before_removed_asks(self, book: Register) -> None:
        with pytest.raises(UsageError, match="it was never removed: give actual_removal_date too"):
            move(book, ids(book)[0], lifecycle_status="disposed")
        entries = move(book, ids(book)[0], lifecycle_status="disposed", **PROOF, actual_removal_date="2026-02-01")
        assert entries["disposal_date"] == "2026-03-02"

    def test_a_day_of_removal_with_its_proof_is_a_removal(self, book: Register) -> None:
        name = ids(book)[0]
        move(book, name, planned_removal_date="2026-03-31")
        assert move(book, name, actual_removal_date="2026-02-01", **PROOF)["lifecycle_status"] == "removed"
        other = ids(book)[1]
        move(book, other, **PROOF)
        assert move(book, other, actual_removal_date="2026-02-01")["lifecycle_status"] == "removed"
        with pytest.raises(UsageError, match="lifecycle_status is confirmed; set that to removed too"):
            move(book, ids(book)[2], lifecycle_status="confirmed", actual_removal_date="2026-02-01", **PROOF)

    def test_one_that_is_back_has_no_removal_date(self, book: Register) -> None:
        name = ids(book)[0]
        move(book, name, lifecycle_status="removed", **PROOF, actual_removal_date="2026-02-01")
        assert "actual_removal_date" not in move(book, name, lifecycle_status="confirmed")
        assert move(book, name, lifecycle_status="removed", **PROOF)["actual_removal_date"] == "2026-03-02"

    @pytest.mark.parametrize(
        ("entries", "why"),
        [
            ({"actual_removal_date": "2026-02-01"}, "is found; give the removal_evidence_ref too"),
            (PROOF | {"lifecycle_status": "removed", "actual_removal_date": "2026-04-01"}, "is in the future"),
            ({"last_confirmed_on": "2026-04-01"}, "is in the future"),
            ({"purchase_date": "2098-06-14"}, "is in the future"),
            ({"purchase_date": "1900-01-01"}, r"is not possible; is the year right\? Write it with four digits"),
            ({"planned_removal_date": "1990-01-01"}, "planned_removal_date 1990-01-01 is years ago; is the year right"),
            ({"planned_removal_date": "2007-03-31"}, "is years ago; is the year right"),
            ({"planned_removal_date": "2207-03-31"}, "is not possible; is the year right"),
            ({"dpia_review_date": "3027-03-31"}, "is not possible; is the year right"),
            ({"lifecycle_status": "removed"}, "removed needs a removal_evidence_ref: the works order or other proof"),
            (
                {"lifecycle_status": "disposed", "actual_removal_date": "2026-02-01"},
                "disposed needs a removal_evidence_ref",
            ),
            (
                {
                    **PROOF,
                    "lifecycle_status": "disposed",
                    "actual_removal_date": "2026-02-01",
                    "disposal_date": "2026-01-01",
                },
                "disposal_date 2026-01-01 is before the removal on 2026-02-01",
            ),
        ],
    )
    def test_what_contradicts_itself_is_reported(self, book: Register, entries: dict[str, str], why: str) -> None:
        with pytest.raises(UsageError, match=why):
            move(book, ids(book)[0], **entries)

    @pytest.mark.parametrize("text", ["Removed", "REMOVED", " removed "])
    def test_a_status_is_read_in_any_case(self, book: Register, text: str) -> None:
        assert move(book, ids(book)[0], lifecycle_status=text, **PROOF)["lifecycle_status"] == "removed"

    def test_the_proof_of_a_removal_cannot_be_taken_away(self, book: Register) -> None:
        move(book, ids(book)[0], lifecycle_status="removed", **PROOF)
        with pytest.raises(UsageError, match="needs a removal_evidence_ref"):
            move(book, ids(book)[0], removal_evidence_ref="")

    def test_a_date_makes_it_planned_and_no_date_does_not(self, book: Register) -> None:
        name = ids(book)[0]
        assert move(book, name, planned_removal_date="31 March 2027")["lifecycle_status"] == "planned"
        assert move(book, name, planned_removal_date="")["lifecycle_status"] == "found"
        move(book, name, lifecycle_status="ordered", planned_removal_date="2027-03-31")
        assert move(book, name, planned_removal_date="2027-04-30")["lifecycle_status"] == "ordered"
        move(book, name, last_confirmed_on="2026-03-01")
        assert move(book, name, planned_removal_date="")["lifecycle_status"] == "confirmed"

    def test_a_date_does_not_bring_back_a_removed_device(self, book: Register) -> None:
        name = ids(book)[0]
        move(book, name, lifecycle_status="removed", **PROOF)
        assert move(book, name, planned_removal_date="2026-03-01")["lifecycle_status"] == "removed"

    @pytest.mark.parametrize("status", list(Lifecycle))
    def test_every_step_is_allowed(self, book: Register, status: Lifecycle) -> None:
        for before in Lifecycle:
            name = ids(book)[0]
            dates = {"planned_removal_date": "2027-01-01"}
            move(book, name, lifecycle_status="removed", actual_removal_date="2026-02-01", **PROOF)
            move(book, name, lifecycle_status=before, **dates)
            if status is Lifecycle.DISPOSED and before not in {Lifecycle.REMOVED, Lifecycle.DISPOSED}:
                dates["actual_removal_date"] = "2026-02-01"
            move(book, name, lifecycle_status=status, **dates)
            assert one(book, name).lifecycle is status


class TestAdd:
    def test_a_row_by_hand(self, book: Register) -> None:
        entries = {
            "site_name": "Depot",
            "stated_manufacturer": "Hangzhou Hikvision Digital Technology Co., Ltd.",
            "stated_model": "DS-7604NI-K1",
            "stated_serial_number": "DS-7604NI-K10420200101CCRRD12345678WCVU",
            "stated_mac_address": "44-19-B6-AA-BB-CC",
            "stated_device_type": "recorder_nvr",
        }
        (name,) = book.add_devices([NewRow(RecordType.MANUAL, entries)], role=ROLE, how="test", at=NOON)
        row = one(book, name)
        assert row.record_type is RecordType.MANUAL
        assert row.presence is Presence.NOT_SCANNED
        assert (row.first_seen, row.last_seen, row.last_scan, row.sightings) == (None, None, "", 0)
        found = row.identification
        assert (found.maker, found.model, found.kind) == ("hikvision", "DS-7604NI-K1", "nvr")
        assert (found.confidence, found.is_camera_system) == (Confidence.PROBABLE, True)
        assert found.because == ("stated by people: Hangzhou Hikvision Digital Technology Co., Ltd.",)
        assert row.entries["stated_mac_address"] == "44:19:b6:aa:bb:cc"
        assert row.place is not None
        assert row.place.name == "Depot"
        assert len(book.changes(name)) == row.revision == 6
        assert [each.asset_id for each in book.find_devices("4419.b6aa.bbcc")] == [name]
        assert [each.asset_id for each in book.find_devices("12345678WCVU")] == [name]

    def test_a_badge_that_is_not_a_maker_stays_a_badge(self, book: Register) -> None:
        (name,) = book.add_devices(
            [NewRow(RecordType.MANUAL, {"stated_manufacturer": "Eagle Eyes"})], role=ROLE, how="test"
        )
        found = one(book, name).identification
        assert (found.maker, found.brand, found.confidence) == (None, "Eagle Eyes", Confidence.UNKNOWN)

    def test_a_channel_of_a_recorder(self, book: Register) -> None:
        seen = camera(9, kind="nvr")
        (recorder,) = book.record(report(seen, scan_id="2", when=NOON + timedelta(days=1))).new
        new = NewRow(RecordType.BEHIND_RECORDER, {"connection": "analogue"}, recorder, 3)
        (name,) = book.add_devices([new], role=ROLE, how="test")
        row = one(book, name)
        assert (row.recorder_asset_id, row.channel, row.record_type) == (recorder, 3, RecordType.BEHIND_RECORDER)
        with pytest.raises(UsageError, match=f"channel 3 of {recorder} is already in the register, as {name}"):
            book.add_devices([new], role=ROLE, how="test")

    def test_a_camera_has_no_channels(self, book: Register) -> None:
        known = ids(book)[0]
        with pytest.raises(UsageError, match=f"^{known} is a camera, and nothing can be behind a camera"):
            book.add_devices([NewRow(RecordType.BEHIND_RECORDER, {}, known, 3)], role=ROLE, how="test")

    @pytest.mark.parametrize(
        ("row", "why"),
        [
            (NewRow(RecordType.NETWORK, {}), "only a scan makes rows from the network"),
            (NewRow(RecordType.MANUAL, {"colour": "red"}), "there is no column 'colour'"),
            (NewRow(RecordType.MANUAL, {}, "NOBODY"), "there is no device NOBODY"),
        ],
    )
    def test_one_that_cannot_be_added_undoes_the_rest(self, book: Register, row: NewRow, why: str) -> None:
        before = ids(book)
        with pytest.raises(UsageError, match=why):
            book.add_devices([NewRow(RecordType.MANUAL, {"notes": "x"}), row], role=ROLE, how="test")
        assert ids(book) == before
        assert book.changes() == []

    def test_what_is_restated_recognises_no_more_by_the_old(self, book: Register) -> None:
        entries = {"stated_mac_address": "44:19:b6:aa:bb:cc"}
        (name,) = book.add_devices([NewRow(RecordType.MANUAL, entries)], role=ROLE, how="test")
        book.edit_entries([Edit(name, "stated_mac_address", "44:19:b6:aa:bb:dd")], role=ROLE, how="test")
        assert book.find_devices("44:19:b6:aa:bb:cc") == []
        assert [row.asset_id for row in book.find_devices("44:19:b6:aa:bb:dd")] == [name]


def test_the_time_is_now_unless_it_is_reported(book: Register) -> None:
    before = datetime.now(UTC)
    (change,) = book.edit_entries([Edit(ids(book)[0], "notes", "x")], role=ROLE, how="test")
    assert before <= change.at <= datetime.now(UTC)


def test_a_nameless_device_takes_what_people_state(book: Register) -> None:
    book.record(report(nameless("192.0.2.77"), scan_id="2"))
    (row,) = book.find_devices("192.0.2.77")
    book.edit_entries([Edit(row.asset_id, "stated_manufacturer", "Dahua")], role=ROLE, how="test")
    (row,) = book.find_devices("192.0.2.77")
    assert row.identification.maker == "dahua"
    assert row.identification.because[-1] == "stated by people: Dahua"


class TestTrial:
    def test_a_dry_run_says_what_would_change_and_changes_nothing(self, book: Register) -> None:
        name = ids(book)[0]
        (change,) = book.edit_entries([Edit(name, "notes", "x")], role=ROLE, how="test", dry_run=True)
        assert (change.column, change.new) == ("notes", "x")
        book.add_devices([NewRow(RecordType.MANUAL, {"notes": "x"})], role=ROLE, how="test", dry_run=True)
        assert (book.changes(), len(ids(book)), one(book, name).entries) == ([], 3, {})

    def test_a_line_is_appended(self, book: Register) -> None:
        name = ids(book)[0]
        for text in ("a", "b"):
            book.append_line(name, "notes", text, role=ROLE, how="test")
        assert one(book, name).entries["notes"] == "a\nb"


class TestTake:
    def test_edits_and_new_rows_at_once(self, book: Register) -> None:
        name = ids(book)[0]
        new = NewRow(RecordType.IMPORTED, {"notes": "y"})
        changes, names = book.take_import([Edit(name, "notes", "x")], [new], seen=0, role=ROLE, how="test")
        assert [change.new for change in changes] == ["x"]
        assert one(book, names[0]).entries == {"notes": "y"}

    def test_a_wrong_row_undoes_the_edits(self, book: Register) -> None:
        name = ids(book)[0]
        with pytest.raises(UsageError):
            book.take_import(
                [Edit(name, "notes", "x")], [NewRow(RecordType.NETWORK, {})], seen=0, role=ROLE, how="test"
            )
        assert one(book, name).entries == {}

    def test_entries_made_meanwhile_prevent_the_import(self, book: Register) -> None:
        name = ids(book)[0]
        book.edit_entries([Edit(name, "notes", "x")], role=ROLE, how="test")
        with pytest.raises(BusyError, match="somebody else made entries at the same time; nothing was written"):
            book.take_import([Edit(name, "notes", "y")], [], seen=0, role=ROLE, how="test")
        assert one(book, name).entries == {"notes": "x"}


def test_a_scan_recognises_what_people_stated(book: Register) -> None:
    """By MAC, and by serial number: it is the same row, and the entries stand."""
    entries = {"stated_mac_address": "44:19:b6:00:00:09", "location_detail": "gate"}
    by_mac, by_serial = book.add_devices(
        [
            NewRow(RecordType.MANUAL, entries),
            NewRow(
                RecordType.IMPORTED,
                {"stated_manufacturer": "Hikvision", "stated_serial_number": "DS-2CD2385G1-I20190701AAWR000000008"},
            ),
        ],
        role=ROLE,
        how="test",
    )
    book.record(report(camera(9), camera(8), scan_id="2", when=NOON + timedelta(days=1)))
    assert len(ids(book)) == 5
    row = one(book, by_mac)
    assert (row.entries, row.presence, row.identification.model) == (entries, Presence.SEEN, "DS-2CD2385G1-I")
    assert one(book, by_serial).presence is Presence.SEEN


class TestPossibleMaker:
    """A scan thinks that the maker may be Hikvision; a person inspected the device and read another name."""

    @staticmethod
    def restated(book: Register, name: str) -> Asset:
        for scan in ("2", "3"):
            device = camera(7, ip="192.0.2.70", confidence=Confidence.POSSIBLE, certainty=0.45)
            book.record(report(device, scan_id=scan))
            (row,) = book.find_devices("192.0.2.70")
            told = {"stated_manufacturer": name, "last_confirmed_on": "2026-03-01"}
            book.edit_entries([Edit(row.asset_id, *entry) for entry in told.items()], role=ROLE, how="test")
        (row,) = book.find_devices("192.0.2.70")
        assert not book.conflicts(row.asset_id)
        return row

    def test_a_maker_that_a_person_read_outweighs_it(self, book: Register) -> None:
        found = self.restated(book, "Axis").identification
        assert (found.maker, found.confidence, found.brand) == ("axis", Confidence.PROBABLE, None)
        assert found.because[-1] == "stated by people: Axis"

    @pytest.mark.parametrize("name", ["Hikvision", "Honeywell", "HiLook", "No such maker"])
    def test_a_name_that_may_be_its_badge_does_not(self, book: Register, name: str) -> None:
        found = self.restated(book, name).identification
        assert (found.maker, found.confidence) == ("hikvision", Confidence.POSSIBLE)

    def test_a_maker_that_has_some_built_by_it_does_not(self) -> None:
        found = Identification(maker="dahua", confidence=Confidence.POSSIBLE, certainty=0.5)
        visit = {"last_confirmed_on": "2026-03-01"}
        assert overlay_entries(found, {"stated_manufacturer": "Bosch", **visit}) == found
        assert overlay_entries(found, {"stated_manufacturer": "Axis", **visit}).maker == "axis"

    def test_a_visit_after_the_statement_counts_in_lists_too(self, book: Register) -> None:
        device = camera(7, ip="192.0.2.70", confidence=Confidence.POSSIBLE, certainty=0.45)
        book.record(report(device, scan_id="2"))
        (row,) = book.find_devices("192.0.2.70")
        for column, value, maker in (
            ("stated_manufacturer", "Axis", "hikvision"),
            ("last_confirmed_on", "2026-03-01", "axis"),
            ("last_confirmed_on", "", "hikvision"),
            ("lifecycle_status", "confirmed", "axis"),
        ):
            book.edit_entries([Edit(row.asset_id, column, value)], role=ROLE, how="test")
            (row,) = book.find_devices("192.0.2.70")
            with book._reading_built() as connection:
                stored = connection.execute(
                    select(schema.device.c.maker).where(schema.device.c.asset_id == row.asset_id)
                )
                assert (row.identification.maker, stored.scalar()) == (maker, maker)

    def test_a_list_that_names_another_maker_does_not(self) -> None:
        found = Identification(maker="dahua", confidence=Confidence.POSSIBLE, certainty=0.5)
        assert overlay_entries(found, {"stated_manufacturer": "Axis"}) == found

    def test_a_scan_that_is_surer_outweighs_both(self, book: Register) -> None:
        self.restated(book, "Axis")
        book.record(report(camera(7, ip="192.0.2.70"), scan_id="4"))
        (row,) = book.find_devices("192.0.2.70")
        assert row.identification.maker == "hikvision"

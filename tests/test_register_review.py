"""What a person settles: two rows that are one device, two that are two, and what is well as it is."""

from __future__ import annotations

import dataclasses

import pytest
from sample_report import NOON, ROLE, camera, enter, nameless, record

from camscan.app.review import count_questions, list_questions
from camscan.asset import Event, RecordType
from camscan.errors import StaleError, UsageError
from camscan.model import Device, Observation
from camscan.register import Conflict, Edit, NewRow, Register, SeenQuestion

SHARED = "44:19:b6:00:00:01"


def doubtful(book: Register) -> tuple[str, str]:
    """A keyed row, and a provisional one for what answers at its address without a name."""
    (keyed,) = record(book, camera(1, ip="192.0.2.9")).new
    (nameless_one,) = record(book, nameless("192.0.2.9"), camera(2)).new[:1]
    return keyed, nameless_one


class TestQuestions:
    def test_what_was_said_of_the_same_two_is_one_question(self, book: Register) -> None:
        keyed, other = doubtful(book)
        (review,) = book.reviews()
        assert (review.asset_id, review.other) == (other, keyed)
        assert [each.kind for each in review.conflicts] == ["possible-duplicate"]

    def test_a_scan_counts_them_as_the_list_of_questions_does(self) -> None:
        kinds = [("A", "B"), ("B", "A"), ("A", ""), ("A", ""), ("C", "B")]
        found = [Conflict(one, "contradiction", "", "scan", other=other) for one, other in kinds]
        assert count_questions(found) == 4

    def test_one_about_a_single_device_names_no_other(self, book: Register) -> None:
        record(book, camera(1))
        record(book, camera(1, maker="dahua"))
        (review,) = book.reviews()
        assert (review.other, len(review.conflicts)) == ("", 1)


class TestSeen:
    """A decision may rest on what somebody saw; then it is made only while that still holds."""

    def test_it_is_made_where_nothing_has_changed(self, book: Register) -> None:
        keyed, other = doubtful(book)
        book.merge_devices(keyed, other, role=ROLE, how="camscan serve", seen=seen(book))
        assert book.reviews() == []
        assert {each.how for each in book.changes(other)} == {"camscan serve"}

    @pytest.mark.parametrize("decide", ["merge", "apart", "settle"])
    def test_not_where_somebody_has_changed_a_row(self, book: Register, decide: str) -> None:
        keyed, other = doubtful(book)
        before = seen(book)
        enter(book, other, notes="in the hall")
        with pytest.raises(StaleError, match="changed by somebody else"):
            self._decide(book, decide, (keyed, other), before)
        assert len(book.reviews()) == 1
        assert not book.merged_rows()

    @pytest.mark.parametrize("first", ["merge", "apart", "settle"])
    @pytest.mark.parametrize("second", ["merge", "apart", "settle"])
    def test_not_where_somebody_has_settled_it(self, book: Register, first: str, second: str) -> None:
        pair = doubtful(book)
        before = seen(book)
        self._decide(book, first, pair, before)
        merged = dict(book.merged_rows())
        with pytest.raises(StaleError, match="settled this question"):
            self._decide(book, second, pair, before)
        assert dict(book.merged_rows()) == merged

    def test_not_of_rows_that_the_question_is_not_about(self, book: Register) -> None:
        keyed, _ = doubtful(book)
        third = next(row.asset_id for row in book.devices() if row.asset_id not in seen(book).revisions)
        before = seen(book)
        stray = SeenQuestion(before.conflicts, {keyed: 0, third: 0})
        with pytest.raises(StaleError):
            book.merge_devices(keyed, third, role=ROLE, seen=stray)

    def test_what_became_of_it_is_remembered(self, book: Register) -> None:
        keyed, other = doubtful(book)
        (number,) = seen(book).conflicts
        assert book.find_settled(number) is None
        book.keep_separate(keyed, other, role=ROLE)
        found = book.find_settled(number)
        assert found is not None
        assert ({found.asset_id, found.other}, found.decision, found.role) == ({keyed, other}, "apart", ROLE)
        assert book.find_settled(number + 1) is None

    def test_a_merge_can_be_tried(self, book: Register) -> None:
        keyed, other = doubtful(book)
        enter(book, other, notes="in the hall")
        before = (book.devices_by_number([keyed, other]), book.changes(), book.evidence(keyed), book.history(other))
        tried = book.merge_devices(keyed, other, role=ROLE, dry_run=True)
        assert (
            book.devices_by_number([keyed, other]),
            book.changes(),
            book.evidence(keyed),
            book.history(other),
        ) == before
        made = book.merge_devices(keyed, other, role=ROLE)
        said = [[(each.asset_id, each.column, each.old, each.new) for each in some] for some in (tried, made)]
        assert said[0] == said[1]

    def _decide(self, book: Register, decide: str, pair: tuple[str, str], before: SeenQuestion) -> None:
        if decide == "settle":
            book.close_conflicts(sorted(before.conflicts), role=ROLE, seen=before)
        elif decide == "merge":
            book.merge_devices(*pair, role=ROLE, seen=before)
        else:
            book.keep_separate(*pair, role=ROLE, seen=before)


def seen(book: Register) -> SeenQuestion:
    """What somebody sees of the one question."""
    (question,), _ = list_questions(book)
    return question.seen


class TestApart:
    def test_it_is_not_asked_again_in_whatever_words(self, book: Register) -> None:
        keyed, other = doubtful(book)
        changes = book.keep_separate(keyed, other, role=ROLE, because="looked")
        assert [(each.asset_id, each.column, each.new, each.because) for each in changes] == [
            (keyed, "kept_apart_from", other, "looked"),
            (other, "kept_apart_from", keyed, "looked"),
        ]
        assert book.reviews() == []
        record(book, camera(1, ip="192.0.2.9"), camera(2))
        assert record(book, nameless("192.0.2.9"), camera(2)).conflicts == ()
        assert book.changes(keyed) == [changes[0]]

    def test_two_that_share_a_built_in_mac_are_asked_about_once(self, book: Register) -> None:
        one, two = record(book, camera(1, mac=SHARED), camera(2, mac=SHARED)).new
        book.keep_separate(one, two, role=ROLE)
        moved = [camera(1, mac=SHARED, ip="192.0.2.70"), camera(2, mac=SHARED, ip="192.0.2.71")]
        assert record(book, *moved).conflicts == ()

    def test_where_nothing_was_asked_nothing_is_settled(self, book: Register) -> None:
        one, two = record(book, camera(1), camera(2)).new
        with pytest.raises(UsageError, match="there is no open conflict between"):
            book.keep_separate(one, two, role=ROLE)


class TestKeep:
    def test_it_is_closed_and_logged_and_not_brought_up_again(self, book: Register) -> None:
        (asset,) = record(book, camera(1)).new
        record(book, camera(1, maker="dahua", certainty=0.4))
        (conflict,) = book.conflicts()
        (change,) = book.close_conflicts([conflict.number], role=ROLE, because="both are right")
        assert (change.asset_id, change.column, change.old, change.new) == (asset, "conflict", conflict.detail, "kept")
        assert record(book, camera(1, maker="dahua", certainty=0.4)).conflicts == ()
        assert (book.reviews(), book.conflicts(asset)) == ([], [])

    def test_what_is_settled_or_not_there_cannot_be_settled(self, book: Register) -> None:
        record(book, camera(1))
        record(book, camera(1, maker="dahua", certainty=0.4))
        (conflict,) = book.conflicts()
        with pytest.raises(UsageError, match=r"^there is no conflict 99;"):
            book.close_conflicts([conflict.number, 99], role=ROLE)
        assert book.conflicts() == [conflict]
        book.close_conflicts([conflict.number], role=ROLE)
        with pytest.raises(UsageError, match="is already settled"):
            book.close_conflicts([conflict.number], role=ROLE)

    def test_nobody_settles_without_a_role(self, book: Register) -> None:
        keyed, other = doubtful(book)
        for settle in (book.merge_devices, book.keep_separate):
            with pytest.raises(UsageError, match="role"):
                settle(keyed, other, role=" ")


class TestMerge:
    def test_evidence_history_keys_and_addresses_follow(self, book: Register) -> None:
        keyed, other = doubtful(book)
        before = {stored.observation for name in (keyed, other) for stored in book.evidence(name)}
        book.merge_devices(keyed, other, role=ROLE)
        assert {row.asset_id for row in book.devices()} == {keyed, book.find_devices("192.0.2.3")[0].asset_id}
        assert {stored.observation for stored in book.evidence(keyed)} == before
        assert [seen.scan_id for seen in book.history(keyed)] == ["scan-1", "scan-2"]
        (row,) = book.find_devices("192.0.2.9")
        assert (row.asset_id, row.sightings, row.last_scan) == (keyed, 2, "scan-2")
        assert row.identification.serial == camera(1).identification.serial
        assert book.reviews() == []

    def test_evidence_that_only_the_earlier_sighting_showed_has_ended(self, book: Register) -> None:
        keyed, other = doubtful(book)
        book.merge_devices(keyed, other, role=ROLE)
        current = {stored.observation.key for stored in book.evidence(keyed) if stored.current}
        assert current == {"http.server"}
        record(book, camera(1, ip="192.0.2.9"), camera(2))
        current = {stored.observation.key for stored in book.evidence(keyed) if stored.current}
        assert current == {"sadp.model", "sadp.serial", "sadp.mac"}

    def test_later_scans_recognise_it_by_either(self, book: Register) -> None:
        keyed, other = doubtful(book)
        book.merge_devices(keyed, other, role=ROLE)
        for device in (camera(1, ip="192.0.2.9"), nameless("192.0.2.9"), camera(1, ip="192.0.2.80")):
            recorded = record(book, device, camera(2))
            assert (recorded.new, recorded.conflicts) == ((), ())
        assert len(book.devices()) == 2

    def test_another_unit_that_answers_namelessly_there_is_still_another(self, book: Register) -> None:
        keyed, other = doubtful(book)
        book.merge_devices(keyed, other, role=ROLE)
        assert len(record(book, nameless("192.0.2.9", maker="axis"), camera(2)).new) == 1

    def test_one_that_a_person_stated_and_one_that_a_scan_found(self, book: Register) -> None:
        """The serial number was read wrongly off the label."""
        entries = {"stated_serial_number": "D99999999", "stated_model": "DS-2CD2385G1-I", "notes": "by the stair"}
        (stated,) = book.add_devices([NewRow(RecordType.MANUAL, entries)], role=ROLE, how="test")
        (found,) = record(book, camera(1)).new
        book.merge_devices(stated, found, role=ROLE)
        (row,) = book.devices()
        assert (row.asset_id, row.record_type, row.entries) == (stated, RecordType.NETWORK, entries)
        assert (row.ip_addresses, row.last_scan) == (camera(1).ip_addresses, "scan-1")
        assert record(book, camera(1)).new == ()

    def test_entries_of_the_kept_row_stand_and_gaps_are_filled(self, book: Register) -> None:
        keyed, other = doubtful(book)
        enter(book, keyed, notes="by the stair", council_asset_tag="CCTV-1")
        enter(book, other, notes="in the hall", location_detail="second floor", council_asset_tag="CCTV-2")
        changes = book.merge_devices(keyed, other, role=ROLE)
        (row,) = book.find_devices(keyed)
        assert row.entries == {
            "notes": "by the stair",
            "council_asset_tag": "CCTV-1",
            "location_detail": "second floor",
        }
        told = {(each.asset_id, each.column, each.old, each.new) for each in changes}
        assert told == {
            (keyed, "location_detail", "", "second floor"),
            (other, "merged_into", "", keyed),
            (other, "notes", "in the hall", "by the stair"),
            (other, "council_asset_tag", "CCTV-2", "CCTV-1"),
        }
        assert set(book.changes(other)[-3:]) == {each for each in changes if each.asset_id == other}

    def test_a_removal_of_one_is_not_mixed_into_the_life_of_the_other(self, book: Register) -> None:
        keyed, other = doubtful(book)
        enter(book, keyed, lifecycle_status="confirmed")
        enter(book, other, lifecycle_status="removed", removal_evidence_ref="WO-7")
        book.merge_devices(keyed, other, role=ROLE)
        (row,) = book.find_devices(keyed)
        assert row.entries == {"lifecycle_status": "confirmed"}

    def test_the_label_of_the_row_that_went_may_be_used_again(self, book: Register) -> None:
        keyed, other = doubtful(book)
        enter(book, other, council_asset_tag="CCTV-2")
        book.merge_devices(keyed, other, role=ROLE)
        assert [row.asset_id for row in book.find_devices("CCTV-2")] == [keyed]

    def test_two_rows_of_one_scan(self, book: Register) -> None:
        """Two interfaces of one recorder that has no serial number."""
        one, two = record(
            book,
            *(
                dataclasses.replace(nameless(ip), mac_addresses=(mac,))
                for ip, mac in (("192.0.2.9", "44:19:b6:00:00:01"), ("192.0.2.10", "44:19:b6:00:00:02"))
            ),
        ).new
        book.merge_devices(one, two, role=ROLE)
        (row,) = book.devices()
        assert set(row.ip_addresses) == {"192.0.2.9", "192.0.2.10"}
        assert set(row.mac_addresses) == {"44:19:b6:00:00:01", "44:19:b6:00:00:02"}
        assert row.sightings == 1
        for number in (1, 2):
            seen = dataclasses.replace(nameless(f"192.0.2.{8 + number}"), mac_addresses=(f"44:19:b6:00:00:0{number}",))
            assert record(book, seen).new == ()

    def test_the_same_evidence_of_both_is_one(self, book: Register) -> None:
        def side(mac: str) -> Device:
            seen = Observation("192.0.2.9", 80, "http", "http.server", "webserver", NOON)
            return dataclasses.replace(nameless("192.0.2.9"), mac_addresses=(mac,), observations=(seen,))

        one, two = record(book, side("44:19:b6:00:00:01"), side("44:19:b6:00:00:02")).new
        book.merge_devices(one, two, role=ROLE)
        assert len(book.evidence(one)) == 1
        record(book, dataclasses.replace(side("44:19:b6:00:00:01"), observations=()))
        assert [stored.current for stored in book.evidence(one)] == [False]

    def test_channels_follow_their_recorder(self, book: Register) -> None:
        keyed, other = doubtful(book)
        book.edit_entries([Edit(other, "stated_device_type", "recorder_nvr")], role=ROLE, how="test")
        new = NewRow(RecordType.BEHIND_RECORDER, {}, recorder_asset_id=other, channel=3)
        (channel,) = book.add_devices([new], role=ROLE, how="test")
        book.merge_devices(keyed, other, role=ROLE)
        assert book.find_devices(channel)[0].recorder_asset_id == keyed

    def test_it_may_be_done_again_with_a_third(self, book: Register) -> None:
        keyed, other = doubtful(book)
        (third,) = record(book, nameless("192.0.2.99"), camera(2)).new
        book.merge_devices(other, third, role=ROLE)
        book.merge_devices(keyed, other, role=ROLE)
        assert {row.asset_id for row in book.devices()} >= {keyed}
        assert {row.asset_id for row in book.devices()}.isdisjoint({other, third})
        assert record(book, nameless("192.0.2.99"), camera(2)).new == ()

    @pytest.mark.parametrize("again", [False, True])
    def test_what_cannot_be_merged_is_reported(self, book: Register, again: bool) -> None:
        keyed, other = doubtful(book)
        if again:
            book.merge_devices(keyed, other, role=ROLE)
            with pytest.raises(UsageError, match=f"^{other} was merged into {keyed}; name that one$"):
                book.merge_devices(keyed, other, role=ROLE)
        with pytest.raises(UsageError, match="are the same row"):
            book.merge_devices(keyed, keyed, role=ROLE)
        with pytest.raises(UsageError, match=r"^there is no device nobody in the register$"):
            book.merge_devices(keyed, "nobody", role=ROLE)

    def test_what_happened_to_either_happened_to_the_one(self, book: Register) -> None:
        keyed, other = doubtful(book)
        record(book, nameless("192.0.2.9", maker="axis", model="P1"), camera(2))
        book.merge_devices(keyed, other, role=ROLE)
        told = {each.asset_id: each.event for each in book.happenings("scan-2")}
        assert told == {keyed: Event.MAKER_CHANGED}

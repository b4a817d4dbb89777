"""Stage 7 of recording: what happened, as events."""

from __future__ import annotations

from sample_report import NOON, camera, report
from sample_stored import entries_of, stored_row

from camscan.asset import Event, Presence
from camscan.model import Confidence, Device
from camscan.register.record.conflicts import NewConflict, Question
from camscan.register.record.known import KnownDevice
from camscan.register.record.news import list_news
from camscan.register.record.presence import Removal


def told(
    device: Device, *rows: KnownDevice, removals: dict[int, Removal] | None = None
) -> list[tuple[Event, str, str]]:
    of = report(device)
    return [(draft.event, draft.old, draft.new) for draft in list_news(of, entries_of(of, *rows), removals or {}, ())]


def test_a_device_that_no_row_knows_is_new() -> None:
    assert told(camera(1)) == [(Event.NEW, "", "192.0.2.2")]


def test_a_maker_that_is_only_possible_is_not_named_as_certain() -> None:
    device = camera(1, confidence=Confidence.POSSIBLE, certainty=0.45)
    (draft,) = list_news(report(device), entries_of(report(device)), {}, ())
    assert draft.detail == "possibly Hikvision DS-2CD2385G1-I at 192.0.2.2"


def test_a_device_as_it_was_is_not_told() -> None:
    assert told(camera(1), stored_row(7, camera(1))) == []


def test_another_firmware_is_reported() -> None:
    after = camera(1, firmware="V5.7.0build 200101")
    assert told(after, stored_row(7, camera(1))) == [
        (Event.FIRMWARE_CHANGED, "V5.6.2build 190701", "V5.7.0build 200101")
    ]


def test_a_device_that_was_missed_returns() -> None:
    row = stored_row(7, camera(1), presence=Presence.OFFLINE.value, scans_missed=4)
    assert told(camera(1), row) == [(Event.RETURNED, "offline", "seen")]


def test_a_device_that_was_removed_and_answers_raises_an_alarm_once_for_each_removal() -> None:
    removals = {7: Removal(3, None, "disposed")}
    gone = stored_row(7, camera(1), presence=Presence.MISSED.value, scans_missed=1)
    assert told(camera(1), gone, removals=removals) == [(Event.REAPPEARED_AFTER_REMOVAL, "disposed", "192.0.2.2")]
    known = {**gone.row["known"], "told": {Event.REAPPEARED_AFTER_REMOVAL.value: 3}}
    assert told(camera(1), stored_row(7, camera(1), known=known), removals=removals) == []


def test_a_removal_that_was_recorded_while_the_scan_ran_raises_none() -> None:
    assert told(camera(1), stored_row(7, camera(1)), removals={7: Removal(3, NOON, "disposed")}) == []


def test_what_a_person_is_asked_is_reported() -> None:
    noted = NewConflict(5, Question(7, "ROW-7", "maker-changed", "was hikvision, now dahua"), "")
    (draft,) = list_news(report(), (), {}, [noted])
    assert (draft.event, draft.device, draft.detail) == (Event.IDENTITY_CONFLICT, 7, "was hikvision, now dahua")

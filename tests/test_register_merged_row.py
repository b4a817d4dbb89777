"""Two rows that are one device, as one: the later sighting is how it is now, and nothing that was known is lost."""

from __future__ import annotations

from typing import Any

import pytest

from camscan.asset import Presence, RecordType
from camscan.model import Confidence, Identification
from camscan.register.codec import identification_from_json, identification_to_json
from camscan.register.record.merged_row import greater_of, merged_row, smaller_of


def row(number: int, scans: tuple[int | None, int | None], **members: Any) -> dict[str, Any]:
    """A row of the table ``device``, seen from the first to the last of these scans."""
    known = Identification(maker="hikvision", confidence=Confidence.CONFIRMED, certainty=0.9, **members.pop("what", {}))
    first, last = scans
    return {
        "id": number,
        "site": "",
        "provisional": False,
        "first_seen": first,
        "last_seen": last,
        "first_scan": first,
        "last_scan": last,
        "record_type": RecordType.NETWORK.value,
        "presence": Presence.SEEN.value,
        "scans_missed": 0,
        "recorder_id": None,
        "channel": None,
        "channels": None,
        "known": {"identification": identification_to_json(known), **members.pop("known", {})},
        **members,
    }


def test_the_later_sighting_is_how_it_is_now() -> None:
    kept = row(1, (1, 3), what={"firmware": "V5.5.0", "serial": "A"}, presence="missed", scans_missed=2, site="Hall")
    other = row(2, (2, 5), what={"firmware": "V5.7.0"}, scans_missed=1, site="Depot")
    found = merged_row(kept, other, 4)
    assert (found["firmware"], found["serial"], found["site"]) == ("V5.7.0", "A", "Depot")
    assert (found["presence"], found["scans_missed"], found["sightings"]) == ("seen", 1, 4)
    assert (found["first_scan"], found["last_scan"]) == (1, 5)
    assert (found["first_seen"], found["last_seen"]) == (1, 5)
    assert identification_from_json(found["known"]["identification"]).firmware == "V5.7.0"
    assert merged_row(other, kept, 4)["firmware"] == "V5.7.0"


def test_in_one_scan_the_row_that_is_kept_says_how_it_is() -> None:
    kept, other = row(1, (1, 5), presence="offline"), row(2, (1, 5))
    assert merged_row(kept, other, 1)["presence"] == "offline"
    assert merged_row(other, kept, 1)["presence"] == "seen"


def test_one_that_no_scan_saw_takes_what_the_other_saw() -> None:
    manual = row(1, (None, None), record_type="manual", presence="not_scanned", channel=3)
    seen = row(2, (2, 4), channel=7, recorder_id=9)
    found = merged_row(manual, seen, 2)
    assert (found["record_type"], found["presence"], found["last_scan"]) == ("network", "seen", 4)
    assert (found["channel"], found["recorder_id"], found["channels"]) == (3, 9, None)
    never = merged_row(manual, {**manual, "id": 3}, 0)
    assert (never["record_type"], never["presence"], never["first_seen"]) == ("manual", "not_scanned", None)


def test_hints_of_both_are_kept_and_what_one_scan_was_told_is_not() -> None:
    kept = row(1, (1, 5), known={"hints": {"a": "new"}, "told": 1, "said": 2, "more": 3})
    other = row(2, (1, 2), known={"hints": {"a": "old", "b": "old"}})
    known = merged_row(kept, other, 2)["known"]
    assert known.keys() == {"identification", "hints", "more"}
    assert known["hints"] == {"a": "new", "b": "old"}


@pytest.mark.parametrize(("one", "other", "both"), [(True, True, True), (True, False, False), (False, True, False)])
def test_it_is_provisional_only_where_both_are(*, one: bool, other: bool, both: bool) -> None:
    found = merged_row(row(1, (1, 1), provisional=one), row(2, (1, 1), provisional=other), 1)
    assert found["provisional"] is both


def test_a_number_that_is_missing_is_neither_less_nor_more() -> None:
    assert (smaller_of(None, 2), smaller_of(1, 2), smaller_of(None, None)) == (2, 1, None)
    assert (greater_of(None, 2), greater_of(1, 2), greater_of(None, None)) == (2, 2, None)

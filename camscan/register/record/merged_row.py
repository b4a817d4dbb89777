"""What is known about two rows that turned out to be one device.

Pure: ``merge`` reads the rows and writes the result.
"""

from __future__ import annotations

from collections.abc import Container, Mapping
from typing import Any

from camscan.asset import Presence, RecordType
from camscan.register import knowledge
from camscan.register.codec import DIGEST_SIZE, identification_from_json, identification_to_json

Row = Mapping[Any, Any]
"""A row of the table ``device``, by column."""


def in_order(kept: Row, other: Row, late: Container[int]) -> tuple[Row, Row]:
    """The two rows, the one first whose last sighting is the earlier state. ``late`` are the numbers of late scans.

    What a late scan saw is earlier than anything that another scan saw; of two late scans, the first to be recorded
    counts, as for a device that both saw (``late.py``).
    """

    def recency(row: Row) -> tuple[int, int, bool]:
        last, is_kept = row["last_scan"] or 0, row["id"] == kept["id"]
        return (1, -last, is_kept) if last in late else (2 if last else 0, last, is_kept)

    older, newer = sorted((kept, other), key=recency)
    return older, newer


def merged_row(kept: Row, other: Row, sightings: int, late: Container[int] = ()) -> dict[str, Any]:
    """The columns of both rows together: the later sighting is the present state.

    ``sightings``: number of scans of both. ``late``: the numbers of late scans.
    """
    older, newer = in_order(kept, other, late)
    found = knowledge.last_known(_decode_found(older), _decode_found(newer))
    known = {
        **newer["known"],
        "identification": identification_to_json(found),
        "hints": {**older["known"].get("hints", {}), **newer["known"].get("hints", {})},
    }
    if listed := knowledge.newest_listing(older["known"].get("elsewhere", {}), newer["known"].get("elsewhere", {})):
        known["elsewhere"] = listed
    for name in ("told", "said"):
        known.pop(name, None)
    is_network = RecordType.NETWORK in {kept["record_type"], other["record_type"]}
    never_seen = newer["last_scan"] is None
    return {
        "site": newer["site"] or older["site"],
        "provisional": kept["provisional"] and other["provisional"],
        "first_seen": smaller_of(kept["first_seen"], other["first_seen"]),
        "last_seen": greater_of(kept["last_seen"], other["last_seen"]),
        "first_scan": smaller_of(kept["first_scan"], other["first_scan"]),
        "last_scan": newer["last_scan"],
        "sightings": sightings,
        **{name: getattr(found, name) for name in knowledge.VALUES},
        "confidence": found.confidence.value,
        "certainty": found.certainty,
        "known": known,
        "evidence_digest": bytes(DIGEST_SIZE),  # the next sighting then compares every observation
        "record_type": RecordType.NETWORK.value if is_network else kept["record_type"],
        "presence": Presence.NOT_SCANNED.value if never_seen else newer["presence"],
        "scans_missed": newer["scans_missed"],
        **{
            name: kept[name] if kept[name] is not None else other[name]
            for name in ("recorder_id", "channel", "channels")
        },
    }


def _decode_found(row: Row) -> Any:
    return identification_from_json(row["known"]["identification"])


def smaller_of(one: Any, other: Any) -> Any:
    """The smaller of two values; the other one if one is None."""
    return min((each for each in (one, other) if each is not None), default=None)


def greater_of(one: Any, other: Any) -> Any:
    """The greater of two values; the other one if one is None."""
    return max((each for each in (one, other) if each is not None), default=None)

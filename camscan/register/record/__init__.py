"""Recording a report: which device is which row, and what changed. A road of stages, from top to bottom.

What the report's keys, addresses and recorders touch is read at the beginning, and what changed is written at the end;
what lies between decides, and is pure.

=============  ========================================================================================
``keys``       by what each device may be recognised, and what others claim too
``matching``   which device is which row
``conflicts``  what contradicts, for a person to settle
``entry``      what a device and its row are together
``merge``      rows that turned out to be one device become one
``channels``   cameras that only their recorder tells of
``presence``   who was looked for and not seen, and which subnets are silent
``news``       what happened, as events
=============  ========================================================================================
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from sqlalchemy import Connection

from camscan.asset import Asset, Event
from camscan.model import Report
from camscan.register import events, read, schema
from camscan.register.record import (
    channel_lists,
    channels,
    conflicts,
    entry,
    keys,
    matching,
    merge,
    news,
    presence,
    reading,
    writing,
)
from camscan.register.rows import next_id
from camscan.register.site_lookup import places
from camscan.register.types import Recorded

TallyOf = Callable[[Sequence[Asset]], Mapping[str, float]]
OFFLINE_AFTER = presence.OFFLINE_AFTER


def record(
    connection: Connection, report: Report, *, tally: TallyOf | None = None, offline_after: int = OFFLINE_AFTER
) -> Recorded:
    """Add one scan; see ``Register.record``. Everything happens inside the caller's one transaction."""
    scan = reading.read_number(connection, report)
    find_place = places(connection)
    marks = keys.marks_in(report)
    stored = reading.read_stored(connection, report, marks, find_place)
    standing = reading.read_presence(connection, report)
    gone = standing.removals

    question = matching.search(report, keys.tell(report, marks, stored.burnt), stored)
    found = matching.match(question)
    doubts = conflicts.doubts(question, found)
    free = next_id(connection, schema.device)
    entries = entry.enter(report, found, find_place, free)
    listings = channel_lists.listings(report, entries)
    stored_channels = reading.read_channels(connection, listings)
    writing.write_scan(connection, scan, report)
    writing.write_devices(connection, scan, report, entries, gone)

    fresh = free + len(entries) - len(found.known)
    hung = channels.hang(report, entries, listings, stored_channels, find_place=find_place, fresh=fresh)
    writing.write_channels(connection, scan, report, hung.changes)
    drafts = [*hung.drafts]
    asked = [*conflicts.questions(doubts, entries), *hung.questions]
    noted = writing.write_conflicts(connection, scan, report, asked)
    drafts += [draft for each in entries for draft in news.news_of(each, report, gone.get(each.id))]
    drafts += news.asked(asked, noted)
    missed = presence.look(report, scan, entries, standing, find_place, offline_after=offline_after)
    writing.write_presence(connection, missed)
    drafts += missed.drafts
    happened = events.store(connection, drafts, scan=scan, scan_id=report.scan_id, at=report.finished_at)
    for index, row in found.stood_in:
        merge.merge_rows(connection, entries[index].id, row.id, role="camscan", at=report.finished_at)
    if tally is not None:
        counts = dict(tally(read.devices(connection, maker=None, site=None)))
        connection.execute(schema.tally.insert().values(scan=scan, counts=counts))
    return Recorded(
        new=tuple(each.asset_id for each in entries if each.known is None),
        returned=tuple(each.asset_id for each in happened if each.event is Event.RETURNED),
        changed=tuple(each.asset_id for each in entries if entry.differs(each)),
        devices=len(entries),
        conflicts=noted,
        recognised=tuple(each.asset_id for each in entries if each.known and each.is_first_sighting),
        happenings=happened,
    )

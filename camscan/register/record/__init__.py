"""Recording a report: which device is which row, and what changed. A road of stages, from top to bottom.

What the report's keys, addresses and recorders touch is read at the beginning of the stage that needs it, and nothing
is written before every stage has decided. The stages are pure.

============  =========================================================================================
``reading``   where SQL enters: what the register knows
``keys``      by what each device may be recognised, and what others claim too
``matching``  which device is which row
``entry``     what a device and its row are together
``channels``  cameras that only their recorder tells of
``presence``  who was looked for and not seen, and which subnets are silent
``conflicts`` what contradicts, for a person to settle
``news``      what happened, as events
``writing``   where SQL leaves: what changed, as one ``Recording``; rows that turned out to be one device become one
============  =========================================================================================
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from camscan.asset import Event, Happening
from camscan.model import Report
from camscan.register import read
from camscan.register.plain_sql import AnyConnection
from camscan.register.record import (
    bounds as limits,
)
from camscan.register.record import (
    channel_lists,
    channels,
    conflicts,
    entry,
    keys,
    matching,
    news,
    presence,
    reading,
    writing,
)
from camscan.register.record import (
    late as late_scans,
)
from camscan.register.record.recording import Recording
from camscan.register.site_lookup import FindPlace, make_lookup
from camscan.register.types import OFFLINE_AFTER, Bounds, Conflict, Recorded, TallyOf
from camscan.register.uncollected import pause_collector

CountOf = Callable[[AnyConnection], Mapping[str, float]]


@pause_collector()
def record_scan(
    connection: AnyConnection,
    report: Report,
    *,
    tally: TallyOf | None = None,
    count: CountOf | None = None,
    offline_after: int = OFFLINE_AFTER,
    late: bool = False,
    bounds: Bounds | None = None,
) -> Recorded:
    """Add one scan; see ``Register.record``. Everything happens inside one transaction of the caller."""
    report, outdated = _without_outdated(connection, report)
    decided = (
        _decide_late(connection, report, bounds) if late else _decide_stages(connection, report, offline_after, bounds)
    )
    recording = replace(decided, outdated=outdated)
    happened = writing.write_recording(connection, recording)
    if late:
        return _make_recorded(recording, happened)  # what it saw is not the present state of the estate
    if tally is not None:
        writing.write_tally(connection, recording.scan, tally(read.list_devices(connection, maker=None, site=None)))
    elif count is not None:
        writing.write_tally(connection, recording.scan, count(connection))
    return _make_recorded(recording, happened)


def _decide_stages(connection: AnyConnection, report: Report, offline_after: int, bounds: Bounds | None) -> Recording:
    """Run the stages. They only read from the database."""
    scan = reading.read_number(connection, report)
    find_place = make_lookup(connection)

    question = _make_search(connection, report, find_place, bounds)
    found = matching.match_devices(question)

    free = reading.read_free_device(connection)
    entries = entry.make_entries(report, found, find_place, free, reading.read_mapped(connection))
    free += len(entries) - len(found.known)

    listings = channel_lists.find_listings(report, entries)
    if bounds:
        others = {entries[index].id for index in limits.claim_others(question)}
        listings = limits.own_listings(connection, listings, bounds, others)
    hanging = reading.read_channels(connection, listings)
    channelled = channels.update_channels(report, entries, listings, hanging, find_place=find_place, fresh=free)

    standing = reading.read_presence(connection, report, [each.id for each in entries if each.known])
    missed = presence.count_missed(report, scan, entries, standing, find_place, offline_after=offline_after)

    asked = [*conflicts.list_questions(conflicts.list_contradictions(question, found), entries), *channelled.questions]
    noted = conflicts.new_questions(asked, entries, reading.read_conflicts(connection, asked, channelled.changes))

    told_now = news.list_news(report, entries, standing.removals, noted)
    return Recording(
        report=report,
        scan=scan,
        entries=entries,
        removals=standing.removals,
        channels=channelled,
        presence=missed,
        new_conflicts=noted,
        drafts=[*channelled.drafts, *told_now, *missed.drafts],
        merges=[(entries[index].id, row.id) for index, row in found.stand_ins],
    )


def _decide_late(connection: AnyConnection, report: Report, bounds: Bounds | None) -> Recording:
    """Run the stages for a scan that a newer scan of the same addresses overtook: see ``late``."""
    scan = reading.read_number(connection, report)
    find_place = make_lookup(connection)
    question = _make_search(connection, report, find_place, bounds)
    found = late_scans.without_mergers(matching.match_devices(question))
    free = reading.read_free_device(connection)
    entries = entry.make_entries(report, found, find_place, free, reading.read_mapped(connection))
    behind = late_scans.find_overtaken(entries)
    asked = conflicts.list_questions(
        late_scans.contradictions_of_new_devices(conflicts.list_contradictions(question, found), behind), entries
    )
    noted = conflicts.new_questions(asked, entries, reading.read_conflicts(connection, asked, ()))
    others = [each for index, each in enumerate(entries) if index not in behind]
    return Recording(
        report=report,
        scan=scan,
        entries=others,
        removals={},
        channels=late_scans.NO_CHANNELS,
        presence=presence.PresenceChanges(),
        new_conflicts=noted,
        drafts=news.list_news(report, others, {}, noted),
        merges=(),
        is_late=True,
        overtaken=[entries[index] for index in sorted(behind)],
    )


def _make_search(
    connection: AnyConnection, report: Report, find_place: FindPlace, bounds: Bounds | None = None
) -> matching.Search:
    """The devices to recognise, and the rows among which to look for them."""
    marks = keys.marks_in_report(report)
    stored = reading.read_stored(connection, report, marks, find_place)
    return matching.make_search(report, keys.find_own_keys(report, marks, stored.burnt), stored, bounds)


def _without_outdated(connection: AnyConnection, report: Report) -> tuple[Report, tuple[str, ...]]:
    """The report without the devices that a newer scan has seen, and the asset numbers of these."""
    if report.coverage.is_search:
        return report, ()
    found = matching.match_devices(_make_search(connection, report, make_lookup(connection)))
    old = matching.outdated_devices(report, found)
    devices = tuple(device for index, device in enumerate(report.devices) if index not in old)
    return replace(report, devices=devices), tuple(sorted(found.known[index].asset_id for index in old))


def _make_recorded(recording: Recording, happened: tuple[Happening, ...]) -> Recorded:
    """The result of a recording, as the register returns it."""
    entries, scan_id = recording.entries, recording.report.scan_id
    return Recorded(
        new=tuple(each.asset_id for each in entries if each.known is None),
        returned=tuple(each.asset_id for each in happened if each.event is Event.RETURNED),
        changed=tuple(each.asset_id for each in entries if entry.has_news(each)),
        devices=len(entries) + len(recording.overtaken),
        conflicts=tuple(
            Conflict(each.question.asset_id, each.question.kind, each.question.detail, scan_id, each.other, each.id)
            for each in recording.new_conflicts
        ),
        recognised=tuple(each.asset_id for each in entries if each.known and each.is_first_sighting),
        happenings=happened,
        outdated=tuple(recording.outdated),
    )

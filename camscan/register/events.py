"""Events: written when they happen, and read as net changes. A change from A to B and back to A is not shown."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Select, func, select

from camscan.asset import Event, Happening, Presence
from camscan.dataclass import dataclass
from camscan.errors import UsageError
from camscan.register import schema
from camscan.register.rows import next_free_id

VALUES = (
    Event.MOVED_IP,
    Event.MOVED_SITE,
    Event.FIRMWARE_CHANGED,
    Event.MAKER_CHANGED,
    Event.CAPABILITY_CHANGED,
)
"""Values that a device has once at a time: only the first old value and the last new value count."""
CHANNEL = (Event.RECORDER_ADDED_CAMERA, Event.RECORDER_DROPPED_CAMERA)
"""Whether its recorder lists the device: old and new are the recorder and the channel."""
SIGHT = (Event.RETURNED, Event.MISSED, Event.OFFLINE)
"""Whether scans see the device: old and new are words of Presence."""
REMOVAL = (Event.CONFIRMED_REMOVED, Event.REAPPEARED_AFTER_REMOVAL)
COVERAGE = (Event.COVERAGE_LOST, Event.COVERAGE_RESTORED)
"""Whether a subnet is silent: old or new is the subnet."""
_EVENTS = {each.value: each for each in Event}
_ABSENT = (Presence.MISSED, Presence.OFFLINE)


@dataclass(frozen=True, slots=True)
class Draft:
    """An event that is not yet in the table."""

    event: Event
    device: int | None
    """Number of the row; None for an event of a whole subnet."""
    asset_id: str
    old: str
    new: str
    detail: str


def store_events(
    connection: Connection, drafts: Sequence[Draft], *, scan: int | None, scan_id: str, at: datetime
) -> tuple[Happening, ...]:
    """Write events; ``scan`` is None for an event that no scan showed."""
    table = schema.event
    if not drafts:
        return ()
    after = scan or connection.execute(select(func.max(schema.scan.c.id))).scalar() or 0
    first = next_free_id(connection, table)
    rows = [
        {
            "id": first + index,
            "scan": scan,
            "after_scan": after,
            "device_id": each.device,
            "at": at,
            "kind": each.event.value,
            "old": each.old,
            "new": each.new,
            "detail": each.detail,
        }
        for index, each in enumerate(drafts)
    ]
    connection.execute(table.insert(), rows)
    return tuple(Happening(each.event, each.asset_id, each.old, each.new, each.detail, at, scan_id) for each in drafts)


def list_happenings(connection: Connection, since: str | datetime | None) -> list[Happening]:
    """The net changes since a scan or a time; see ``Register.happenings``."""
    return _make_happenings(connection, connection.execute(_event_query(connection, since)).all())


def list_coverage(connection: Connection) -> list[Happening]:
    """Those of subnets that fell silent or answer again, ever; see ``Register.coverage_happenings``."""
    query = _event_query(connection, None).where(schema.event.c.kind.in_([each.value for each in COVERAGE]))
    return _make_happenings(connection, connection.execute(query).all())


def _make_happenings(connection: Connection, rows: Iterable[Any]) -> list[Happening]:
    settled = _settled_conflicts(connection)
    by_device: defaultdict[tuple[str, str], list[Happening]] = defaultdict(list)
    for kind, old, new, detail, at, number, asset_id, merged_into, scan_id in rows:
        if merged_into is not None:
            continue
        event = _EVENTS[kind]
        if event is Event.IDENTITY_CONFLICT and (number, detail) in settled:
            continue
        happening = Happening(event, asset_id or "", old, new, detail, at, scan_id or "")
        by_device[happening.asset_id, (old or new) if event in COVERAGE else ""].append(happening)
    return [net for found in by_device.values() for net in _net_changes(found)]


def list_device_happenings(connection: Connection, asset_id: str, most: int) -> list[Happening]:
    """The events of one device, newest first; see ``Register.device_happenings``."""
    event, device, scan = schema.event, schema.device, schema.scan
    query = (
        select(*event.c["kind", "old", "new", "detail", "at"], scan.c.scan_id)
        .join(device, device.c.id == event.c.device_id)
        .outerjoin(scan, scan.c.id == event.c.scan)
        .where(device.c.asset_id == asset_id)
        .order_by(event.c.id.desc())
        .limit(most)
    )
    return [
        Happening(_EVENTS[row.kind], asset_id, row.old, row.new, row.detail, row.at, row.scan_id or "")
        for row in connection.execute(query)
    ]


def _event_query(connection: Connection, since: str | datetime | None) -> Select[Any]:
    event, device, scan = schema.event, schema.device, schema.scan
    query = (
        select(*event.c["kind", "old", "new", "detail", "at", "device_id"])
        .add_columns(device.c.asset_id, device.c.merged_into, scan.c.scan_id)
        .outerjoin(device, device.c.id == event.c.device_id)
        .outerjoin(scan, scan.c.id == event.c.scan)
        .order_by(event.c.id)
    )
    if isinstance(since, str):
        number = connection.execute(select(scan.c.id).where(scan.c.scan_id == since)).scalar()
        if number is None:
            raise UsageError(f"the register has no scan {since}; name a day, or the id of one that was recorded")
        told = (event.c.after_scan == number) & event.c.scan.is_(None)
        query = query.where((event.c.after_scan > number) | told)
    elif since is not None:
        # Scans are compared by number, not by time: a clock that was wrong during one scan then hides no other scan.
        first = connection.execute(select(func.min(scan.c.id)).where(scan.c.finished_at >= since)).scalar()
        by_people = event.c.scan.is_(None) & (event.c.at >= since.astimezone(UTC))
        query = query.where(by_people if first is None else (event.c.after_scan >= first) | by_people)
    return query


def _settled_conflicts(connection: Connection) -> frozenset[tuple[int, str]]:
    """The device and the sentence of each conflict that a person has settled."""
    table = schema.conflict
    rows = connection.execute(select(*table.c["device_id", "detail"]).where(table.c.decision.is_not(None)))
    return frozenset((row.device_id, row.detail) for row in rows)


def _net_changes(found: Sequence[Happening]) -> Iterator[Happening]:
    """The net changes in the events of one device (or subnet), which are in their order."""
    if len(found) == 1 and found[0].event not in VALUES:
        yield found[0]
        return
    is_new = any(each.event is Event.NEW for each in found)
    by_event: defaultdict[Event, list[Happening]] = defaultdict(list)
    for each in found:
        by_event[each.event].append(each)
    kept: list[Happening] = by_event[Event.NEW][:1]
    kept += _distinct_changes(by_event[Event.IDENTITY_CONFLICT])
    kept += _net_listing([each for each in found if each.event in CHANNEL])
    if not is_new:  # everything about a new device is new
        kept += [net for event in VALUES for net in _net_interval(by_event[event])]
    kept += _net_presence(_after_alarm(found), is_new=is_new)
    kept += _net_removal([each for each in found if each.event in REMOVAL])
    coverage = [each for each in found if each.event in COVERAGE]
    if coverage and coverage[0].event is coverage[-1].event:  # lost and restored again is not a change
        kept.append(coverage[-1])
    yield from sorted(kept, key=lambda each: tuple(Event).index(each.event))


def _distinct_changes(found: Iterable[Happening]) -> list[Happening]:
    return list({(each.event, each.detail): each for each in found}.values())


def _net_listing(found: Sequence[Happening]) -> Sequence[Happening]:
    """The net change of a channel: dropped and listed again on the same channel is not a change."""
    return found[-1:] if found and found[0].old != found[-1].new else ()


def _net_interval(found: Sequence[Happening]) -> Iterator[Happening]:
    if found and found[0].old != found[-1].new:
        first, last = found[0], found[-1]
        detail = last.detail if len(found) == 1 else f"was {first.old}, is {last.new}"
        yield replace(last, old=first.old, detail=detail)


def _after_alarm(found: Sequence[Happening]) -> list[Happening]:
    """The events since the last alarm: a miss before the removal of that alarm no longer matters."""
    sights = list(found)
    for place, each in enumerate(found):
        if each.event is Event.REAPPEARED_AFTER_REMOVAL:
            sights = [later for later in found[place + 1 :] if later.scan_id != each.scan_id]
    return [each for each in sights if each.event in SIGHT]


def _net_presence(found: Sequence[Happening], *, is_new: bool) -> Iterator[Happening]:
    if not found:
        return
    before, after = Presence.SEEN if is_new else Presence(found[0].old), Presence(found[-1].new)
    away = before in _ABSENT and after is Presence.MISSED  # missed before and now: a sighting in between is not shown
    if before is not after and not away:
        yield replace(found[-1], old=before.value)


def _net_removal(found: Sequence[Happening]) -> Iterator[Happening]:
    """The net change of a removal: an alarm is always shown, but a verified removal only if no alarm followed."""
    alarms = [each for each in found if each.event is Event.REAPPEARED_AFTER_REMOVAL]
    yield from alarms[-1:]
    if found and found[-1].event is Event.CONFIRMED_REMOVED:
        yield found[-1]

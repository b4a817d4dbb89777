"""Events: written when they happen, and read as net changes. A change from A to B and back to A is not shown."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from camscan.asset import Event, Happening, Presence
from camscan.dataclass import dataclass
from camscan.errors import UsageError
from camscan.register.plain_sql import AnyConnection, fetch, fetch_rows, fetch_value
from camscan.register.rows import insert_rows, next_free_id
from camscan.register.stored import unescape_text

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
    connection: AnyConnection, drafts: Sequence[Draft], *, scan: int | None, scan_id: str, at: datetime
) -> tuple[Happening, ...]:
    """Write events; ``scan`` is None for an event that no scan showed."""
    if not drafts:
        return ()
    after = scan or fetch_value(connection, "SELECT max(id) FROM scan") or 0
    first = next_free_id(connection, "event")
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
    insert_rows(connection, "event", rows)
    return tuple(Happening(each.event, each.asset_id, each.old, each.new, each.detail, at, scan_id) for each in drafts)


def list_happenings(connection: AnyConnection, since: str | datetime | None) -> list[Happening]:
    """The net changes since a scan or a time; see ``Register.happenings``."""
    return _make_happenings(connection, _read_events(connection, since))


def list_coverage(connection: AnyConnection) -> list[Happening]:
    """Those of subnets that fell silent or answer again, ever; see ``Register.coverage_happenings``."""
    kinds = [each.value for each in COVERAGE]
    return _make_happenings(
        connection, fetch_rows(connection, f"{_EVENT} WHERE event.kind IN :kinds {_IN_ORDER}", kinds=kinds)
    )


def _make_happenings(connection: AnyConnection, rows: Iterable[Mapping[str, Any]]) -> list[Happening]:
    settled = _settled_conflicts(connection)
    by_device: defaultdict[tuple[str, str], list[Happening]] = defaultdict(list)
    for row in rows:
        if row["merged_into"] is not None:
            continue
        event = _EVENTS[row["kind"]]
        if event is Event.IDENTITY_CONFLICT and (row["device_id"], row["detail"]) in settled:
            continue
        happening = _make_happening(event, row["asset_id"] or "", row)
        by_device[happening.asset_id, (row["old"] or row["new"]) if event in COVERAGE else ""].append(happening)
    return [net for found in by_device.values() for net in _net_changes(found)]


def _make_happening(event: Event, asset_id: str, row: Mapping[str, Any]) -> Happening:
    return Happening(event, asset_id, row["old"], row["new"], row["detail"], row["at"], row["scan_id"] or "")


def list_device_happenings(connection: AnyConnection, asset_id: str, most: int) -> list[Happening]:
    """The events of one device, newest first; see ``Register.device_happenings``."""
    query = f"{_EVENT} WHERE asset_id = :asset_id ORDER BY event.id DESC LIMIT :most"
    rows = fetch_rows(connection, query, asset_id=asset_id, most=most)
    return [_make_happening(_EVENTS[row["kind"]], asset_id, row) for row in rows]


_EVENT = """
SELECT event.kind, old, new, detail, at, device_id, asset_id, merged_into, scan_id
FROM event LEFT JOIN device ON device.id = event.device_id LEFT JOIN scan ON scan.id = event.scan
"""
_IN_ORDER = "ORDER BY event.id"


def _read_events(connection: AnyConnection, since: str | datetime | None) -> list[dict[str, Any]]:
    """The events since a scan or a time, in their order."""
    if since is None:
        return fetch_rows(connection, f"{_EVENT} {_IN_ORDER}")
    if isinstance(since, str):
        number = fetch_value(connection, "SELECT id FROM scan WHERE scan_id = :scan_id", scan_id=since)
        if number is None:
            raise UsageError(f"the register has no scan {since}; name a day, or the id of one that was recorded")
        where = "after_scan > :number OR (after_scan = :number AND event.scan IS NULL)"
        return fetch_rows(connection, f"{_EVENT} WHERE {where} {_IN_ORDER}", number=number)
    # Scans are compared by number, not by time: a clock that was wrong during one scan then hides no other scan.
    first = fetch_value(connection, "SELECT min(id) FROM scan WHERE finished_at >= :since", since=since)
    where, values = "(event.scan IS NULL AND event.at >= :since)", {"since": since.astimezone(UTC)}
    if first is None:
        return fetch_rows(connection, f"{_EVENT} WHERE {where} {_IN_ORDER}", **values)
    return fetch_rows(connection, f"{_EVENT} WHERE after_scan >= :first OR {where} {_IN_ORDER}", first=first, **values)


def _settled_conflicts(connection: AnyConnection) -> frozenset[tuple[int, str]]:
    """The device and the sentence of each conflict that a person has settled."""
    rows = fetch(connection, "SELECT device_id, detail FROM conflict WHERE decision IS NOT NULL")
    return frozenset((device, unescape_text(detail)) for device, detail in rows)


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

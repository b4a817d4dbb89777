"""Makes assets from the rows of several tables. Lists of all devices are made here, so it is written for speed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import pairwise
from typing import Any

from sqlalchemy import Column, ColumnElement, Connection, Row, Select, func, select

from camscan.asset import NOT_LISTED, NOTHING, Asset, Elsewhere, Event, Presence, RecordType
from camscan.asset.columns import NAMING
from camscan.dataclass import dataclass
from camscan.register import overrides, schema
from camscan.register.codec import identification_from_json
from camscan.register.rows import CHUNK
from camscan.register.site_lookup import FindPlace, make_lookup, place_device

_DEVICE = (
    *("id", "asset_id", "record_type", "known", "site", "provisional", "presence", "scans_missed", "first_seen"),
    *("last_seen", "last_scan", "sightings", "channels", "recorder_id", "channel"),
)
_RECORD_TYPES = {each.value: each for each in RecordType}
_PRESENCES = {each.value: each for each in Presence}
_NO_ENTRIES: tuple[Mapping[str, str], int] = (NOTHING, 0)

_Address = tuple[int, int, str, str]
"""One address: position, last scan (negative, so that the newest comes first), kind, value."""


def read_assets(
    connection: Connection, where: ColumnElement[bool] | None = None, find_place: FindPlace | None = None
) -> list[Asset]:
    """The assets of the rows for which ``where`` holds, or of all rows, in the order in which they were first found.

    Rows that a person merged into others are left out. Without ``find_place``, the site map is read.
    """
    device = schema.device
    query = select(*device.c[_DEVICE]).where(device.c.merged_into.is_(None)).order_by(device.c.id)
    rows = connection.execute(query if where is None else query.where(where)).all()
    beside = _read_related_rows(connection, rows, find_place or make_lookup(connection), every=where is None)
    return [_make_asset(row, beside) for row in rows]


def read_assets_by_row(
    connection: Connection, numbers: Sequence[int], find_place: FindPlace | None = None
) -> list[tuple[int, Asset]]:
    """The assets of the rows with these numbers, each with its number, in the order of the numbers.

    Rows that were merged are left out. Without ``find_place``, the site map is read.
    """
    device = schema.device
    query = select(*device.c[_DEVICE]).where(device.c.merged_into.is_(None))
    found: dict[int, Row[Any]] = {}
    for condition in _conditions(device.c.id, numbers):
        found |= {row.id: row for row in connection.execute(query.where(condition)).all()}
    beside = _read_related_rows(connection, list(found.values()), find_place or make_lookup(connection))
    return [(number, _make_asset(found[number], beside)) for number in numbers if number in found]


@dataclass(frozen=True, slots=True)
class _RelatedRows:
    """What other tables hold about some devices."""

    held: Mapping[int, list[_Address]]
    """Device -> its addresses."""
    scan_ids: Mapping[int | None, str]
    entered: Mapping[int, tuple[Mapping[str, str], int]]
    """Device -> people's entries, and the number of the last change to them."""
    names: Mapping[int | None, str]
    """Recorder -> its asset number."""
    find_place: FindPlace
    answering_again: frozenset[int]
    """Devices that a scan saw after a person had recorded their removal."""


def _read_related_rows(
    connection: Connection, rows: Sequence[Row[Any]], find_place: FindPlace, *, every: bool = False
) -> _RelatedRows:
    """Read the rows of other tables for these devices.

    With ``every``, the tables are read completely: for all devices that is quicker.
    """
    numbers = None if every else [row.id for row in rows]
    recorders = None if every else {row.recorder_id for row in rows} - {None}
    scans = None if every else {row.last_scan for row in rows} - {None}
    holders, scan, people = schema.device_address, schema.scan, schema.people
    held: defaultdict[int, list[_Address]] = defaultdict(list)
    columns = holders.c["device_id", "position", "last_scan", "kind", "value"]
    for number, position, last, kind, value in _select_some(connection, columns, holders.c.device_id, numbers):
        held[number].append((position, -last, kind, value))
    entered = {
        number: (entries, revision)
        for number, entries, revision in _select_some(
            connection, people.c["device_id", "entries", "revision"], people.c.device_id, numbers
        )
    }
    _follow_merged(connection, entered)
    return _RelatedRows(
        held=held,
        scan_ids=dict(_select_some(connection, scan.c["id", "scan_id"], scan.c.id, scans)),
        entered=entered,
        names=_recorder_names(connection, recorders),
        find_place=find_place,
        answering_again=_find_answering_again(connection, rows),
    )


def _find_answering_again(connection: Connection, rows: Sequence[Row[Any]]) -> frozenset[int]:
    """Devices that answered after their present removal: a scan marks them with the line of the removal in the log."""
    told = {row.id: row.known["told"].get(Event.REAPPEARED_AFTER_REMOVAL) for row in rows if row.known.get("told")}
    if not told:
        return frozenset()
    change = schema.change
    last = func.max(change.c.id)
    query = select(change.c.device_id, last).where(change.c.column_name == "lifecycle_status")
    query = query.group_by(change.c.device_id)
    wanted = sorted(told)
    found: dict[int, int] = {}
    for start in range(0, len(wanted), CHUNK):
        of_these = query.where(change.c.device_id.in_(wanted[start : start + CHUNK]))
        found |= {row[0]: row[1] for row in connection.execute(of_these)}
    return frozenset(number for number, line in told.items() if found.get(number, 0) == line)


def _follow_merged(connection: Connection, entered: dict[int, tuple[Mapping[str, str], int]]) -> None:
    """Replace the names of merged devices in people's entries.

    Scans merge rows, but never change a person's entry: an entry that names a merged device means the row that was
    kept.
    """
    one, other = NAMING  # written out, because every row is looked at
    naming = {number: told for number, told in entered.items() if one in told[0] or other in told[0]}
    if not naming:
        return
    gone, kept = schema.device, schema.device.alias("kept")
    columns = (gone.c.asset_id, kept.c.asset_id.label("into"))
    named = {told[0][column] for told in naming.values() for column in NAMING if column in told[0]}
    merged = select(*columns).join_from(gone, kept, gone.c.merged_into == kept.c.id)
    wanted = sorted(named)
    into: dict[str | None, str] = {}
    for start in range(0, len(wanted), CHUNK):
        rows = connection.execute(merged.where(gone.c.asset_id.in_(wanted[start : start + CHUNK])))
        into |= {row.asset_id: row.into for row in rows}
    for number, (entries, revision) in naming.items() if into else ():
        followed = {column: into[entries[column]] for column in NAMING if entries.get(column) in into}
        if followed:
            entered[number] = ({**entries, **followed}, revision)


def _recorder_names(connection: Connection, wanted: Iterable[int] | None) -> dict[int | None, str]:
    device = schema.device
    if wanted is not None:
        return dict(_select_some(connection, (device.c.id, device.c.asset_id), device.c.id, wanted))
    recorders = select(device.c.recorder_id).where(device.c.recorder_id.is_not(None))
    return dict(
        _select_some(connection, (device.c.id, device.c.asset_id), device.c.id, _first_rows(connection, recorders))
    )


def _first_rows(connection: Connection, query: Select[Any]) -> list[Any]:
    return list(connection.execute(query.distinct()).scalars())


def _select_some(
    connection: Connection, columns: Iterable[Column[Any]], key: Column[Any], wanted: Iterable[Any] | None
) -> Iterator[Any]:
    """Those columns of the rows whose key is in ``wanted``; of all rows for None."""
    if wanted is None:
        yield from connection.execute(select(*columns)).all()
        return
    for condition in _conditions(key, list(wanted)):
        yield from connection.execute(select(*columns).where(condition)).all()


def _conditions(key: Column[Any], values: Sequence[Any]) -> Iterator[ColumnElement[bool]]:
    """Conditions: the key is one of these values. For numbers in a row it is short, which the database reads faster."""
    if values and isinstance(values[0], int) and all(after == before + 1 for before, after in pairwise(values)):
        yield key.between(values[0], values[-1])
        return
    for start in range(0, len(values), CHUNK):
        yield key.in_(values[start : start + CHUNK])


def _newest_addresses(held: Sequence[_Address]) -> list[_Address]:
    """For a device that never answered: the addresses of each kind from the newest list."""
    last = {kind: min(seen for _, seen, its, _ in held if its == kind) for _, _, kind, _ in held}
    return [each for each in held if each[1] == last[each[2]]]


def _add_mac(elsewhere: Mapping[str, Elsewhere], current: dict[str, list[str]], past: dict[str, list[str]]) -> None:
    """Add the MAC address that another system lists if no scan sees one, as for a device behind a router."""
    if "mac" not in elsewhere:
        return
    mac = elsewhere["mac"].value
    if not current["mac"]:
        current["mac"].append(mac)
    past["mac"] = [each for each in past["mac"] if each != mac]


def _gather_hints(
    known: Mapping[str, Any], elsewhere: Mapping[str, Elsewhere], *, is_mac_listed: bool
) -> Mapping[str, str]:
    """What a device says about itself and its place, completed by what other systems list."""
    said: Mapping[str, str] = known.get("hints", NOTHING)
    if not elsewhere:
        return said
    listed = {"mac_source": elsewhere["mac"].basis} if is_mac_listed else {}
    if "hostname" in elsewhere and not said.get("hostname"):
        listed["hostname"] = elsewhere["hostname"].value
    return {**said, **listed}


def _decode_elsewhere(known: Mapping[str, Any]) -> Mapping[str, Elsewhere]:
    found = known.get("elsewhere")
    if not found:
        return NOT_LISTED
    return {
        name: Elsewhere(each["value"], each["basis"], datetime.fromisoformat(each["at"]))
        for name, each in found.items()
    }


def _make_asset(row: Sequence[Any], beside: _RelatedRows) -> Asset:
    number, asset_id, record_type, known, site, provisional, presence, missed, first, last, *rest = row
    last_scan, sightings, channels, recorder, channel = rest
    entries, revision = beside.entered.get(number, _NO_ENTRIES)
    current: dict[str, list[str]] = {"ip": [], "mac": []}
    past: dict[str, list[str]] = {"ip": [], "mac": []}
    if held := beside.held.get(number):
        held.sort()
        for _, seen, kind, value in held if last_scan else _newest_addresses(held):
            (current if not last_scan or -seen == last_scan else past)[kind].append(value)
    elsewhere = _decode_elsewhere(known)
    is_mac_listed = "mac" in elsewhere and not (last_scan and current["mac"])
    _add_mac(elsewhere, current, past)
    return Asset(
        asset_id=asset_id,
        record_type=_RECORD_TYPES[record_type],
        identification=overrides.overlay_entries(identification_from_json(known["identification"]), entries),
        ip_addresses=tuple(current["ip"]),
        mac_addresses=tuple(current["mac"]),
        open_ports=tuple(known["open_ports"]),
        past_ip_addresses=tuple(past["ip"]),
        past_mac_addresses=tuple(past["mac"]),
        site=site,
        provisional=provisional,
        presence=_PRESENCES[presence],
        scans_missed=missed,
        first_seen=first,
        last_seen=last,
        last_scan=beside.scan_ids.get(last_scan, ""),
        sightings=sightings,
        hints=_gather_hints(known, elsewhere, is_mac_listed=is_mac_listed),
        channels=channels,
        recorder_asset_id=beside.names.get(recorder, ""),
        channel=channel,
        place=place_device(site, current["ip"], entries, beside.find_place),
        entries=entries,
        revision=revision,
        elsewhere=elsewhere,
        is_back=number in beside.answering_again,
    )

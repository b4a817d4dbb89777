"""Makes assets from the rows of several tables. Lists of all devices are made here, so it is written for speed."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from camscan.asset import NOT_LISTED, NOTHING, Asset, Elsewhere, Event, Presence, RecordType
from camscan.asset.columns import NAMING
from camscan.dataclass import dataclass
from camscan.register import overrides
from camscan.register.codec import identification_from_json
from camscan.register.plain_sql import AnyConnection, conditions, fetch, fetch_some
from camscan.register.site_lookup import FindPlace, make_lookup, place_device
from camscan.register.stored import decode_moment, unescape_text

_RECORD_TYPES = {each.value: each for each in RecordType}
_PRESENCES = {each.value: each for each in Presence}
_NO_ENTRIES: tuple[Mapping[str, str], int] = (NOTHING, 0)

_Address = tuple[int, int, str, str]
"""One address: position, last scan (negative, so that the newest comes first), kind, value."""


def read_assets(
    connection: AnyConnection, where: str = "", find_place: FindPlace | None = None, **values: Any
) -> list[Asset]:
    """The assets of the rows for which ``where`` holds, or of all rows, in the order in which they were first found.

    ``where`` is a condition on ``device`` in plain SQL with these values. Rows that a person merged into others are
    left out. Without ``find_place``, the site map is read.
    """
    rows = _read_rows(connection, where, **values)
    beside = _read_related_rows(connection, rows, find_place or make_lookup(connection), every=not where)
    return [_make_asset(row, beside) for row in rows]


def read_assets_by_row(
    connection: AnyConnection, numbers: Sequence[int], find_place: FindPlace | None = None
) -> list[tuple[int, Asset]]:
    """The assets of the rows with these numbers, each with its number, in the order of the numbers.

    Rows that were merged are left out. Without ``find_place``, the site map is read.
    """
    found: dict[int, _Row] = {}
    for condition, values in conditions("id", numbers):
        found |= {row.id: row for row in _read_rows(connection, condition, **values)}
    beside = _read_related_rows(connection, list(found.values()), find_place or make_lookup(connection))
    return [(number, _make_asset(found[number], beside)) for number in numbers if number in found]


class _Row(NamedTuple):
    """One row of ``device``: what an asset is made of."""

    id: int
    asset_id: str
    record_type: str
    known: dict[str, Any]
    site: str
    provisional: bool
    presence: str
    scans_missed: int
    first_seen: datetime | None
    last_seen: datetime | None
    last_scan: int | None
    sightings: int
    channels: int | None
    recorder_id: int | None
    channel: int | None


_ROW = f"SELECT {', '.join(_Row._fields)} FROM device WHERE merged_into IS NULL"  # noqa: S608 - constants


def _read_rows(connection: AnyConnection, where: str = "", **values: Any) -> list[_Row]:
    found = []
    for row in fetch(connection, f"{_ROW}{f' AND ({where})' if where else ''} ORDER BY id", **values):
        number, asset_id, record_type, known, site, provisional, presence, missed, first, last, *rest = row
        told = (json.loads(known), unescape_text(site), bool(provisional), presence, missed)
        found.append(_Row(number, asset_id, record_type, *told, decode_moment(first), decode_moment(last), *rest))
    return found


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
    connection: AnyConnection, rows: Sequence[_Row], find_place: FindPlace, *, every: bool = False
) -> _RelatedRows:
    """Read the rows of other tables for these devices.

    With ``every``, the tables are read completely: for all devices that is quicker.
    """
    numbers = None if every else [row.id for row in rows]
    recorders = None if every else {row.recorder_id for row in rows} - {None}
    scans = None if every else {row.last_scan for row in rows} - {None}
    held: defaultdict[int, list[_Address]] = defaultdict(list)
    query = "SELECT device_id, position, last_scan, kind, value FROM device_address"
    for number, position, last, kind, value in fetch_some(connection, query, "device_id", numbers):
        held[number].append((position, -last, kind, unescape_text(value)))
    query = "SELECT device_id, entries, revision FROM people"
    entered = {
        number: (json.loads(entries), revision)
        for number, entries, revision in fetch_some(connection, query, "device_id", numbers)
    }
    _follow_merged(connection, entered)
    return _RelatedRows(
        held=held,
        scan_ids=dict(_read_names(connection, "SELECT id, scan_id FROM scan", scans)),
        entered=entered,
        names=_recorder_names(connection, recorders),
        find_place=find_place,
        answering_again=_find_answering_again(connection, rows),
    )


def _find_answering_again(connection: AnyConnection, rows: Sequence[_Row]) -> frozenset[int]:
    """Devices that answered after their present removal: a scan marks them with the line of the removal in the log."""
    told = {row.id: row.known["told"].get(Event.REAPPEARED_AFTER_REMOVAL) for row in rows if row.known.get("told")}
    query = "SELECT device_id, max(id) FROM change WHERE column_name = 'lifecycle_status' AND"
    found: dict[int, int] = {}
    for condition, values in conditions("device_id", sorted(told)):
        rows_of_log = fetch(connection, f"{query} {condition} GROUP BY device_id", **values)
        found |= {row[0]: row[1] for row in rows_of_log}
    return frozenset(number for number, line in told.items() if found.get(number, 0) == line)


def _follow_merged(connection: AnyConnection, entered: dict[int, tuple[Mapping[str, str], int]]) -> None:
    """Replace the names of merged devices in people's entries.

    Scans merge rows, but never change a person's entry: an entry that names a merged device means the row that was
    kept.
    """
    one, other = NAMING  # written out, because every row is looked at
    naming = {number: told for number, told in entered.items() if one in told[0] or other in told[0]}
    if not naming:
        return
    named = {told[0][column] for told in naming.values() for column in NAMING if column in told[0]}
    query = "SELECT gone.asset_id, kept.asset_id FROM device AS gone JOIN device AS kept ON kept.id = gone.merged_into"
    into: dict[str | None, str] = dict(_read_names(connection, query, sorted(named), "gone.asset_id"))
    for number, (entries, revision) in naming.items() if into else ():
        followed = {column: into[entries[column]] for column in NAMING if entries.get(column) in into}
        if followed:
            entered[number] = ({**entries, **followed}, revision)


def _recorder_names(connection: AnyConnection, wanted: Iterable[int | None] | None) -> dict[int | None, str]:
    if wanted is None:
        recorders = fetch(connection, "SELECT DISTINCT recorder_id FROM device WHERE recorder_id IS NOT NULL")
        wanted = [row[0] for row in recorders]
    return dict(_read_names(connection, "SELECT id, asset_id FROM device", wanted))


def _read_names(
    connection: AnyConnection, query: str, wanted: Iterable[Any] | None, key: str = "id"
) -> Iterator[tuple[Any, str]]:
    """Pairs of a key and a name."""
    for number, name in fetch_some(connection, query, key, wanted):
        yield number, unescape_text(name)


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

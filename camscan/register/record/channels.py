"""Cameras that only a recorder tells of, one row for each channel; one that scans see too is one row all the same.

A recorder that was asked with a login lists its channels in its observations. Inside the transaction of the recording.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, RowMapping, Text, cast, delete, func, select, update

from camscan.asset import GONE, Event, Presence, RecordType
from camscan.identify.keys import Key, channel_key, contradicts, serial_keys
from camscan.model import Identification, Report
from camscan.register import knowledge, overrides, schema
from camscan.register.asset_numbers import asset_id
from camscan.register.codec import DIGEST_SIZE, identification_from_json, identification_to_json
from camscan.register.events import Draft
from camscan.register.record import merge
from camscan.register.record.channel_lists import Told, identified, maker_of, read
from camscan.register.record.conflicts import Question
from camscan.register.record.entry import Entry
from camscan.register.record.removed_channels import dropped, known_as_dropped
from camscan.register.rows import next_id, rows_in
from camscan.register.site_lookup import FindPlace


@dataclass(slots=True)
class _Row:
    """A stored device that a channel may be."""

    row: RowMapping
    keys: set[Key] = field(default_factory=set)
    entries: Mapping[str, str] | None = None
    """What people entered; None where nobody has."""

    @property
    def id(self) -> int:
        return int(self.row["id"])

    @property
    def found(self) -> Identification:
        return identification_from_json(self.row["known"]["identification"])

    @property
    def is_behind(self) -> bool:
        return bool(self.row["record_type"] == RecordType.BEHIND_RECORDER)

    @property
    def is_seen(self) -> bool:
        """Whether a scan has ever seen it."""
        return bool(self.row["record_type"] == RecordType.NETWORK)


def record_channels(
    connection: Connection, scan: int, report: Report, entries: Sequence[Entry], find_place: FindPlace
) -> tuple[list[Draft], list[Question]]:
    """Make and mend the rows of the cameras that recorders tell of; what is new about them, what a person is asked."""
    listed = [(entry, told) for entry in entries for told in read(entry.device.observations)]
    listing = _Listing(connection, scan, report, listed) if listed else None
    added = list(listing.record()) if listing else []
    return [*added, *dropped(connection, report, entries)], list(listing.twins(find_place)) if listing else []


class _Listing:
    """Every channel of every recorder of one report."""

    def __init__(self, connection: Connection, scan: int, report: Report, listed: Sequence[tuple[Entry, Told]]) -> None:
        self._connection = connection
        self._scan = scan
        self._report = report
        self._listed = listed
        self._rows: dict[int, _Row] = {}
        self._said: defaultdict[tuple[int, int], list[int]] = defaultdict(list)
        """(recorder, channel) -> rows that are known to hang there, or that people say do."""
        self._load()
        self._taken = {entry.id for entry, _ in listed}
        """Rows that are some channel already, and the recorders."""
        self._behind: list[tuple[Entry, Told, int, str]] = []
        """Cameras that only their recorder tells of: recorder, what it says, row."""
        self._asked: list[Question] = []
        self._dropped = known_as_dropped(connection, self._rows)

    def record(self) -> Iterator[Draft]:
        for entry, told in self._listed:
            place = channel_key(entry.identification.serial or entry.asset_id, told.number)
            found = identified(told, entry.asset_id)
            keys = serial_keys(found.maker, told.serial) | {place}
            there = self._owner(_places(entry, told)) or self._hanging(entry, told)
            same = self._owner(keys - {place}) or (there if there and _may_be(there, found, keys) else None)
            before = ""
            if there and (same is None or there.id != same.id):
                self._ask(entry, told, there, same)
                before = self._leave(there, same, _places(entry, told))
            if same is None:
                yield self._add(entry, told, found, keys, before)
            else:
                yield from self._mend(entry, told, found, keys, same)

    def _load(self) -> None:
        wanted: set[Key] = set()
        for entry, told in self._listed:
            wanted |= _places(entry, told) | serial_keys(maker_of(told)[0], told.serial)
        key, device, people = schema.device_key, schema.device, schema.people
        held = rows_in(self._connection, key, key.c.value, {each.value for each in wanted})
        numbers = {row["device_id"] for row in held if Key(row["kind"], row["value"]) in wanted}
        self._load_said()
        numbers |= {number for said in self._said.values() for number in said}
        self._rows |= {row["id"]: _Row(row) for row in rows_in(self._connection, device, device.c.id, numbers)}
        for row in rows_in(self._connection, key, key.c.device_id, self._rows):
            self._rows[row["device_id"]].keys.add(Key(row["kind"], row["value"]))
        for row in rows_in(self._connection, people, people.c.device_id, self._rows):
            self._rows[row["device_id"]].entries = row["entries"]

    def _load_said(self) -> None:
        """By the row itself, and by what people entered of it, unless that says that it is gone."""
        device, people = schema.device, schema.people
        ids = {entry.id for entry, _ in self._listed}
        behind = rows_in(self._connection, device, device.c.recorder_id, ids)
        for row in (row for row in behind if row["merged_into"] is None and row["channel"]):
            self._said[row["recorder_id"], row["channel"]].append(row["id"])
        recorders = {entry.asset_id: entry.id for entry, _ in self._listed}
        parts = rows_in(self._connection, device, device.c.merged_into, ids)
        recorders |= {row["asset_id"]: row["merged_into"] for row in parts}
        query = (
            select(*people.c["device_id", "entries"])
            .join(device, device.c.id == people.c.device_id)
            .where(device.c.merged_into.is_(None), cast(people.c.entries, Text).contains('"recorder_channel":'))
            .order_by(device.c.id)
        )
        for number, entries in self._connection.execute(query):
            recorder = recorders.get(entries.get("recorder_asset_id", ""))
            if recorder and entries.get("lifecycle_status") not in GONE:
                self._said[recorder, int(entries["recorder_channel"])].append(number)

    def _owner(self, keys: Iterable[Key]) -> _Row | None:
        """The row that one of the keys recognises: one that a scan has seen before one that only recorders tell of."""
        wanted = set(keys)
        found = [row for row in self._rows.values() if row.keys & wanted and row.id not in self._taken]
        return min(found, key=lambda row: (not row.is_seen, row.id), default=None)

    def _hanging(self, entry: Entry, told: Told) -> _Row | None:
        """The row that is known to hang on the channel, though by no key, else the one of which people say so."""
        said = (self._rows[number] for number in self._said[entry.id, told.number])
        return next((row for row in said if row.id not in self._taken), None)

    def _ask(self, entry: Entry, told: Told, there: _Row, same: _Row | None) -> None:
        """Where people say that one row hangs on the channel, and the recorder names another."""
        apart = same is None or contradicts(same.keys, there.keys)
        if there.entries and same and not apart and there.entries.get("recorder_channel") == str(told.number):
            detail = f"{_say(entry, told)}, which people say is {there.row['asset_id']}: the same device?"
            self._asked.append(Question(same.id, str(same.row["asset_id"]), "possible-duplicate", detail, there.id))

    def _leave(self, there: _Row, same: _Row | None, places: frozenset[Key]) -> str:
        """Another camera was on the channel: it keeps its row. A row that was only the channel is the new one's."""
        only_channel = there.is_behind and {key.kind for key in there.keys} == {"channel"}
        if same and only_channel and there.entries is None:
            merge.merge_rows(self._connection, same.id, there.id, role="camscan", at=self._report.finished_at)
            same.keys |= there.keys
            del self._rows[there.id]
            return ""
        table, key = schema.device, schema.device_key
        gone = (key.c.device_id == there.id, key.c.kind == "channel", key.c.value.in_({each.value for each in places}))
        self._connection.execute(delete(key).where(*gone))
        there.keys -= places
        self._connection.execute(update(table).where(table.c.id == there.id).values(recorder_id=None, channel=None))
        return str(there.row["asset_id"])

    def _add(self, entry: Entry, told: Told, found: Identification, keys: frozenset[Key], before: str) -> Draft:
        number = next_id(self._connection, schema.device)
        name = asset_id(self._report.started_at)
        values = {
            "id": number,
            "asset_id": name,
            "site": entry.site,
            "provisional": False,
            "sightings": 0,
            "evidence_digest": bytes(DIGEST_SIZE),
            "record_type": RecordType.BEHIND_RECORDER.value,
            "presence": Presence.NOT_SCANNED.value,
            "scans_missed": 0,
            "recorder_id": entry.id,
            "channel": told.number,
            **_known({}, found, told, {}),
        }
        self._connection.execute(schema.device.insert().values(values))
        self._keys(number, keys)
        self._taken.add(number)
        self._behind.append((entry, told, number, name))
        detail = f"{_say(entry, told)}{f'; it takes the place of {before}' if before else ''}"
        return Draft(Event.RECORDER_ADDED_CAMERA, number, name, "", _where(entry, told), detail)

    def _mend(
        self, entry: Entry, told: Told, found: Identification, keys: frozenset[Key], same: _Row
    ) -> Iterator[Draft]:
        """What scans saw of a camera stands; what only its recorder tells is brought up to date."""
        table = schema.device
        values: dict[str, Any] = {"recorder_id": entry.id, "channel": told.number}
        if not same.is_seen:
            self._behind.append((entry, told, same.id, str(same.row["asset_id"])))
            values |= _known(same.row["known"], knowledge.last_known(same.found, found), told, same.entries or {})
        self._connection.execute(update(table).where(table.c.id == same.id).values(values))
        key = schema.device_key
        elsewhere = {each.value for each in same.keys - keys if each.kind == "channel"}
        self._connection.execute(delete(key).where(key.c.device_id == same.id, key.c.value.in_(elsewhere)))
        self._keys(same.id, keys - same.keys)
        again = (key.c.device_id == same.id, key.c.kind == "channel")  # also one that people had given
        first = func.coalesce(key.c.first_scan, self._scan)
        self._connection.execute(update(key).where(*again).values(first_scan=first, last_scan=self._scan))
        self._taken.add(same.id)
        if same.id in self._dropped or (same.row["recorder_id"], same.row["channel"]) != (entry.id, told.number):
            name = str(same.row["asset_id"])
            yield Draft(Event.RECORDER_ADDED_CAMERA, same.id, name, "", _where(entry, told), _say(entry, told))

    def twins(self, find_place: FindPlace) -> Iterator[Question]:
        """Where a recorder says that a camera is at an address, and a scan saw one there that may be it."""
        yield from self._asked
        device, address = schema.device, schema.device_address
        told = {each.ip for _, each, _, _ in self._behind} - {""}
        query = (
            select(address.c.value, *device.c["id", "asset_id", "site", "known"])
            .join(device, (device.c.id == address.c.device_id) & (device.c.last_scan == address.c.last_scan))
            .where(address.c.kind == "ip", address.c.value.in_(told), device.c.merged_into.is_(None))
        )
        standing = self._connection.execute(query).all() if told else []
        for entry, camera, number, name in self._behind:
            found = identified(camera, entry.asset_id)
            for row in (row for row in standing if row.value == camera.ip and row.id not in self._taken):
                here = row.site == entry.site or find_place("", [camera.ip]) is not None
                other = identification_from_json(row.known["identification"])
                if here and not (found.serial and other.serial) and _is_like(found, other):
                    detail = f"{_say(entry, camera)}, at {camera.ip}, where {row.asset_id} answers: the same device?"
                    yield Question(number, name, "possible-duplicate", detail, row.id)

    def _keys(self, device: int, keys: Iterable[Key]) -> None:
        at = {"device_id": device, "first_scan": self._scan, "last_scan": self._scan}
        rows = [{"kind": key.kind, "value": key.value, **at} for key in sorted(keys)]
        if rows:
            self._connection.execute(schema.device_key.insert(), rows)


def _may_be(there: _Row, found: Identification, keys: frozenset[Key]) -> bool:
    """Whether what the recorder tells now can be the camera that was on the channel before."""
    if contradicts(keys, there.keys):
        return False
    before = there.found.model
    return bool(serial_keys(None, found.serial)) or not before or not found.model or before == found.model


def _is_like(one: Identification, other: Identification) -> bool:
    pairs = ((one.maker, other.maker), (one.model, other.model))
    return all(ours is None or theirs is None or ours == theirs for ours, theirs in pairs)


def _places(entry: Entry, told: Told) -> frozenset[Key]:
    """The keys of a channel: by its recorder's serial number, and by what it was called before that was known."""
    names = filter(None, (entry.identification.serial, entry.asset_id))
    return frozenset(channel_key(name, told.number) for name in names)


def _known(before: Mapping[str, Any], found: Identification, told: Told, entries: Mapping[str, str]) -> dict[str, Any]:
    hints = {"location_hint": told.name, "told_address": told.ip}
    known = {
        **before,
        "identification": identification_to_json(found),
        "open_ports": before.get("open_ports", []),
        "hints": {**before.get("hints", {}), **{name: value for name, value in hints.items() if value}},
    }
    shown = overrides.overlaid(found, entries)
    columns = {name: getattr(shown, name) for name in knowledge.VALUES}
    return {**columns, "confidence": shown.confidence.value, "certainty": shown.certainty, "known": known}


def _where(entry: Entry, told: Told) -> str:
    return f"{entry.asset_id} channel {told.number}"


def _say(entry: Entry, told: Told) -> str:
    words = " ".join(word for word in (told.model, told.serial) if word) or told.name or "a camera"
    return f"the recorder at {', '.join(entry.device.ip_addresses)} has {words} on its channel {told.number}"

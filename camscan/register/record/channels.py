"""Stage 4, channels: cameras that only a recorder reports, one row for each channel. Pure.

A recorder that was asked with a login lists its channels in its observations. A camera that scans also see keeps one
row.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from camscan.asset import Event, RecordType
from camscan.identify.keys import Key, channel_key, serial_keys, serials_contradict
from camscan.model import Identification, Report
from camscan.register import knowledge, overrides
from camscan.register.asset_numbers import new_asset_number
from camscan.register.codec import identification_to_json
from camscan.register.events import Draft
from camscan.register.record.channel_lists import ListedCamera, Listings, identify_by_recorder, maker_by_recorder
from camscan.register.record.channel_rows import (
    AddedChannel,
    Answering,
    Change,
    ChannelChanges,
    ChannelRow,
    LeftChannel,
    MergedRows,
    StoredChannels,
    UpdatedChannel,
)
from camscan.register.record.conflicts import Question
from camscan.register.record.entry import Entry
from camscan.register.record.removed_channels import list_dropped
from camscan.register.site_lookup import FindPlace


def wanted_keys(listings: Listings) -> frozenset[Key]:
    """Keys by which the register may know the channels, or the cameras on them."""
    return frozenset[Key]().union(*(keys_of(entry, told) for entry, told in listings.cameras))


def keys_of(entry: Entry, told: ListedCamera) -> frozenset[Key]:
    """The keys of one channel and of the camera on it."""
    return _channel_keys(entry, told) | serial_keys(maker_by_recorder(told)[0], told.serial)


def update_channels(
    report: Report,
    entries: Sequence[Entry],
    listings: Listings,
    stored: StoredChannels,
    *,
    find_place: FindPlace,
    fresh: int,
) -> ChannelChanges:
    """Add and update the rows of the cameras that recorders report; new rows get ids from ``fresh`` on."""
    if not listings.cameras and not listings.complete:
        return ChannelChanges((), (), ())
    listing = _Listing(report, entries, listings, stored, fresh)
    drafts = [*listing.record_channels()]
    drafts += list_dropped(listings, listing.rows.values(), stored.dropped_rows)
    return ChannelChanges(listing.changes, drafts, list(listing.list_questions(find_place)))


class _Listing:
    """All channels of all recorders in one report."""

    def __init__(
        self, report: Report, entries: Sequence[Entry], listings: Listings, stored: StoredChannels, fresh: int
    ) -> None:
        self._report = report
        self._listed = listings.cameras
        self._stored = stored
        self._fresh = fresh
        self.rows = dict(stored.rows) | {row.id: row for row in _seen_now(entries, listings, stored)}
        self.changes: list[Change] = []
        self._taken = {entry.id for entry, _ in self._listed}
        """Rows that a channel has already, and the rows of recorders."""
        self._owners: defaultdict[Key, set[int]] = defaultdict(set)
        for row in self.rows.values():
            self._index_row(row)
        self._behind: list[tuple[Entry, ListedCamera, int, str]] = []
        """Cameras that only their recorder reports: recorder, its description, row."""
        self._asked: list[Question] = []
        self._answering = _answering_now(entries, stored, {told.ip for _, told in self._listed} - {""})

    def record_channels(self) -> Iterator[Draft]:
        """Find the row of each channel, or add one. Yields the events."""
        for entry, told in self._listed:
            place = channel_key(entry.identification.serial or entry.asset_id, told.number)
            found = identify_by_recorder(told, entry.asset_id)
            keys = serial_keys(found.maker, told.serial) | {place}
            there = self._find_owner(_channel_keys(entry, told)) or self._find_row_on_channel(entry, told)
            same = self._find_owner(keys - {place}) or (
                there if there and _may_be_same_camera(there, found, keys) else None
            )
            before = ""
            if there and (same is None or there.id != same.id):
                self._ask_person(entry, told, there, same)
                before = self._leave_channel(there, same, _channel_keys(entry, told))
            if same is None:
                yield self._add_channel(entry, told, found, keys, before)
            else:
                yield from self._update_channel(entry, told, found, keys, self.rows[same.id])

    def list_questions(self, find_place: FindPlace) -> Iterator[Question]:
        """Questions about a camera that a recorder names at an address where a scan saw a similar device."""
        yield from self._asked
        for entry, camera, number, name in self._behind:
            found = identify_by_recorder(camera, entry.asset_id)
            for row in (row for row in self._answering.get(camera.ip, ()) if row.id not in self._taken):
                here = row.site == entry.site or find_place("", [camera.ip]) is not None
                if here and not (found.serial and row.found.serial) and _is_similar(found, row.found):
                    where = f"{_describe_camera(entry, camera)}, at {camera.ip}"
                    detail = f"{where}, where {row.asset_id} answers: the same device?"
                    yield Question(number, name, "possible-duplicate", detail, row.id)

    def _index_row(self, row: ChannelRow) -> None:
        for key in row.keys:
            self._owners[key].add(row.id)

    def _find_owner(self, keys: Iterable[Key]) -> ChannelRow | None:
        """The row that one of the keys recognises.

        A row that a scan has seen comes before one that only recorders report.
        """
        ids = {number for key in keys for number in self._owners.get(key, ())} - self._taken
        return min((self.rows[number] for number in ids), key=lambda row: (not row.is_seen, row.id), default=None)

    def _find_row_on_channel(self, entry: Entry, told: ListedCamera) -> ChannelRow | None:
        """The row that is known to be on the channel, although no key says so.

        Otherwise the row that people entered there.
        """
        said = self._stored.rows_by_channel.get((entry.id, told.number), ())
        return next((self.rows[number] for number in said if number not in self._taken), None)

    def _ask_person(self, entry: Entry, told: ListedCamera, there: ChannelRow, same: ChannelRow | None) -> None:
        """Ask a person if people entered one row for the channel, and the recorder names another."""
        apart = same is None or serials_contradict(same.keys, there.keys)
        if there.entries and same and not apart and there.entries.get("recorder_channel") == str(told.number):
            detail = f"{_describe_camera(entry, told)}, which people say is {there.asset_id}: the same device?"
            self._asked.append(Question(same.id, same.asset_id, "possible-duplicate", detail, there.id))

    def _leave_channel(self, there: ChannelRow, same: ChannelRow | None, places: frozenset[Key]) -> str:
        """Take the previous row off the channel.

        A camera keeps its row. A row that was only the channel becomes the row of the new camera. Returns the asset
        number of the previous camera.
        """
        for key in there.keys:
            self._owners[key].discard(there.id)
        only_channel = there.is_behind and {key.kind for key in there.keys} == {"channel"}
        if same and only_channel and there.entries is None:
            self.changes.append(MergedRows(same.id, there.id))
            self.rows[same.id] = replace(same, keys=same.keys | there.keys)
            self._index_row(self.rows[same.id])
            del self.rows[there.id]
            return ""
        self.changes.append(LeftChannel(there.id, frozenset(each.value for each in places)))
        self.rows[there.id] = replace(there, keys=there.keys - places, recorder_id=None, channel=None)
        self._index_row(self.rows[there.id])
        return there.asset_id

    def _add_channel(
        self, entry: Entry, told: ListedCamera, found: Identification, keys: frozenset[Key], before: str
    ) -> Draft:
        number, self._fresh = self._fresh, self._fresh + 1
        name = new_asset_number(self._report.started_at)
        columns = _known_columns({}, found, told, {})
        self.changes.append(AddedChannel(number, name, entry.site, entry.id, told.number, columns, keys))
        self._taken.add(number)
        self._behind.append((entry, told, number, name))
        detail = f"{_describe_camera(entry, told)}{f'; it takes the place of {before}' if before else ''}"
        return Draft(Event.RECORDER_ADDED_CAMERA, number, name, "", _channel_place(entry, told), detail)

    def _update_channel(
        self, entry: Entry, told: ListedCamera, found: Identification, keys: frozenset[Key], same: ChannelRow
    ) -> Iterator[Draft]:
        """Update the row of a camera. What scans saw is kept; what only its recorder reports is brought up to date."""
        columns: dict[str, Any] = {}
        if not same.is_seen:
            self._behind.append((entry, told, same.id, same.asset_id))
            columns = _known_columns(same.known, knowledge.last_known(same.found, found), told, same.entries or {})
        ended = frozenset(each.value for each in same.keys - keys if each.kind == "channel")
        self.changes.append(UpdatedChannel(same.id, entry.id, told.number, columns, keys - same.keys, ended))
        self.rows[same.id] = replace(
            same,
            recorder_id=entry.id,
            channel=told.number,
            is_listed=True,
            model=columns.get("model", same.model),
            serial=columns.get("serial", same.serial),
        )
        self._taken.add(same.id)
        if same.id in self._stored.dropped_rows or (same.recorder_id, same.channel) != (entry.id, told.number):
            yield Draft(
                Event.RECORDER_ADDED_CAMERA,
                same.id,
                same.asset_id,
                "",
                _channel_place(entry, told),
                _describe_camera(entry, told),
            )


def _seen_now(entries: Sequence[Entry], listings: Listings, stored: StoredChannels) -> Iterator[ChannelRow]:
    """The devices of the report that may be on a channel, as they are from now on."""
    wanted = wanted_keys(listings)
    for entry in entries:
        old, before = entry.known, stored.rows.get(entry.id)
        own = entry.keys | entry.notes
        if before is None and not own & wanted:
            continue
        shown = overrides.overlay_entries(entry.identification, (old.entries if old else None) or {})
        yield ChannelRow(
            id=entry.id,
            asset_id=entry.asset_id,
            record_type=RecordType.NETWORK,
            recorder_id=before.recorder_id if before else None,
            channel=before.channel if before else None,
            found=entry.identification,
            known=before.known if before else {},
            model=shown.model,
            serial=shown.serial,
            keys=own | before.keys if before else own | (old.keys | old.notes if old else set()),
            is_listed=bool(before and before.is_listed) or any(key.kind == "channel" for key in own),
            entries=before.entries if before else old.entries if old else None,
        )


def _answering_now(
    entries: Sequence[Entry], stored: StoredChannels, ips: set[str]
) -> Mapping[str, Sequence[Answering]]:
    """Address -> the devices that answer there, by this report, or by the register if the report has none."""
    seen = {entry.id for entry in entries}
    found: defaultdict[str, list[Answering]] = defaultdict(list)
    for each in stored.answering:
        if each.id not in seen:
            found[each.ip].append(each)
    for entry in entries:
        for ip in ips.intersection(entry.device.ip_addresses):
            found[ip].append(Answering(ip, entry.id, entry.asset_id, entry.site, entry.identification))
    return found


def _may_be_same_camera(there: ChannelRow, found: Identification, keys: frozenset[Key]) -> bool:
    """Whether the camera that the recorder reports now can be the one that was on the channel before."""
    if serials_contradict(keys, there.keys):
        return False
    before = there.found.model
    return bool(serial_keys(None, found.serial)) or not before or not found.model or before == found.model


def _is_similar(one: Identification, other: Identification) -> bool:
    pairs = ((one.maker, other.maker), (one.model, other.model))
    return all(ours is None or theirs is None or ours == theirs for ours, theirs in pairs)


def _channel_keys(entry: Entry, told: ListedCamera) -> frozenset[Key]:
    """The keys of a channel: by its recorder's serial number, and by its name before that number was known."""
    names = filter(None, (entry.identification.serial, entry.asset_id))
    return frozenset(channel_key(name, told.number) for name in names)


def _known_columns(
    before: Mapping[str, Any], found: Identification, told: ListedCamera, entries: Mapping[str, str]
) -> dict[str, Any]:
    hints = {"location_hint": told.name, "told_address": told.ip}
    known = {
        **before,
        "identification": identification_to_json(found),
        "open_ports": before.get("open_ports", []),
        "hints": {**before.get("hints", {}), **{name: value for name, value in hints.items() if value}},
    }
    shown = overrides.overlay_entries(found, entries)
    columns = {name: getattr(shown, name) for name in knowledge.VALUES}
    return {**columns, "confidence": shown.confidence.value, "certainty": shown.certainty, "known": known}


def _channel_place(entry: Entry, told: ListedCamera) -> str:
    return f"{entry.asset_id} channel {told.number}"


def _describe_camera(entry: Entry, told: ListedCamera) -> str:
    words = " ".join(word for word in (told.model, told.serial) if word) or told.name or "a camera"
    return f"the recorder at {', '.join(entry.device.ip_addresses)} has {words} on its channel {told.number}"

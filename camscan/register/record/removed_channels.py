"""Finds channels that a recorder listed before and does not list any more. Pure.

Only a complete list proves it. The camera keeps its row: it is not removed because a recorder forgets it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Container, Iterable, Iterator
from operator import itemgetter

from camscan.asset import Event
from camscan.register.events import Draft
from camscan.register.record.channel_lists import Listings
from camscan.register.record.channel_rows import ChannelRow
from camscan.register.record.entry import Entry


def list_dropped(listings: Listings, rows: Iterable[ChannelRow], known: Container[int]) -> Iterator[Draft]:
    """Events for rows that recorders no longer list; without ``known`` rows, which were reported before."""
    behind: defaultdict[int | None, list[tuple[int, int, ChannelRow]]] = defaultdict(list)
    for row in rows:
        if row.is_listed and row.channel is not None:
            behind[row.recorder_id].append((row.channel, row.id, row))
    for entry, numbers in listings.complete:
        for channel, number, row in sorted(behind[entry.id], key=itemgetter(0, 1)):
            if channel not in numbers and number not in known:
                yield _drop_row(entry, row)


def _drop_row(entry: Entry, row: ChannelRow) -> Draft:
    where = f"{entry.asset_id} channel {row.channel}"
    at = ", ".join(entry.device.ip_addresses)
    known = " ".join(word for word in (row.model, row.serial) if word)
    detail = f"the recorder at {at} does not list its channel {row.channel} any more"
    return Draft(
        Event.RECORDER_DROPPED_CAMERA, row.id, row.asset_id, where, "", f"{detail} ({known})" if known else detail
    )

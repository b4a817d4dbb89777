"""Channels that a recorder listed and does not list any more. Inside the transaction of the recording.

Only a list that came whole proves that. What hung there keeps its row: a recorder that forgets a camera removes none.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from sqlalchemy import Connection, select

from camscan.asset import Event
from camscan.model import Outcome, Report
from camscan.register import schema
from camscan.register.events import Draft
from camscan.register.record.channel_lists import listed
from camscan.register.record.entry import Entry
from camscan.register.rows import rows_in

_BOTH = (Event.RECORDER_ADDED_CAMERA, Event.RECORDER_DROPPED_CAMERA)


def dropped(connection: Connection, report: Report, entries: Sequence[Entry]) -> Iterator[Draft]:
    """What recorders of the report have dropped since they listed it, each once."""
    for entry, numbers in _whole_lists(report, entries):
        gone = [row for row in _listed_before(connection, entry) if row.channel not in numbers]
        told = known_as_dropped(connection, (row.id for row in gone))
        for row in gone:
            if row.id not in told:
                where = f"{entry.asset_id} channel {row.channel}"
                at = ", ".join(entry.device.ip_addresses)
                known = " ".join(word for word in (row.model, row.serial) if word)
                detail = f"the recorder at {at} does not list its channel {row.channel} any more"
                yield Draft(
                    Event.RECORDER_DROPPED_CAMERA,
                    row.id,
                    row.asset_id,
                    where,
                    "",
                    f"{detail} ({known})" if known else detail,
                )


def known_as_dropped(connection: Connection, devices: Iterable[int]) -> frozenset[int]:
    """Of these, those of which the last that was told is that their recorder had dropped them."""
    table = schema.event
    last: dict[int, tuple[int, str]] = {}
    for row in rows_in(connection, table, table.c.device_id, devices):
        if row["kind"] in _BOTH:
            last[row["device_id"]] = max(last.get(row["device_id"], (0, "")), (row["id"], row["kind"]))
    return frozenset(device for device, (_, kind) in last.items() if kind == Event.RECORDER_DROPPED_CAMERA)


def _whole_lists(report: Report, entries: Sequence[Entry]) -> Iterator[tuple[Entry, frozenset[int]]]:
    """Each recorder that listed all its channels, and their numbers."""
    lists: dict[str, frozenset[int]] = {}
    for attempt in report.attempts:
        found = listed(attempt.payload) if attempt.probe == "isapi" and attempt.outcome is Outcome.ANSWERED else None
        if found is not None:
            lists[attempt.ip] = lists.get(attempt.ip, frozenset()) | found
    for entry in entries if lists else ():
        own = [lists[ip] for ip in entry.device.ip_addresses if ip in lists]
        if own:
            yield entry, frozenset().union(*own)


def _listed_before(connection: Connection, entry: Entry) -> Sequence[Any]:
    """The rows behind a recorder whose channel it has listed itself, at some time."""
    device, key = schema.device, schema.device_key
    query = (
        select(*device.c["id", "asset_id", "channel", "model", "serial"])
        .join(key, (key.c.device_id == device.c.id) & (key.c.kind == "channel") & key.c.last_scan.is_not(None))
        .where(device.c.recorder_id == entry.id, device.c.channel.is_not(None), device.c.merged_into.is_(None))
        .distinct()
        .order_by(device.c.channel)
    )
    return connection.execute(query).all()

"""Writes devices whose sighting changes nothing but times: many at a time, with their lines of the listing.

On a quiet night that is nearly all of them. Nothing else in their lines of the listing depends on what changes, so
nobody has to judge them again.
"""

from __future__ import annotations

from collections.abc import Collection, Container, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from camscan.asset import GONE
from camscan.register import listing
from camscan.register.plain_sql import AnyConnection, execute_many
from camscan.register.record.entry import Entry
from camscan.register.record.presence import Missing
from camscan.register.rows import update_rows

_TIMES = frozenset({"last_seen", "last_scan", "sightings", "known_id"})
"""Columns of ``device`` that every sighting changes."""


def is_row_unchanged(entry: Entry, row: Mapping[str, Any]) -> bool:
    """Whether ``row``, as it is to be written, equals the stored row except for its times."""
    known = entry.known
    if known is None or not known.last_scan:
        return False
    return all(known.row[name] == value for name, value in row.items() if name not in _TIMES)


def has_same_addresses(entry: Entry) -> bool:
    """Whether the device holds the addresses of its last sighting, in the same order."""
    known = entry.known
    if known is None:
        return False
    held = {place: known.positions[place] for place, scan in known.addresses.items() if scan == known.last_scan}
    return held == dict(address_positions(entry))


def address_positions(entry: Entry) -> Iterable[tuple[tuple[str, str], int]]:
    """(kind, value) of each address, and its position among the addresses of its kind."""
    for kind, values in (("ip", entry.device.ip_addresses), ("mac", entry.device.mac_addresses)):
        for position, value in enumerate(dict.fromkeys(values)):
            yield (kind, value), position


def write_times(connection: AnyConnection, scan: int, seen: Mapping[int, datetime]) -> None:
    """Write the new times of unchanged devices (number -> when they were last seen)."""
    statement = """
        UPDATE device SET last_seen = :last_seen, last_scan = :last_scan, sightings = sightings + 1 WHERE id = :id
    """
    rows = [{"id": number, "last_seen": moment, "last_scan": scan} for number, moment in seen.items()]
    execute_many(connection, statement, rows)


def note_seen_again(connection: AnyConnection, table: str, devices: Sequence[int], scan: int) -> None:
    """Note that everything which the table holds about these devices was seen again, unchanged."""
    update_rows(connection, table, "device_id", devices, last_scan=scan)


def renew_lines(
    connection: AnyConnection, entries: Iterable[Entry], seen: Mapping[int, datetime], stale: Collection[int]
) -> None:
    """Renew the lines of unchanged devices at the same addresses: only the time of the last sighting is new.

    ``stale`` are the devices whose lines were out of date before. The line of a removed device also says whether it
    still answers.
    """
    same = {
        entry.id: {"last_seen": seen[entry.id]}
        for entry in entries
        if entry.id in seen and entry.id not in stale and has_same_addresses(entry) and not _is_removed(entry)
    }
    listing.renew_columns(connection, same)


def write_missing(connection: AnyConnection, missing: Sequence[Missing], gone: Container[int]) -> None:
    """Write the presence of devices that were looked for and not seen, and their lines, as ``renew_lines`` does."""
    stale = listing.stale_lines(connection)
    rows = [{"id": each.id, "presence": each.presence.value, "missed": each.missed} for each in missing]
    execute_many(connection, "UPDATE device SET presence = :presence, scans_missed = :missed WHERE id = :id", rows)
    same = {
        each.id: {"presence": each.presence.value, "missed": each.missed}
        for each in missing
        if each.id not in stale and each.id not in gone
    }
    listing.renew_columns(connection, same)


def _is_removed(entry: Entry) -> bool:
    entered = (entry.known.entries if entry.known else None) or {}
    return entered.get("lifecycle_status") in GONE

"""Finds the devices that somebody names, and what belongs to one. In plain SQL, so that it also serves a quick look."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Collection, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

from camscan.asset import Asset, Change
from camscan.model import Observation
from camscan.net.text import mac_address
from camscan.register import tags
from camscan.register.asset_numbers import SHORT
from camscan.register.assets import read_assets, read_assets_by_row
from camscan.register.conflicts import list_conflicts, list_reviews
from camscan.register.glance import read_file
from camscan.register.log import list_changes
from camscan.register.plain_sql import AnyConnection, escape_pattern, fetch, fetch_some
from camscan.register.stored import unescape_text
from camscan.register.types import Conflict, Review, StoredObservation

T = TypeVar("T")

_SHORTEST_END = 4
"""Minimum characters of the end of a serial number, as read from a label, for a search."""
_LONGEST_END = 1000
"""Maximum characters of it: SQLite refuses patterns of more than 50,000 bytes (sqlite.org/limits.html)."""


class DeviceReader:
    """Answers questions about devices from one state of the register, like the methods of ``Register``."""

    def __init__(self, connection: AnyConnection) -> None:
        self._connection = connection

    def find_devices(self, text: str) -> list[Asset]:
        """See ``Register.find_devices``."""
        return find_devices(self._connection, text)

    def devices(self) -> list[Asset]:
        """Every device, in the order in which they were first found."""
        return read_assets(self._connection)

    def devices_by_number(self, asset_ids: Collection[str]) -> list[Asset]:
        """See ``Register.devices_by_number``."""
        return devices_by_number(self._connection, asset_ids)

    def conflicts(self, asset_id: str | None = None) -> list[Conflict]:
        """See ``Register.conflicts``."""
        return list_conflicts(self._connection, asset_id)

    def reviews(self) -> list[Review]:
        """See ``Register.reviews``."""
        return list_reviews(self._connection)

    def changes(self, asset_id: str | None = None) -> list[Change]:
        """See ``Register.changes``."""
        return list_changes(self._connection, asset_id)

    def evidence(self, asset_id: str) -> list[StoredObservation]:
        """See ``Register.evidence``."""
        return list_evidence(self._connection, asset_id)


def look_at_devices(where: str | Path, read: Callable[[DeviceReader], T]) -> T | None:
    """The result of ``read``, without the database libraries; None if the register must be opened for it."""
    return read_file(where, lambda connection: read(DeviceReader(connection)))


def find_devices(connection: AnyConnection, text: str) -> list[Asset]:
    """Devices that a text names; see ``Register.find_devices``."""
    text = text.strip()
    address = _normal_address(text)
    named = _rows_by_address(connection, address) if address else _rows_by_word(connection, text)
    numbers = sorted({*_rows_by_number(connection, text), *named})
    found = [asset for _, asset in read_assets_by_row(connection, numbers)]
    return sorted(found, key=lambda each: address not in {*each.ip_addresses, *each.mac_addresses, None})


def _rows_by_number(connection: AnyConnection, text: str) -> list[int]:
    """The row with this asset number, or the row into which it was merged."""
    query = "SELECT coalesce(merged_into, id) FROM device WHERE asset_id = :number"
    return [row[0] for row in fetch(connection, query, number=text.upper())]


def _rows_by_address(connection: AnyConnection, address: str) -> Iterator[int]:
    """Rows that hold this IP or MAC address, or held it."""
    for query in (
        "SELECT device_id FROM device_address WHERE value = :address",
        # also a MAC address that a person stated and no scan has seen
        "SELECT device_id FROM device_key WHERE kind = 'mac' AND value = :address",
    ):
        yield from (row[0] for row in fetch(connection, query, address=address))


def _rows_by_word(connection: AnyConnection, text: str) -> Iterator[int]:
    """Rows with this council tag, serial number (or its end), or second half of an asset number."""
    upper = text.upper()
    yield from tags.rows_by_tag(connection, text)
    queries = {"SELECT id FROM device WHERE upper(serial) = :text": upper}
    if len(text) == SHORT:  # as lists show it
        queries["SELECT id FROM device WHERE asset_id LIKE :text ESCAPE '/'"] = f"%-{escape_pattern(upper)}"
    if _SHORTEST_END <= len(text) <= _LONGEST_END:
        by_end = "SELECT device_id FROM device_key WHERE kind IN ('serial', 'unit') AND value LIKE :text ESCAPE '/'"
        queries[by_end] = f"%{escape_pattern(upper)}"
    for query, wanted in queries.items():
        yield from (row[0] for row in fetch(connection, query, text=wanted))


def devices_by_number(connection: AnyConnection, asset_ids: Collection[str]) -> list[Asset]:
    """Devices by asset number; see ``Register.devices_by_number``."""
    ((every,),) = fetch(connection, "SELECT count(*) FROM device")
    if len(asset_ids) > every / 2:  # one query for all rows is quicker than many queries for nearly all
        return [row for row in read_assets(connection) if row.asset_id in asset_ids]
    found = fetch_some(connection, "SELECT id FROM device", "asset_id", sorted(asset_ids))
    return [asset for _, asset in read_assets_by_row(connection, sorted(row[0] for row in found))]


def list_evidence(connection: AnyConnection, asset_id: str) -> list[StoredObservation]:
    """The observations of a device; see ``Register.evidence``."""
    until = "coalesce(seen.last_scan, device.last_scan, seen.first_scan)"
    query = f"""
        SELECT seen.ip, seen.port, seen.probe, fact.key, fact.value, seen.seen_at,
               first.scan_id, last.scan_id, seen.last_scan
        FROM observation AS seen
        JOIN device ON device.id = seen.device_id
        JOIN fact ON fact.id = seen.fact_id
        JOIN scan AS first ON first.id = seen.first_scan
        JOIN scan AS last ON last.id = {until}
        WHERE device.asset_id = :asset_id
        ORDER BY {until} DESC, seen.id
    """  # noqa: S608 - a constant
    return [_decode_observation(row) for row in fetch(connection, query, asset_id=asset_id)]


def _decode_observation(row: Sequence[Any]) -> StoredObservation:
    ip, port, probe, key, value, at, first, last, until = row
    ip, probe, key, value, first, last = map(unescape_text, (ip, probe, key, value, first, last))
    seen = Observation(ip, port, probe, key, value, datetime.fromisoformat(at))
    return StoredObservation(seen, first_scan=first, last_scan=last, current=until is None)


def _normal_address(text: str) -> str | None:
    """An IP or MAC address as the register stores it; None for any other text."""
    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        return mac_address(text)

"""Stored rows for the tests of the stages of recording, without a database."""

from __future__ import annotations

from typing import Any, cast

from sample_report import NOON
from sqlalchemy import RowMapping

from camscan.asset import Place, Presence
from camscan.identify.keys import Key, device_marks
from camscan.model import Device, Report
from camscan.register.codec import identification_to_json
from camscan.register.record.entry import Entry, make_entries
from camscan.register.record.keys import find_own_keys, marks_in_report
from camscan.register.record.known import KnownDevice, Stored
from camscan.register.record.matching import Search, make_search, match_devices


def nowhere(_site: str, _addresses: object) -> Place | None:
    """A site map that is empty."""
    return None


def stored_row(number: int, device: Device, *, last_scan: int = 1, **columns: Any) -> KnownDevice:
    """The row of a device that ``last_scan`` saw last."""
    row = {
        "id": number,
        "asset_id": f"ROW-{number}",
        "site": "",
        "provisional": False,
        "presence": Presence.SEEN.value,
        "scans_missed": 0,
        "first_scan": 1,
        "last_scan": last_scan,
        "known": {"identification": identification_to_json(device.identification)},
        "first_seen": NOON,
        "last_seen": NOON,
        **columns,
    }
    held = [("ip", ip) for ip in device.ip_addresses] + [("mac", mac) for mac in device.mac_addresses]
    return KnownDevice(
        cast("RowMapping", row),
        device.identification,
        keys=set(device_marks(device).keys),
        addresses=dict.fromkeys(held, last_scan),
    )


def ask(report: Report, *rows: KnownDevice, burnt: frozenset[Key] = frozenset()) -> Search:
    """The question that a report puts to a register of these rows."""
    marks = marks_in_report(report)
    return make_search(report, find_own_keys(report, marks, burnt), Stored(rows, burnt, {}, nowhere))


def entries_of(report: Report, *rows: KnownDevice, fresh: int = 100) -> list[Entry]:
    """The devices of a report on their way into a register of these rows."""
    return make_entries(report, match_devices(ask(report, *rows)), nowhere, fresh)

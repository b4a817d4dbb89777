"""The devices as CSV (RFC 4180, UTF-8): one row per device, stable columns, safe to open in a spreadsheet.

Column names and order are a promise (``docs/report-format.md``): new columns are only appended.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import TextIO

from camscan.asset.columns import heading_of
from camscan.cells import would_run
from camscan.exports import Export, address_order
from camscan.identify.reasons import list_reasons
from camscan.model import Device, Report
from camscan.output import visible

COLUMNS = (
    "ip_addresses",
    "mac_addresses",
    "is_camera_system",
    "maker",
    "brand",
    "model",
    "firmware",
    "serial_number",
    "kind",
    "capabilities",
    "confidence",
    "certainty",
    "because",
    "conflicts",
    "open_ports",
    "first_seen",
    "last_seen",
    "site",
    "scan_id",
)


_OF_REGISTER = {
    "maker": "manufacturer",
    "brand": "brand_on_badge",
    "firmware": "firmware_version",
    "kind": "device_type",
    "confidence": "confidence_word",
    "because": "evidence",
    "open_ports": "open_services",
    "site": "site_name",
    "scan_id": "last_scan",
}
"""Column of a scan -> the column of the register that has the same content. Both have the same heading."""
_OWN = {"is_camera_system": "Camera system", "capabilities": "Capabilities", "certainty": "Certainty (0 to 1)"}
HEADINGS = tuple(_OWN.get(name) or heading_of(_OF_REGISTER.get(name, name)) for name in COLUMNS)


def write_csv(report: Report, stream: TextIO) -> None:
    """Write the headings for people, the names for programs, then one row for each device, by address."""
    rows = csv.writer(stream)
    rows.writerow(HEADINGS)
    rows.writerow(COLUMNS)
    rows.writerows(device_row(device, report) for device in sorted(report.devices, key=address_order))


def device_row(device: Device, report: Report) -> tuple[str, ...]:
    """One device's cells, in the order of COLUMNS."""
    found = device.identification
    return tuple(
        harmless_cell(text)
        for text in (
            _join_values(device.ip_addresses),
            _join_values(device.mac_addresses),
            {True: "yes", False: "no", None: "unknown"}[found.is_camera_system],
            found.maker or "unknown",
            found.brand or "",
            found.model or "",
            found.firmware or "",
            found.serial or "",
            found.kind or "",
            _join_values(f"{name} ({what.confidence})" for name, what in found.capabilities.items()),
            found.confidence.value,
            f"{found.certainty:.2f}",
            " ".join(list_reasons(found)),
            _join_values(found.conflicts),
            _join_values(device.open_ports),
            csv_moment(device.first_seen),
            csv_moment(device.last_seen),
            report.site,
            report.scan_id,
        )
    )


def harmless_cell(text: str) -> str:
    """The text made harmless for a spreadsheet: one line, and never a formula.

    A leading apostrophe makes a formula a text, as OWASP advises for CSV injection.
    """
    shown = visible(text)
    return f"'{shown}" if would_run(text) else shown


def csv_moment(when: datetime) -> str:
    """ISO 8601 in UTC with seconds and ``Z``."""
    return when.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _join_values(values: Iterable[str]) -> str:
    return "; ".join(values)


EXPORT = Export("csv", ".csv", "the devices of a scan as CSV, one row each", of_scan=write_csv)

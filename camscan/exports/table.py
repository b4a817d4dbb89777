"""The devices as a table for people: the rows that the command line draws, and the same table as plain text."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TextIO

from rich.cells import cell_len

from camscan.exports import Export, address_order
from camscan.fingerprints.wording import load_words
from camscan.identify.contradictions import describe_contradiction
from camscan.identify.reasons import list_reasons
from camscan.model import Device, Report
from camscan.output import visible

COLUMNS = ("IP", "Maker", "Brand", "Model", "Firmware", "Serial", "Kind", "Confidence", "Because")

_LIMIT = 48
"""Maximum characters of one cell; the whole text is in the register and the JSON."""
_BECAUSE_LIMIT = 72


def table_rows(devices: Iterable[Device]) -> list[tuple[str, ...]]:
    """One row of harmless one-line texts for each device: camera systems first, then by address."""
    return [device_row(device) for device in sorted(devices, key=_row_order)]


def device_row(device: Device) -> tuple[str, ...]:
    """One device's cells, in the order of COLUMNS."""
    found = device.identification
    texts = (
        device.ip_addresses[0] if device.ip_addresses else "",
        load_words().maker_name(found.maker) if found.maker else "unknown",
        found.brand or "",
        found.model or "",
        found.firmware or "",
        found.serial or "",
        found.kind or "",
        found.confidence.value,
    )
    return (*(visible(text, _LIMIT) for text in texts), visible(_first_reason(device), _BECAUSE_LIMIT))


def write_table(report: Report, stream: TextIO) -> None:
    """Write the table as aligned plain text."""
    lines = [COLUMNS, *table_rows(report.devices)]
    widths = [max(map(cell_len, column)) for column in zip(*lines, strict=True)]
    for line in lines:
        padded = (text + " " * (width - cell_len(text)) for text, width in zip(line, widths, strict=True))
        stream.write("  ".join(padded).rstrip() + "\n")


def _first_reason(device: Device) -> str:
    found = device.identification
    if found.conflicts:
        return describe_contradiction(found.conflicts[0])
    return next(iter(list_reasons(found)), "")


def _row_order(device: Device) -> tuple[bool, tuple[int, int, str]]:
    return device.identification.is_camera_system is False, address_order(device)


EXPORT = Export("text", ".txt", "the devices of a scan as a table of plain text", of_scan=write_table)

"""News of one recorded scan that a person should hear, even if nobody watches the scan.

It comes from the change events of the register, whoever then reports it: a quiet scan on standard error, a channel
later.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from camscan.app.choice import maker_name
from camscan.asset import Asset, Event
from camscan.headline import MAKERS, headline_of_report, is_unknown
from camscan.model import Confidence, Report
from camscan.register import Recorded, Register
from camscan.words import list_text

MOST = 10
"""How many new devices are named; of more, only the number is given."""
_PART = 16
"""How many new devices are read at a time."""


@dataclass(frozen=True, slots=True)
class ScanNews:
    """The news of one scan."""

    first_of: str = ""
    """The site, or the targets, that had not been scanned before; empty if they had."""
    saw: str = ""
    """The headline sentence, for that first scan alone."""
    new: Sequence[Asset] = ()
    """Devices that are new since the previous scans: cameras, recorders and possible ones, of every make."""

    def sentences(self) -> list[str]:
        """Lines for people: one for the first scan of a place, otherwise one for every new device."""
        if self.first_of:
            return [f"First scan of {self.first_of}. {self.saw}"]
        lines = [f"New: {_describe_device(row)}" for row in self.new[:MOST]]
        if len(self.new) > MOST:
            lines.append(f"… and {len(self.new) - MOST:,} more new devices")
        return lines


def find_scan_news(book: Register, report: Report, recorded: Recorded) -> ScanNews:
    """Find the news of the scan of this report, which was recorded just now."""
    new = [happening.asset_id for happening in recorded.happenings if happening.event is Event.NEW]
    before = [scan for scan in book.scans() if scan.scan_id != report.scan_id]
    if report.site:
        is_first = all(scan.site.casefold() != report.site.casefold() for scan in before)
    else:
        is_first = all(scan.targets != report.targets for scan in before)
    if not is_first:
        return ScanNews(new=[row for row in book.devices_by_number(new) if _may_be_a_camera(row)])
    if not report.site and not _has_camera(book, new):
        return ScanNews()
    return ScanNews(report.site or list_text(report.targets), headline_of_report(report).text)


def _has_camera(book: Register, new: Sequence[str]) -> bool:
    """Whether one of the new devices may be a camera. A first scan has many, and among the first of them is one."""
    parts = (new[start : start + _PART] for start in range(0, len(new), _PART))
    return any(_may_be_a_camera(row) for part in parts for row in book.devices_by_number(part))


def _may_be_a_camera(row: Asset) -> bool:
    found = row.identification
    if found.maker in MAKERS or found.is_camera_system:
        return True
    return not found.maker and is_unknown(found.is_camera_system, found.kind, row.open_ports)


def _describe_device(row: Asset) -> str:
    found = row.identification
    sure = "possibly" if found.maker and found.confidence is Confidence.POSSIBLE else ""
    what = " ".join(word for word in (sure, maker_name(found.maker, "unknown maker"), found.model) if word)
    from camscan.app.devices import device_site  # noqa: PLC0415 - most scans have nothing to tell

    site = device_site(row)
    return f"{what} at {', '.join(row.ip_addresses)}{f', {site}' if site else ''} ({row.asset_id})"

"""One row of the list on the screen."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from camscan.asset import Asset


class ScreenRow(NamedTuple):
    """One device in the list."""

    asset_id: str
    tag: str
    """The council tag; empty if not recorded."""
    ip_addresses: str
    """All addresses of the device."""
    maker: str
    """The maker's name; empty if it is not known."""
    badge: str
    is_possible: bool
    """Whether the maker is only possible."""
    model: str
    where: str
    lifecycle: str
    planned: str
    """The planned day of its removal (ISO 8601); empty for none."""
    presence: str
    missed: int
    kind: str
    confidence: str
    """How sure the maker is; empty without a maker."""
    serial: str
    firmware: str
    last_seen: datetime | None


def screen_row(row: Asset, maker: str) -> ScreenRow:
    """The row of a device; ``maker`` is the name of its maker."""
    found = row.identification
    return ScreenRow(
        asset_id=row.asset_id,
        tag=row.entries.get("council_asset_tag", ""),
        ip_addresses=", ".join(row.ip_addresses),
        maker=maker,
        badge=row.entries.get("brand_on_badge") or found.brand or "",
        is_possible=bool(found.maker) and found.confidence == "possible",
        model=found.model or "",
        where=", ".join(filter(None, (row.entry("site_name") or row.site, row.entry("location_detail")))),
        lifecycle=row.lifecycle.value,
        planned=row.entries.get("planned_removal_date", ""),
        presence=row.presence.value,
        missed=row.scans_missed,
        kind=found.kind or "",
        confidence=found.confidence.value if found.maker else "",
        serial=found.serial or "",
        firmware=found.firmware or "",
        last_seen=row.last_seen,
    )

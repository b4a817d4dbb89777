"""The devices as OCSF events for a SIEM: one line of JSON each (NDJSON), class Device Inventory Info (5001).

Members and numbers are those of ocsf/ocsf-schema at tag 1.6.0; ``tests/test_export_ocsf.py`` has them in a table.
"""

from __future__ import annotations

import ipaddress
import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from camscan.asset import GONE
from camscan.drafts import Draft
from camscan.exports import Export, ExportResult, GivenOptions, Inventory, Item, choose_items
from camscan.output import visible
from camscan.version import __version__

SCHEMA = "1.6.0"
_CATEGORY, _CLASS, _COLLECT, _INFORMATIONAL, _IOT = 5, 5001, 2, 1, 7
_LONGEST = 255


def make_ocsf(inventory: Inventory, options: GivenOptions) -> ExportResult:
    """Make the lines, sorted by site and address."""
    del options
    kept, lines = choose_items(inventory.items, _why_left_out), Draft()
    for item in kept:
        lines.write(json.dumps(inventory_event(item), sort_keys=True, separators=(",", ":")) + "\n")
    return kept.result({"": lines})


def _why_left_out(item: Item) -> str:
    if item.asset.lifecycle in GONE:
        return "already removed"
    return "" if item.asset.last_seen else "never seen by a scan"


def inventory_event(item: Item) -> Mapping[str, Any]:
    """The event of one device: how the newest scan that saw it saw it."""
    asset = item.asset
    seen = _in_milliseconds(asset.last_seen)
    device = {
        "type_id": _IOT,
        "type": item.texts["device_type"],
        "uid": asset.asset_id,
        "uid_alt": _column_text(item, "council_asset_tag"),
        "name": visible(item.tag, _LONGEST),
        "hostname": _column_text(item, "hostname"),
        "ip": next(filter(_is_address, asset.ip_addresses), ""),
        "mac": next(iter(asset.mac_addresses), ""),
        "vendor_name": visible(item.maker, _LONGEST),
        "model": _column_text(item, "model"),
        "hw_info": _known_members({"serial_number": _column_text(item, "serial_number")}),
        "desc": ", ".join(filter(None, (_column_text(item, "site_name"), _column_text(item, "location_detail")))),
        "zone": item.texts["network_zone"],
        "first_seen_time": _in_milliseconds(asset.first_seen),
        "last_seen_time": seen,
    }
    product = {"name": "camscan", "vendor_name": "camscan", "version": __version__}
    return {
        "activity_id": _COLLECT,
        "category_uid": _CATEGORY,
        "class_uid": _CLASS,
        "type_uid": _CLASS * 100 + _COLLECT,
        "severity_id": _INFORMATIONAL,
        "time": seen,
        "metadata": {"product": product, "version": SCHEMA},
        "device": _known_members(device),
    }


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def _in_milliseconds(when: datetime | None) -> int | None:
    return None if when is None else round(when.timestamp() * 1000)


def _known_members(members: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in members.items() if value not in ("", None, {})}


def _column_text(item: Item, column: str) -> str:
    return visible(item.texts[column].strip(), _LONGEST)


EXPORT = Export(
    "ocsf", ".ndjson", "the devices as OCSF events for a SIEM, one line of JSON each", of_register=make_ocsf
)

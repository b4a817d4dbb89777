"""The devices as CSV for an import set of ServiceNow: one row each.

The columns are those of a staging table that ServiceNow makes from the file. A transform map in ServiceNow says where
each column goes (docs/exports.md).
"""

from __future__ import annotations

from collections.abc import Sequence

from camscan.asset import GONE
from camscan.asset.spelling import choice_in_words
from camscan.exports import Export, ExportResult, GivenOptions, Inventory, Item, choose_items, csv_draft
from camscan.output import visible

COLUMNS = (
    *("u_name", "u_serial_number", "u_mac_address", "u_ip_address", "u_manufacturer", "u_model_id", "u_location"),
    *("u_asset_tag", "u_firmware_version", "u_install_status", "u_short_description", "u_discovery_source"),
    "u_last_discovered",
)
_LONGEST = 255


def make_servicenow(inventory: Inventory, options: GivenOptions) -> ExportResult:
    """Make the CSV file, with the devices that are left out."""
    del options
    kept = choose_items(inventory.items, _why_left_out)
    return kept.result({"": csv_draft(COLUMNS, map(_device_row, kept))})


def _why_left_out(item: Item) -> str:
    if not item.maker:
        return "with an unknown or only possible maker"
    if not (item.texts["serial_number"] or item.asset.mac_addresses):
        return "without a serial number or MAC address, by which it could be found again"
    return ""


def _device_row(item: Item) -> Sequence[str]:
    texts = item.texts
    tag = visible(item.tag, _LONGEST)
    return (
        tag,
        _column_text(item, "serial_number"),
        texts["mac_addresses"].partition(";")[0],
        texts["ip_addresses"].partition(";")[0],
        visible(item.maker, _LONGEST),
        _column_text(item, "model"),
        _column_text(item, "site_name"),
        tag,
        _column_text(item, "firmware_version"),
        "Retired" if item.asset.lifecycle in GONE else "Installed",
        f"Video surveillance: {choice_in_words('device_type', texts['device_type'])}",
        "camscan",
        texts["last_seen"].replace("T", " ").rstrip("Z"),
    )


def _column_text(item: Item, column: str) -> str:
    return visible(item.texts[column].strip(), _LONGEST)


EXPORT = Export("servicenow", ".csv", "the devices as CSV for an import set of ServiceNow", of_register=make_servicenow)

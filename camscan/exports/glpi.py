"""Inventory files for GLPI 10 and 11: one JSON file for each device that a scan has seen.

Members and words are those of ``inventory.schema.json`` of glpi-project/inventory_format at d03ff5f (MIT), a copy of
which is in ``tests/schemas/glpi``. GLPI recognises a device by its serial number, or by its MAC address if its rules
say so.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from camscan.asset import GONE
from camscan.drafts import Draft
from camscan.exports import Export, ExportResult, GivenOptions, Inventory, Item, choose_items
from camscan.output import visible
from camscan.version import __version__

_LONGEST = 255
"""Maximum length of a name in GLPI's database, in characters."""
_ETHERNET = 6
"""ifType of Ethernet (IANAifType-MIB)."""


def make_glpi(inventory: Inventory, options: GivenOptions) -> ExportResult:
    """Make a file for each device, and a text that says which rules of GLPI to switch on."""
    del options
    kept, texts = choose_items(inventory.items, _why_left_out), Draft()
    files = {f"{item.asset.asset_id}.json": texts.write(_members_text(inventory_document(item))) for item in kept}
    return kept.result({**files, "README.txt": README})


def _why_left_out(item: Item) -> str:
    if item.asset.lifecycle in GONE:
        return "already removed"
    if item.asset.last_seen is None:
        return "never seen by a scan"
    if not item.maker:
        return "with an unknown or only possible maker"
    if not (item.texts["serial_number"] or item.asset.mac_addresses):
        return "without a serial number or MAC address, by which GLPI could find it again"
    return ""


def inventory_document(item: Item) -> Mapping[str, Any]:
    """The inventory of one device."""
    asset = item.asset
    device = {
        "type": "Networking",
        "name": _column_text(item, "hostname") or visible(item.tag, _LONGEST),
        "assettag": visible(item.tag, _LONGEST),
        "manufacturer": visible(item.maker, _LONGEST),
        "model": _column_text(item, "model"),
        "serial": _column_text(item, "serial_number"),
        "firmware": _column_text(item, "firmware_version"),
        "mac": next(iter(asset.mac_addresses), ""),
        "ips": list(asset.ip_addresses),
        "location": _column_text(item, "site_name"),
        "description": f"Video surveillance: {item.texts['device_type']}",
    }
    port = {"ifnumber": 1, "iftype": _ETHERNET, "mac": device["mac"], "ips": list(asset.ip_addresses)}
    content = {
        "versionclient": f"camscan-{__version__}",
        "network_device": _known_members(device),
        "network_ports": [_known_members(port)] if asset.mac_addresses else [],
    }
    head = {
        "action": "netinventory",
        "deviceid": f"camscan-{asset.asset_id}",
        "itemtype": "NetworkEquipment",
        "tag": device["location"],
    }
    return _known_members({**head, "content": _known_members(content)})


def _known_members(members: Mapping[str, Any]) -> dict[str, Any]:
    """The members without the empty ones: an empty member would clear what GLPI has."""
    return {name: value for name, value in members.items() if value not in ("", [])}


def _column_text(item: Item, column: str) -> str:
    return visible(item.texts[column].strip(), _LONGEST)


def _members_text(members: Mapping[str, Any]) -> str:
    return json.dumps(members, indent=1, sort_keys=True) + "\n"


README = """\
For GLPI 10 and 11: one inventory file for each device. It says where security equipment is: treat it as sensitive.

Before the first import, in GLPI (Administration, Rules, "Rules for import and link equipments"): switch on the rules
for NetworkEquipment that go by serial number, and those that go by MAC address for devices without one. Otherwise
GLPI refuses these devices, or makes them again at every import.

Import the .json files (Administration, Inventory, Import from a file), or send the folder with glpi-injector of the
GLPI agent. A device keeps its deviceid, so that importing it again updates it. "tag" is the name of the site: rules can
choose the entity by it.

LEFT-OUT.csv lists the devices that have no file, and why.
"""

EXPORT = Export(
    "glpi",
    "",
    "a folder of inventory files for GLPI, one for each device",
    of_register=make_glpi,
    is_folder=True,
)

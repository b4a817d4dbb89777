"""The devices for NetBox: CSV files for its import pages, in the order of ``ORDER.txt``.

Headers, required columns, lengths and words come from NetBox 4.7.3 (``dcim`` and ``ipam``: ``forms/bulk_import.py``,
the models). They are in a table in ``tests/test_export_netbox.py``; ``make netbox`` imports the files into NetBox.
NetBox's import recognises an object only by its ``id``, and refuses the whole file if it refuses one row. With
``update`` (NetBox's own list of devices), a device that NetBox has gets a row only if something is new.
"""

from __future__ import annotations

import hashlib
import ipaddress
import json
import math
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import NamedTuple

from camscan.asset import GONE, Lifecycle, Presence
from camscan.asset.kinds import kind_of
from camscan.cells import csv_writer, harmless_cell, would_run
from camscan.drafts import Draft
from camscan.exports import Export, ExportResult, GivenOptions, Inventory, Item, Option, OptionKind, choose_items
from camscan.exports.netbox.existing import read_list
from camscan.output import visible
from camscan.words import count_text

COLUMNS: Mapping[str, Sequence[str]] = {
    "manufacturers.csv": ("name", "slug"),
    "device-roles.csv": ("name", "slug", "color"),
    "sites.csv": ("name", "slug", "status", "facility"),
    "locations.csv": ("site", "name", "slug", "status"),
    "device-types.csv": ("manufacturer", "model", "slug", "u_height"),
    "devices.csv": (
        *("name", "role", "manufacturer", "device_type", "serial", "asset_tag", "status", "site", "location"),
        "description",
    ),
    "interfaces.csv": ("device.asset_tag", "name", "type"),
    "mac-addresses.csv": ("mac_address", "device.asset_tag", "interface", "is_primary"),
    "ip-addresses.csv": ("address", "status", "device.asset_tag", "interface", "is_primary"),
}
"""Name of each file -> its columns, in the order of the import: each file refers to those before it."""
UPDATE = ("id", "status", "serial", "description")
"""Columns of ``devices-update.csv``. No other column is changed."""
STATUS = ("id", "status")
_UPDATES: Mapping[str, Sequence[str]] = {"devices-update.csv": UPDATE, "devices-update-status.csv": STATUS}
LONGEST = {"tag": 50, "serial": 50, "facility": 50, "slug": 100, "name": 100, "description": 200}
"""Maximum lengths in NetBox's database, in characters. Names of devices (64) are asset tags here."""
ACTIVE, OFFLINE, PLANNED, REMOVED = "active", "offline", "decommissioning", "inventory"
"""NetBox has no word for a removed device: *inventory* is the word for a device that is not in use."""
_SET_BY_PEOPLE = {"planned", "staged", "failed"}
"""Words that camscan never writes. If a person chose one, a scan does not change it."""
_SEEN = {Presence.SEEN: ACTIVE, Presence.MISSED: OFFLINE, Presence.OFFLINE: OFFLINE}
_COLORS = {"CCTV camera": "2196f3", "CCTV recorder": "9c27b0", "CCTV equipment": "9e9e9e"}
_INTERFACE = "eth0"
_PREFIX = "camscan "
"""How every description that camscan wrote begins."""
_Address = ipaddress.IPv4Address | ipaddress.IPv6Address
_TEXTS = [Path(__file__).parents[1] / "templates" / name for name in ("netbox.txt", "netbox-later.txt")]

Row = Sequence[str]


def make_netbox(inventory: Inventory, options: GivenOptions) -> ExportResult:
    """Make the files of the first import or of a later one. UsageError if ``update`` is not a list from NetBox."""
    is_later = "update" in options
    there = read_list(options["update"]) if is_later else []
    by_tag = {row["asset tag"]: row for row in there if row["asset tag"]}
    new_only = partial(_why_left_out, later=is_later)
    kept = choose_items(inventory.items, lambda item: "" if _find_row(item, by_tag) else new_only(item))
    tables = _Tables({**COLUMNS, **(_UPDATES if is_later else {})})
    bundle, existing = _Bundle(there, {tag.casefold() for tag in by_tag}), 0
    for item in kept:
        if (found := _find_row(item, by_tag)) is None:
            bundle.put_aside(item)
            continue
        existing += 1
        if row := _list_changes(item, found):
            tables.add(next(name for name, header in _UPDATES.items() if len(header) == len(row)), row)
    bundle.fill(tables)
    return kept.result({"ORDER.txt": _import_order(tables.counts, existing), **tables.drafts})


def _why_left_out(item: Item, *, later: bool) -> str:
    """The reason why a device that NetBox does not have cannot be added there; empty if it can."""
    if item.asset.lifecycle in GONE:
        return "already removed, and not in NetBox" if later else "already removed"
    if not item.maker:
        return "with an unknown or only possible maker"
    if not _column_name(item, "model"):
        return "without a known model, which NetBox needs"
    return "" if _column_name(item, "site_name") else "without a site, which NetBox needs"


# ── what NetBox has ──────────────────────────────────────────────────────────────────────────────────────────────


def _find_row(item: Item, by_tag: Mapping[str, dict[str, str]]) -> dict[str, str] | None:
    """The row of a device in NetBox, found by its council tag, or by its asset number if it had no tag then."""
    tags = (_one_line(item.tag), harmless_cell(_one_line(item.tag)), item.asset.asset_id)
    return next((by_tag[tag] for tag in tags if tag in by_tag), None)


def _list_changes(item: Item, row: Mapping[str, str]) -> Row:
    """The row that updates a device, with its unchanged values; empty if nothing is new.

    Serial number and description are left out if the import would change them: people wrote them.
    """
    status = _status_word(item) or row["status"]
    if row["status"] in _SET_BY_PEOPLE and status in {ACTIVE, OFFLINE}:
        status = row["status"]
    serial, description = _serial_text(item) or row["serial number"], row["description"]
    if not description or description.startswith(_PREFIX):
        description = _describe_device(item)
    texts = harmless_cell(serial), description
    if (status, *texts) == (row["status"], harmless_cell(row["serial number"]), row["description"]):
        return ()
    if all(text == visible(text) and not would_run(text) for text in texts):
        return row["id"], status, *texts
    return (row["id"], status) if status != row["status"] else ()


# ── what NetBox gets ─────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(slots=True)
class _Names:
    """Objects of one kind, each once, whatever its capitals. An object that NetBox has keeps NetBox's spelling."""

    existing: dict[tuple[str, str], str] = field(default_factory=dict)
    new: dict[tuple[str, str], tuple[str, str, str]] = field(default_factory=dict)
    """Key -> name of the object that contains it, its own name, its slug."""
    slugs: set[tuple[str, str]] = field(default_factory=set)

    def add_known(self, name: str, within: str = "") -> None:
        """Note that NetBox has an object of this name, within a site or of a maker."""
        if name:
            self.existing.setdefault(_name_key(within, name), name)
            self.slugs.add((within.casefold(), _slug_of(name)))

    def name_to_use(self, name: str, within: str = "") -> str:
        """The name to use for an object; if NetBox does not have it, it is added to the new ones."""
        key = _name_key(within, name)
        if key in self.existing:
            return self.existing[key]
        if key not in self.new:
            self.new[key] = within, name, self._unique_slug(name, within.casefold())
        return self.new[key][1]

    def _unique_slug(self, name: str, within: str) -> str:
        slug = _slug_of(name)
        if not slug or (within, slug) in self.slugs:
            mark = hashlib.sha256(name.encode()).hexdigest()[:8]
            slug = f"{slug[: LONGEST['slug'] - 9]}-{mark}".lstrip("-")
        self.slugs.add((within, slug))
        return slug


def _name_key(within: str, name: str) -> tuple[str, str]:
    return within.casefold(), name.casefold()


def _slug_of(name: str) -> str:
    """Letters, digits and hyphens for the object's address in NetBox; empty if the name has none in ASCII."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", plain.lower()).strip("-")[: LONGEST["slug"]].rstrip("-")


class _Tables:
    """The files, row by row."""

    def __init__(self, headers: Mapping[str, Sequence[str]]) -> None:
        self.counts = dict.fromkeys(headers, 0)
        """Name of each file -> rows without its header."""
        self.drafts = {name: Draft() for name in headers}
        self._add = {name: csv_writer(self.drafts[name], row, quote_all=True) for name, row in headers.items()}

    def add(self, name: str, *rows: Row) -> None:
        """Add rows to a file."""
        self._add[name](rows)
        self.counts[name] += len(rows)


class _Device(NamedTuple):
    """What the files say about a device that NetBox does not have."""

    asset_id: str
    tag: str
    role: str
    maker: str
    model: str
    serial: str
    status: str
    site: str
    uprn: str
    place: str
    description: str
    macs: Sequence[str]
    ips: Sequence[str]
    subnet: str


class _Bundle:
    """What creates new objects in NetBox. Devices wait on disk until all of them are known."""

    def __init__(self, there: Iterable[Mapping[str, str]], taken: set[str]) -> None:
        self._waiting = Draft()
        self._taken = taken
        """Asset tags that no new device may have, in lower case."""
        self._owners: dict[str, tuple[float, str]] = {}
        """Address -> when a device was last seen there, and which."""
        self._makers, self._roles, self._sites, self._types, self._places = (_Names() for _ in range(5))
        self._facilities: dict[str, str] = {}
        for row in there:
            self._makers.add_known(row["manufacturer"])
            self._roles.add_known(row["role"])
            self._sites.add_known(row["site"])
            self._types.add_known(row["type"], row["manufacturer"])
            self._places.add_known(row["location"], row["site"])

    def put_aside(self, item: Item) -> None:
        """Add a device that NetBox does not have."""
        asset, uprn = item.asset, _one_line(item.texts["uprn"])
        device = _Device(
            asset_id=asset.asset_id,
            tag=item.tag.strip(),
            role=_device_role(item),
            maker=_one_line(item.maker, LONGEST["name"] - 1),
            model=_column_name(item, "model"),
            serial=_serial_text(item),
            status=_status_word(item) or ACTIVE,
            site=_column_name(item, "site_name"),
            uprn=uprn if len(uprn) < LONGEST["facility"] else "",
            place=_column_name(item, "location_detail"),
            description=_describe_device(item),
            macs=asset.mac_addresses,
            ips=asset.ip_addresses,
            subnet=item.texts["vlan_or_subnet"],
        )
        self._waiting.write(json.dumps(device) + "\n")
        self._taken.add(asset.asset_id.casefold())
        seen = asset.last_seen.timestamp() if asset.last_seen else -math.inf
        for text in asset.ip_addresses:
            if text not in self._owners or self._owners[text][0] < seen:
                self._owners[text] = seen, asset.asset_id

    def fill(self, tables: _Tables) -> None:
        """Write the files, the objects that devices refer to as well."""
        for line in self._waiting.lines():
            device = _Device(*json.loads(line))
            tag = self._choose_tag(device)
            tables.add("devices.csv", self._device_row(device, tag))
            if device.macs or device.ips:
                tables.add("interfaces.csv", (tag, _INTERFACE, "other"))
            macs = ((mac, tag, _INTERFACE, _yes_or_no(place == 0)) for place, mac in enumerate(device.macs))
            tables.add("mac-addresses.csv", *macs)
            tables.add("ip-addresses.csv", *self._address_rows(device, tag))
        tables.add("manufacturers.csv", *((name, slug) for _, name, slug in self._makers.new.values()))
        tables.add("device-roles.csv", *((name, slug, _COLORS[name]) for _, name, slug in self._roles.new.values()))
        sites = ((name, slug, ACTIVE, self._facilities[name]) for _, name, slug in self._sites.new.values())
        tables.add("sites.csv", *sites)
        tables.add("locations.csv", *((site, name, slug, ACTIVE) for site, name, slug in self._places.new.values()))
        tables.add("device-types.csv", *((maker, model, slug, "0") for maker, model, slug in self._types.new.values()))

    def _choose_tag(self, device: _Device) -> str:
        """Its asset tag: the council tag, or the asset number if NetBox cannot hold that tag."""
        tag = device.tag
        is_plain = tag == _one_line(tag) == harmless_cell(tag)
        if not is_plain or len(tag) > LONGEST["tag"] or tag.casefold() in self._taken:
            return device.asset_id
        self._taken.add(tag.casefold())
        return tag

    def _device_row(self, device: _Device, tag: str) -> Row:
        maker = self._makers.name_to_use(device.maker)
        site = self._sites.name_to_use(device.site)
        self._facilities.setdefault(site, device.uprn)
        cells = {
            "name": tag,
            "role": self._roles.name_to_use(device.role),
            "manufacturer": maker,
            "device_type": self._types.name_to_use(device.model, maker),
            "serial": device.serial,
            "asset_tag": tag,
            "status": device.status,
            "site": site,
            "location": self._places.name_to_use(device.place, site) if device.place else "",
            "description": device.description,
        }
        return [cells[name] for name in COLUMNS["devices.csv"]]

    def _address_rows(self, device: _Device, tag: str) -> Iterator[Row]:
        """One row for each address, for the device that was last seen there: NetBox refuses a second row."""
        versions: set[int] = set()
        for text in device.ips:
            address = _parse_address(text)
            if address is None or self._owners[text][1] != device.asset_id:
                continue
            is_first = address.version not in versions
            versions.add(address.version)
            mask = _prefix_length(address, device.subnet)
            yield f"{address}/{mask}", ACTIVE, tag, _INTERFACE, _yes_or_no(is_first)


def _one_line(text: str, limit: int = 2000) -> str:
    """One harmless line, without blanks at its ends (NetBox removes them) and without two blanks together."""
    return visible(" ".join(text[: 10 * limit].split()), limit).strip()


def _column_name(item: Item, column: str) -> str:
    """The text of a column as a name in NetBox, short enough for an apostrophe before it."""
    return _one_line(item.texts[column], LONGEST["name"] - 1)


def _device_role(item: Item) -> str:
    kind = kind_of(item.asset.identification.kind)
    if kind.is_camera:
        return "CCTV camera"
    return "CCTV recorder" if kind.holds_recordings else "CCTV equipment"


def _serial_text(item: Item) -> str:
    """The serial number; empty if NetBox cannot hold all of it, because a part of it would be a different number."""
    serial = _one_line(item.texts["serial_number"])
    return serial if len(serial) < LONGEST["serial"] else ""


def _status_word(item: Item) -> str:
    """NetBox's word for the status; empty if nothing is known because no scan could see the device."""
    if item.asset.lifecycle in GONE:
        return REMOVED
    is_planned = item.asset.lifecycle in {Lifecycle.PLANNED, Lifecycle.ORDERED}
    return PLANNED if is_planned else _SEEN.get(item.asset.presence, "")


def _describe_device(item: Item) -> str:
    """The asset number of the device and the state of its removal, as one sentence."""
    planned, gone = item.texts["planned_removal_date"], item.texts["actual_removal_date"]
    words = {
        "planned": f": removal planned for {planned}",
        "overdue": f": removal planned for {planned}",
        "no_date": ": to be removed, without a date yet",
        "blocked": ": to be removed, but something prevents it",
        "accepted_risk": ": kept for now, because the risk was accepted",
    }
    if item.asset.lifecycle in GONE:
        return f"{_PREFIX}{item.asset.asset_id}: removed{f' on {gone}' if gone else ''}"
    return f"{_PREFIX}{item.asset.asset_id}{words.get(item.standing, '') if item.judgement.in_scope == 'yes' else ''}"


def _yes_or_no(is_so: bool) -> str:
    return "true" if is_so else "false"


def _parse_address(text: str) -> _Address | None:
    """The address; None if it means nothing outside its own network, or is not an address."""
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return None
    is_local = address.is_link_local or address.is_loopback or address.is_unspecified or address.is_multicast
    return None if is_local else address


def _prefix_length(address: _Address, subnet: str) -> int:
    """The prefix length of the site map's subnet; that of one address if NetBox would take it for the subnet's own."""
    try:
        network = ipaddress.ip_network(subnet.partition(" ")[0], strict=False)
    except ValueError:
        return address.max_prefixlen
    is_host = address in network and address not in {network.network_address, network.broadcast_address}
    return network.prefixlen if is_host and network.prefixlen else address.max_prefixlen


def _import_order(counts: Mapping[str, int], there: int) -> str:
    lines = [f"{place}. {name}: {count_text(rows, 'row')}" for place, (name, rows) in enumerate(counts.items(), 1)]
    first, later = "\n".join(lines[: len(COLUMNS)]), "\n".join(lines[len(COLUMNS) :])
    head, update = (path.read_text(encoding="utf-8") for path in _TEXTS)
    return head.format(files=first) + (update.format(there=count_text(there), files=later) if later else FIRST)


FIRST = """
Next time, open the list of devices in NetBox, choose Export, All Data, and give that file to camscan with --update.
"""

EXPORT = Export(
    "netbox",
    "",
    "a folder of CSV files for NetBox, to be imported in order",
    of_register=make_netbox,
    is_folder=True,
    options=(Option("update", OptionKind.READ, "NetBox's export of its devices, so that only changes are written."),),
)

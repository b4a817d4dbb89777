"""The devices for NetBox: CSV files for its import pages, in the order of ``ORDER.txt``.

Headers, required columns, lengths and words come from NetBox 4.7.3 (``dcim`` and ``ipam``: ``forms/bulk_import.py``,
the models). They are in a table in ``tests/test_export_netbox.py``; ``make netbox`` imports the files into NetBox.
NetBox's import recognises an object only by its ``id``, and refuses the whole file if it refuses one row. With
``update`` (NetBox's own list of devices), a device that NetBox has gets a row only if something is new.
"""

from __future__ import annotations

import csv
import hashlib
import io
import ipaddress
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from camscan.asset import GONE, Lifecycle, Presence
from camscan.asset.kinds import kind_of
from camscan.cells import csv_text, harmless_cell, plain_text, would_run
from camscan.errors import UsageError
from camscan.exports import Export, ExportResult, GivenOptions, Inventory, Item, Option, OptionKind, choose_items
from camscan.output import visible
from camscan.words import counted

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
NEEDED = (
    *("id", "asset tag", "status", "serial number", "description"),
    *("site", "location", "role", "manufacturer", "type"),
)
"""Columns of NetBox's own list from which an update is made, in lower case."""
_ALIASES = {"serial": "serial number", "device type": "type"}
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
_EARLIEST = datetime.min.replace(tzinfo=UTC)
_Address = ipaddress.IPv4Address | ipaddress.IPv6Address
_HEAD = Path(__file__).with_name("templates") / "netbox.txt"
_DELIMITERS = ",;|\t"  # NetBox's delimiters: each person may choose one there

Row = Sequence[str]


def make_netbox(inventory: Inventory, options: GivenOptions) -> ExportResult:
    """Make the files of the first import or of a later one. UsageError if ``update`` is not a list from NetBox."""
    is_later = "update" in options
    there = _read_list(options["update"]) if is_later else []
    by_tag = {row["asset tag"]: row for row in there if row["asset tag"]}
    new_only = partial(_why_left_out, later=is_later)
    kept, left = choose_items(inventory.items, lambda item: "" if _find_row(item, by_tag) else new_only(item))
    new = [item for item in kept if not _find_row(item, by_tag)]
    tables = _Bundle(there, _choose_tags(new, {tag.casefold() for tag in by_tag})).make_tables(new)
    if is_later:
        rows = [row for item in kept if (found := _find_row(item, by_tag)) and (row := _list_changes(item, found))]
        tables["devices-update.csv"] = [UPDATE, *(row for row in rows if len(row) == len(UPDATE))]
        tables["devices-update-status.csv"] = [STATUS, *(row for row in rows if len(row) == len(STATUS))]
    files = {name: csv_text(rows[0], rows[1:], quote_all=True) for name, rows in tables.items()}
    return ExportResult({"ORDER.txt": _import_order(tables, len(kept) - len(new)), **files}, len(kept), left)


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


def _read_list(text: str) -> list[dict[str, str]]:
    """Read a list of devices that NetBox exported. Returns for each row: name of each needed column -> its text."""
    delimiter = max(_DELIMITERS, key=text.partition("\n")[0].count)
    try:
        rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))
    except csv.Error as error:
        raise UsageError(f"--update: the file cannot be read as CSV: {error}") from None
    header = [_heading_name(cell) for cell in rows[0]] if rows else []
    missing = [name for name in NEEDED if name not in header]
    if missing:
        advice = "in NetBox, open the list of devices and choose Export, All Data"
        raise UsageError(f"--update: the file has no column '{missing[0]}'; {advice}")
    places = {name: header.index(name) for name in NEEDED}
    if any(len(row) != len(header) for row in rows if row):
        raise UsageError("--update: a row has more or fewer cells than the heading; export it again")
    found = [{name: row[place].strip() for name, place in places.items()} for row in rows[1:] if row]
    for row in found:
        row["status"] = row["status"].casefold()
        row |= {name: plain_text(row[name]) for name in ("site", "location", "role", "manufacturer", "type")}
        if not (row["id"].isascii() and row["id"].isdigit()):
            shown = visible(row["id"], 40)
            raise UsageError(f"--update: '{shown}' in the column 'id' is not a number; export it again")
    return found


def _heading_name(cell: str) -> str:
    name = " ".join(cell.replace("_", " ").split()).casefold()
    return _ALIASES.get(name, name)


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


class _Bundle:
    """The files that create new objects in NetBox."""

    def __init__(self, there: Iterable[Mapping[str, str]], tags: Mapping[str, str]) -> None:
        self._tags = tags
        self._makers, self._roles, self._sites, self._types, self._places = (_Names() for _ in range(5))
        self._facilities: dict[str, str] = {}
        for row in there:
            self._makers.add_known(row["manufacturer"])
            self._roles.add_known(row["role"])
            self._sites.add_known(row["site"])
            self._types.add_known(row["type"], row["manufacturer"])
            self._places.add_known(row["location"], row["site"])

    def make_tables(self, items: Sequence[Item]) -> dict[str, list[Row]]:
        """Make the files. Returns: name of each file -> its header and its rows."""
        devices = [self._device_row(item) for item in items]
        rows: dict[str, Iterable[Row]] = {
            "manufacturers.csv": [(name, slug) for _, name, slug in self._makers.new.values()],
            "device-roles.csv": [(name, slug, _COLORS[name]) for _, name, slug in self._roles.new.values()],
            "sites.csv": [(name, slug, ACTIVE, self._facilities[name]) for _, name, slug in self._sites.new.values()],
            "locations.csv": [(site, name, slug, ACTIVE) for site, name, slug in self._places.new.values()],
            "device-types.csv": [(maker, model, slug, "0") for maker, model, slug in self._types.new.values()],
            "devices.csv": devices,
            "interfaces.csv": [
                (self._tag_of(item), _INTERFACE, "other")
                for item in items
                if item.asset.mac_addresses or item.asset.ip_addresses
            ],
            "mac-addresses.csv": [
                (mac, self._tag_of(item), _INTERFACE, _yes_or_no(number == 0))
                for item in items
                for number, mac in enumerate(item.asset.mac_addresses)
            ],
            "ip-addresses.csv": self._address_rows(items),
        }
        return {name: [header, *rows[name]] for name, header in COLUMNS.items()}

    def _tag_of(self, item: Item) -> str:
        return self._tags[item.asset.asset_id]

    def _device_row(self, item: Item) -> Row:
        maker = self._makers.name_to_use(_one_line(item.maker, LONGEST["name"] - 1))
        site = self._sites.name_to_use(_column_name(item, "site_name"))
        uprn = _one_line(item.texts["uprn"])
        self._facilities.setdefault(site, uprn if len(uprn) < LONGEST["facility"] else "")
        place = _column_name(item, "location_detail")
        cells = {
            "name": self._tag_of(item),
            "role": self._roles.name_to_use(_device_role(item)),
            "manufacturer": maker,
            "device_type": self._types.name_to_use(_column_name(item, "model"), maker),
            "serial": _serial_text(item),
            "asset_tag": self._tag_of(item),
            "status": _status_word(item) or ACTIVE,
            "site": site,
            "location": self._places.name_to_use(place, site) if place else "",
            "description": _describe_device(item),
        }
        return [cells[name] for name in COLUMNS["devices.csv"]]

    def _address_rows(self, items: Iterable[Item]) -> Iterator[Row]:
        """One row for each address, for the device that was last seen there: NetBox refuses a second row."""
        owners: dict[str, str] = {}
        for item in sorted(items, key=lambda item: item.asset.last_seen or _EARLIEST, reverse=True):
            for text in item.asset.ip_addresses:
                owners.setdefault(text, item.asset.asset_id)
        for item in items:
            versions: set[int] = set()
            for text in item.asset.ip_addresses:
                address = _parse_address(text)
                if address is None or owners[text] != item.asset.asset_id:
                    continue
                is_first = address.version not in versions
                versions.add(address.version)
                mask = _prefix_length(address, item.texts["vlan_or_subnet"])
                yield f"{address}/{mask}", ACTIVE, self._tag_of(item), _INTERFACE, _yes_or_no(is_first)


def _choose_tags(items: Iterable[Item], taken: set[str]) -> dict[str, str]:
    """Number of each device -> its asset tag: the council tag, or the asset number if NetBox cannot hold that tag."""
    rows = list(items)
    taken = taken | {item.asset.asset_id.casefold() for item in rows}
    found = {}
    for item in rows:
        tag = item.tag.strip()
        is_plain = tag == _one_line(tag) == harmless_cell(tag)
        is_fit = is_plain and len(tag) <= LONGEST["tag"] and tag.casefold() not in taken
        found[item.asset.asset_id] = tag if is_fit else item.asset.asset_id
        taken.add(found[item.asset.asset_id].casefold())
    return found


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


def _import_order(tables: Mapping[str, Sequence[Row]], there: int) -> str:
    lines = [
        f"{number}. {name}: {counted(len(rows) - 1, 'row')}" for number, (name, rows) in enumerate(tables.items(), 1)
    ]
    first, later = "\n".join(lines[: len(COLUMNS)]), "\n".join(lines[len(COLUMNS) :])
    head = _HEAD.read_text(encoding="utf-8").format(files=first)
    return head + (LATER.format(there=counted(there), files=later) if later else FIRST)


FIRST = """
Next time, open the list of devices in NetBox, choose Export, All Data, and give that file to camscan with --update.
"""
LATER = """
In NetBox already: {there}. Then import these on the import page of Devices; your account needs the permission to change
devices:

{files}

They change only the columns that they contain, and hold only devices with something new. A description
that does not begin with "camscan" is yours, and stays; so do the statuses "planned", "staged" and "failed" while a
device is in use. The second file is for devices with a text that could not be written back as NetBox has it.
"""

EXPORT = Export(
    "netbox",
    "",
    "a folder of CSV files for NetBox, to be imported in order",
    of_register=make_netbox,
    is_folder=True,
    options=(Option("update", OptionKind.READ, "NetBox's export of its devices, so that only changes are written."),),
)

"""The table of sites: hundreds of networks, one on each line, as a spreadsheet writes them."""

from __future__ import annotations

import csv
import difflib
import io
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import field, replace
from pathlib import Path

from camscan.asset import Place
from camscan.asset.columns import BY_NAME
from camscan.asset.entry import normalise
from camscan.config.site import COLUMNS, MEMBERS, Site, Subnet
from camscan.config.value import Network, read_network
from camscan.dataclass import dataclass
from camscan.errors import ConfigError
from camscan.strict_yaml import read_contents

FILE_NAME = "camscan-sites.csv"
HEADER = ("cidr", "site", *(key for key in COLUMNS if key != "name"), "vlan")
"""The columns, in the order in which they are written. ``cidr`` and ``site`` are required."""

_ALSO = {
    "network": "cidr",
    "subnet": "cidr",
    "prefix": "cidr",
    "ip_range": "cidr",
    "site_name": "site",
    "building": "site",
    "place": "site",
    "site_ref": "uprn",
    "site_uprn": "uprn",
    "site_type": "type",
    "site_sensitivity": "sensitivity",
    "controlled_by": "controller",
    "service": "owner_service",
    "zone": "network_zone",
    "vlan_id": "vlan",
}
"""Other headings that mean a column."""
OF_SUBNETS = ("network_zone", "controller")
"""Columns that may differ between the subnets of one site."""
_LONGEST_VLAN = 100


@dataclass(frozen=True, slots=True)
class Table:
    """The content of a table of sites."""

    sites: tuple[Site, ...] = ()
    faults: tuple[ConfigError, ...] = ()
    """Mistakes with file and line; if there are any, ``sites`` must not be used."""
    notes: tuple[str, ...] = ()
    """What was skipped and does no harm: ``file:line: …``."""


def load_table(path: Path) -> Table:
    """Read a table from a file. Raises ConfigError if it cannot be read at all."""
    return read_table(read_contents(path), str(path))


def read_table(content: bytes, file: str) -> Table:
    """Read a table: UTF-8, UTF-16 with a byte order mark, or Windows-1252; commas, semicolons or tabs."""
    try:
        text = content.decode("utf-16" if content[:2] in {b"\xff\xfe", b"\xfe\xff"} else "utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("cp1252", errors="replace")
    if "\x00" in text:
        raise ConfigError("this is not a CSV file; save the sheet as 'CSV UTF-8'", str(file), 1)
    first = text.partition("\n")[0]
    delimiter = max(",;\t", key=first.count)
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    reading = _Reading(file)
    try:
        heading = next(rows, [])
        reading.read_head(heading)
        line = rows.line_num + 1
        for cells in rows:
            reading.read_row(cells, line)
            line = rows.line_num + 1
    except csv.Error as error:
        reading.add_error(rows.line_num, f"not CSV: {error}; look for a missing closing quotation mark")
    sites = () if reading.faults else tuple(map(reading.make_site, reading.names.values()))
    return Table(sites, tuple(reading.faults), tuple(reading.notes))


def write_table(sites: Iterable[Site]) -> str:
    """The sites as a table that ``read_table`` reads into the same sites."""
    out = io.StringIO()
    rows = csv.writer(out, lineterminator="\n")
    rows.writerow(HEADER)
    for site in sites:
        for subnet in _site_lines(site):
            place = site.place_of(subnet) if subnet else site.place
            said = {key: getattr(place, member) for key, member in MEMBERS.items() if key != "name"}
            said |= {"cidr": place.subnet, "site": place.name, "vlan": place.vlan}
            rows.writerow([said[name] for name in HEADER])
    return out.getvalue()


def _site_lines(site: Site) -> Sequence[Subnet | None]:
    """The subnets of a site; None before them if the site has values that its subnets do not give."""
    places = [site.place_of(subnet) for subnet in site.subnets]
    for column in OF_SUBNETS:
        if _only_one({getattr(place, column) for place in places}) != getattr(site.place, column):
            return (None, *site.subnets)
    return site.subnets or (None,)


def _only_one(said: Iterable[str]) -> str:
    """The only value; empty if there are several."""
    found = {*said} - {""}
    return found.pop() if len(found) == 1 else ""


@dataclass(slots=True)
class _Reading:
    """Reads one file, line by line."""

    file: str
    columns: Sequence[str] = ()
    faults: list[ConfigError] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    names: dict[str, str] = field(default_factory=dict)
    """Name of a site in lower case -> its first spelling."""
    lines: dict[str, int] = field(default_factory=dict)
    """Site -> the line that names it first."""
    first_values: dict[tuple[str, str], tuple[str, int]] = field(default_factory=dict)
    """(site, key) -> the first value, and its line."""
    subnets: dict[Network, tuple[str, Subnet]] = field(default_factory=dict)
    """Network -> site and subnet."""
    zones: dict[tuple[str, str], dict[Network | None, str]] = field(default_factory=dict)

    def add_error(self, line: int, message: str) -> None:
        self.faults.append(ConfigError(message, str(self.file), line))

    def note(self, line: int, message: str) -> None:
        self.notes.append(f"{self.file}:{line}: {message}")

    def read_head(self, heading: Sequence[str]) -> None:
        found = []
        for cell in heading:
            plain = re.sub(r"[\s_-]+", "_", cell.strip().casefold())
            name = _ALSO.get(plain, plain)
            if name not in HEADER:
                close = difflib.get_close_matches(name, HEADER, n=1)
                if close and close[0] not in map(str.casefold, heading):
                    self.add_error(1, f"unknown column '{cell.strip()}'; did you mean '{close[0]}'?")
                elif plain:
                    self.note(1, f"the column '{cell.strip()}' is ignored; the columns are: {', '.join(HEADER)}")
            elif name in found:
                self.add_error(1, f"the column '{name}' is listed twice")
            found.append(name)
        missing = [name for name in ("cidr", "site") if name not in found]
        if missing and not self.faults:
            self.add_error(1, f"no column '{missing[0]}'; the first line names the columns: {', '.join(HEADER)}")
        self.columns = found

    def read_row(self, cells: Sequence[str], line: int) -> None:
        if not any(cell.strip() for cell in cells) or not {"cidr", "site"} <= {*self.columns}:
            return
        if any(cell.strip() for cell in cells[len(self.columns) :]):
            self.add_error(
                line, f"{len(cells)} cells under {len(self.columns)} headings; put a text with commas in quotes"
            )
            return
        given = dict(zip(self.columns, (cell.strip() for cell in cells), strict=False))
        name = self._read_value(line, "site", "site_name", given.get("site", ""))
        if not given.get("site"):
            self.add_error(line, "no site; every line must name the site of its network")
        if not name:
            return
        key = name.casefold()
        self.names.setdefault(key, name)
        self.lines.setdefault(key, line)
        values = {
            each: self._read_value(line, each, COLUMNS[each], given.get(each, "")) for each in COLUMNS if each != "name"
        }
        for each, value in values.items():
            if value and each not in OF_SUBNETS:
                self._note_value(key, each, value, line)
        network = self._read_network(line, given.get("cidr", ""))
        for each in OF_SUBNETS:
            self.zones.setdefault((key, each), {})[network] = values[each]
        if network is not None:
            self._note_subnet(key, network, self._read_vlan(line, given.get("vlan", "")), line)

    def _read_value(self, line: int, what: str, column: str, text: str) -> str:
        try:
            return normalise(BY_NAME[column], " ".join(text.split()) if what == "site" else text)
        except ValueError as error:
            self.add_error(line, f"{what}: {error}")
            return ""

    def _read_vlan(self, line: int, text: str) -> str:
        if len(text) > _LONGEST_VLAN or not text.isprintable():
            self.add_error(line, "vlan: expected a number or a short name")
            return ""
        return text

    def _read_network(self, line: int, text: str) -> Network | None:
        if not text:
            return None
        try:
            return read_network(text)
        except ValueError as error:
            self.add_error(line, str(error))
            return None

    def _note_value(self, key: str, what: str, value: str, line: int) -> None:
        before, there = self.first_values.setdefault((key, what), (value, line))
        if before != value:
            self.add_error(
                line, f"{what} of {self.names[key]} is '{value}' here and '{before}' in line {there}; a site has one"
            )

    def _note_subnet(self, key: str, network: Network, vlan: str, line: int) -> None:
        where = f"{self.file}:{line}"
        other, subnet = self.subnets.setdefault(network, (key, Subnet(network, vlan=vlan, where=where)))
        there = subnet.where.rpartition(":")[2]
        if subnet.where == where:
            return
        if other != key:
            self.add_error(
                line, f"{network} is a network of {self.names[other]} in line {there}; a network belongs to one site"
            )
        elif vlan and subnet.vlan and vlan != subnet.vlan:
            self.add_error(line, f"VLAN of {network} is '{vlan}' here and '{subnet.vlan}' in line {there}")
        else:
            self.note(line, f"{network} is already in line {there}; this line adds nothing")

    def make_site(self, name: str) -> Site:
        """One site from all its lines. A zone or controller is the site's own if all its lines give the same."""
        key = name.casefold()
        values = {each: self.first_values.get((key, each), ("", 0))[0] for each in COLUMNS}
        own: dict[str, Mapping[Network | None, str]] = {}
        for each in OF_SUBNETS:
            said = self.zones[key, each]
            values[each] = said[None] if None in said else _only_one(said.values())
            own[each] = said
        subnets = [subnet for site, subnet in self.subnets.values() if site == key]
        return Site(
            Place(**{MEMBERS[each]: value for each, value in values.items() if each != "name"}, name=name),
            subnets=tuple(
                replace(
                    subnet,
                    network_zone=_unless_same(own["network_zone"][subnet.cidr], values["network_zone"]),
                    controller=_unless_same(own["controller"][subnet.cidr], values["controller"]),
                )
                for subnet in subnets
            ),
            where=f"{self.file}:{self.lines[key]}",
        )


def _unless_same(own: str, site: str) -> str:
    """The value of a subnet; empty if the site has the same value."""
    return "" if own == site else own

"""The sites of an estate: facts about each, and a table of sites that replaces the last one."""

from __future__ import annotations

import ipaddress
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from camscan.app.by_site import has_lines, list_first
from camscan.app.listing_lines import DECODED, decode_outlines
from camscan.app.settings import check_settings
from camscan.app.workspace import Workspace
from camscan.asset import Asset, Place
from camscan.config import Config, Site
from camscan.config.check import Finding, Level
from camscan.config.find import find_file
from camscan.config.read import read_config
from camscan.config.sites_file import Table, load_table, write_table
from camscan.errors import ConfigError, UsageError
from camscan.output import write_atomically
from camscan.plan.estate_count import is_in_place
from camscan.plan.scan_coverage import (
    AskedAddresses,
    NetworkAsked,
    all_asked_since,
    list_asked,
    networks_asked,
    site_networks,
)
from camscan.register import Register, StoredScan

# ── a table of sites ─────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class SitesImport:
    """The changes that a table of sites would make to those of camscan.yaml."""

    table: Table
    before: Config
    after: Config
    faults: Sequence[ConfigError]
    """Why the table cannot be used; empty if it can."""

    @property
    def errors(self) -> list[Finding]:
        """Errors that the map would have after it: a network that needs an authorisation and is in none."""
        return [finding for finding in self._new_findings() if finding.level is Level.ERROR]

    @property
    def warnings(self) -> list[Finding]:
        """What looks wrong with the table and did not before.

        Faults of the complete file are for a check of camscan.yaml.
        """
        return [finding for finding in self._new_findings() if finding.level is not Level.ERROR]

    def _new_findings(self) -> list[Finding]:
        known = {finding.text for finding in check_settings(self.before, [])}
        return [finding for finding in check_settings(self.after, []) if finding.text not in known]

    @property
    def differences(self) -> list[str]:
        """One line for each place that is added, changed or removed."""
        old, new = (
            {(place.name, place.subnet): place for place in config.places()} for config in (self.before, self.after)
        )
        return [*_compare_places(old, new)]

    @property
    def changes_nothing(self) -> bool:
        """Whether every place is unchanged."""
        return self.before.places() == self.after.places()


def read_sites(file: Path, config: Path | None = None) -> SitesImport:
    """Read a CSV of networks, and compare it with the camscan.yaml named or in force; nothing is written.

    Raises UsageError if there is no camscan.yaml, or if the file is not such a table.
    """
    found = find_file(config)
    if found is None:
        raise UsageError("there is no camscan.yaml: make one with `camscan config init`")
    table = load_table(file)
    before, _ = read_config(found)
    after, faults = read_config(found, table=table)
    return SitesImport(table, before, after, faults)


def apply_sites(table: SitesImport) -> Path:
    """Keep the table beside camscan.yaml, in place of the last one. Returns the file that was written."""
    file = table.after.sites_file
    assert file is not None  # noqa: S101 - a configuration that was read has one
    write_atomically(str(file), lambda stream: stream.writelines([write_table(table.table.sites)]))
    return file


def remember_sites(space: Workspace) -> str:
    """Store the sites in the register, if there is one.

    Returns its name, or an empty text. The next scan does it too.
    """
    if not space.has_register:
        return ""
    with space.open(editing=True, create=False) as book:
        book.remember_sites(space.settings.places())
        return book.where


def _compare_places(old: Mapping[tuple[str, str], Place], new: Mapping[tuple[str, str], Place]) -> Iterator[str]:
    for (name, subnet), place in new.items():
        was = old.get((name, subnet))
        what = f"{subnet} of {name}" if subnet else f"site {name}"
        said = [f"{key} {value}" for key, value in place_details(place).items()]
        if was is None:
            yield f"+ {what}{': ' if said else ''}{', '.join(said)}"
        elif was != place:
            changed = [
                f"{key} {place_details(was).get(key, '(nothing)')} -> {place_details(place).get(key, '(nothing)')}"
                for key in {**place_details(was), **place_details(place)}
                if place_details(was).get(key) != place_details(place).get(key)
            ]
            yield f"* {what}: {', '.join(changed)}"
    yield from (
        f"- {subnet} of {name}" if subnet else f"- site {name}" for name, subnet in old if (name, subnet) not in new
    )


def place_details(place: Place) -> dict[str, str]:
    """The facts about a place, without its name and subnet; for a subnet, those that may differ from its site's."""
    words = {
        "uprn": place.ref,
        "type": place.type,
        "sensitivity": place.sensitivity,
        "controller": place.controller,
        "owner_service": place.owner_service,
        "network_zone": place.network_zone,
        "vlan": place.vlan,
    }
    own = ("controller", "network_zone", "vlan") if place.subnet else tuple(words)
    return {key: words[key] for key in own if words[key]}


# ── known sites ──────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(slots=True)
class KnownSites:
    """What the register knows about the sites."""

    places: Sequence[Place] = ()
    devices: Counter[str] = field(default_factory=Counter)
    """Site -> number of devices that are neither removed nor somebody else's."""
    scans: defaultdict[str, list[StoredScan]] = field(default_factory=lambda: defaultdict(list))
    """Site -> its scans, oldest first."""

    networks: Sequence[NetworkAsked] = ()
    """Each network that can be swept, and since when all of it has been asked."""

    def last_complete(self, site: str) -> str:
        """The day since which all of the site's networks have been asked; or how many of its addresses ever were."""
        own = [network for network in self.networks if network.site == site]
        since = all_asked_since(own)
        asked = sum(each.asked for each in own)
        if since is not None or not asked:
            return f"{since or 'never'}"
        return f"never: {asked:,} of {sum(each.addresses for each in own):,} asked"

    def last_asked(self, site: str) -> Iterator[str]:
        """For each network of the site, in words: since when all of it has been asked, or how much of it ever was."""
        for network in self.networks:
            if network.site == site:
                part = f"{network.asked:,} of {network.addresses:,} addresses"
                complete = f"last scanned completely on {network.last_asked}"
                yield f"{network.network}: {complete if network.last_asked else part}"


def known_sites(space: Workspace, *, is_named: bool) -> KnownSites:
    """Read the sites from the register; empty if there is none, unless it was named (RegisterError)."""
    if not is_named and not space.has_register:
        return KnownSites()
    list_first(space)
    with space.open(readonly=True) as book:
        is_listed = has_lines(book, space.settings)
        rows = (row for _, row in decode_outlines(book.lines(only=DECODED))) if is_listed else book.devices()
        return gather_known_sites(book, space.settings, rows)


def gather_known_sites(book: Register, settings: Config, rows: Iterable[Asset]) -> KnownSites:
    """What the register knows about the sites; ``rows`` are all its devices."""
    found, scans = KnownSites(book.sites()), book.scans()
    found.devices.update(row.entry("site_name") or row.site for row in rows if is_in_place(row))
    for scan in scans:
        found.scans[scan.site].append(scan)
    found.networks = tuple(_networks_asked(settings, found.places, list_asked(scans)))
    return found


def _networks_asked(
    settings: Config, places: Sequence[Place], asked: Sequence[AskedAddresses]
) -> Iterator[NetworkAsked]:
    """The networks of the sites of camscan.yaml; if it has none, those that the register remembers."""
    if settings.sites:
        for site in settings.sites:
            yield from site_networks(settings, site, asked)
        return
    for place in places:
        if place.subnet:
            yield from networks_asked(place.name, [ipaddress.ip_network(place.subnet)], (), asked)


def authorisation_end(config: Config, site: Site) -> str:
    """The last day on which all of the site's networks are authorised; empty if it needs no authorisation."""
    today = config.clock(datetime.now(UTC)).date()
    named = [
        authorisation
        for authorisation in config.authorisations
        if any(one.version == cidr.version and one.overlaps(cidr) for one in site.cidrs for cidr in authorisation.cidrs)
    ]
    held = [each.expires for each in named if each.is_in_force(today)]
    if held:
        return f"{max(held)}"
    return "expired" if any(each.expires < today for each in named) else f"{named[0].begins} on" if named else ""

"""The site map as the register keeps it, so that a row knows its place without the configuration.

The configuration is the source. ``remember_places`` makes the register agree with it: networks that it no longer names
are deleted, and a site that it no longer names is kept without networks while a device was last seen there.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Mapping
from typing import Any

from camscan.asset import Place
from camscan.register.plain_sql import AnyConnection, execute, fetch, fetch_rows
from camscan.register.rows import delete_rows, insert_rows
from camscan.register.site_lookup import SITE, place_of_subnet
from camscan.register.stored import unescape_text

_SUBNET = ("vlan", "network_zone", "controller")


def remember_places(connection: AnyConnection, places: Iterable[Place]) -> None:
    """Store the site map; see ``Register.remember_sites``. Nothing is written if it has not changed."""
    sites, wanted = _wanted_rows(places)
    stored = _stored_sites(connection)
    gone = _unused_sites(connection, stored, sites)
    if not gone and _is_same(connection, stored, sites, wanted):
        return
    execute(connection, "DELETE FROM subnet")
    delete_rows(connection, "site", "name", sorted({*gone, *sites} & stored.keys()))
    insert_rows(connection, "site", list(sites.values()))
    insert_rows(connection, "subnet", list(wanted.values()))


def are_remembered(connection: AnyConnection, places: Iterable[Place]) -> bool:
    """Whether the stored site map equals that of the configuration, so that nothing has to be written."""
    sites, wanted = _wanted_rows(places)
    stored = _stored_sites(connection)
    return _is_same(connection, stored, sites, wanted) and not _unused_sites(connection, stored, sites)


_Rows = dict[str, dict[str, Any]]


def _wanted_rows(places: Iterable[Place]) -> tuple[_Rows, _Rows]:
    """The rows of sites, by name, and of subnets, by address."""
    sites: _Rows = {}
    subnets: _Rows = {}
    for place in places:
        if place.name not in sites or not place.subnet:
            sites[place.name] = {name: getattr(place, name) for name in SITE}
        if place.subnet:
            row = {name: getattr(place, name) for name in _SUBNET}
            subnets.setdefault(str(ipaddress.ip_network(place.subnet)), {"site": place.name, **row})
    return sites, {cidr: {"cidr": cidr, **row} for cidr, row in subnets.items()}


def _stored_sites(connection: AnyConnection) -> _Rows:
    return {row["name"]: row for row in fetch_rows(connection, "SELECT * FROM site")}


def _is_same(connection: AnyConnection, stored: _Rows, sites: _Rows, wanted: _Rows) -> bool:
    kept = {row["cidr"]: row for row in fetch_rows(connection, "SELECT * FROM subnet")}
    return kept == wanted and all(stored.get(name) == row for name, row in sites.items())


def _unused_sites(connection: AnyConnection, stored: _Rows, sites: _Rows) -> set[str]:
    """Sites that neither the configuration nor a device names any more."""
    unnamed = stored.keys() - sites.keys()
    return unnamed - _named_sites(connection) if unnamed else set()


def known_places(connection: AnyConnection) -> list[Place]:
    """The stored site map; see ``Register.sites``."""
    found: dict[str, list[Place]] = {}
    for row in fetch_rows(connection, "SELECT * FROM site ORDER BY name"):
        found[row["name"]] = [Place(**row)]
    for row in sorted(fetch_rows(connection, "SELECT * FROM subnet"), key=_subnet_order):
        site = found[row["site"]]
        site.append(place_of_subnet(site[0], row["cidr"], *(row[name] for name in _SUBNET)))
    return [place for places in found.values() for place in places]


def _named_sites(connection: AnyConnection) -> set[str]:
    return {unescape_text(row[0]) for row in fetch(connection, "SELECT DISTINCT site FROM device")}


def _subnet_order(row: Mapping[str, Any]) -> tuple[int, int, int]:
    network = ipaddress.ip_network(row["cidr"])
    return network.version, int(network.network_address), network.prefixlen

"""The site map as the register keeps it, so that a row knows its place without the configuration.

The configuration is the source. ``remember_places`` makes the register agree with it: networks that it no longer names
are deleted, and a site that it no longer names is kept without networks while a device was last seen there.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from typing import Any

from sqlalchemy import Connection, RowMapping, select

from camscan.asset import Place
from camscan.register import schema
from camscan.register.site_lookup import SITE, place_of_subnet

_SUBNET = ("vlan", "network_zone", "controller")


def remember_places(connection: Connection, places: Iterable[Place]) -> None:
    """Store the site map; see ``Register.remember_sites``. Nothing is written if it has not changed."""
    sites, wanted = _wanted_rows(places)
    stored = _stored_sites(connection)
    gone = _unused_sites(connection, stored, sites)
    if not gone and _is_same(connection, stored, sites, wanted):
        return
    connection.execute(schema.subnet.delete())
    for name in {*gone, *sites} & stored.keys():
        connection.execute(schema.site.delete().where(schema.site.c.name == name))
    if sites:
        connection.execute(schema.site.insert(), list(sites.values()))
    if wanted:
        connection.execute(schema.subnet.insert(), list(wanted.values()))


def are_remembered(connection: Connection, places: Iterable[Place]) -> bool:
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


def _stored_sites(connection: Connection) -> _Rows:
    return {row["name"]: dict(row) for row in connection.execute(select(schema.site)).mappings()}


def _is_same(connection: Connection, stored: _Rows, sites: _Rows, wanted: _Rows) -> bool:
    kept = {row["cidr"]: dict(row) for row in connection.execute(select(schema.subnet)).mappings()}
    return kept == wanted and all(stored.get(name) == row for name, row in sites.items())


def _unused_sites(connection: Connection, stored: _Rows, sites: _Rows) -> set[str]:
    """Sites that neither the configuration nor a device names any more."""
    unnamed = stored.keys() - sites.keys()
    return unnamed - _named_sites(connection) if unnamed else set()


def known_places(connection: Connection) -> list[Place]:
    """The stored site map; see ``Register.sites``."""
    found: dict[str, list[Place]] = {}
    for row in connection.execute(select(schema.site).order_by(schema.site.c.name)).mappings():
        found[row["name"]] = [Place(**row)]
    rows = connection.execute(select(schema.subnet)).mappings().all()
    for row in sorted(rows, key=_subnet_order):
        site = found[row["site"]]
        site.append(place_of_subnet(site[0], row["cidr"], *(row[name] for name in _SUBNET)))
    return [place for places in found.values() for place in places]


def _named_sites(connection: Connection) -> set[str]:
    return set(connection.execute(select(schema.device.c.site).distinct()).scalars())


def _subnet_order(row: RowMapping) -> tuple[int, int, int]:
    network = ipaddress.ip_network(row["cidr"])
    return network.version, int(network.network_address), network.prefixlen

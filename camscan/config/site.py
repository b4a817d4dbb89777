"""Sites and their networks: ``sites`` of camscan.yaml."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from camscan.asset import Place
from camscan.config.running import read_interval
from camscan.config.value import Network, read_column, read_entries, read_networks, read_single_network, read_word
from camscan.dataclass import dataclass
from camscan.strict_yaml import Node

COLUMNS = {
    "name": "site_name",
    "uprn": "uprn",
    "type": "site_type",
    "sensitivity": "site_sensitivity",
    "controller": "controller",
    "owner_service": "owner_service",
    "network_zone": "network_zone",
}
"""Key of a site -> the register's column that it fills and that has the allowed values."""
MEMBERS = {key: {"uprn": "ref"}.get(key, key) for key in COLUMNS}
"""Key of a site -> member of ``Place``."""
KEYS = (*COLUMNS, "cidrs", "subnets", "pace", "exclusions", "every")
SUBNET_KEYS = ("cidr", "vlan", "network_zone", "controller")


@dataclass(frozen=True, slots=True)
class Subnet:
    """One network of a site."""

    cidr: Network
    vlan: str = ""
    network_zone: str = ""
    """Empty for the value of the site."""
    controller: str = ""
    """Empty for the value of the site."""
    where: str = ""
    """``file:line``."""


@dataclass(frozen=True, slots=True)
class Site:
    """A site, its networks, and how they are scanned."""

    place: Place
    """The place itself; its ``subnet`` is empty."""
    subnets: tuple[Subnet, ...] = ()
    """The networks; empty for a place that no scan reaches."""
    exclusions: tuple[Network, ...] = ()
    pace: str = ""
    """Empty for the pace of the file."""
    every: int = 0
    """Days between two scans; 0 for the number of the file."""
    where: str = ""
    """Where the site is named first: ``file:line``."""

    @property
    def name(self) -> str:
        """The name of the site, which ``--site`` takes in upper or lower case."""
        return self.place.name

    @property
    def cidrs(self) -> tuple[Network, ...]:
        """The networks of the site."""
        return tuple(subnet.cidr for subnet in self.subnets)

    def places(self) -> Iterator[Place]:
        """The place itself, then the place of each subnet, as the register stores them."""
        yield self.place
        for subnet in self.subnets:
            yield self.place_of(subnet)

    def place_of(self, subnet: Subnet) -> Place:
        """The place of a device in one of the site's subnets."""
        return replace(
            self.place,
            subnet=str(subnet.cidr),
            vlan=subnet.vlan,
            network_zone=subnet.network_zone or self.place.network_zone,
            controller=subnet.controller or self.place.controller,
        )


def read_site(node: Node) -> Site:
    """Read one entry of ``sites``. The caller, who knows the paces, checks its pace."""
    keys = read_entries(node, KEYS, "name")
    if "cidrs" not in keys and "subnets" not in keys:
        raise node.error("'cidrs' is missing; list its networks, or write [] for a place that no scan reaches")
    found = (
        [Subnet(read_single_network(item), where=_where_named(item)) for item in keys["cidrs"].items()]
        if "cidrs" in keys
        else []
    )
    found += map(_read_subnet, keys["subnets"].items()) if "subnets" in keys else []
    said = {MEMBERS[key]: read_column(keys[key], name) for key, name in COLUMNS.items() if key in keys}
    return Site(
        Place(**said),
        subnets=tuple(found),
        exclusions=read_networks(keys["exclusions"]) if "exclusions" in keys else (),
        pace=read_word(keys["pace"]) if "pace" in keys else "",
        every=read_interval(keys["every"]) if "every" in keys else 0,
        where=_where_named(node),
    )


def _read_subnet(node: Node) -> Subnet:
    if isinstance(node.value, str):
        return Subnet(read_single_network(node), where=_where_named(node))
    keys = read_entries(node, SUBNET_KEYS, "cidr")
    return Subnet(
        read_single_network(keys["cidr"]),
        vlan=read_word(keys["vlan"]) if "vlan" in keys else "",
        network_zone=read_column(keys["network_zone"], "network_zone") if "network_zone" in keys else "",
        controller=read_column(keys["controller"], "controller") if "controller" in keys else "",
        where=_where_named(node),
    )


def _where_named(node: Node) -> str:
    return f"{node.file}:{node.line}"

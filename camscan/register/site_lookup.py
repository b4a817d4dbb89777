"""Finds the place of a device in the site map, by its site and its addresses.

The map is read once; the rest is pure.
"""

from __future__ import annotations

import ipaddress
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace

from sqlalchemy import Connection, select

from camscan.asset import Place
from camscan.register import schema
from camscan.register.sites import place_of_subnet

FindPlace = Callable[[str, Iterable[str]], Place | None]
"""Returns the place of a device, from its site's name and its addresses."""

_V4, _V6 = 32, 128


def make_lookup(connection: Connection) -> FindPlace:
    """Read the site map and return the function that looks up a place in it.

    The longest prefix that contains one of the addresses decides. If there is none, the site of that name counts, in
    upper or lower case.
    """
    sites = {row["name"]: Place(**row) for row in connection.execute(select(schema.site)).mappings()}
    by_prefix: dict[int, defaultdict[int, dict[int, Place]]] = {_V4: defaultdict(dict), _V6: defaultdict(dict)}
    for row in connection.execute(select(schema.subnet)).mappings():
        network = ipaddress.ip_network(row["cidr"])
        shift = network.max_prefixlen - network.prefixlen
        found = place_of_subnet(sites[row["site"]], row)
        by_prefix[network.max_prefixlen][shift][int(network.network_address) >> shift] = found
    folded = {name.casefold(): place for name, place in sites.items()}
    ordered = {bits: sorted(networks.items()) for bits, networks in by_prefix.items()}

    def look_up_place(site: str, addresses: Iterable[str]) -> Place | None:
        for text in addresses:
            bits, address = _address_number(text)
            for shift, networks in ordered[bits]:
                found = networks.get(address >> shift)
                if found is not None:
                    return found
        return sites.get(site) or (folded.get(site.casefold()) if site else None)

    return look_up_place


def place_device(
    site: str, addresses: Sequence[str], entries: Mapping[str, str], find_place: FindPlace
) -> Place | None:
    """The place of a device: the building that a person named, and the network of its address."""
    stated_address = entries.get("stated_ip_address")
    place = find_place(site, addresses or ([stated_address] if stated_address else []))
    name = entries.get("site_name")
    if not name or (place and (place.name == name or place.name.casefold() == name.casefold())):
        return place
    building = find_place(name, []) or Place(name)
    if place is None:
        return building
    zone = building.network_zone or place.network_zone
    return replace(building, vlan=place.vlan, subnet=place.subnet, network_zone=zone)


def _address_number(text: str) -> tuple[int, int]:
    """Bits of the address family, and the address as a number."""
    if "." in text and ":" not in text:  # addresses are stored as dotted quads; ipaddress takes eight times as long
        first, second, third, fourth = text.split(".")
        return _V4, int(first) << 24 | int(second) << 16 | int(third) << 8 | int(fourth)
    address = ipaddress.ip_address(text.partition("%")[0])
    return address.max_prefixlen, int(address)

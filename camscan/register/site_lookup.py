"""Finds the place of a device in the site map, by its site and its addresses.

The map is read once; the rest is pure.
"""

from __future__ import annotations

import ipaddress
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace

from camscan.asset import Place
from camscan.register.plain_sql import AnyConnection, fetch
from camscan.register.stored import unescape_text

FindPlace = Callable[[str, Iterable[str]], Place | None]
"""Returns the place of a device, from its site's name and its addresses."""

_V4, _V6 = 32, 128
SITE = ("name", "ref", "type", "sensitivity", "controller", "owner_service", "network_zone")
"""Columns of ``site``, in the order of the members of Place."""


def make_lookup(connection: AnyConnection) -> FindPlace:
    """Read the site map and return the function that looks up a place in it.

    The longest prefix that contains one of the addresses decides. If there is none, the site of that name counts, in
    upper or lower case.
    """
    rows = fetch(connection, f"SELECT {', '.join(SITE)} FROM site")  # noqa: S608 - constants
    sites = {unescape_text(row[0]): Place(*map(unescape_text, row)) for row in rows}
    by_prefix: dict[int, defaultdict[int, dict[int, Place]]] = {_V4: defaultdict(dict), _V6: defaultdict(dict)}
    for cidr, *texts in fetch(connection, "SELECT cidr, site, vlan, network_zone, controller FROM subnet"):
        site, vlan, zone, controller = map(unescape_text, texts)
        network = ipaddress.ip_network(cidr)
        shift = network.max_prefixlen - network.prefixlen
        found = place_of_subnet(sites[site], cidr, vlan, zone, controller)
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


def place_of_subnet(site: Place, cidr: str, vlan: str, network_zone: str, controller: str) -> Place:
    """The place of one subnet: the values of the site, except those that the subnet gives itself."""
    zone = network_zone or site.network_zone
    return replace(site, subnet=cidr, vlan=vlan, network_zone=zone, controller=controller or site.controller)


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

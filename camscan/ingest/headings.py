"""The words by which the columns of a list are recognised, in English, German and French."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType


@dataclass(frozen=True, slots=True)
class Headings:
    """The headings that a source knows."""

    words: Mapping[str, Sequence[str]]
    """Role -> its headings in small letters, without punctuation, the best first.

    The roles: ``mac``, ``ip``, ``vlan``, ``port``, ``switch``, ``interface``, ``name``, ``vendor``, ``type``,
    ``state``, ``product``, ``maker``, ``serial``, ``location``, ``seen`` (when the device was last heard).
    """
    needed: Sequence[str]
    """The roles without which a line is not a line of headings."""
    facts: Mapping[str, str]
    """Role -> key of its fact."""
    instead: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    """Role -> another one that does in its place."""
    idle: frozenset[str] = frozenset()
    """States, in small letters, in which no device has the entry."""
    why_idle: str = ""

    def roles_of(self, cells: Sequence[str]) -> dict[str, int]:
        """Role -> the number of its column; empty if these are not headings of such a list."""
        plain = [plain_words(cell) for cell in cells]
        found = {
            role: plain.index(word)
            for role, words in self.words.items()
            if (word := next((word for word in words if word in plain), None)) is not None
        }
        if _OF_DEVICES & set(plain):
            found.pop("port", None)
        return found if all(role in found or self.instead.get(role) in found for role in self.needed) else {}


_OF_DEVICES = frozenset(
    {
        *("http port", "https port", "rtsp port", "tcp port", "udp port", "version", "software version", "firmware"),
        *("firmware version", "device serial no", "device serial number", "serial number", "serial no", "sn"),
        *("ping", "mac vendor"),
    }
)
"""Headings of lists of devices, such as that of the SADP tool, and of scanners: there, ``Port`` is of no switch."""


def plain_words(cell: str) -> str:
    """A heading in small letters, without punctuation: ``MAC-Adresse`` and ``mac_adresse`` are the same."""
    return re.sub(r"[\W_]+", " ", cell.casefold()).strip()


def _words(text: str) -> tuple[str, ...]:
    """Headings that are separated by commas."""
    return tuple(word.strip() for word in text.split(","))


def _of_owner(what: str) -> tuple[str, ...]:
    """Headings for an address of the device itself, as programs write them."""
    owners = ("client", "endpoint", "device", "host", "user")
    return tuple(f"{owner} {what}{rest}" for owner in owners for rest in (" address", ""))


_MAC = (
    *_words("mac address, mac, macaddress, mac addr"),
    *_of_owner("mac"),
    *_words(
        "mac adresse, adresse mac, hardware address, hardware addr, hardware adresse, hw address, hwaddress, hwaddr"
    ),
    *_words(
        "mac duid, mac address duid, ethernet address, "
        "physical address, physische adresse, physikalische adresse, adresse physique"
    ),
    *_words("link layer address, linklayeraddress, link layer, lladdr, destination address, station mac"),
    *_words("client hardware address, unique id, eindeutige kennung, eindeutige id, id unique"),
    *_words("client id, clientid, client identifier"),
)
_IP = (
    *_words("ip address, ip, ipaddress, ipv4 address, ipv4, ip addr, ip adresse, adresse ip, ip addresses"),
    *_words("internet address, internetadresse, adresse internet"),
    *_of_owner("ip"),
    *_words("client ipv4, camera ip, ip camera address, polling ip address"),
    *_words("client ip adresse, adresse ip du client, ipv6 address, network layer address, protocol address, address"),
)
_ANY_ADDRESS = _words("adresse, destination, dst")
"""Headings that may also mean another kind of address, so that every other one comes first."""
_VLAN = _words(
    "vlan id, vid, vlanid, vlan, vlan name tag, vlan vsi, vlan vsi bd, vlan number, vlan nr, vlan name, vlans, "
    "network, netzwerk"
)
_PORT = _words(
    "switch port, switchport, port, ports, destination port, dest port, located on port, port name, "
    "port virtual port list, recent port, physical port, egress port, egress interface, port id, port nr, sw port, "
    "anschluss"
)
_INTERFACE = _words(
    "interface, interfaces, interface name, logical interface, on interface, ifname, if name, intf, iface, "
    "learned from, schnittstelle, dev"
)
_SWITCH = _words("switch, switch name, switchname, switch ip, recent device, connected to")
_HOST_NAME = _words("hostname, host name, host names, client hostname, client name, dns name")
_NAME = (*_HOST_NAME, *_words("fqdn, rechnername, computername, computer name, nom d hôte, name, nom, dns"))
_SEEN = _words("last seen, lastseen, last heard, time last, last active, zuletzt gesehen, vu en dernier")
_STATE = _words("addressstate, address state, lease state, lease type, binding state, state, status, zustand")
_TYPE = _words("type, address type, entry type, typ")

ARP = Headings(
    words={
        "mac": _MAC,
        "ip": (*_IP, *_ANY_ADDRESS),
        "vlan": _VLAN,
        "port": _PORT,
        "switch": _SWITCH,
        "interface": _INTERFACE,
        "name": _NAME,
        "seen": _SEEN,
        "state": _STATE,
    },
    needed=("mac", "ip"),
    facts={
        "interface": "listed.interface",
        "vlan": "listed.vlan",
        "port": "listed.port",
        "switch": "listed.switch",
        "name": "listed.host_name",
    },
    idle=frozenset({"failed", "incomplete", "unreachable"}),
    why_idle="whose address did not answer",
)
MAC = Headings(
    words={
        "mac": _MAC,
        "port": (*_PORT, *_INTERFACE, "source"),
        "vlan": _VLAN,
        "type": _TYPE,
        "switch": (*_SWITCH, "device", "device name", "node"),
        "name": _HOST_NAME,
        "seen": _SEEN,
    },
    needed=("mac", "port"),
    facts={"vlan": "listed.vlan", "port": "listed.port", "switch": "listed.switch", "name": "listed.host_name"},
)
DHCP = Headings(
    words={
        "mac": _MAC,
        "ip": (*_IP, *_ANY_ADDRESS),
        "name": _NAME,
        "vendor": ("vendor class", "vci", "class id"),
        "state": _STATE,
    },
    needed=("mac", "ip"),
    facts={"name": "dhcp.host_name", "vendor": "dhcp.vendor_class"},
    idle=frozenset({"declined", "expired", "offered", "free", "released", "abandoned", "backup"}),
    why_idle="of leases that nobody holds",
)
INVENTORY = Headings(
    words={
        "ip": (*_IP, *_words("primary ip, management ip, addresses"), *_ANY_ADDRESS, "host"),
        "mac": (*_MAC, "macs", "mac addresses"),
        "product": _words(
            "model, device model, model name, model number, model no, model id, hardware model, product type, product, "
            "machine type, hw product, hardware, hw, device type, modell, modèle, type"
        ),
        "maker": _words("manufacturer, hw vendor, vendor, make, brand, hersteller, fabricant, marke, marque"),
        "serial": _words("serial number, serialnumber, serial no, serial, device serial number, sn, seriennummer"),
        "name": (*_words("asset name, assetname, device name, names"), *_NAME, "device"),
        "location": _words("location, site, site name, building, room, standort, emplacement"),
        "seen": _SEEN,
        "state": (*_STATE, *_words("install status, lifecycle state, lifecycle status, asset status")),
    },
    needed=("ip", "product"),
    instead={"product": "maker"},
    facts={
        "product": "listed.product",
        "maker": "listed.maker",
        "serial": "listed.serial",
        "name": "listed.host_name",
        "location": "listed.location",
    },
    idle=frozenset(
        _words("retired, disposed, decommissioned, scrapped, archived, planned, in stock, ready to deploy, in store")
    ),
    why_idle="of devices that are not in use",
)

"""Turns a switch's or router's answers over SNMP into entries: MAC addresses, their ports, their IP addresses. Pure.

Sources: SNMPv2-MIB (RFC 3418), IF-MIB (RFC 2863), BRIDGE-MIB (RFC 4188), Q-BRIDGE-MIB (RFC 4363), IP-MIB (RFC 4293),
LLDP-MIB (IEEE 802.1AB-2005), POWER-ETHERNET-MIB (RFC 3621), CISCO-POWER-ETHERNET-EXT-MIB, HP-ICF-POE-MIB (both in
milliwatts), CISCO-VTP-MIB. Only these columns are read.
"""

from __future__ import annotations

import ipaddress
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from camscan.ingest.source import Entry, Host, Item, LeftOut, Problem
from camscan.ingest.tables import address_of
from camscan.ingest.text import visible_text
from camscan.model import Fact

Oid = tuple[int, ...]
Value = int | bytes

COLUMNS: Mapping[str, Oid] = {
    name: tuple(map(int, text.split(".")))
    for name, text in {
        "sysDescr": "1.3.6.1.2.1.1.1",
        "sysName": "1.3.6.1.2.1.1.5",
        "ifName": "1.3.6.1.2.1.31.1.1.1.1",
        "ifDescr": "1.3.6.1.2.1.2.2.1.2",
        "dot1dBasePortIfIndex": "1.3.6.1.2.1.17.1.4.1.2",
        "vtpVlanState": "1.3.6.1.4.1.9.9.46.1.3.1.1.2",
        "dot1qVlanFdbId": "1.3.6.1.2.1.17.7.1.4.2.1.3",
        "dot1qTpFdbPort": "1.3.6.1.2.1.17.7.1.2.2.1.2",
        "dot1qTpFdbStatus": "1.3.6.1.2.1.17.7.1.2.2.1.3",
        "dot1dTpFdbPort": "1.3.6.1.2.1.17.4.3.1.2",
        "dot1dTpFdbStatus": "1.3.6.1.2.1.17.4.3.1.3",
        "lldpLocPortIdSubtype": "1.0.8802.1.1.2.1.3.7.1.2",
        "lldpLocPortId": "1.0.8802.1.1.2.1.3.7.1.3",
        "lldpLocPortDesc": "1.0.8802.1.1.2.1.3.7.1.4",
        "lldpRemChassisIdSubtype": "1.0.8802.1.1.2.1.4.1.1.4",
        "lldpRemChassisId": "1.0.8802.1.1.2.1.4.1.1.5",
        "lldpRemPortIdSubtype": "1.0.8802.1.1.2.1.4.1.1.6",
        "lldpRemPortId": "1.0.8802.1.1.2.1.4.1.1.7",
        "lldpRemSysName": "1.0.8802.1.1.2.1.4.1.1.9",
        "lldpRemSysDesc": "1.0.8802.1.1.2.1.4.1.1.10",
        "lldpRemManAddrIfSubtype": "1.0.8802.1.1.2.1.4.2.1.3",
        "pethPsePortDetectionStatus": "1.3.6.1.2.1.105.1.1.1.6",
        "pethPsePortPowerClassifications": "1.3.6.1.2.1.105.1.1.1.10",
        "cpeExtPsePortPwrConsumption": "1.3.6.1.4.1.9.9.402.1.2.1.9",
        "hpicfPoePethPsePortPower": "1.3.6.1.4.1.11.2.14.11.1.9.1.1.1.3",
        "ipNetToMediaPhysAddress": "1.3.6.1.2.1.4.22.1.2",
        "ipNetToMediaType": "1.3.6.1.2.1.4.22.1.4",
        "ipNetToPhysicalPhysAddress": "1.3.6.1.2.1.4.35.1.4",
        "ipNetToPhysicalType": "1.3.6.1.2.1.4.35.1.6",
    }.items()
}
"""Name of a column in its MIB -> its OID, which the index of a row follows."""
_BY_OID = {oid: name for name, oid in COLUMNS.items()}
_LENGTHS = sorted({len(oid) for oid in COLUMNS.values()}, reverse=True)
MOST_ROWS = 400_000
"""The most values of one switch that are kept. This bounds memory."""
LONGEST = 1024
"""The most bytes of one value that are kept."""
LONGEST_INDEX = 32
"""The most numbers in the index of a row that is kept: an IPv6 neighbour by LLDP has 21."""
MOST_NUMBERS = 3_200_000
"""The most numbers in the indexes of all rows: eight for each row, as in a table of MAC addresses."""
MOST_VLANS = 256
_ACTIVE = 1
"""vtpVlanState operational."""
_BEYOND = 1_000_000_000
"""A number above that of any bridge port (RFC 4188: 65535)."""
_NAME = 255
_MAC = 6
_LEARNED = 3
_ITSELF = 4
"""dot1qTpFdbStatus, dot1dTpFdbStatus: self. 5 is mgmt: somebody entered it."""
_INVALID, _DYNAMIC, _LOCAL = 2, 3, 5
"""ipNetToPhysicalType: invalid, dynamic, local."""
_OF_CHASSIS, _OF_PORT = 4, 3
"""lldpRemChassisIdSubtype macAddress, lldpRemPortIdSubtype macAddress."""
_IF_NAME = 5
"""lldpLocPortIdSubtype interfaceName."""
_DELIVERS = 3
"""pethPsePortDetectionStatus deliveringPower."""
_MILLIWATTS = ("cpeExtPsePortPwrConsumption", "hpicfPoePethPsePortPower")
"""RFC 3621 gives only the watts of a complete switch; those of a port are in the vendors' own MIBs."""
_OWN = "of the equipment itself"


@dataclass(slots=True)
class Walk:
    """The answers of one switch or router: for each column, the rows by their index."""

    rows: dict[str, dict[Oid, Value]] = field(default_factory=lambda: defaultdict(dict))
    count: int = 0
    numbers: int = 0
    """Numbers in the indexes of all rows."""

    def take(self, oid: Oid, value: Value) -> bool:
        """Keep a value if it is in a column that is read.

        Returns False if it is in no such column, if there are too many values, or if its index is too long.
        """
        name = column_of(oid)
        index = oid[len(COLUMNS[name]) :] if name else ()
        is_full = self.count >= MOST_ROWS or self.numbers + len(index) > MOST_NUMBERS
        if is_full or not 0 < len(index) <= LONGEST_INDEX:
            return False
        self.count += 1
        self.numbers += len(index)
        self.rows[name][index] = value[:LONGEST] if isinstance(value, bytes) else value
        return True

    def separate_vlans(self) -> tuple[int, ...]:
        """The VLANs that must be asked for one by one, because the table of MAC addresses is kept per VLAN.

        Cisco's older switches do this ("community string indexing"); 1002 to 1005 are not Ethernet.
        """
        if self.indexes_of("dot1qTpFdbPort"):
            return ()
        found = {
            index[-1] for index in self.indexes_of("vtpVlanState") if self.number_of("vtpVlanState", index) == _ACTIVE
        }
        return tuple(sorted(found - set(range(1002, 1006))))[:MOST_VLANS]

    def add_vlan(self, vlan: int, of_vlan: Walk) -> None:
        """Add the table of one VLAN.

        Each table has its own numbers of bridge ports, so the interface replaces the port here.
        """
        for index in _rows_of_length(of_vlan, "dot1dTpFdbPort", _MAC):
            bridge = of_vlan.number_of("dot1dTpFdbPort", index)
            interface = of_vlan.number_of("dot1dBasePortIfIndex", (bridge,))
            if not interface or self.count >= MOST_ROWS:
                continue
            self.count += 1
            port = _BEYOND + interface
            self.rows["dot1dBasePortIfIndex"][port,] = interface
            self.rows["dot1qTpFdbPort"][(vlan, *index)] = port
            self.rows["dot1qTpFdbStatus"][(vlan, *index)] = of_vlan.number_of("dot1dTpFdbStatus", index)

    def text_of(self, column: str, index: Oid) -> str:
        """The text of a row, on one line and without control characters; empty if there is none."""
        value = self.rows[column].get(index, b"") if column in self.rows else b""
        lines = value.decode("utf-8", "replace").splitlines() if isinstance(value, bytes) else []
        return " ".join(" ".join(map(visible_text, lines)).split())[:_NAME]

    def number_of(self, column: str, index: Oid) -> int:
        """The number of a row; 0 if there is none."""
        value = self.rows[column].get(index, 0) if column in self.rows else 0
        return value if isinstance(value, int) else 0

    def indexes_of(self, column: str) -> list[Oid]:
        """The indexes of the rows of a column, in order."""
        return sorted(self.rows[column]) if column in self.rows else []


def column_of(oid: Oid) -> str:
    """The name of the column to which a value belongs; empty if the column is not read, or no row is named."""
    return next((name for length in _LENGTHS if len(oid) > length and (name := _BY_OID.get(oid[:length]))), "")


def walk_items(walk: Walk, ip: str = "") -> Iterator[Item]:
    """Every item in the answers of a switch or router, itself included. ``ip`` is the address that was asked."""
    name = walk.text_of("sysName", (0,))
    yield Host(name or ip)
    yield from _own_entry(walk, ip, name)
    ports = _Ports(walk)
    yield from _forwarding_items(walk, ports)
    yield from _lldp_items(walk, ports)
    yield from _arp_items(walk, ports)


def _own_entry(walk: Walk, ip: str, name: str) -> Iterator[Item]:
    says = walk.text_of("sysDescr", (0,))
    if ip and (says or name):
        facts = [Fact("listed.host_name", name)] if name else []
        facts += [Fact("listed.product", says)] if says else []
        yield Entry("sysDescr", ip, facts=tuple(facts), text=f"sysDescr = {says}")


class _Ports:
    """The names of a switch's ports, and the power that they deliver."""

    def __init__(self, walk: Walk) -> None:
        self._walk = walk
        self._by_bridge = {
            index[0]: walk.number_of("dot1dBasePortIfIndex", index)
            for index in _rows_of_length(walk, "dot1dBasePortIfIndex", 1)
        }
        self._power = self._power_facts()

    def of_interface(self, number: int) -> str:
        """The name of a port by its ifIndex: ``Gi1/0/14``."""
        return self._walk.text_of("ifName", (number,)) or self._walk.text_of("ifDescr", (number,))

    def of_bridge(self, number: int) -> str:
        """The name of a port by its bridge port, like ``Gi1/0/14``; the number if the switch gives no name."""
        return self.of_interface(self._by_bridge.get(number, number)) or str(number)

    def of_lldp(self, number: int) -> str:
        """The name of a port by LLDP's own number, which most switches take from one of the two others."""
        told = self._walk.text_of("lldpLocPortId", (number,))
        if told and self._walk.number_of("lldpLocPortIdSubtype", (number,)) == _IF_NAME:
            return told
        return self.of_interface(number) or self.of_bridge(number)

    def port_facts(self, name: str) -> list[Fact]:
        """The facts about a port: its name, and its power."""
        return [Fact("listed.port", name), *self._power.get(name, [])]

    def _power_facts(self) -> dict[str, list[Fact]]:
        told: dict[str, list[Fact]] = {}
        indexes = _rows_of_length(self._walk, "pethPsePortDetectionStatus", 2)
        groups = {group for group, _ in indexes}
        for group, number in indexes:
            if self._walk.number_of("pethPsePortDetectionStatus", (group, number)) == _DELIVERS:
                name = self._powered_port(group, number, several=len(groups) > 1)
                facts = self._watt_facts(group, number)
                if name and facts:
                    told[name] = facts
        return told

    def _powered_port(self, group: int, number: int, *, several: bool) -> str:
        """The port with this number in this group (a unit of a stack, or a module); empty if it is not clear.

        RFC 3621 does not say how its numbers relate to those of interfaces; the names contain both.
        """
        if not several and number in self._by_bridge:
            name = self.of_bridge(number)
            if _numbers_in(name)[-1:] in ([number], []):
                return name
        names = {self.of_bridge(each) for each in self._by_bridge}
        wanted = [
            each
            for each in names
            if _numbers_in(each)[-1:] == [number] and (not several or _numbers_in(each)[0] == group)
        ]
        return wanted[0] if len(wanted) == 1 else ""

    def _watt_facts(self, group: int, number: int) -> list[Fact]:
        milliwatts = next(filter(None, (self._walk.number_of(each, (group, number)) for each in _MILLIWATTS)), 0)
        if 0 < milliwatts < 100_000:  # noqa: PLR2004 - IEEE 802.3bt ends at 100 W
            return [Fact("listed.poe", f"{milliwatts / 1000:.1f}")]
        told = self._walk.number_of("pethPsePortPowerClassifications", (group, number))
        return [Fact("listed.poe_class", str(told - 1))] if 1 <= told <= 9 else []  # noqa: PLR2004 - class0(1) …


def _numbers_in(name: str) -> list[int]:
    return [int(each) for each in re.findall(r"\d{1,6}", name)]


def _rows_of_length(walk: Walk, column: str, length: int) -> list[Oid]:
    """The rows whose index has this many numbers."""
    return [index for index in walk.indexes_of(column) if len(index) == length]


def _mac_text(numbers: Oid | bytes) -> str:
    if len(numbers) != _MAC or any(number > 0xFF for number in numbers):  # noqa: PLR2004 - an octet
        return ""
    found = ":".join(f"{number:02x}" for number in numbers)
    return "" if found == "00:00:00:00:00:00" else found


def _forwarding_items(walk: Walk, ports: _Ports) -> Iterator[Item]:
    """The table of MAC addresses: from Q-BRIDGE-MIB, which has VLANs; from BRIDGE-MIB if the switch has no other."""
    vlans = {walk.number_of("dot1qVlanFdbId", index): index[-1] for index in _rows_of_length(walk, "dot1qVlanFdbId", 2)}
    rows = _rows_of_length(walk, "dot1qTpFdbPort", 1 + _MAC)
    for table, indexes in (("dot1q", rows), ("dot1d", [] if rows else _rows_of_length(walk, "dot1dTpFdbPort", _MAC))):
        for index in indexes:
            mac, place = _mac_text(index[-_MAC:]), f"{table}TpFdbTable"
            number, status = walk.number_of(f"{table}TpFdbPort", index), walk.number_of(f"{table}TpFdbStatus", index)
            if not mac or not number:
                yield LeftOut(place, "without a port, or without the address of one unit")
            elif status == _ITSELF:
                yield LeftOut(place, _OWN)
            else:
                vlan = vlans.get(index[0], index[0]) if table == "dot1q" else 0
                facts = [
                    *([Fact("listed.vlan", str(vlan))] if vlan else []),
                    *ports.port_facts(ports.of_bridge(number)),
                ]
                said = f"VLAN {vlan}, {mac}, port {number}" if vlan else f"{mac}, port {number}"
                heard = None if status in {0, _LEARNED} else False
                yield Entry(place, mac=mac, facts=tuple(facts), text=f"{table}TpFdbPort: {said}", was_heard=heard)


def _lldp_items(walk: Walk, ports: _Ports) -> Iterator[Item]:
    """What devices announce to the switch about themselves, unasked and without proof (LLDP)."""
    reached = {index[:3]: _managed_address(index[3:]) for index in walk.indexes_of("lldpRemManAddrIfSubtype")}
    for index in _rows_of_length(walk, "lldpRemChassisId", 3):
        mac = ""
        for column, subtype in (("lldpRemChassisId", _OF_CHASSIS), ("lldpRemPortId", _OF_PORT)):
            value = walk.rows[column].get(index) if column in walk.rows else None
            if not mac and isinstance(value, bytes) and walk.number_of(f"{column}Subtype", index) == subtype:
                mac = _mac_text(value)
        ip = reached.get(index, "")
        name, says = walk.text_of("lldpRemSysName", index), walk.text_of("lldpRemSysDesc", index)
        if not mac and not ip:
            yield LeftOut("lldpRemTable", "neighbours by LLDP without an IP or MAC address")
            continue
        facts = ports.port_facts(ports.of_lldp(index[1]))
        facts += [Fact("listed.host_name", name)] if name else []
        facts += [Fact("listed.product", says)] if says else []
        yield Entry("lldpRemTable", ip, mac, tuple(facts), text=f"LLDP: {mac} {ip} {name}: {says}")


def _managed_address(index: Oid) -> str:
    """The address in an index of lldpRemManAddrTable: family, length, octets (IANA: 1 is IPv4, 2 is IPv6)."""
    family, length, *octets = index if len(index) > 2 else (0, 0)  # noqa: PLR2004 - and at least one octet
    if length != len(octets) or (family, length) not in {(1, 4), (2, 16)} or max(octets) > 0xFF:  # noqa: PLR2004
        return ""
    return address_of(str(ipaddress.ip_address(bytes(octets))))


def _arp_items(walk: Walk, ports: _Ports) -> Iterator[Item]:
    """The ARP and neighbour table: from the newer MIB, and from the older what the newer does not have.

    Some routers have only IPv6 in the newer one.
    """
    newer = [(True, index) for index in walk.indexes_of("ipNetToPhysicalPhysAddress")]
    known = {(index[0], _managed_address(index[1:])) for _is_newer, index in newer}
    older = (
        (False, index)
        for index in _rows_of_length(walk, "ipNetToMediaPhysAddress", 5)
        if (index[0], _managed_address((1, 4, *index[1:]))) not in known
    )
    for is_newer, index in (*newer, *older):
        yield _arp_item(walk, ports, index, is_newer=is_newer)


def _arp_item(walk: Walk, ports: _Ports, index: Oid, *, is_newer: bool) -> Item:
    column = "ipNetToPhysical" if is_newer else "ipNetToMedia"
    place = f"{column}Table"
    value = walk.rows[f"{column}PhysAddress"][index]
    ip = _managed_address(index[1:]) if is_newer else _managed_address((1, 4, *index[1:]))
    kind = walk.number_of(f"{column}Type", index)
    mac = _mac_text(value) if isinstance(value, bytes) else ""
    if kind == _INVALID or not mac:
        return LeftOut(place, "whose address did not answer")
    if is_newer and kind == _LOCAL:
        return LeftOut(place, _OWN)
    if not ip:
        return Problem(place, f"not an IP address: {'.'.join(map(str, index[1:]))[:60]}")
    name = ports.of_interface(index[0])
    facts = (Fact("listed.interface", name),) if name else ()
    heard = None if kind in {0, _DYNAMIC} else False
    return Entry(place, ip, mac, facts, text=f"{column}: {ip} {mac} {name}".rstrip(), was_heard=heard)

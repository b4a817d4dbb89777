"""This machine's interfaces."""

from __future__ import annotations

import ipaddress
from pathlib import Path

import ifaddr
import pytest

from camscan.errors import UsageError
from camscan.net import interface
from camscan.net.interface import Interface, attached_interface, find, interfaces, require_link, unresolved_cap
from camscan.net.system.linux.links import neighbour_room


def made(name: str, index: int, *addresses: str) -> Interface:
    return Interface(name, index, tuple(ipaddress.ip_interface(text) for text in addresses))


LAN = made("eth0", 2, "10.1.2.9/24", "fd00::9/64", "fe80::9/64")
WIDE = made("eth1", 3, "10.1.0.9/16", "fe80::a/64")
LOOPBACK = made("lo", 1, "127.0.0.1/8", "::1/128")
ALL = (LOOPBACK, LAN, WIDE)


def test_the_loopback_of_this_machine_is_listed() -> None:
    loopback = next(one for one in interfaces() if one.loopback)
    assert ipaddress.ip_interface("127.0.0.1/8") in loopback.addresses
    assert loopback.index > 0


def test_a_label_is_not_an_interface_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    # As ifaddr 0.2 lists "ip address add 10.9.0.1/24 dev lo label lo:1" beside the addresses without a label.
    adapters = [
        ifaddr.Adapter("lo", "lo", [ifaddr.IP("127.0.0.1", 8, "lo"), ifaddr.IP(("::1", 0, 0), 128, "lo")], index=1),
        ifaddr.Adapter("lo:1", "lo:1", [ifaddr.IP("10.9.0.1", 24, "lo:1")], index=1),
    ]
    monkeypatch.setattr(ifaddr, "get_adapters", lambda: adapters)
    assert interfaces() == (made("lo", 1, "127.0.0.1/8", "::1/128", "10.9.0.1/24"),)


def test_a_missing_interface_is_refused_with_those_there_are() -> None:
    assert find("eth1", ALL) is WIDE
    with pytest.raises(UsageError, match="there is no interface eth7; the interfaces are: lo, eth0, eth1"):
        find("eth7", ALL)


@pytest.mark.parametrize(
    ("ip", "interface"),
    [
        ("10.1.2.77", LAN),
        ("10.1.3.77", WIDE),
        ("::ffff:10.1.3.77", WIDE),
        ("fd00::1", LAN),
        ("fe80::1%eth1", WIDE),
        ("fe80::1%2", LAN),
        ("fe80::1%eth9", None),
        ("127.0.0.77", LOOPBACK),
        ("10.2.0.1", None),
        ("x", None),
    ],
)
def test_attached_chooses_the_longest_prefix(ip: str, interface: Interface | None) -> None:
    assert attached_interface(ip, ALL) is interface


def test_source_lies_on_the_subnet_of_the_destination() -> None:
    assert LAN.source_for(ipaddress.ip_address("fe80::1")) == ipaddress.ip_interface("fe80::9/64")
    assert LAN.source_for(ipaddress.ip_address("10.9.9.9")) == ipaddress.ip_interface("10.1.2.9/24")
    assert made("x", 9, "10.0.0.1/8").source_for(ipaddress.ip_address("fd00::1")) is None


def test_the_cap_is_a_share_of_the_neighbour_table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    table = tmp_path / "gc_thresh3"
    table.write_text("8192\n")
    for path, cap in ((table, 3276), (tmp_path / "absent", 409)):
        monkeypatch.setattr(interface, "neighbour_room", lambda path=path: neighbour_room(path))
        assert unresolved_cap() == cap


def test_a_link_local_target_needs_its_link_named() -> None:
    networks = [ipaddress.ip_network("10.1.2.0/24"), ipaddress.ip_network("fe80::1/128")]
    with pytest.raises(UsageError, match="--interface"):
        require_link(networks, None)
    require_link(networks, "eth9")


def test_a_link_local_subnet_tells_no_link_from_another() -> None:
    own = (ipaddress.ip_interface("10.1.2.3/24"), ipaddress.ip_interface("fe80::7/64"))
    assert Interface("eth9", 9, own).subnets == (ipaddress.ip_network("10.1.2.0/24"),)
    assert Interface("eth9", 9, own, chosen=True).subnets == tuple(one.network for one in own)

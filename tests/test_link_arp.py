"""ARP templates and replies; what a sweep refuses before it sends anything."""

from __future__ import annotations

import struct
from ipaddress import IPv4Address, IPv4Interface, IPv4Network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from camscan.link import arp
from camscan.link.interface import Interface, parse_addresses
from camscan.link.trouble import Code, Trouble

MAC = bytes.fromhex("00155d112233")
ETH = Interface("eth9", 9, MAC, (IPv4Interface("10.1.0.5/24"), IPv4Interface("192.0.2.5/30")))

REQUEST = "ffffffffffff 00155d112233 0806 0001 0800 06 04 0001 00155d112233 0a010005 000000000000 0a010007" + "00" * 18
REPLY = "00155d112233 4419b6000102 0806 0001 0800 06 04 0002 4419b6000102 0a010007 00155d112233 0a010005"


def test_a_request_is_what_rfc_826_says() -> None:
    frame = arp.make_request(arp.request_template(MAC, IPv4Address("10.1.0.5")), int(IPv4Address("10.1.0.7")))
    assert frame == bytes.fromhex(REQUEST)
    assert len(frame) == 60


def test_a_reply_names_its_sender() -> None:
    assert arp.parse_answer(bytes.fromhex(REPLY)) == (int(IPv4Address("10.1.0.7")), bytes.fromhex("4419b6000102"))


@given(st.binary(max_size=80))
def test_anything_else_is_nothing(data: bytes) -> None:
    assert arp.parse_answer(data) is None
    assert arp.parse_answer(bytes.fromhex(REQUEST)) is None
    assert arp.parse_answer(bytes.fromhex(REPLY)[:41]) is None


def test_each_target_is_asked_from_our_address_on_its_subnet() -> None:
    planned = arp.plan_sweep(ETH, [IPv4Network("10.1.0.0/25"), IPv4Network("192.0.2.4/30")])
    assert [head[28:32] for head, _target in planned] == [IPv4Address(ip).packed for ip in ("10.1.0.5", "192.0.2.5")]


@pytest.mark.parametrize("target", ["10.1.1.0/24", "10.1.0.0/23", "192.0.2.9", "0.0.0.0/16"])
def test_a_target_off_the_attached_subnets_is_refused(target: str) -> None:
    with pytest.raises(Trouble, match="is not on a subnet attached to eth9") as refused:
        arp.plan_sweep(ETH, [IPv4Network("10.1.0.9"), IPv4Network(target)])
    assert refused.value.code == Code.USAGE


def test_too_many_addresses_are_refused_with_their_number() -> None:
    wide = Interface("eth9", 9, MAC, (IPv4Interface("10.1.0.5/8"),))
    with pytest.raises(Trouble, match="16,777,216 addresses are more than one sweep may ask"):
        arp.plan_sweep(wide, [IPv4Network("10.0.0.0/8")])


def test_network_broadcast_and_own_addresses_are_not_asked() -> None:
    expected = {"10.1.0.0", "10.1.0.255", "10.1.0.5", "192.0.2.4", "192.0.2.7", "192.0.2.5"}
    assert ETH.edge_addresses() == {int(IPv4Address(ip)) for ip in expected}
    pair = Interface("eth9", 9, MAC, (IPv4Interface("192.0.2.0/31"),))
    assert pair.edge_addresses() == {int(IPv4Address("192.0.2.0"))}


def address_message(index: int, ip: str, prefix: int) -> bytes:
    """RTM_NEWADDR as rtnetlink(7) has it: header, ifaddrmsg, IFA_LOCAL, IFA_LABEL."""
    body = struct.pack("=BBBBI", 2, prefix, 0x80, 0, index)
    body += struct.pack("=HH4s", 8, 2, IPv4Address(ip).packed) + struct.pack("=HH5sxxx", 9, 3, b"eth9\0")
    return struct.pack("=IHHII", 16 + len(body), 20, 2, 1, 1) + body


def test_the_kernels_address_list_is_read() -> None:
    data = address_message(1, "127.0.0.1", 8) + address_message(9, "10.1.0.5", 24)
    assert parse_addresses(data) == ([(1, IPv4Interface("127.0.0.1/8")), (9, IPv4Interface("10.1.0.5/24"))], True)
    done = struct.pack("=IHHIIi", 20, 3, 2, 1, 1, 0)
    assert parse_addresses(done) == ([], False)


def test_this_machines_loopback_is_listed() -> None:
    from camscan.link.interface import list_addresses  # noqa: PLC0415 - beside its only test

    assert IPv4Interface("127.0.0.1/8") in list_addresses(1)

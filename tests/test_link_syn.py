"""The SYN template and its answers; tests/lab sends them over a wire."""

from __future__ import annotations

import struct
from ipaddress import IPv4Network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from camscan.link.syn import CHUNK, FEWEST, RST, SYN, Template, check_scope, checksum, portion_size, split_addresses
from camscan.link.trouble import Trouble

HEAD = bytes.fromhex("0200c0a801010200c0a801020800")
SOURCE = 0x0A4E0002
TEMPLATE = Template(HEAD, SOURCE, 40001, b"secret..")
addresses = st.integers(0, 0xFFFFFFFF)
ports = st.integers(1, 0xFFFF)


def words(data: bytes) -> int:
    return sum(struct.unpack(f"!{len(data) // 2}H", data))


def answer(frame: bytes, flags: int, *, acknowledged: int | None = None, options: bytes = b"") -> bytes:
    """What a TCP of textbooks sends back for a SYN."""
    source, target = frame[26:30], frame[30:34]
    ours, port, sequence = struct.unpack_from("!HHI", frame, 34)
    number = (sequence + 1) & 0xFFFFFFFF if acknowledged is None else acknowledged
    ip = bytes([0x45 + len(options) // 4]) + frame[15:26] + target + source + options
    return HEAD + ip + struct.pack("!HHIIHHHH", port, ours, 7, number, 5 << 12 | flags, 1024, 0, 0)


@given(addresses, ports)
def test_both_checksums_are_those_of_rfc_1071(target: int, port: int) -> None:
    for frame in (TEMPLATE.syn(target, port), TEMPLATE.reset(target, port)):
        ip, tcp = frame[14:34], frame[34:]
        assert checksum(words(ip)) == 0
        assert checksum(words(ip[12:20]) + 6 + len(tcp) + words(tcp)) == 0
        assert struct.unpack("!H", ip[2:4])[0] == len(ip) + len(tcp)
        assert ip[16:20] == target.to_bytes(4, "big")


@given(addresses, ports)
def test_an_answer_is_known_by_what_it_acknowledges(target: int, port: int) -> None:
    asked = TEMPLATE.syn(target, port)
    assert TEMPLATE.parse(answer(asked, 0x12)) == (target, port, True)
    assert TEMPLATE.parse(answer(asked, 0x14)) == (target, port, False)
    assert TEMPLATE.parse(answer(asked, 0x12, options=bytes(8))) == (target, port, True)
    assert TEMPLATE.parse(answer(asked, 0x12, acknowledged=TEMPLATE.cookie(target, port))) is None
    assert TEMPLATE.parse(answer(asked, 0x10)) is None
    assert TEMPLATE.parse(asked) is None


def unreachable(asked: bytes, code: int = 1, *, quoted: int = 28, kind: int = 3) -> bytes:
    """What a router says of a packet that it has no way for; RFC 792 lets it quote the header and eight bytes more."""
    ip = bytes([0x45]) + asked[15:23] + bytes([1]) + asked[24:26] + bytes.fromhex("0a4e0001") + asked[26:30]
    return HEAD + ip + bytes([kind, code]) + bytes(6) + asked[14 : 14 + quoted]


@given(addresses, ports)
def test_a_router_is_believed_that_quotes_our_question(target: int, port: int) -> None:
    asked = TEMPLATE.syn(target, port)
    assert TEMPLATE.parse_unreachable(unreachable(asked)) == target
    assert TEMPLATE.parse_unreachable(unreachable(asked, 13, quoted=44)) == target
    assert TEMPLATE.parse_unreachable(unreachable(asked, 3)) is None, "that port, of a host that is there"
    assert TEMPLATE.parse_unreachable(unreachable(asked, kind=11)) is None
    assert TEMPLATE.parse_unreachable(unreachable(asked, quoted=24)) is None
    forged = Template(HEAD, SOURCE, 40001, b"another.").syn(target, port)
    assert TEMPLATE.parse_unreachable(unreachable(forged)) is None
    assert TEMPLATE.parse_unreachable(answer(asked, 0x12)) is None


def test_the_reset_closes_what_the_question_opened() -> None:
    asked, reset = TEMPLATE.syn(0x0A4D0001, 80), TEMPLATE.reset(0x0A4D0001, 80)
    assert (asked[47], reset[47]) == (SYN, RST)
    assert int.from_bytes(reset[38:42], "big") == (int.from_bytes(asked[38:42], "big") + 1) & 0xFFFFFFFF


@given(st.binary(max_size=200))
def test_any_frame_is_read_or_passed_over(frame: bytes) -> None:
    assert TEMPLATE.parse(frame) is None
    assert TEMPLATE.parse_unreachable(frame) is None


def test_portions_hold_every_address_once() -> None:
    targets = [
        IPv4Network(text) for text in ("10.0.0.1/32", "10.0.0.2/31", "10.0.0.4/30", "10.1.0.0/18", "10.3.0.0/24")
    ]
    portions = list(split_addresses(targets))
    assert [number for portion in portions for stretch in portion for number in stretch] == [
        number for target in targets for number in range(int(target.network_address), int(target.broadcast_address) + 1)
    ]
    assert all(sum(map(len, portion)) <= CHUNK for portion in portions)
    assert portions[0][0] == range(0x0A000001, 0x0A000008)
    assert len(portions) == 5


def test_a_portion_takes_a_few_seconds_at_any_pace() -> None:
    assert portion_size(12_000, 10) == 3600
    assert portion_size(300, 10) == 90
    assert portion_size(1, 10) == FEWEST
    assert portion_size(100_000, 2) == CHUNK
    assert [sum(map(len, each)) for each in split_addresses([IPv4Network("10.0.0.0/24")], 90)] == [90, 90, 76]


def test_public_addresses_need_an_authorisation() -> None:
    public = IPv4Network("192.0.2.0/24")
    with pytest.raises(Trouble, match="neither a private range nor named as authorised"):
        check_scope([public], [])
    check_scope([public, IPv4Network("10.0.0.0/16")], [IPv4Network("192.0.2.0/23", strict=False)])
    with pytest.raises(Trouble, match="16,777,216 addresses are more"):
        check_scope([IPv4Network("10.0.0.0/8")], [])

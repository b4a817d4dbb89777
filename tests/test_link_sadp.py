"""Layer-2 SADP: the checksum of the real inquiry frame, the allow-list, and answers of every shape."""

from __future__ import annotations

import struct
from ipaddress import IPv4Address, IPv6Address

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from camscan.link import sadp

MAC = bytes.fromhex("00155d112233")
DEVICE_MAC = bytes.fromhex("4419b6000101")


def ones_complement_of_the_wire(pdu: bytes) -> int:
    """Second way to the checksum: big-endian words, swapped at the end (RFC 1071, 2.B: the sum knows no byte order)."""
    total = sum(int.from_bytes(pdu[at : at + 2], "big") for at in range(0, len(pdu), 2))
    while total > 0xFFFF:
        total = total % 0x10000 + total // 0x10000
    swapped = (total % 256) * 256 + total // 256
    return 0xFFFF - swapped


def test_inquiry_is_the_captured_one_but_for_addresses_counter_and_checksum() -> None:
    # From a captured inquiry of the vendor's tool; its MAC, IP addresses, counter and checksum are made up here.
    counter, ip, ipv6 = 0x1420, IPv4Address("192.0.2.80"), IPv6Address("fe80::1")
    expected = (
        "ffffffffffff" + MAC.hex() + "8033" + "21020142" + "00001420" + "0604" + "0300" + "0000" + MAC.hex()
        + ip.packed.hex() + "ffffffffffff" + "00000000" + "00000000" + ipv6.packed.hex() + "00" * 12
    )  # fmt: skip
    frame = sadp.inquiry_frame(sadp.Ask.INQUIRY, counter, MAC, ip, ipv6)
    assert frame[:26].hex() + "0000" + frame[28:].hex() == expected
    assert len(frame) == 14 + 66
    assert int.from_bytes(frame[26:28], "big") == ones_complement_of_the_wire(bytes.fromhex(expected)[14:])


@given(st.binary(min_size=14, max_size=500))
def test_checksum_agrees_with_the_second_way(data: bytes) -> None:
    even = data + b"\0" * (len(data) % 2)
    assert sadp.checksum(data) == ones_complement_of_the_wire(even)


@pytest.mark.parametrize("kind", [kind for kind in range(256) if kind != 3])
def test_no_other_packet_type_can_be_serialised(kind: int) -> None:
    with pytest.raises(ValueError, match="not a valid Ask"):
        sadp.inquiry_frame(kind, 1, MAC, IPv4Address(0), IPv6Address(0))
    assert list(sadp.Ask) == [3]


def answer(
    *, extension: bool = True, kind: int = 4, serial: bytes = b"DS-2CD2032-I20140910AACH481234567", good: bool = True
) -> bytes:
    info = serial.ljust(48, b"\0")[:48] + struct.pack(">IIII", 31, 8000, 1, 0)
    info += b"".join(
        text.ljust(48, b"\0") for text in (b"V5.2.0build 140721", b"V5.0, build 140714", b"2014-11-02 10:11:12")
    )
    head = struct.pack(">BBBBIBBBB", 0x21, 2, 1, 246, 7, 6, 4, kind, 0)
    rest = DEVICE_MAC + IPv4Address("192.168.1.64").packed + b"\xff" * 6 + bytes(4)
    rest += IPv4Address("255.255.255.0").packed + info
    total = ones_complement_of_the_wire(head + b"\0\0" + rest) ^ (0 if good else 1)
    pdu = head + total.to_bytes(2, "big") + rest
    if extension:
        pdu += bytes.fromhex("029c0000") + IPv4Address("192.168.1.1").packed + bytes(32) + bytes([64, 4, 1, 0])
        pdu += (
            bytes(28)
            + struct.pack(">HHB", 80, 1, 1)
            + bytes(31)
            + b"DS-2CD2032-I".ljust(24, b"\0")
            + b"N/A".ljust(24, b"\0")
        )
    return b"\xff" * 6 + DEVICE_MAC + b"\x80\x33" + pdu


def test_an_answer_is_read_by_the_names_of_the_xml_form() -> None:
    assert sadp.parse_answer(answer()) == {
        "MAC": "44-19-b6-00-01-01",
        "IPv4Address": "192.168.1.64",
        "IPv4SubnetMask": "255.255.255.0",
        "DeviceSN": "DS-2CD2032-I20140910AACH481234567",
        "DeviceType": "31",
        "CommandPort": "8000",
        "EncoderNum": "1",
        "DiskNumber": "0",
        "SoftwareVersion": "V5.2.0build 140721",
        "DSPVersion": "V5.0, build 140714",
        "BootTime": "2014-11-02 10:11:12",
        "DeviceDescription": "DS-2CD2032-I",
        "OEMInfo": "N/A",
        "OEMCode": "1",
        "HttpPort": "80",
        "DigitalChannelNum": "1",
        "IPv4Gateway": "192.168.1.1",
        "IPv6Address": "::",
        "IPv6Gateway": "::",
        "IPv6MaskLen": "64",
        "DHCP": "true",
        "ChecksumValid": "true",
    }


def test_an_old_device_without_the_extension_is_read_too() -> None:
    fields = sadp.parse_answer(answer(extension=False))
    assert fields is not None
    assert fields["DeviceSN"].startswith("DS-2CD2032-I")
    assert "DeviceDescription" not in fields


def test_a_wrong_checksum_is_reported_and_a_question_is_not_an_answer() -> None:
    damaged = sadp.parse_answer(answer(good=False))
    assert damaged is not None
    assert damaged["ChecksumValid"] == "false"
    assert sadp.parse_answer(answer(kind=3)) is None
    assert sadp.parse_answer(sadp.inquiry_frame(3, 1, MAC, IPv4Address(0), IPv6Address(0))) is None


def test_the_scanner_reads_the_xml_form() -> None:
    from camscan.probes.sadp import PROBE  # noqa: PLC0415 - the one place where both programs meet

    reply = sadp.make_reply(answer(serial=b"A<b>&amp;]]>\x01\xff"))
    assert reply is not None
    facts = PROBE.parse(reply["payload"].encode())
    values = dict(facts)
    assert values["sadp.mac"] == "44:19:b6:00:01:01"
    assert values["sadp.model"] == "DS-2CD2032-I"
    assert values["sadp.firmware"] == "V5.2.0build 140721"
    assert values["sadp.serial"] == "A<b>&amp;]]>ÿ"
    assert values["sadp.oem_code"] == "1"


@given(st.binary(max_size=600))
@example(answer()[:-1])
@example(answer()[:260])
@example(answer(extension=False) + b"\x02\x9c")
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    for frame in (data, answer()[:14] + data, answer()[:52] + data):
        fields = sadp.parse_answer(frame)
        assert fields is None or all(value.isprintable() for value in fields.values())

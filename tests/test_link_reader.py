"""Packets to captured replies: what devices say is kept byte for byte, what others ask is not."""

from __future__ import annotations

import base64
import itertools
import json
import struct
from collections.abc import Iterator
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packets import (
    ASKER,
    CAMERA,
    COOKED,
    COOKED_2,
    ETHERNET,
    OTHER,
    RAW,
    UNIT,
    datagram,
    ethernet,
    fragments,
    ipv4,
    ipv6,
    segment,
    udp,
)
from scapy.config import conf

from camscan import captures
from camscan.link import dissect, listen, sadp
from camscan.link.datagrams import MARKS
from camscan.link.program import run
from camscan.link.reader import OUR_FAULT, TCP_PORTS, UDP_PORTS, Reader, is_within_any
from camscan.model import Reply
from camscan.net import link

ARP_REPLY = "0001080006040002" + CAMERA.hex() + "0a010007" + OTHER.hex() + "0a010005"
NOTIFY = b"NOTIFY * HTTP/1.1\r\nHOST: 239.255.255.250:1900\r\nNT: upnp:rootdevice\r\n\r\n"
SADP = b'<?xml version="1.0" encoding="UTF-8"?>\r\n<ProbeMatch><Types>inquiry</Types><DeviceDescription>DS-2CD2032-I</DeviceDescription></ProbeMatch>\r\n'  # fmt: skip # noqa: E501
SADP_QUESTION = b"<Probe><Uuid>1E0F4C6A-90E4-44C0-842B-703F46B5AA01</Uuid><Types>inquiry</Types></Probe>"
SADP_ECHO = SADP.replace(b"<Types>", b"<Uuid>1E0F4C6A-90E4-44C0-842B-703F46B5AA01</Uuid><Types>")
DHIP = b"\x20\0\0\0DHIP" + bytes(24) + b'{"method":"client.notifyDevInfo","mac":"3c:ef:8c:00:01:02"}\n'
MDNS = bytes.fromhex("000084000000000000000000") + b"\xc0\x0c\xff"
HELLO = b'<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"><s:Body><d:Hello/></s:Body></s:Envelope>'
BARE = b"<d:ProbeMatch><a:EndpointReference/><d:Scopes>onvif://www.onvif.org/hardware/X</d:Scopes></d:ProbeMatch>"
DAHUA = b"\xb3\0\0\x58" + bytes(60)


@pytest.fixture(autouse=True, scope="module")
def _layers() -> Iterator[None]:
    dissect.prepare_scapy()
    yield
    conf.layers.unfilter()


def read(*frames: bytes, linktype: int = ETHERNET, **how: Any) -> list[dict[str, Any]]:
    """What the frames say, with all that waits for more, without the times."""
    reader = Reader(dissect, **how)
    replies = [reply for frame in frames for reply in reader.take(linktype, 0.0, frame)]
    return [{k: v for k, v in reply.items() if k != "seen_at"} for reply in (*replies, *reader.close())]


@pytest.mark.parametrize(
    ("payload", "sport", "dport", "protocol"),
    [
        (NOTIFY, 1900, 1900, "ssdp"),
        (b"HTTP/1.1 200 OK\r\nST: upnp:rootdevice\r\n\r\n", 1900, 40000, "ssdp"),
        (SADP, 37020, 40000, "sadp"),
        (SADP, 40000, 37020, "sadp"),
        (SADP, 40000, 40001, "sadp"),
        (b"\x01\xfe" * 20, 37020, 37020, "sadp"),
        (DHIP, 37810, 40000, "dhip"),
        (DHIP, 40000, 40001, "dhip"),
        (MDNS, 5353, 5353, "mdns"),
        (HELLO, 40000, 3702, "wsd"),
        (HELLO, 40000, 40001, "wsd"),
        (BARE, 40000, 40001, "wsd"),
        (b"<d:Scopes>onvif://www.onvif.org/type/x</d:Scopes>", 3702, 40001, "wsd"),
        (b"onvif://www.onvif.org/type/x", 3702, 40001, "wsd"),
        (DAHUA, 5050, 5050, "dahua5050"),
    ],
)
def test_what_a_device_says_is_passed_on_untouched(payload: bytes, sport: int, dport: int, protocol: str) -> None:
    (reply,) = read(datagram(payload, sport, dport))
    assert (reply["protocol"], reply["ip"], reply["port"]) == (protocol, UNIT, sport)
    carried = reply["payload"].encode() if "payload" in reply else base64.b64decode(reply["payload_b64"])
    assert carried == payload


@pytest.mark.parametrize(
    ("payload", "sport", "dport"),
    [
        (b'M-SEARCH * HTTP/1.1\r\nMAN: "ssdp:discover"\r\n\r\n', 40000, 1900),
        (SADP_QUESTION, 40000, 37020),
        (SADP.replace(b"inquiry", b"getcode"), 37020, 40000),
        (b"\x20\0\0\0DHIP" + bytes(24) + b'{"method":"DHDiscover.search"}', 40000, 37810),
        (bytes.fromhex("000000000001000000000000") + b"\x05_axis", 5353, 5353),
        (HELLO.replace(b"Hello", b"Probe"), 40000, 3702),
        (b"\xa3\x01\0\x01" + bytes(28), 40000, 5050),
        (b"\x80\x60" + bytes(1400), 40000, 50000),
        (b"<html>not a device's words</html>", 40000, 8080),
        (b"", 5353, 5353),
    ],
)
def test_questions_and_strangers_are_left_out(payload: bytes, sport: int, dport: int) -> None:
    assert read(datagram(payload, sport, dport)) == []


def test_an_answer_that_was_captured_too_short_is_read_as_far_as_it_goes_and_counted() -> None:
    reader = Reader(dissect)
    (reply,) = reader.take(ETHERNET, 0.0, datagram(SADP, 37020, 37020)[:96], True)
    assert reply["payload"].encode() == SADP[:54]
    assert reader.counts == {"cut": 1}


def is_asked(*frames: bytes) -> bool:
    """Whether the last thing that was said answers a question."""
    return bool(read(*frames)[-1].get("solicited", True))


def test_an_answer_to_a_question_in_the_capture_counts_and_what_is_said_unasked_does_not() -> None:
    question = datagram(SADP_QUESTION, 40000, 37020, source=ASKER)
    assert is_asked(question, datagram(SADP, 37020, 40000, target=ASKER))
    assert is_asked(question, datagram(SADP_ECHO, 37020, 37020))  # to the group, with the question's identifier
    assert not is_asked(question, datagram(SADP, 37020, 37020))
    assert not is_asked(question, datagram(DHIP, 37810, 40000, target=ASKER))  # another protocol
    assert not is_asked(question, datagram(SADP, 37020, 40001, target=ASKER))  # another program's port
    assert not is_asked(datagram(SADP_ECHO, 37020, 40000, target=ASKER))
    assert not is_asked(datagram(NOTIFY, 1900, 1900))


def test_arp_tells_who_has_which_address_but_a_probe_has_none() -> None:
    assert read(ethernet(0x0806, bytes.fromhex(ARP_REPLY))) == [
        {"protocol": "mac", "ip": "10.1.0.7", "payload": "44:19:b6:00:01:02"}
    ]
    assert read(ethernet(0x0806, bytes.fromhex(ARP_REPLY.replace("0a010007", "00000000")))) == []


TAGGED = b"\0\x07\x08\0" + ipv4(udp(NOTIFY, 1900, 1900))
PLAIN = ipv4(udp(NOTIFY, 1900, 1900))


@pytest.mark.parametrize(
    ("linktype", "frame"),
    [
        (ETHERNET, ethernet(0x8100, TAGGED)),
        (ETHERNET, ethernet(0x88A8, b"\0\x09\x81\0" + TAGGED)),
        (ETHERNET, ethernet(0x8864, b"\x11\0\0\1\0\0\0\x21" + PLAIN)),
        (COOKED, b"\0\1\0\1\0\6" + CAMERA + b"\0\0\x08\0" + PLAIN),
        (COOKED, b"\0\1\0\1\0\6" + CAMERA + b"\0\0\x81\0" + TAGGED),
        (COOKED_2, b"\x08\0\0\0\0\0\0\2\0\1\0\6" + CAMERA + b"\0\0" + PLAIN),
        (COOKED_2, b"\x81\0\0\0\0\0\0\2\0\1\0\6" + CAMERA + b"\0\0" + TAGGED),
        (RAW, PLAIN),
        (228, PLAIN),
        (0, b"\2\0\0\0" + PLAIN),
    ],
)
def test_every_usual_link_type_and_vlan_tag_is_read(linktype: int, frame: bytes) -> None:
    assert [(reply["protocol"], reply["ip"]) for reply in read(frame, linktype=linktype)] == [("ssdp", UNIT)]


def test_ipv6_is_read_behind_its_extension_headers() -> None:
    inner = udp(HELLO, 3702, 3702)
    assert read(ethernet(0x86DD, ipv6(inner)))[0]["ip"] == "fe80::1"
    assert read(ipv6(bytes([17, 0]) + bytes(6) + inner, kind=60), linktype=RAW)[0]["protocol"] == "wsd"
    first = struct.pack(">BBHI", 17, 0, 1, 9) + inner[:64]
    rest = struct.pack(">BBHI", 17, 0, 64, 9) + inner[64:]
    assert read(ipv6(first, kind=44), ipv6(rest, kind=44), linktype=RAW)[0]["payload"] == HELLO.decode()


def test_an_unknown_link_type_is_counted() -> None:
    reader = Reader(dissect)
    assert [list(reader.take(105, 0.0, bytes(40))) for _ in range(3)] == [[], [], []]
    assert reader.counts == {"link type 105": 3}


def test_what_a_tunnel_hides_is_counted() -> None:
    inside = ethernet(0x0800, PLAIN)
    reader = Reader(dissect)
    frames = [
        ethernet(0x0800, ipv4(b"\x10\0\x88\xbe" + bytes(12) + inside, protocol=47)),
        ethernet(0x0800, ipv4(udp(b"\x08" + bytes(7) + inside, 50000, 4789))),
    ]
    assert [list(reader.take(ETHERNET, 0.0, frame)) for frame in frames] == [[], []]
    assert reader.counts == {"tunnel": 2}


LONG = HELLO.replace(b"<d:Hello/>", b"<d:ProbeMatches>" + b"x" * 3000 + b"</d:ProbeMatches>")


@pytest.mark.parametrize("order", list(itertools.permutations(range(3)))[::2])
def test_fragments_in_any_order_are_one_datagram(order: tuple[int, ...]) -> None:
    pieces = fragments(LONG, 3702, 40000)
    assert len(pieces) == 3
    (reply,) = read(*(pieces[at] for at in order), pieces[0])
    assert reply["payload"].encode() == LONG


def test_fragments_that_overlap_or_lie_make_no_datagram() -> None:
    first, middle, last = fragments(LONG, 3702, 40000)
    lie = ipv4(udp(HELLO, 3702, 40000)[:800], flags=0x2000 | 100)
    assert read(first, ethernet(0x0800, lie), middle, last) == []
    assert read(first, last) == []
    beyond = ethernet(0x0800, ipv4(bytes(64), flags=0x1FFF))
    reader = Reader(dissect)
    assert [list(reader.take(1, 0.0, frame)) for frame in (first, beyond, middle, last)] == [[], [], [], []]
    assert reader.fragments.given_up == 1


def test_a_million_first_fragments_leave_bounded_room() -> None:
    reader = Reader(dissect)
    for number in range(3000):
        piece = ipv4(bytes(8192), flags=0x2000, number=number, source=f"10.9.{number >> 8}.{number & 255}")
        assert not list(reader.take(1, 0.0, ethernet(0x0800, piece)))
    assert reader.fragments.given_up >= 3000 - 1024
    assert reader.fragments.count <= 1024
    assert reader.fragments.size <= 8 << 20


def dhcp(options: bytes, *, operation: int = 1, given: str = "0.0.0.0") -> bytes:
    head = bytes([operation, 1, 6, 0]) + bytes(12) + IPv4Address(given).packed + bytes(8)
    payload = head + CAMERA.ljust(16, b"\0") + bytes(192) + bytes.fromhex("63825363") + options + b"\xff"
    ports = (68, 67) if operation == 1 else (67, 68)
    return datagram(payload, *ports, source="0.0.0.0", target="255.255.255.255")


REQUEST = b"\x35\x01\x03" + b"\x32\x04" + IPv4Address("10.1.0.7").packed
REQUEST += b"\x3c\x0cudhcp 1.20.2" + b"\x0c\x03IPC" + b"\x37\x03\x01\x03\x06"
SAID_BY_DHCP = ["60=udhcp 1.20.2", "12=IPC", "55=1,3,6"]


def test_a_dhcp_client_tells_its_class_name_and_wishes() -> None:
    about = {"device": "dhcp-44:19:b6:00:01:02", "ip": "10.1.0.7"}
    assert read(dhcp(REQUEST)) == [
        {"protocol": "mac", **about, "payload": "44:19:b6:00:01:02"},
        *({"protocol": "dhcp", **about, "payload": line, "solicited": False} for line in SAID_BY_DHCP),
    ]
    assert read(dhcp(REQUEST, operation=2)) == []


def test_the_address_that_a_server_gives_counts_more_than_the_one_that_was_asked_for() -> None:
    given = dhcp(b"\x35\x01\x05", operation=2, given="10.1.0.99")
    refused = dhcp(b"\x35\x01\x06", operation=2, given="10.1.0.99")
    assert {(reply["ip"], reply.get("device")) for reply in read(dhcp(REQUEST), given)} == {("10.1.0.99", None)}
    assert {reply["ip"] for reply in read(dhcp(REQUEST), refused)} == {"10.1.0.7"}
    assert read(given) == []


def test_what_a_relay_asks_about_a_client_is_not_said_by_that_client() -> None:
    """A LEASEQUERY (RFC 4388), in public captures with and without the client's MAC address."""
    assert read(dhcp(REQUEST.replace(b"\x35\x01\x03", b"\x35\x01\x0a"))) == []
    assert read(dhcp(REQUEST).replace(CAMERA.ljust(16, b"\0"), bytes(16))) == []


def test_a_client_that_declines_an_address_does_not_have_it() -> None:
    said = read(dhcp(REQUEST.replace(b"\x35\x01\x03", b"\x35\x01\x04")))
    assert said
    assert {reply.get("ip") for reply in said} == {None}


def test_a_client_that_repeats_itself_is_taken_apart_once() -> None:
    class Counting:
        count = 0

        def read_message(self, payload: bytes) -> Any:
            self.count += 1
            return dissect.read_message(payload)

    counting = Counting()
    reader = Reader(counting)
    frame = bytearray(dhcp(REQUEST))
    for number in range(50):
        frame[46:50] = number.to_bytes(4, "big")  # the number of the transaction
        list(reader.take(1, 0.0, bytes(frame)))
    assert counting.count == 1


def test_without_scapy_dhcp_is_counted_and_all_else_is_read() -> None:
    reader = Reader(None)
    frames = (dhcp(REQUEST), datagram(NOTIFY, 1900, 1900))
    assert [reply["protocol"] for frame in frames for reply in reader.take(1, 0.0, frame)] == ["ssdp"]
    assert reader.counts == {"DHCP": 1}


def test_addresses_of_other_people_are_left_out_unless_they_are_named() -> None:
    frames = [datagram(NOTIFY, 1900, 1900, source="8.8.8.8"), datagram(NOTIFY, 1900, 1900, source="10.1.0.7")]
    assert [reply["ip"] for reply in read(*frames, within=is_within_any([]))] == ["10.1.0.7"]
    assert len(read(*frames, within=is_within_any([IPv4Network("8.8.8.0/24")]))) == 2
    shared = datagram(NOTIFY, 1900, 1900, source="100.64.0.9")
    assert len(read(shared, within=is_within_any([]))) == 1


@pytest.mark.parametrize("source", ["127.0.0.1", "0.161.224.64", "254.228.86.79"])
def test_addresses_that_no_device_has_are_left_out_unless_they_are_named(source: str) -> None:
    """A capture of all interfaces shows what the capturing computer says to itself."""
    said = datagram(NOTIFY, 1900, 1900, source=source)
    assert read(said, within=is_within_any([])) == []
    assert len(read(said, within=is_within_any([IPv4Network(f"{source}/32")]))) == 1


def layer2(kind: int, target: bytes, source: bytes = CAMERA) -> bytes:
    head = sadp.HEADER.pack(0x21, 2, 1, 246, 1, 6, 4, kind, 0, 0, CAMERA, IPv4Address(UNIT).packed, b"", b"", b"")
    info = sadp.DEVICE_INFO.pack(b"DS-2CD2032-I20150101AAWR000000001", 1, 8000, 1, 0, b"V5.2.0", b"", b"")
    return ethernet(0x8033, head + info, source, target)


def test_sadp_below_ip_is_an_answer_to_whoever_asked() -> None:
    question = layer2(3, b"\xff" * 6, OTHER)
    (reply,) = read(question, layer2(4, OTHER))
    assert (reply["protocol"], reply["ip"], reply.get("solicited")) == ("sadp", UNIT, None)
    assert "<DeviceSN>DS-2CD2032-I20150101AAWR000000001<" in reply["payload"]
    assert [each["solicited"] for each in read(layer2(4, OTHER))] == [False]


@given(st.binary(max_size=200), st.sampled_from(UDP_PORTS), st.sampled_from([1, 0, 101, 113, 276]))
def test_any_frame_gives_captured_replies_or_none(data: bytes, port: int, linktype: int) -> None:
    frames = [data, ethernet(0x0800, data), ethernet(0x0806, data), ethernet(0x8033, data), datagram(data, port, port)]
    frames += [ethernet(0x0800, ipv4(struct.pack(">HHHH", port, port, 0xFFFF, 0) + data))]
    frames += [ethernet(0x86DD, data), ethernet(0x8100, data), ethernet(0x0800, ipv4(data, protocol=6))]
    reader = Reader(dissect)
    said = [reply for frame in frames for reply in reader.take(linktype, 1.0, frame)]
    assert OUR_FAULT not in reader.counts
    lines = [json.dumps({"id": str(number), **reply}) for number, reply in enumerate([*said, *reader.close()])]
    assert all(isinstance(reply, Reply) for reply in captures.read_captures(lines))


def passes(program: list[tuple[int, int, int, int]], frame: bytes) -> bool:
    """A classic BPF machine, as far as our filter needs one."""
    a = x = at = 0
    while True:
        code, yes, no, k = program[at]
        at += 1
        try:
            if code == 0x28:
                a = int.from_bytes(frame[k : k + 2], "big") if k + 2 <= len(frame) else 1 // 0
            elif code in (0x30, 0x50):
                a = frame[k + (x if code == 0x50 else 0)]
            elif code == 0x48:
                a = int.from_bytes(frame[x + k : x + k + 2], "big") if x + k + 2 <= len(frame) else 1 // 0
            elif code == 0xB1:
                x = 4 * (frame[k] & 15)
            elif code == 0x01:
                x = k
            elif code == 0x05:
                at += k
            elif code in (0x15, 0x45):
                at += yes if (a == k if code == 0x15 else a & k) else no
            else:
                assert code == 0x06
                return k > 0
        except (IndexError, ZeroDivisionError):
            return False  # the kernel ends a program that reads past the frame, and drops the frame


def test_the_kernel_filter_passes_what_is_read_and_nothing_else() -> None:
    program = listen.filter_program(UDP_PORTS, TCP_PORTS, MARKS)
    here: Any = {"source": UNIT, "target": ASKER}
    wanted = [ethernet(0x0806, bytes.fromhex(ARP_REPLY)), ethernet(0x8033, bytes(60)), dhcp(b"")]
    wanted += [datagram(b"", port, 40000) for port in UDP_PORTS] + [datagram(b"", 40000, port) for port in UDP_PORTS]
    wanted += [datagram(SADP, 40000, 40001), datagram(b"", 1, 2, flags=0x2000), datagram(b"", 1, 2, flags=5)]
    wanted += [ethernet(0x86DD, ipv6(udp(b"", 3702, 1))), ethernet(0x86DD, ipv6(udp(b"", 1, 5353)))]
    wanted += [ethernet(0x86DD, ipv6(bytes(16), kind=44)), ethernet(0x86DD, ipv6(udp(b"", 1, 443), kind=6))]
    wanted += [segment(b"", 1, 1, sport=80, dport=40000, **here), segment(b"", 1, 1, sport=40000, dport=37777, **here)]
    assert [passes(program, frame) for frame in wanted] == [True] * len(wanted)
    picture = datagram(b"\x80\x60" + bytes(1400), 40000, 50000)
    other = [picture, datagram(b"", 53, 40000), segment(b"", 1, 1, sport=22, dport=40000, **here), b"", b"\0" * 13]
    other += [ethernet(0x88CC, bytes(60)), ethernet(0x86DD, ipv6(udp(bytes(9), 1, 2)))]
    assert [passes(program, frame) for frame in other] == [False] * len(other)


@pytest.mark.parametrize(
    ("arguments", "code", "line"),
    [
        (["check", "--interface", "nosuch0"], 4, "no interface named 'nosuch0' (this machine has: "),
        (["check", "--interface", "../lo"], 4, "no interface named '../lo'"),
        (["check", "--interface", "lo"], 4, "lo is not an Ethernet interface"),
    ],
)
def test_what_is_wrong_is_reported_in_one_line(
    arguments: list[str], code: int, line: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(arguments) == code
    output = capsys.readouterr()
    assert output.out == ""
    assert output.err.startswith(f"camscan-link: {line}")
    assert output.err.count("\n") == 1


async def test_the_scanner_hears_the_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    assert await link.available("lo") == "lo is not an Ethernet interface: there is no link layer to ask on"
    monkeypatch.setenv("CAMSCAN_LINK", "/nonexistent/camscan-link")
    assert await link.available("lo") == "camscan-link cannot be started: No such file or directory"
    assert [pair async for pair in link.arp_sweep("lo", [], 500)] == []


async def test_the_program_ends_with_its_reader(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    script = tmp_path / "camscan-link"
    pid = tmp_path / "pid"
    script.write_text(
        f'#!/bin/sh\necho $$ > "{pid}"\necho \'{{"ip": "10.1.0.7", "mac": "44:19:b6:00:01:02"}}\'\nexec sleep 60\n'
    )
    script.chmod(0o755)
    monkeypatch.setenv("CAMSCAN_LINK", str(script))
    sweep = link.arp_sweep("eth9", ["10.1.0.0/24"], 500)
    assert await anext(sweep) == ("10.1.0.7", "44:19:b6:00:01:02")
    await sweep.aclose()
    assert not Path("/proc", pid.read_text().strip()).exists()  # noqa: ASYNC240 - a glance at /proc


@pytest.mark.parametrize("last", ['{"ip": "10.1.0.8", "m', "Segmentation fault", "[1]", "x" * (1 << 21)])
async def test_what_cannot_be_read_ends_the_sweep_and_not_the_scan(
    last: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script, said = tmp_path / "camscan-link", tmp_path / "said"
    said.write_text('{"ip": "10.1.0.7", "mac": "44:19:b6:00:01:02"}\n' + last)
    script.write_text(f'#!/bin/sh\ncat "{said}"\nkill -9 $$\n')
    script.chmod(0o755)
    monkeypatch.setenv("CAMSCAN_LINK", str(script))
    sweep = link.arp_sweep("eth9", ["10.1.0.0/24"], 500)
    assert await anext(sweep) == ("10.1.0.7", "44:19:b6:00:01:02")
    with pytest.raises(link.Unavailable, match="said something that cannot be read"):
        await anext(sweep)

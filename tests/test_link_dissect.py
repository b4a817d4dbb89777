"""Capture files to captured replies: what devices say is kept byte for byte, what others ask is not."""

from __future__ import annotations

import base64
import io
import json
import struct
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from ipaddress import IPv4Address, IPv6Address
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scapy.config import conf

from camscan import captures
from camscan.link import dissect, listen
from camscan.link.program import PORTS, run
from camscan.model import Reply
from camscan.net import link

CAMERA = bytes.fromhex("4419b6000102")
OTHER = bytes.fromhex("00155d112233")
ARP_REPLY = "0001080006040002" + CAMERA.hex() + "0a010007" + OTHER.hex() + "0a010005"
NOTIFY = b"NOTIFY * HTTP/1.1\r\nHOST: 239.255.255.250:1900\r\nNT: upnp:rootdevice\r\n\r\n"
SADP = b'<?xml version="1.0" encoding="UTF-8"?>\r\n<ProbeMatch><Types>inquiry</Types><DeviceDescription>DS-2CD2032-I</DeviceDescription></ProbeMatch>\r\n'  # fmt: skip # noqa: E501
DHIP = b"\x20\0\0\0DHIP" + bytes(24) + b'{"method":"client.notifyDevInfo","mac":"3c:ef:8c:00:01:02"}\n'
MDNS = bytes.fromhex("000084000000000000000000") + b"\xc0\x0c\xff"
HELLO = b'<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"><s:Body><d:Hello/></s:Body></s:Envelope>'


@pytest.fixture(autouse=True, scope="module")
def _layers() -> Iterator[None]:
    dissect.only_these_layers()
    yield
    conf.layers.unfilter()


def ethernet(ethertype: int, payload: bytes, source: bytes = CAMERA) -> bytes:
    return (b"\xff" * 6 + source + ethertype.to_bytes(2, "big") + payload).ljust(60, b"\0")


def udp(payload: bytes, sport: int, dport: int) -> bytes:
    return struct.pack(">HHHH", sport, dport, 8 + len(payload), 0) + payload


def ipv4(inner: bytes, *, source: str = "10.1.0.7", target: str = "239.255.255.250", flags: int = 0) -> bytes:
    head = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(inner), 1, flags, 1, 17, 0)
    return head + IPv4Address(source).packed + IPv4Address(target).packed + inner


def datagram(payload: bytes, sport: int, dport: int, **where: Any) -> bytes:
    return ethernet(0x0800, ipv4(udp(payload, sport, dport), **where))


def read(frame: bytes) -> list[dict[str, Any]]:
    return [{k: v for k, v in reply.items() if k != "seen_at"} for reply in dissect.live(frame, 0.0)]


@pytest.mark.parametrize(
    ("payload", "sport", "dport", "protocol"),
    [
        (NOTIFY, 1900, 1900, "ssdp"),
        (b"HTTP/1.1 200 OK\r\nST: upnp:rootdevice\r\n\r\n", 1900, 40000, "ssdp"),
        (SADP, 37020, 40000, "sadp"),
        (SADP, 40000, 37020, "sadp"),
        (DHIP, 37810, 40000, "dhip"),
        (MDNS, 5353, 5353, "mdns"),
        (HELLO, 40000, 3702, "wsd"),
        (b"\xb3\0\0\x58" + bytes(60), 5050, 5050, "dahua5050"),
    ],
)
def test_what_a_device_says_is_passed_on_untouched(payload: bytes, sport: int, dport: int, protocol: str) -> None:
    (reply,) = read(datagram(payload, sport, dport))
    assert (reply["protocol"], reply["ip"], reply["port"]) == (protocol, "10.1.0.7", sport)
    carried = reply["payload"].encode() if "payload" in reply else base64.b64decode(reply["payload_b64"])
    assert carried == payload


@pytest.mark.parametrize(
    ("payload", "sport", "dport"),
    [
        (b'M-SEARCH * HTTP/1.1\r\nMAN: "ssdp:discover"\r\n\r\n', 40000, 1900),
        (b"<Probe><Uuid>1</Uuid><Types>inquiry</Types></Probe>", 40000, 37020),
        (b"\x20\0\0\0DHIP" + bytes(24) + b'{"method":"DHDiscover.search"}', 40000, 37810),
        (bytes.fromhex("000000000001000000000000") + b"\x05_axis", 5353, 5353),
        (HELLO.replace(b"Hello", b"Probe"), 40000, 3702),
        (b"\xa3\x01\0\x01" + bytes(28), 40000, 5050),
        (NOTIFY, 40000, 8080),
        (b"", 5353, 5353),
    ],
)
def test_questions_and_strangers_are_left_out(payload: bytes, sport: int, dport: int) -> None:
    assert read(datagram(payload, sport, dport)) == []


def test_arp_tells_who_has_which_address_but_a_probe_has_none() -> None:
    assert read(ethernet(0x0806, bytes.fromhex(ARP_REPLY))) == [
        {"protocol": "mac", "ip": "10.1.0.7", "payload": "44:19:b6:00:01:02"}
    ]
    assert read(ethernet(0x0806, bytes.fromhex(ARP_REPLY.replace("0a010007", "00000000")))) == []


def test_a_vlan_tag_and_ipv6_are_no_obstacle_and_a_fragment_is_not_read() -> None:
    tagged = ethernet(0x8100, b"\0\x07\x08\0" + ipv4(udp(NOTIFY, 1900, 1900)))
    assert [reply["protocol"] for reply in read(tagged)] == ["ssdp"]
    inner = udp(HELLO, 3702, 3702)
    six = struct.pack(">IHBB", 6 << 28, len(inner), 17, 1) + IPv6Address("fe80::1").packed
    assert read(ethernet(0x86DD, six + IPv6Address("ff02::c").packed + inner))[0]["ip"] == "fe80::1"
    assert read(datagram(NOTIFY, 1900, 1900, flags=0x2000)) == []


def dhcp(options: bytes, *, operation: int = 1) -> bytes:
    head = bytes([operation, 1, 6, 0]) + bytes(24) + CAMERA.ljust(16, b"\0") + bytes(192)
    payload = head + bytes.fromhex("63825363") + options + b"\xff"
    return datagram(payload, 68, 67, source="0.0.0.0", target="255.255.255.255")


def test_a_dhcp_client_tells_its_class_name_and_wishes() -> None:
    options = b"\x35\x01\x03" + b"\x32\x04" + IPv4Address("10.1.0.7").packed
    options += b"\x3c\x0cudhcp 1.20.2" + b"\x0c\x03IPC" + b"\x37\x03\x01\x03\x06"
    about = {"device": "dhcp-44:19:b6:00:01:02", "ip": "10.1.0.7"}
    assert read(dhcp(options)) == [
        {"protocol": "mac", **about, "payload": "44:19:b6:00:01:02"},
        {"protocol": "dhcp", **about, "payload": "60=udhcp 1.20.2"},
        {"protocol": "dhcp", **about, "payload": "12=IPC"},
        {"protocol": "dhcp", **about, "payload": "55=1,3,6"},
    ]
    assert read(dhcp(options, operation=2)) == []


def pcap(frames: Iterable[bytes], linktype: int = 1) -> bytes:
    head = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, linktype)
    return head + b"".join(struct.pack("<IIII", 1_700_000_000, 250_000, len(f), len(f)) + f for f in frames)


def pcapng(frames: Iterable[bytes]) -> bytes:
    def block(kind: int, body: bytes) -> bytes:
        body += bytes(-len(body) % 4)
        return struct.pack("<II", kind, len(body) + 12) + body + struct.pack("<I", len(body) + 12)

    data = block(0x0A0D0D0A, struct.pack("<IHHq", 0x1A2B3C4D, 1, 0, -1)) + block(1, struct.pack("<HHI", 1, 0, 65535))
    ticks = 1_700_000_000_250_000
    for frame in frames:
        data += block(6, struct.pack("<IIIII", 0, ticks >> 32, ticks & 0xFFFFFFFF, len(frame), len(frame)) + frame)
    return data


FRAMES = [datagram(SADP, 37020, 40000), datagram(SADP, 37020, 40000), datagram(MDNS, 5353, 5353)]


@pytest.mark.parametrize("form", [pcap, pcapng])
async def test_a_capture_file_becomes_replies_that_the_scanner_reads(form: Any, tmp_path: Path) -> None:
    path = tmp_path / "a capture.pcap"
    path.write_bytes(form(FRAMES))
    replies = [reply async for reply in link.read(path)]
    assert [(reply.probe, reply.payload) for reply in replies] == [("sadp", SADP), ("mdns", MDNS)]
    assert replies[0].seen_at == datetime(2023, 11, 14, 22, 13, 20, 250_000, tzinfo=UTC)


def test_cooked_captures_of_any_interface_are_read() -> None:
    cooked = b"\0\1\0\1\0\6" + CAMERA + b"\0\0\x08\0" + ipv4(udp(NOTIFY, 1900, 1900))
    assert [reply["protocol"] for reply in dissect.read(io.BytesIO(pcap([cooked], linktype=113)))] == ["ssdp"]


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 no capture file", pcap([])[:10]])
async def test_a_file_that_is_no_capture_is_refused_in_one_line(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "x.pcap"
    path.write_bytes(content)
    with pytest.raises(link.Unavailable, match=r"^\S*x\.pcap is not a capture file"):
        [_ async for _ in link.read(path)]
    with pytest.raises(link.Unavailable, match="No such file"):
        [_ async for _ in link.read(tmp_path / "missing.pcap")]


async def test_a_capture_that_was_cut_off_is_read_as_far_as_it_goes(tmp_path: Path) -> None:
    path = tmp_path / "cut.pcap"
    path.write_bytes(pcap(FRAMES)[:-15])
    assert [reply.probe async for reply in link.read(path)] == ["sadp"]


@given(st.binary(max_size=200), st.sampled_from(PORTS), st.booleans())
def test_any_frame_gives_captured_replies_or_none(data: bytes, port: int, lying: bool) -> None:
    frames = [data, ethernet(0x0800, data), ethernet(0x0806, data), ethernet(0x8033, data), datagram(data, port, port)]
    if lying:
        frames.append(ethernet(0x0800, ipv4(struct.pack(">HHHH", port, port, 0xFFFF, 0) + data)))
    lines: list[str] = []
    for frame in frames:
        lines += [json.dumps({"id": str(len(lines)), **reply}) for reply in dissect.live(frame, 1.0)]
    assert all(isinstance(reply, Reply) for reply in captures.read(lines))


def passes(program: list[tuple[int, int, int, int]], frame: bytes) -> bool:
    """A classic BPF machine, as far as our filter needs one."""
    a = x = at = 0
    while True:
        code, yes, no, k = program[at]
        at += 1
        try:
            if code == 0x28:
                a = int.from_bytes(frame[k : k + 2], "big") if k + 2 <= len(frame) else 1 // 0
            elif code == 0x30:
                a = frame[k]
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
    program = listen.program(PORTS)
    six = struct.pack(">IHBB", 6 << 28, 8, 17, 1) + bytes(32)
    wanted = [ethernet(0x0806, bytes.fromhex(ARP_REPLY)), ethernet(0x8033, bytes(60)), dhcp(b"")]
    wanted += [datagram(b"", port, 40000) for port in PORTS] + [datagram(b"", 40000, port) for port in PORTS]
    wanted += [ethernet(0x86DD, six + udp(b"", 3702, 1)), ethernet(0x86DD, six + udp(b"", 1, 5353))]
    assert [passes(program, frame) for frame in wanted] == [True] * len(wanted)
    tcp = ipv4(udp(b"", 1900, 1900)).replace(b"\x01\x11", b"\x01\x06", 1)
    other = [ethernet(0x0800, tcp), datagram(b"", 53, 40000), datagram(b"", 1900, 1900, flags=0x2000), b"", b"\0" * 13]
    other += [datagram(b"", 1900, 1900, flags=5), ethernet(0x88CC, bytes(60)), ethernet(0x86DD, six + udp(b"", 1, 2))]
    assert [passes(program, frame) for frame in other] == [False] * len(other)


@pytest.mark.parametrize(
    ("arguments", "code", "line"),
    [
        (["check", "--interface", "nosuch0"], 4, "no interface named 'nosuch0' (this machine has: "),
        (["check", "--interface", "../lo"], 4, "no interface named '../lo'"),
        (["check", "--interface", "lo"], 4, "lo is not an Ethernet interface"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(
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

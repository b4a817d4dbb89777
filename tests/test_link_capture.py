"""Capture files of every form to packets, and what is said where one is broken, lies, or is none."""

from __future__ import annotations

import contextlib
import io
import json
import os
import re
import struct
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packets import (
    ASKER,
    COOKED,
    ETHERNET,
    OTHER,
    block,
    datagram,
    ethernet,
    interface,
    packet,
    pcap,
    pcapng,
    section,
)

from camscan.link.capture import Broken, NotACapture, Source, read_packets
from camscan.model import Reply
from camscan.net import link

SADP = b'<?xml version="1.0" encoding="UTF-8"?><ProbeMatch><Types>inquiry</Types><DeviceDescription>DS-2CD2032-I</DeviceDescription></ProbeMatch>'  # fmt: skip # noqa: E501
MDNS = bytes.fromhex("000084000000000000000000") + b"\xc0\x0c\xff"
FRAMES = [datagram(SADP, 37020, 40000), datagram(SADP, 37020, 40000), datagram(MDNS, 5353, 5353)]
AT = datetime(2023, 11, 14, 22, 13, 20, 250_000, tzinfo=UTC)


class Dripping(io.RawIOBase):
    """A pipe that gives one byte at a time."""

    def __init__(self, data: bytes) -> None:
        self.stream = io.BytesIO(data)

    def read(self, _size: int = -1) -> bytes:
        return self.stream.read(1)


def opened(data: bytes) -> Source:
    return Source(Dripping(data))


def read(data: bytes) -> tuple[list[tuple[int, float, bytes, bool]], str]:
    """The packets, and what is wrong after them."""
    found: list[tuple[int, float, bytes, bool]] = []
    try:
        found.extend(read_packets(opened(data)))
    except Broken as error:
        return found, str(error)
    return found, ""


FORMS = {
    "pcap": pcap(FRAMES),
    "pcap of the other byte order": pcap(FRAMES, order=">"),
    "pcap with nanoseconds": pcap(FRAMES, nanoseconds=True),
    "pcapng": pcapng(FRAMES),
    "pcapng of the other byte order": pcapng(FRAMES, order=">"),
}


@pytest.mark.parametrize("form", FORMS)
def test_each_form_gives_the_same_packets(form: str) -> None:
    found, wrong = read(FORMS[form])
    assert [(link_type, frame, is_cut) for link_type, _, frame, is_cut in found] == [(1, f, False) for f in FRAMES]
    assert {when for _, when, _, _ in found} == {1_700_000_000.25}
    assert wrong == ""


def test_a_pcapng_has_interfaces_of_several_kinds_and_clocks_and_sections_of_either_byte_order() -> None:
    nanoseconds = struct.pack("<HHB3x", 9, 1, 9) + struct.pack("<HHq", 14, 8, 1000) + struct.pack("<HH", 0, 0)
    binary = struct.pack("<HHB3x", 9, 1, 0x80 | 10)
    data = section() + interface(1) + interface(COOKED, options=nanoseconds) + block(0x0BAD, b"what others write")
    data += packet(b"a" * 60) + packet(b"b" * 60, 1, ticks=5_500_000_000) + interface(101, options=binary)
    data += packet(b"c" * 60, 2, ticks=2048) + block(3, struct.pack("<I", 60) + b"d" * 60)
    data += block(2, struct.pack("<HHIIII", 0, 0, 0, 7, 60, 90) + b"e" * 60)
    data += section(">") + interface(276, ">") + packet(b"f" * 60, 0, ">")
    found, wrong = read(data)
    assert wrong == ""
    assert [(kind, when, frame[:1], is_cut) for kind, when, frame, is_cut in found] == [
        (1, 1_700_000_000.25, b"a", False),
        (COOKED, 1005.5, b"b", False),
        (101, 2.0, b"c", False),
        (1, 0.0, b"d", False),
        (1, 0.000007, b"e", True),
        (276, 1_700_000_000.25, b"f", False),
    ]


def huge(length: int) -> bytes:
    return pcap(FRAMES[:1]) + struct.pack("<IIII", 1, 0, length, length) + b"abc"


@pytest.mark.parametrize(
    ("data", "count", "wrong"),
    [
        (pcap(FRAMES)[:-15], 2, r"packet 3, byte 412: the file ends within it"),
        (pcap(FRAMES) + b"\0" * 5, 3, r"packet 4, byte \d+: the file ends within it"),
        (huge(0xFFFFFFFF), 1, r"packet 2, byte 218: it claims a length of 4,294,967,295 bytes"),
        (pcapng(FRAMES)[:-7], 2, r"packet 3, byte \d+: the file ends within it"),
        (section() + packet(b"x" * 60), 0, "packet 1, byte 28: it names interface 0, which the file does not describe"),
        (section() + struct.pack("<II", 6, 13) + bytes(20), 0, "a block claims a length of 13 bytes"),
        (
            section() + struct.pack("<II", 6, 0xFFFFFFF0) + bytes(20),
            0,
            "a block claims a length of 4,294,967,280 bytes",
        ),
        (section() + interface()[:-4] + b"\0\0\0\0", 0, "a block gives one length at its start and another at its end"),
        (section() + block(1, b""), 0, "a block is shorter than a block of its kind can be"),
        (section() + interface() + block(6, struct.pack("<IIIII", 0, 0, 0, 999, 999)), 0, "it claims a length of 999 "),
        (section() + interface() + block(3, struct.pack("<I", 999)), 0, "it claims a length of 999 bytes"),
        (pcapng(FRAMES[:1]) + b"\x0a\x0d\x0d\x0a" + bytes(30), 1, "a section without its byte order"),
        (section() + interface() * 5000, 0, "more than 4,096 interfaces"),
    ],
)
def test_a_broken_file_is_read_up_to_the_fault_whose_place_is_reported(data: bytes, count: int, wrong: str) -> None:
    found, said = read(data)
    assert len(found) == count
    assert re.search(wrong, said), said


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "it is empty"),
        (b"PK", "it ends within its first bytes"),
        (b"PK\x03\x04 no capture file", "other first bytes"),
        (pcap([])[:10], "it ends within its head"),
        (b"\x1f\x8b\x08\0\0\0", r"it is compressed: gunzip -c FILE | camscan-link read -"),
        (b"\x0a\x0d\x0d\x0a" + bytes(30), "a pcapng head without its byte order"),
    ],
)
def test_a_file_that_is_not_a_capture_is_refused_with_the_reason(content: bytes, why: str) -> None:
    with pytest.raises(NotACapture) as refused:
        list(read_packets(opened(content)))
    assert str(refused.value) == why


@given(st.binary(max_size=400), st.sampled_from(sorted(FORMS)), st.integers(0, 500))
def test_no_bytes_make_the_reader_fail_otherwise(data: bytes, form: str, at: int) -> None:
    whole = FORMS[form]
    for content in (whole[:at] + data + whole[at + len(data) :], whole[:24] + data, section() + data):
        with contextlib.suppress(NotACapture):
            read(content)


def run(*arguments: str, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    line = [sys.executable, "-m", "camscan.link", "read", *arguments]
    return subprocess.run(line, input=stdin, capture_output=True, check=False, timeout=60)


def lines(output: bytes) -> list[dict[str, Any]]:
    return [json.loads(line) for line in output.splitlines()]


def test_a_capture_becomes_replies_that_the_scanner_reads() -> None:
    *replies, last = link.read(io.BytesIO(FORMS["pcapng"]).read, AT)
    assert [(each.probe, each.payload, each.is_solicited) for each in replies if isinstance(each, Reply)] == [
        ("sadp", SADP, False),
        ("mdns", MDNS, False),
    ]
    assert isinstance(replies[0], Reply)
    assert replies[0].seen_at == AT
    assert last == link.CaptureSummary(packets=3, left_out=0, unread={}, cut="")


def test_what_is_not_a_capture_is_reported_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(
        link.Unavailable, match=r"^standard input is not a capture file \(pcap or pcapng\): other first"
    ):
        list(link.read(io.BytesIO(b"PK\x03\x04 no capture file").read, AT))
    done = run(str(tmp_path / "missing.pcap"))
    assert (done.returncode, done.stderr.count(b"\n"), b"No such file" in done.stderr) == (6, 1, True)


def test_a_capture_that_was_cut_off_is_read_as_far_as_it_goes(tmp_path: Path) -> None:
    path = tmp_path / "cut.pcap"
    path.write_bytes(pcap(FRAMES)[:-15])
    *replies, last = link.read(io.BytesIO(path.read_bytes()).read, AT)
    assert len(replies) == 1
    assert isinstance(last, link.CaptureSummary)
    assert last.cut == "packet 3, byte 412: the file ends within it"
    done = run(str(path))
    assert done.returncode == 7
    assert done.stderr.decode() == f"camscan-link: {path}: {last.cut}; what came before it was read\n"


def test_a_packet_without_a_time_is_of_that_of_the_file() -> None:
    far = section() + interface() + packet(FRAMES[0], ticks=2**63)
    (reply, _) = link.read(io.BytesIO(far).read, AT)
    assert isinstance(reply, Reply)
    assert reply.seen_at == AT


def children() -> list[str]:
    """Process numbers of what this process has started, on any of its threads, and not yet waited for (proc(5))."""
    files = Path("/proc/self/task").glob("*/children")
    return [number for file in files for number in file.read_text(encoding="ascii").split()]


def test_whoever_stops_reading_ends_the_program() -> None:
    before = children()
    reading = link.read(io.BytesIO(FORMS["pcap"]).read, AT)
    next(reading)
    assert [each for each in children() if each not in before]
    reading.close()  # type: ignore[attr-defined]  # a generator's
    assert [each for each in children() if each not in before] == []


def test_a_pipe_is_read_while_it_is_written() -> None:
    line = [sys.executable, "-m", "camscan.link", "read", "-"]
    with subprocess.Popen(line, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin
        assert process.stdout
        process.stdin.write(FORMS["pcap"][:-60])
        process.stdin.flush()
        assert json.loads(process.stdout.readline())["protocol"] == "sadp"  # while the rest is still to come
        process.stdin.write(FORMS["pcap"][-60:])
        process.stdin.close()
        assert [json.loads(each).get("protocol") for each in process.stdout] == ["mdns", None]
    assert process.returncode == 0


def test_the_pipe_into_identify_ends_with_success_and_that_of_a_broken_capture_does_not() -> None:
    identify = [sys.executable, "-m", "camscan", "identify", "-"]
    for data, code in ((FORMS["pcap"], 0), (FORMS["pcap"][:-9], 3)):
        done = subprocess.run(identify, input=run("-", stdin=data).stdout, capture_output=True, check=False)
        assert done.returncode == code, done.stderr
        assert json.loads(done.stdout.splitlines()[0])["maker"] == "hikvision"
        assert (b"packet 3, byte 412" in done.stderr) is bool(code)


def test_one_address_is_not_heard_without_end() -> None:
    flood = [datagram(SADP.replace(b"2032", b"%d" % number), 37020, 40000) for number in range(500)]
    others = [datagram(SADP, 37020, 40000, source=f"10.1.1.{number}") for number in range(5)]
    *said, last = lines(run("-", stdin=pcap([*flood, *others])).stdout)
    assert len(said) == 32 + 5
    assert last == {"done": True, "answered": 37, "left_out": 468, "packets": 505}


def test_a_flood_in_its_name_keeps_nobody_from_being_heard() -> None:
    flood = [datagram(SADP.replace(b"2032", b"%d" % number), 37020, 37020) for number in range(500)]
    question = datagram(b"<Probe><Types>inquiry</Types></Probe>", 40000, 37020, source=ASKER)
    answer = datagram(SADP, 37020, 40000, target=ASKER)
    *said, _ = lines(run("-", stdin=pcap([*flood, question, answer])).stdout)
    assert len(said) == 32 + 1
    assert "solicited" not in said[-1]


def test_networks_outside_the_private_ranges_are_named() -> None:
    data = pcap([datagram(SADP, 37020, 40000, source="8.8.4.4")])
    assert lines(run("-", stdin=data).stdout)[-1]["answered"] == 0
    assert lines(run("--also", "8.8.4.0/24", "-", stdin=data).stdout)[-1]["answered"] == 1
    wrong = run("--also", "8.8.4.4/24", "-", stdin=data)
    assert (wrong.returncode, wrong.stderr.count(b"\n")) == (2, 1)


def test_what_was_not_read_is_counted() -> None:
    data = section() + interface(105) + interface(ETHERNET) + packet(bytes(60)) + packet(FRAMES[0], 1)
    short = ethernet(0x0800, b"")[:20]
    data += packet(short, 1)
    assert lines(run("-", stdin=data).stdout)[-1]["unread"] == {"link type 105": 1, "damaged": 1}


def test_memory_does_not_grow_with_the_file() -> None:
    noise = [ethernet(0x0800, os.urandom(1400), OTHER) for _ in range(700)]
    piece = pcap(noise)[24:]
    measured = "import resource,sys; from camscan.link.program import run; code = run(['read', '-'])\n"
    measured += "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, file=sys.stderr); sys.exit(code)"
    peaks = []
    for count in (1, 60):
        with subprocess.Popen(
            [sys.executable, "-c", measured], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
        ) as process:
            assert process.stdin
            assert process.stderr
            process.stdin.write(pcap([]))
            for _ in range(count):
                process.stdin.write(piece)
            process.stdin.close()
            peaks.append(int(process.stderr.read()))
    assert peaks[1] - peaks[0] < 20_000, peaks  # KiB; the longer file has 60 MB more

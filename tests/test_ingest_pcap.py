"""Captures into the register: as tcpdump and its kind write them, broken, and made to hurt.

The three files were captured in the laboratory of the simulated estate while it was scanned: by tcpdump on a link; the
same of two interfaces in one pcapng, the second as a Linux cooked capture; and on a trunk with two VLAN tags, the
longer packets cut to 700 bytes, with times in nanoseconds, in the other byte order.
"""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import pytest
from command_line import Camscan, command
from packets import ASKER, CAMERA, conversation, datagram, ethernet, pcap

from camscan.register import open_register

pytestmark = pytest.mark.slow  # camscan-link reads each capture in a process of its own
CAPTURES = Path(__file__).parent / "captures"
SADP = (
    b'<?xml version="1.0"?><ProbeMatch><Uuid>%s</Uuid><Types>inquiry</Types><DeviceDescription>DS-2CD2032-I'
    b"</DeviceDescription><DeviceSN>DS-2CD2032-I20150101AAWR424242424</DeviceSN><MAC>44-19-b6-00-01-02</MAC>"
    b"<IPv4Address>10.1.0.7</IPv4Address><SoftwareVersion>V5.2.0build 140721</SoftwareVersion></ProbeMatch>"
)
QUESTION = b"<Probe><Uuid>1E0F4C6A-90E4-44C0-842B-703F46B5AA01</Uuid><Types>inquiry</Types></Probe>"
ASKED = SADP % b"1E0F4C6A-90E4-44C0-842B-703F46B5AA01"


@pytest.fixture
def camscan(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Camscan:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    return command(capsys)


class Named(NamedTuple):
    """What the register says of one device."""

    maker: str | None
    model: str | None
    serial: str | None
    mac: str
    confidence: str = "confirmed"


def named() -> dict[str, Named]:
    """Every row by its address."""
    with open_register("camscan.db", readonly=True) as book:
        assert book.find_faults() == []
        return {
            row.ip_addresses[0]: Named(
                *(row.identification.maker, row.identification.model, row.identification.serial),
                *(row.mac_addresses[0] if row.mac_addresses else "", row.identification.confidence.value),
            )
            for row in book.devices()
        }


FILES: dict[str, dict[str, Named]] = {
    "attached.pcap": {
        "10.77.0.1": Named("hikvision", "DS-2CD2385G1-I", "DS-2CD2385G1-I20200327AAWRE26262310", "58:50:ed:e7:9b:5c"),
        "10.77.0.5": Named("dahua", "IPC-HDW5421S", "1F556D0PAX4FCF2", "4c:11:bf:9a:05:22"),
        "10.77.0.7": Named("dahua", "DHI-NVR5216-16P-4KS2E", "5GCC2DAPAZEDE55", "e0:50:8b:d0:13:2e"),
    },
    "two-interfaces.pcapng": {
        "10.77.0.2": Named("dahua", "IPC-HDW1431T1-S4", "6C1AD3DPAGD256F", "08:ed:ed:1d:c1:49"),
        "10.77.0.41": Named("hikvision", "DS-2CD2132-I", "DS-2CD2132-I20140102CCWR388849353", "28:57:be:ed:5b:46"),
        "10.77.0.20": Named("dahua", None, "4DD9826PAGCEC0C", "a0:bd:1d:ae:b0:d5"),
        "10.77.0.46": Named("hikvision", None, None, "c0:56:e3:b2:c4:f8"),
    },
    "trunk.pcap": {
        "10.77.0.8": Named("dahua", None, "AMC041564345F", "9c:8e:cd:d4:20:1f"),
        "10.77.0.44": Named(
            "hikvision", "DS-2DE4425IW-DE", "DS-2DE4425IW-DE20190927CCWRD37333774", "4c:bd:8f:71:66:d2"
        ),
        "10.77.0.61": Named("dahua", "W461ASC", "ND011805720879", "00:1f:54:e1:b9:f4"),
    },
}


@pytest.mark.parametrize("name", FILES)
def test_a_capture_of_the_laboratory_names_every_device_in_it(name: str, camscan: Camscan) -> None:
    code, out, err = camscan("import", "pcap", str(CAPTURES / name), "--apply")
    assert (code, err) == (0, "")
    assert f"{len(FILES[name])} new, 0 changed" in out
    assert named() == FILES[name]
    with open_register("camscan.db", readonly=True) as book:
        days = {row.last_seen.date() for row in book.devices() if row.last_seen}
    assert days == {datetime(2026, 11, 30, tzinfo=UTC).date()}  # the packets', not today's


def test_without_apply_nothing_is_written_and_twice_is_as_once(camscan: Camscan) -> None:
    path = str(CAPTURES / "attached.pcap")
    assert "would be 3 new" in camscan("import", "pcap", path)[1]
    assert not Path("camscan.db").exists()
    camscan("import", "pcap", path, "--apply")
    before = named()
    assert "0 new" in camscan("import", "pcap", path, "--apply")[1]
    assert named() == before


def test_a_capture_that_was_cut_is_taken_up_to_there(camscan: Camscan) -> None:
    Path("cut.pcap").write_bytes((CAPTURES / "attached.pcap").read_bytes()[:-20_000])
    code, out, _ = camscan("import", "pcap", "cut.pcap", "--apply")
    assert code == 3
    assert "cut.pcap, packet 52, byte 27,465: the file ends within it: what came before it was read: 51 packets" in out
    assert set(named()) <= set(FILES["attached.pcap"])
    assert named()["10.77.0.5"].maker == "dahua"


def test_a_file_that_is_not_a_capture_is_refused(camscan: Camscan) -> None:
    Path("leases").write_text("lease 192.0.2.7 {}\n")
    code, _, err = camscan("import", "pcap", "leases")
    assert (code, err.count("\n")) == (2, 1)
    assert "camscan does not recognise the format (capture)" in err


def crowd(count: int) -> list[bytes]:
    """Datagrams in the names of so many addresses, which nobody had asked for."""
    forged = SADP % b"00000000-0000-0000-0000-000000000000"
    return [datagram(forged, 37020, 37020, source=f"10.9.{number >> 8}.{number & 255}") for number in range(count)]


def test_a_hostile_capture_makes_no_crowd_of_devices_and_confirms_nobody(camscan: Camscan) -> None:
    flood = [datagram(ASKED.replace(b"2032", b"%d" % number), 37020, 37020, source="10.8.0.1") for number in range(99)]
    # One end alone is no conversation, whatever it claims to be.
    alone = conversation(b"", b"HTTP/1.1 200 OK\r\nServer: DNVRS-Webs\r\n\r\n", unit="10.8.0.2")[4:]
    broken = [ethernet(0x0800, bytes([0x45]) + bytes(number)) for number in range(30)]
    Path("hostile.pcap").write_bytes(pcap([*broken, *crowd(1500), *flood, *alone]) + b"\xff" * 100)
    code, out, _ = camscan("import", "pcap", "hostile.pcap", "--apply")
    assert code == 3
    assert "hostile.pcap, packet 1,6" in out
    assert "it claims a length of 4,294,967,295 bytes" in out
    assert "of a crowd: more than 1,024 addresses spoke without being asked" in out
    found = named()
    assert len(found) == 1024
    assert {each.confidence for each in found.values()} <= {"possible", "unknown"}


def test_what_answers_a_question_in_the_capture_counts_fully(camscan: Camscan) -> None:
    frames = [datagram(QUESTION, 40000, 37020, source=ASKER), datagram(ASKED, 37020, 40000, target=ASKER)]
    Path("asked.pcap").write_bytes(pcap(frames))
    camscan("import", "pcap", "asked.pcap", "--apply")
    serial = "DS-2CD2032-I20150101AAWR424242424"
    assert named()["10.1.0.7"] == Named("hikvision", "DS-2CD2032-I", serial, "44:19:b6:00:01:02")


def arp(ip: int, mac: bytes) -> bytes:
    return ethernet(0x0806, bytes.fromhex("0001080006040002") + mac + bytes([10, 1, 0, ip]) + bytes(10))


def test_the_computers_of_an_office_are_not_entered_and_a_camera_makers_address_is(camscan: Camscan) -> None:
    Path("office.pcap").write_bytes(pcap([*(arp(ip, bytes([2, 0, 0, 0, 0, ip])) for ip in range(30)), arp(99, CAMERA)]))
    code, out, _ = camscan("import", "pcap", "office.pcap", "--apply")
    assert code == 0
    assert "30 addresses of which nothing but ARP or DHCP could be read" in out
    assert {ip: each.confidence for ip, each in named().items()} == {"10.1.0.99": "possible"}
    camscan("import", "pcap", "office.pcap", "--apply", "--everything")
    assert len(named()) == 31


def test_public_addresses_count_where_the_configuration_has_their_network(camscan: Camscan) -> None:
    said = b"HTTP/1.1 200 OK\r\nServer: DNVRS-Webs\r\nContent-Length: 0\r\n\r\n"
    Path("edge.pcap").write_bytes(pcap(conversation(b"GET / HTTP/1.1\r\n\r\n", said, unit="8.8.4.7")))
    assert "would be 0 new" in camscan("import", "pcap", "edge.pcap")[1]
    Path("camscan.yaml").write_text("sites:\n  - name: Depot\n    cidrs: [8.8.4.0/24]\n")
    assert "would be 1 new" in camscan("import", "pcap", "edge.pcap")[1]


def test_a_clock_that_is_ahead_is_not_believed(camscan: Camscan) -> None:
    ahead = bytearray(pcap([datagram(ASKED, 37020, 37020)]))
    ahead[24:28] = (4_000_000_000).to_bytes(4, "little")  # in the year 2096
    Path("ahead.pcap").write_bytes(ahead)
    camscan("import", "pcap", "ahead.pcap", "--as-of", "2026-05-12", "--apply")
    with open_register("camscan.db", readonly=True) as book:
        (row,) = book.devices()
    assert row.last_seen is not None
    assert row.last_seen.date() == datetime(2026, 5, 12, tzinfo=UTC).date()


def test_a_pipe_is_read_from_standard_input(tmp_path: Path) -> None:
    line = [sys.executable, "-m", "camscan", "import", "pcap", "-", "--register", str(tmp_path / "r.db"), "--apply"]
    data = (CAPTURES / "attached.pcap").read_bytes()
    done = subprocess.run(line, input=data, capture_output=True, check=False, cwd=tmp_path, timeout=60)
    assert (done.returncode, done.stderr) == (0, b"")
    assert b"3 new" in done.stdout


def test_the_captures_hold_no_words_of_the_machine_that_made_them() -> None:
    for path in CAPTURES.iterdir():
        assert not any(word in path.read_bytes() for word in (b"Linux 6", b"Wireshark", b"/home", b"/tmp")), path
    assert json.dumps(sorted(path.name for path in CAPTURES.iterdir())) == json.dumps(sorted(FILES))

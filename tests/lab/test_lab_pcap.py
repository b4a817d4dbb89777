"""The judge of the laboratory scans: it must see what it is there to see. Needs no privilege."""

from __future__ import annotations

import struct
from pathlib import Path

from pcap import ACK, FIN, RST, SYN, Frame, busiest, connections_peak, read

SCANNER, CAMERA = "10.77.0.251", "10.77.0.1"


def tcp(at: float, flags: int, port: int, *, ours: bool) -> Frame:
    ends = (SCANNER, CAMERA) if ours else (CAMERA, SCANNER)
    ports = (40000 + port, port) if ours else (port, 40000 + port)
    return Frame(at, "", 0x0800, *ends, "tcp", *ports, flags)


def connected(at: float, port: int) -> list[Frame]:
    return [tcp(at, SYN, port, ours=True), tcp(at, SYN | ACK, port, ours=False), tcp(at, ACK, port, ours=True)]


def test_two_connections_at_once_are_seen() -> None:
    assert connections_peak([*connected(1, 80), *connected(2, 554)], SCANNER) == {CAMERA: 2}


def test_a_connection_ends_with_our_fin_or_with_anybodys_reset() -> None:
    for end in (tcp(2, FIN | ACK, 80, ours=True), tcp(2, RST, 80, ours=True), tcp(2, RST, 80, ours=False)):
        assert connections_peak([*connected(1, 80), end, *connected(3, 554)], SCANNER) == {CAMERA: 1}
    theirs = tcp(2, FIN | ACK, 80, ours=False)
    assert connections_peak([*connected(1, 80), theirs, *connected(3, 554)], SCANNER) == {CAMERA: 2}


def test_a_syn_without_an_answer_holds_nothing() -> None:
    assert connections_peak([tcp(1, SYN, 80, ours=True), *connected(2, 554)], SCANNER) == {CAMERA: 1}


def test_two_questions_at_once_are_two_connections() -> None:
    asked = [tcp(1, SYN, 80, ours=True), tcp(1.1, SYN, 554, ours=True)]
    assert connections_peak(asked, SCANNER) == {CAMERA: 2}


def test_a_late_answer_is_not_a_fault_of_the_scanner_unless_it_goes_on_asking() -> None:
    late = [tcp(1, SYN, 80, ours=True), tcp(1.2, SYN, 554, ours=True)]
    late += [tcp(1.3, SYN | ACK, 80, ours=False), tcp(1.3, SYN | ACK, 554, ours=False)]
    assert connections_peak(late, SCANNER) == {CAMERA: 1}
    assert connections_peak([*late, tcp(1.4, SYN, 8000, ours=True)], SCANNER) == {CAMERA: 3}


def test_the_busiest_stretch_is_found() -> None:
    frames = [tcp(at, SYN, 80, ours=True) for at in (0.0, 0.5, 0.6, 0.65, 2.0)]
    assert (busiest(frames, 0.1), busiest(frames, 0.2), busiest(frames, 10), busiest([], 1)) == (2, 3, 5, 0)


def test_frames_are_read_from_a_file_that_is_cut_short(tmp_path: Path) -> None:
    address = bytes([10, 77, 0, 251]) + bytes([10, 77, 0, 1])
    ip = bytes.fromhex("4500002000010000401100 00".replace(" ", "")) + address
    datagram = ip + struct.pack(">HHHH", 40000, 37020, 12, 0) + b"ping"
    raw = b"\xff" * 6 + bytes.fromhex("00155d112233") + b"\x08\x00" + datagram + bytes(14)
    ask = bytes.fromhex("0001080006040001") + bytes(6) + bytes([10, 77, 0, 251]) + bytes(6) + bytes([10, 77, 0, 9])
    arp = b"\xff" * 6 + bytes.fromhex("00155d112233") + b"\x08\x06" + ask
    data = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1)
    for number, frame in enumerate((raw, arp, raw)):
        data += struct.pack("<IIII", number, 500_000, len(frame), len(frame)) + frame
    path = tmp_path / "x.pcap"
    path.write_bytes(data[:-1])
    first, second = read(path)
    assert (first.at, first.protocol, first.sport, first.dport, first.payload) == (0.5, "udp", 40000, 37020, b"ping")
    assert (first.source, first.target, first.source_mac) == (SCANNER, CAMERA, "00:15:5d:11:22:33")
    assert (second.protocol, second.source, second.target) == ("arp-request", SCANNER, "10.77.0.9")

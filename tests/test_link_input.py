"""Whatever camscan-link is given, it answers with one line and a code: it may hold a privilege."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Sequence
from ipaddress import IPv4Address, IPv4Interface, IPv4Network
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from camscan.link import arp, options, request, syn, usage
from camscan.link.interface import Interface
from camscan.link.raw import IP_MINTTL, keep_silent
from camscan.link.trouble import Code, Trouble
from camscan.net import link

DEEP = b"[" * 100_000
NESTED_TARGETS = b'{"targets": ' + b"[" * 50_000 + b"]" * 50_000 + b"}"
LARGE = b'{"targets": [], "ports": [' + b"9" * 5000 + b"]}"
LONG = b'{"targets": ["' + b"x" * 1_000_000 + b'"]}'
WRONG = [
    *(b"", b"null", b"5", b"[]", b'"x"', b"{}", b"\xff\xfe\xff", b'{"targets": "\xff"}', b"\xef\xbb\xbf{", b"\0" * 9),
    *(DEEP, NESTED_TARGETS, LARGE, LONG, b'{"targets": NaN}', b'{"targets": [Infinity]}'),
    *(b'{"targets": null}', b'{"targets": "10.0.0.0/24"}', b'{"targets": {"10.0.0.0": 1}}', b'{"targets": [1]}'),
    *(b'{"targets": [null]}', b'{"targets": [["10.0.0.0", 24]]}', b'{"targets": [true]}', b'{"targets": ["\\ud800"]}'),
    *(
        b'{"targets": ["10.0.0.0/33"]}',
        b'{"targets": ["10.0.0.1/24"]}',
        b'{"targets": ["::1"]}',
        b'{"targets": ["\\n"]}',
    ),
    *(b'{"targets": [], "ports": 5}', b'{"targets": [], "ports": [0]}', b'{"targets": [], "ports": [true]}'),
    *(b'{"targets": [], "ports": [80.0]}', b'{"targets": [], "ports": ["80"]}', b'{"targets": [], "ports": [65536]}'),
    *(b'{"targets": [], "ports": {"80": 1}}', b'{"targets": [], "authorised": "10.0.0.0/8"}'),
    json.dumps({"targets": [], "ports": list(range(1, 1000))}).encode(),
    b" " * (request.LARGEST + 1),
]
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9) | st.just("10.0.0.0/24"),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=9), inner, max_size=4),
    max_leaves=8,
)
requests = st.fixed_dictionaries({}, optional={"targets": values, "ports": values, "authorised": values, "pps": values})


def run_link(*arguments: str | bytes, stdin: bytes = b"", **options: Any) -> subprocess.CompletedProcess[bytes]:
    line = [sys.executable, "-m", "camscan.link", *arguments]
    return subprocess.run(line, input=stdin, capture_output=True, timeout=60, check=False, **options)


@pytest.mark.parametrize("data", WRONG, ids=lambda data: ascii(data[:30]))
def test_a_request_that_cannot_be_read_is_refused_in_one_short_line(data: bytes) -> None:
    with pytest.raises(Trouble) as refused:
        request.parse_request(data)
    assert refused.value.code is Code.USAGE
    assert len(str(refused.value)) < 300
    assert "\n" not in str(refused.value)


@given(st.binary(max_size=200) | requests.map(json.dumps).map(str.encode))
def test_any_request_is_read_or_refused(data: bytes) -> None:
    try:
        asked = request.parse_request(data)
    except Trouble:
        return
    assert all(isinstance(one, IPv4Network) for one in (*asked.targets, *asked.authorised))
    assert all(0 < port < 1 << 16 for port in asked.ports)


@given(st.binary(max_size=200) | st.lists(requests).map(lambda each: "\n".join(map(json.dumps, each)).encode()))
def test_any_line_leaves_a_pace_that_can_be_kept(lines: bytes) -> None:
    assert 1 <= request.newest_pace(lines, 500) <= request.MOST_PPS


@pytest.mark.parametrize(
    ("line", "pace"),
    [
        (b'{"pps": 7}\n{"pps": 9}\n', 9),
        (b'{"pps": 1e999}\n', 500),
        (b'{"pps": NaN}\n', 500),
        (b'{"pps": true}\n', 500),
        (b"[" * 4096, 500),
        (b'{"pps": ' + b"9" * 4000 + b"}", request.MOST_PPS),
        (b"[1]\n5\nnull\n", 500),
    ],
)
def test_a_pace_that_cannot_be_read_changes_nothing(line: bytes, pace: int) -> None:
    assert request.newest_pace(line, 500) == pace


def test_ports_that_are_named_twice_are_asked_once() -> None:
    asked = request.parse_request(
        b'{"targets": ["10.0.0.0/25", "10.0.0.128/25", "10.0.0.0/24"], "ports": [80, 554, 80]}'
    )
    assert (asked.targets, asked.ports, asked.authorised) == ([IPv4Network("10.0.0.0/24")], [80, 554], [])


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("nonsense",),
        (b"\xff\xfe",),
        ("arp-sweep",),
        ("arp-sweep", "--interface", "lo", "--wait", "nan"),
        ("arp-sweep", "--interface", "lo", "--wait", "inf"),
        ("arp-sweep", "--interface", "lo", "--wait", "-1"),
        ("arp-sweep", "--interface", "lo", "--pps", "9" * 5000),
        ("listen", "--interface", "lo", "--seconds", "1e999"),
        ("sadp-l2", "--interface", "lo", "--seconds", "x"),
        ("syn-sweep", "--interface", "lo", "--gateway", "1.2.3"),
        ("arp-sweep", "--interface", "lo"),
        ("syn-sweep", "--interface", "lo", "--gateway", "10.0.0.1"),
        ("syn-sweep", "--interface", "lo", "--gateway", "10.0.0.1", "--steered"),
    ],
    ids=lambda arguments: " ".join(str(each)[:20] for each in arguments),
)
def test_wrong_arguments_and_deep_input_are_one_line(arguments: Sequence[str | bytes]) -> None:
    done = run_link(*arguments, stdin=DEEP + b"\n")
    assert (done.returncode, done.stdout) == (Code.USAGE, b"")
    (line,) = done.stderr.decode().splitlines()
    assert line.startswith("camscan-link: ")


@pytest.mark.parametrize("name", [b"lo", b"", b"..", b"../lo", b"x" * 5000, b"\xff", b"bonding_masters", b"a\nb"])
def test_an_interface_that_cannot_be_used_is_one_line(name: bytes) -> None:
    done = run_link("check", b"--interface=" + name)
    assert done.returncode == Code.INTERFACE
    (line,) = done.stderr.decode().splitlines()
    assert line.startswith("camscan-link: ")


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-", "> /dev/full"])
@pytest.mark.parametrize("command", ["check --interface lo", "--help", "syn-sweep --interface lo --gateway 10.0.0.1"])
def test_closed_and_full_streams_end_without_a_traceback(closed: str, command: str) -> None:
    shell = f'"$0" -m camscan.link {command} {closed}'
    done = subprocess.run(["sh", "-c", shell, sys.executable], capture_output=True, input=b"", timeout=60, check=False)
    assert done.returncode in {0, Code.USAGE, Code.INTERFACE, Code.FILE}
    assert len(done.stderr.splitlines()) == (0 if "2>&-" in closed or not done.returncode else 1)


def test_a_packet_socket_never_takes_the_number_of_a_standard_stream() -> None:
    program = (
        "import os; from camscan.link import program; program.run(['check', '--interface', 'lo']); print(os.dup(0))"
    )
    shell = '"$0" -c "$1" 2>&1 <&- 2>&-'
    done = subprocess.run(["sh", "-c", shell, sys.executable, program], capture_output=True, timeout=60, check=False)
    assert int(done.stdout) > 2


@pytest.mark.parametrize("kind", ["directory", "absent", "empty", "text", "zero"])
def test_a_file_that_is_not_a_capture_gives_one_line(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "frames.pcap"
    if kind == "directory":
        path.mkdir()
    elif kind == "zero":
        path = Path("/dev/zero")
    elif kind != "absent":
        path.write_text("no frames\n" * (kind == "text"))
    done = run_link("read", str(path))
    assert (done.returncode, done.stdout) == (Code.FILE, b"")
    (line,) = done.stderr.decode().splitlines()
    assert str(path) in line


def test_scapy_neither_reads_nor_writes_in_the_users_folder(tmp_path: Path) -> None:
    (tmp_path / "empty.pcap").write_bytes(bytes.fromhex("d4c3b2a1020004000000000000000000ffff000001000000"))
    done = run_link("read", str(tmp_path / "empty.pcap"), env={**os.environ, "HOME": str(tmp_path)})
    assert json.loads(done.stdout) == {"done": True, "answered": 0, "packets": 0}
    assert [path.name for path in tmp_path.iterdir()] == ["empty.pcap"]


def test_an_end_of_the_reader_is_not_a_fault() -> None:
    reader, writer = os.pipe()
    os.close(reader)
    line = [sys.executable, "-m", "camscan.link", "--help"]
    done = subprocess.run(line, stdout=writer, stderr=subprocess.PIPE, timeout=60, check=False)
    os.close(writer)
    assert (done.returncode, done.stderr) == (0, b"")


@pytest.fixture
def wire() -> Iterator[tuple[socket.socket, socket.socket]]:
    """Stands in for a packet socket; what is sent into the other end comes as frames."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    ours.setblocking(False)
    with ours, theirs:
        yield ours, theirs


def test_an_address_that_makes_up_macs_is_reported_a_few_times(wire: tuple[socket.socket, socket.socket]) -> None:
    ours, theirs = wire
    eth = Interface("eth9", 9, bytes(6), (IPv4Interface("10.1.0.5/24"),))
    said: list[bytes] = []
    planned = arp.plan_sweep(eth, [IPv4Network("10.1.0.7")])
    sweep = arp.Sweep(ours, planned, eth.edge_addresses(), lambda new: said.extend(mac for _ip, mac in new))
    answered: dict[int, set[bytes]] = {}
    head = bytes(12) + bytes.fromhex("08060001080006040002")
    for number in range(100):
        theirs.send(head + bytes([2, 0, 0, 0, 0, number]) + IPv4Address("10.1.0.7").packed + bytes(10))
        sweep._drain_answers(answered)
    assert len(said) == len(set(said)) == arp.MOST_MACS


def test_an_address_that_repeats_its_answer_does_not_hold_the_sweep_up(
    wire: tuple[socket.socket, socket.socket],
) -> None:
    ours, theirs = wire
    template = syn.Template(bytes(12) + b"\x08\x00", 0x0A4E0002, 40001)
    target = IPv4Address("10.77.0.1")
    number = (template.cookie(int(target), 80) + 1) & 0xFFFFFFFF
    ip = bytes([0x45]) + bytes(8) + bytes([6, 0, 0]) + target.packed + bytes(4)
    answer = template.head + ip + b"\0\x50\x9c\x41" + bytes(4) + number.to_bytes(4) + b"\x50\x12" + bytes(6)
    assert template.parse(answer) == (int(target), 80, True)
    networks = [IPv4Network(target)]
    sweep = syn.Sweep(ours, template, networks, [80], lambda *_: None, lambda *_: None, lambda *_: None, 500)
    for _ in range(50):
        theirs.send(answer)
        sweep._drain_answers()
    assert sweep.sent == syn.RESETS


def test_a_port_is_kept_silent_without_a_filter() -> None:
    with socket.socket() as reserved:
        keep_silent(reserved)
        assert reserved.getsockopt(socket.IPPROTO_IP, IP_MINTTL) == 255


def test_what_one_address_sees_does_not_tell_what_another_is_asked() -> None:
    template = syn.Template(bytes(14), 1, 40001)
    cookies = [template.cookie(number, 80) for number in range(4)]
    assert cookies[0] ^ cookies[1] != cookies[2] ^ cookies[3]  # as it is with a checksum


CTRL_C = """
import signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored by what runs in the background
from camscan.link.program import run
sys.exit(run(["arp-sweep", "--interface", "lo"]))
"""


def test_ctrl_c_while_it_waits_is_not_a_traceback() -> None:
    pipe = subprocess.PIPE
    with subprocess.Popen([sys.executable, "-c", CTRL_C], stdin=pipe, stdout=pipe, stderr=pipe) as process:
        assert process.stderr is not None
        assert process.stdin is not None
        process.stdin.write(b"{")
        process.stdin.flush()
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(1.0)
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 130
        assert process.stderr.read() == b""


@pytest.mark.parametrize(
    "line",
    [
        "[" * 100_000,
        '{"ip": 5, "mac": "02:00:00:00:00:01"}',
        '{"ip": "10.0.0.1"}',
        '{"swept": ["10.0.0.1"]}',
        '{"swept": 5}',
        '{"late": "x", "of": null}',
        '{"protocol": "mac", "id": "1", "payload": "", "seen_at": "now"}',
        '{"protocol": "mac", "id": "1", "payload_b64": "x", "seen_at": "2026-01-01T00:00:00+00:00"}',
        '{"protocol": "mac", "id": "1", "payload": "", "port": Infinity, "seen_at": "2026-01-01T00:00:00+00:00"}',
    ],
    ids=lambda line: line[:40],
)
def test_what_camscan_link_says_is_read_or_said_to_be_unreadable(
    line: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    script = tmp_path / "camscan-link"
    (tmp_path / "line").write_text(line + "\n")
    script.write_text(f"#!/bin/sh\ncat '{tmp_path / 'line'}'\n")
    script.chmod(0o755)
    monkeypatch.setenv("CAMSCAN_LINK", str(script))

    async def hear() -> None:
        if '"protocol"' in line:
            await anext(link.listen("eth0", seconds=1))
        elif '"ip"' in line:
            await anext(link.arp_sweep("eth0", ["10.0.0.1"], 1))
        else:
            await anext(link.syn_sweep("eth0", "10.0.0.1", ["10.0.0.0/24"], [80], lambda: 1))

    with pytest.raises(link.Unavailable, match="said something that cannot be read"):
        asyncio.run(hear())


def test_a_line_as_the_scanner_writes_it_is_read_without_argparse() -> None:
    sweep = ["arp-sweep", "--interface", "eth0", "--pps", "250", "--rounds", "5", "--wait", "0.8", "--linger", "1.4"]
    syn_sweep = ["syn-sweep", "--interface", "eth0", "--gateway", "10.0.0.1", "--pps", "40", "--steered", "--wait", "1"]
    for line in (sweep, syn_sweep, ["check", "--interface", "eth0"], ["sadp-l2", "--interface", "x", "--seconds", "3"]):
        plain = options.read_plain(line)
        assert plain is not None
        assert plain == usage.read_any(line)
    code = f"import sys; from camscan.link import program; program.run({sweep}); print('argparse' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], input="", capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"


words = ["read", "-", "x", "1", "0.5", "-1", "nan", "10.0.0.1", "--", "--help", "--wait=1", *options.COMMANDS]
names = [name for each in options.COMMANDS.values() for name in each.options]


@given(st.lists(st.sampled_from([*words, *names]), max_size=7))
def test_what_is_read_plainly_is_read_the_same_by_argparse(line: list[str]) -> None:
    plain = options.read_plain(line)
    assert plain is None or plain == usage.read_any(line)

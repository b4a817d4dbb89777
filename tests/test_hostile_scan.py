"""A scan as a process of its own, among peers that never stop sending: it ends, and it ends at once when told to."""

from __future__ import annotations

import contextlib
import json
import os
import random
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from examples import PERCENT
from peers import HELLO_REQUEST, OK, Peer, Talk, drips, peer, pours

from camscan.register import open_register
from camscan.scan.journal import interrupted_runs

ROOT = Path(__file__).resolve().parents[1]
NETWORK = "127.62.0.0/28"
HONEST = "127.62.0.14"
HTTP, TLS = 28080, 28443
SETTINGS = f"""\
pace: fast
ports:
  http: [{HTTP}]
  favicon: [{HTTP}]
  login401: [{HTTP}]
  onvif: [{HTTP}]
  tls: [{TLS}]
  rtsp: [28554]
"""
LATEST = 30
"""Seconds in which it must have ended, on a machine that is busy with other things."""
MEMORY = 300_000
"""Kilobytes that a scan may take."""
PAGE = OK + b"Server: App-webs/\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello"


def mute(connection: socket.socket, other: Peer) -> None:
    connection.recv(4096)
    other.over.wait(60)


def polite(connection: socket.socket, _other: Peer) -> None:
    connection.recv(4096)
    connection.sendall(PAGE)


HOSTILE: dict[str, tuple[int, Talk]] = {
    "127.62.0.1": (TLS, pours(HELLO_REQUEST)),
    "127.62.0.2": (TLS, pours(b"\x16\x03\x03\x00\x00")),
    "127.62.0.3": (HTTP, pours(b"HTTP/1.1 100 Continue\r\n\r\n")),
    "127.62.0.4": (HTTP, drips(b"x", OK + b"X: ")),
    "127.62.0.5": (HTTP, drips(b"1\r\na\r\n", OK + b"Transfer-Encoding: chunked\r\n\r\n")),
    "127.62.0.6": (28554, drips(b"\r", b"RTSP/1.0 200 OK\r\n")),
    "127.62.0.7": (HTTP, mute),
}


@contextlib.contextmanager
def peers() -> Iterator[dict[str, Peer]]:
    with contextlib.ExitStack() as stack:
        stack.enter_context(peer(polite, HONEST, HTTP))
        yield {ip: stack.enter_context(peer(talk, ip, port)) for ip, (port, talk) in HOSTILE.items()}


@contextlib.contextmanager
def scanning(*arguments: str) -> Iterator[subprocess.Popen[bytes]]:
    Path("camscan.yaml").write_text(SETTINGS, encoding="utf-8")
    command = [sys.executable, "-m", "camscan", "scan", NETWORK, *arguments]
    with Path("errors").open("wb") as errors:
        process = subprocess.Popen(
            command, stdout=subprocess.DEVNULL, stderr=errors, env={**os.environ, "PYTHONPATH": str(ROOT)}
        )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
            process.wait()


def await_answer() -> None:
    """Until something that a device said stands in the journal of the run."""
    until = time.monotonic() + 60
    while not any(b'"payload' in left.path.read_bytes() for left in interrupted_runs(Path("camscan.db"))):
        time.sleep(0.05)
        assert time.monotonic() < until, "nothing was recorded"


def known(register: Path) -> set[str]:
    with open_register(register, readonly=True) as book:
        return {ip for row in book.devices() for ip in row.ip_addresses}


def peak(process: subprocess.Popen[bytes]) -> int:
    """Kilobytes that a process takes at most until it ends; what wait4 says counts the process that started it, too."""
    most, status = 0, Path(f"/proc/{process.pid}/status")
    while process.poll() is None:
        found = re.search(r"VmHWM:\s+(\d+)", status.read_text(encoding="utf-8"))
        most = max(most, int(found[1]) if found else 0)
        time.sleep(0.05)
    return most


def test_ctrl_c_ends_it_whatever_a_device_does(workplace: Path) -> None:
    with peers() as hostile, scanning() as process:
        for ip, each in hostile.items():
            assert each.visited.wait(60), ip
        process.send_signal(signal.SIGINT)
        assert process.wait(LATEST) == 130
    assert "Traceback" not in (workplace / "errors").read_text(encoding="utf-8")


@pytest.mark.parametrize("ip", HOSTILE)
def test_ctrl_c_ends_it_while_it_listens_to_one(workplace: Path, ip: str) -> None:
    port, talk = HOSTILE[ip]
    with peer(talk, ip, port) as other, scanning() as process:
        assert other.visited.wait(60)
        process.send_signal(signal.SIGINT)
        assert process.wait(LATEST) == 130
    assert "Traceback" not in (workplace / "errors").read_text(encoding="utf-8")


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGHUP, 129)])
def test_what_the_system_sends_ends_it_too_and_keeps_what_was_found(
    workplace: Path, number: signal.Signals, code: int
) -> None:
    with peers() as hostile, scanning("--json", "report.json", "--register", "camscan.db") as process:
        await_answer()
        assert hostile["127.62.0.1"].visited.wait(60)
        process.send_signal(number)
        assert process.wait(LATEST) == code
    assert "Traceback" not in (workplace / "errors").read_text(encoding="utf-8")
    report = json.loads((workplace / "report.json").read_text(encoding="utf-8"))
    assert report["completion"] == "interrupted"
    assert {one["ip"] for one in report["attempts"]} & {HONEST, *HOSTILE}


@pytest.mark.parametrize("seed", range(max(1, 4 * PERCENT // 100)))
def test_a_second_signal_ends_it_at_any_moment_and_it_goes_on(workplace: Path, seed: int) -> None:
    """The moments are random; the register and the journal are whole, whatever they are."""
    chance = random.Random(seed)
    first, second = chance.choices((signal.SIGINT, signal.SIGTERM, signal.SIGHUP), k=2)
    with peers():
        with scanning("--register", "camscan.db") as process:
            await_answer()
            time.sleep(chance.random() * 3)
            process.send_signal(first)
            time.sleep(chance.random() * 0.2)
            process.send_signal(second)
            # Once everything is kept, a signal ends the program as the system does: a shell reports the same codes.
            assert process.wait(LATEST) in {0, 130, 143, 129, -signal.SIGTERM, -signal.SIGHUP}
        assert "Traceback" not in (workplace / "errors").read_text(encoding="utf-8")
        with scanning("--resume", "--register", "camscan.db", "--json", "report.json") as process:
            process.wait(4 * LATEST)
    assert "Traceback" not in (workplace / "errors").read_text(encoding="utf-8")
    assert process.returncode == 0
    assert known(workplace / "camscan.db") >= {HONEST, "127.62.0.1", "127.62.0.4"}
    assert interrupted_runs(Path("camscan.db")) == []


def test_a_scan_that_was_attacked_and_interrupted_goes_on_where_it_was(workplace: Path) -> None:
    with peers() as hostile:
        with scanning("--register", "camscan.db") as process:
            await_answer()
            process.send_signal(signal.SIGTERM)
            assert process.wait(LATEST) == 143
        recorded = known(workplace / "camscan.db")
        assert recorded, "something was recorded before the signal"
        for each in hostile.values():
            each.visited.clear()
        with scanning("--resume", "--register", "camscan.db", "--json", "report.json") as process:
            most = peak(process)
    assert (process.returncode, "Traceback" in (workplace / "errors").read_text(encoding="utf-8")) == (0, False)
    assert most < MEMORY
    assert known(workplace / "camscan.db") >= {HONEST, *HOSTILE} - {"127.62.0.7"}
    report = json.loads((workplace / "report.json").read_text(encoding="utf-8"))
    (told,) = [note for note in report["coverage"]["notes"] if "cut off while answering" in note]
    assert told.startswith("6 addresses (")
    assert (report["completion"], report["coverage"]["not_tried"]) == ("complete", 0)


def test_it_ends_by_itself_in_little_memory_and_finds_the_honest(workplace: Path) -> None:
    with peers(), scanning("--json", "report.json") as process:
        most = peak(process)
    assert process.returncode == 0
    assert 0 < most < MEMORY
    assert "Traceback" not in (workplace / "errors").read_text(encoding="utf-8")
    report = json.loads((workplace / "report.json").read_text(encoding="utf-8"))
    seen = {ip for device in report["devices"] for ip in device["ip_addresses"]}
    assert seen >= {HONEST, *HOSTILE} - {"127.62.0.7"}
    (told,) = [note for note in report["coverage"]["notes"] if "cut off while answering" in note]
    assert told.startswith("6 addresses (")
    ports = {ip: device["open_ports"] for device in report["devices"] for ip in device["ip_addresses"]}
    for ip, (port, talk) in HOSTILE.items():
        if talk is not mute:
            assert f"tcp/{port}" in ports[ip], ip
    (cut,) = (one["ip"] for one in report["attempts"] if one["ip"] == "127.62.0.1" and "cut off" in one["detail"])
    assert cut
    assert report["coverage"]["refused"] >= 1  # the mute one: something is there
    assert report["completion"] == "complete"

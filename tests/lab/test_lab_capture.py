"""A capture of the laboratory by tcpdump while it is scanned: whoever spoke is named as by the scan."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from lan import ESTATE, LINK, Lan, Seat, lan

from camscan.demo import plan_interfaces

pytestmark = [pytest.mark.lab, pytest.mark.timeout(300)]

UNITS = 100
"""One of each device."""
TRIES = 3
UNDER_TLS_1_3 = {"avigilon_h3", "dahua_tls_only", "hikvision_tls_only", "ubiquiti_camera"}
"""What they say of themselves stands in their certificate, which TLS 1.3 encrypts: a capture cannot have it."""
COMPARED = ("maker", "brand", "model", "firmware", "serial", "mac", "kind", "is_camera_system", "confidence")


@dataclass(frozen=True, slots=True)
class Captured:
    """One scan, and the capture of it."""

    path: Path
    truth: Sequence[Mapping[str, Any]]
    scanned: Mapping[str, Mapping[str, Any]]
    """What the scan says, by address."""
    named: Mapping[str, Mapping[str, Any]]
    """What the pipe into ``camscan identify`` says of the capture, by address."""


@pytest.fixture(scope="module")
def captured(tmp_path_factory: pytest.TempPathFactory) -> Captured:
    where = tmp_path_factory.mktemp("capture")
    path, report = where / "scan.pcap", where / "scan.json"
    command = (sys.executable, "-m", "camscan", "scan", str(ESTATE), "--pace", "fast", "--json", str(report))
    with lan([Seat(ip, mac) for ip, mac in plan_interfaces(UNITS, base=ESTATE)]) as built:
        for number in range(TRIES):
            with built.demo(UNITS) as demo, complete(built, path) as lost:
                done = built.run(*command, "--register", str(where / f"{number}.db"), timeout=280)
            assert report.exists(), done.stderr
            if not lost:
                break
        else:
            pytest.skip(f"laboratory: tcpdump lost packets in {TRIES} captures; the machine is too busy")
    scanned = {device["ip_addresses"][0]: device for device in json.loads(report.read_text())["devices"]}
    return Captured(path, demo.truth, scanned, identified(path))


def test_every_device_that_spoke_is_named_as_by_the_scan(captured: Captured) -> None:
    device = {truth["ip"]: truth["device"] for truth in captured.truth}
    named = captured.named
    spoke = {
        ip for ip, each in captured.scanned.items() if any(seen["probe"] != "mac" for seen in each["observations"])
    }
    honest = {truth["ip"] for truth in captured.truth if not truth["hostile"]}
    assert len(spoke & honest) > 70
    different = {
        f"{ip} {device[ip]} {name}: {captured.scanned[ip][name]!r} by the scan, {named.get(ip, {}).get(name)!r} here"
        for ip in spoke & honest
        for name in COMPARED
        if device[ip] not in UNDER_TLS_1_3 and captured.scanned[ip][name] != named.get(ip, {}).get(name)
    }
    assert different == set()


def test_nobody_is_accused_of_another_make(captured: Captured) -> None:
    makers = {truth["ip"]: truth["maker"] for truth in captured.truth if not truth["hostile"]}
    for ip, each in captured.named.items():
        if ip in makers and each["maker"] in {"hikvision", "dahua"} and each["confidence"] != "possible":
            assert each["maker"] == makers[ip], each["because"]


def test_the_import_of_the_same_capture_enters_them(captured: Captured, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "camscan", "import", "pcap", str(captured.path), "--apply"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path, timeout=120)
    assert (done.returncode, done.stderr) == (0, "")
    shown = [sys.executable, "-m", "camscan", "show", "--json"]
    listed = json.loads(subprocess.run(shown, capture_output=True, check=True, cwd=tmp_path, timeout=120).stdout)
    entered = {ip: each for each in listed["devices"] for ip in each["ip_addresses"]}
    ours = {
        truth["ip"]
        for truth in captured.truth
        if not truth["hostile"] and truth["maker"] in {"hikvision", "dahua"} and truth["device"] not in UNDER_TLS_1_3
    }
    assert {ip: (entered[ip]["maker"], entered[ip]["serial"]) for ip in ours} == {
        ip: (captured.scanned[ip]["maker"], captured.scanned[ip]["serial"]) for ip in ours
    }


@contextlib.contextmanager
def complete(built: Lan, path: Path) -> Iterator[list[str]]:
    """Capture while the block runs. Afterwards, the list holds what tcpdump says of packets that it lost, if it did.

    Its buffer has a place of the longest packet for each: 8,000 of 16 KiB, so that an answer of all units fits.
    """
    lost: list[str] = []
    tcpdump = ("tcpdump", "-n", "-U", "--immediate-mode", "-s", "16384", "-B", "131072", "-Z", "root")
    process = built.start(built.scanner, *tcpdump, "-i", LINK, "-w", str(path))
    assert process.stderr is not None
    while "listening on" not in (line := process.stderr.readline()):
        assert line, "tcpdump has ended"
    yield lost
    process.terminate()
    said = process.communicate(timeout=60)[1]
    assert "dropped by kernel" in said
    lost += [line for line in said.splitlines() if "dropped by" in line and not line.startswith("0 ")]


def identified(path: Path) -> Mapping[str, Mapping[str, Any]]:
    """What the documented pipe makes of a capture."""
    read = subprocess.run([sys.executable, "-m", "camscan.link", "read", str(path)], capture_output=True, check=True)
    line = [sys.executable, "-m", "camscan", "identify", "-"]
    done = subprocess.run(line, input=read.stdout, capture_output=True, check=False, timeout=120)
    assert (done.returncode, done.stderr) == (0, b"")
    replies = {each["id"]: each for each in map(json.loads, read.stdout.splitlines()) if "id" in each}
    found = map(json.loads, done.stdout.splitlines())
    return {replies[number]["ip"]: each for each in found for number in each["ids"]}

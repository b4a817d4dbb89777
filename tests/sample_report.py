"""Devices, reports and what people enter, for the tests of register, exports and commands.

Models are real; serials and MACs are made up.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from camscan.model import (
    Attempt,
    Capability,
    Completion,
    Confidence,
    Coverage,
    Device,
    Identification,
    Observation,
    Outcome,
    Report,
)
from camscan.register import Edit, Recorded, Register

NOON = datetime(2026, 3, 2, 12, 0, 0, tzinfo=UTC)
DAY = timedelta(days=1)
ROLE = "CCTV manager"

HOSTILE = "=cmd|' /C calc'!A0\x1b[2J\x1b]0;owned\x07\r\nx\u202egpj.exe\u2066\ud800\x00\x9b31m" + "A" * 65536


def camera(number: int = 1, *, ip: str = "", when: datetime = NOON, observations: int = 3, **claims: object) -> Device:
    """The ``number``-th made-up Hikvision camera; ``claims`` replace members of its identification."""
    ip = ip or f"192.0.2.{number % 250 + 1}"
    serial = f"DS-2CD2385G1-I20190701AAWR{number:09d}"
    mac = f"44:19:b6:{number >> 16 & 255:02x}:{number >> 8 & 255:02x}:{number & 255:02x}"
    members: dict[str, object] = {
        "maker": "hikvision",
        "brand": "Hikvision",
        "model": "DS-2CD2385G1-I",
        "firmware": "V5.6.2build 190701",
        "serial": serial,
        "mac": mac,
        "kind": "camera",
        "is_camera_system": True,
        "capabilities": {"microphone": Capability("fair", "model ends in -I")},
        "confidence": Confidence.CONFIRMED,
        "certainty": 0.99,
        "because": ("sadp.model = DS-2CD2385G1-I (UDP 37020)",),
        **claims,
    }
    facts = [("sadp.model", "DS-2CD2385G1-I"), ("sadp.serial", serial), ("sadp.mac", mac)]
    facts += [("sadp.field", f"Field{index}={number * index}") for index in range(observations - len(facts))]
    found = Identification(**members)  # type: ignore[arg-type]  # members are replaced by name, tests pass what they mean
    return Device(
        identification=found,
        ip_addresses=(ip,),
        mac_addresses=(found.mac,) if found.mac else (),
        open_ports=("tcp/80", "tcp/554", "udp/37020"),
        first_seen=when,
        last_seen=when + timedelta(seconds=2),
        observations=tuple(Observation(ip, 37020, "sadp", key, value, when) for key, value in facts),
    )


def nameless(ip: str = "192.0.2.9", *, when: datetime = NOON, **claims: object) -> Device:
    """A device that only spoke HTTP: no serial, no UUID, no MAC."""
    found = Identification(**claims)  # type: ignore[arg-type]  # as in camera()
    seen = Observation(ip, 80, "http", "http.server", "webserver", when)
    return Device(found, (ip,), (), ("tcp/80",), when, when, (seen,))


def report(
    *devices: Device,
    scan_id: str = "scan-1",
    when: datetime = NOON,
    site: str = "",
    targets: tuple[str, ...] = ("192.0.2.0/24",),
    attempts: tuple[Attempt, ...] | None = None,
) -> Report:
    """A complete scan that found ``devices``, each with the attempt that found it."""
    if attempts is None:
        attempts = tuple(
            Attempt("sadp", ip, 37020, Outcome.ANSWERED, device.observations, payload=b"<ProbeMatch/>", seen_at=when)
            for device in devices
            for ip in device.ip_addresses
        )
    return Report(
        scan_id=scan_id,
        started_at=when,
        finished_at=when + timedelta(seconds=30),
        completion=Completion.COMPLETE,
        site=site,
        targets=targets,
        pace="gentle",
        version="0.1.0",
        database="2026.03",
        devices=devices,
        coverage=Coverage(254, len(devices), 0, 254 - len(devices), 0, 0, {"sadp": {"answered": len(devices)}}, ("x",)),
        attempts=attempts,
    )


def numbered(book: Register, *devices: Device, **members: Any) -> Report:
    """The next scan of a register: ``scan-1``, ``scan-2`` …, a day after the last."""
    number = len(book.scans()) + 1
    return report(*devices, **{"scan_id": f"scan-{number}", "when": NOON + number * DAY, **members})


def record(book: Register, *devices: Device, **members: Any) -> Recorded:
    """Record the next scan."""
    return book.record(numbered(book, *devices, **members))


def enter(book: Register, asset: str, **entries: str) -> None:
    """Enter what somebody knows about a device."""
    book.edit_entries([Edit(asset, column, value) for column, value in entries.items()], role=ROLE, how="test")

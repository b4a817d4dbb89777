"""Bytes that are no protocol at all, on every port."""

from __future__ import annotations

from collections.abc import Iterator

from camscan.demo.device import Device, Question, Reply, Udp, Unit
from camscan.demo.wire import silent


def garbage(unit: Unit, question: Question) -> Iterator[Reply]:
    """Different for each question, the same in each run."""
    yield Reply(unit.rng(question.payload[:4].hex()).randbytes(700))


DEVICE = Device(
    maker=None,
    kind=None,
    is_camera_system=None,
    oui="02:00:5e",
    once=True,
    hostile=True,
    first=90,
    services=(
        Udp(37020, "sadp", garbage),
        Udp(37810, "dhip", garbage),
        Udp(3702, "wsd", garbage),
        Udp(5353, "mdns", garbage),
        Udp(1900, "ssdp", garbage),
        Udp(5050, "dahua5050", garbage),
        silent.pours(80, b"", bytes(range(256)) * 16, times=1),
        silent.pours(554, b"", bytes(range(256)) * 16, times=1, protocol="rtsp"),
    ),
)

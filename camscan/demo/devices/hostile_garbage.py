"""Sends bytes of no known protocol on every port."""

from __future__ import annotations

from collections.abc import Iterator

from camscan.demo.device import Device, Question, Reply, Udp, Unit
from camscan.demo.wire import silent


def garbage_answer(unit: Unit, question: Question) -> Iterator[Reply]:
    """Random bytes: different for each question, but the same in each run."""
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
        Udp(37020, "sadp", garbage_answer),
        Udp(37810, "dhip", garbage_answer),
        Udp(3702, "wsd", garbage_answer),
        Udp(5353, "mdns", garbage_answer),
        Udp(1900, "ssdp", garbage_answer),
        Udp(5050, "dahua5050", garbage_answer),
        silent.pouring_port(80, b"", bytes(range(256)) * 16, times=1),
        silent.pouring_port(554, b"", bytes(range(256)) * 16, times=1, protocol="rtsp"),
    ),
)

"""Interim replies without end: "100 Continue", and never the reply."""

from __future__ import annotations

from camscan.demo.device import Device
from camscan.demo.wire import silent

DEVICE = Device(
    maker=None,
    kind=None,
    is_camera_system=None,
    oui="02:00:5e",
    once=True,
    hostile=True,
    first=91,
    services=(silent.pouring_port(80, b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 400, times=100_000),),
)

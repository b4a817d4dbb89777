"""Headers that never end."""

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
    first=90,
    services=(
        silent.pouring_port(80, b"HTTP/1.1 200 OK\r\n", b"X-Padding: " + b"A" * 4000 + b"\r\n", times=100_000),
        silent.pouring_port(554, b"RTSP/1.0 200 OK\r\n", b"X: " + b"B" * 4000, times=100_000, protocol="rtsp"),
    ),
)

"""A header in single bytes, a thousand a second."""

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
    services=(
        silent.pouring_port(80, b"HTTP/1.1 200 OK\r\n", b"X-Padding: AAAAAAAA\r\n", times=100_000, pause=0.001),
        silent.pouring_port(554, b"RTSP/1.0 200 OK\r\n", b"X: B\r\n", times=100_000, pause=0.001, protocol="rtsp"),
    ),
)

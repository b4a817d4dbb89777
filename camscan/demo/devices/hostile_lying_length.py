"""Announces a Content-Length of a thousand million bytes; ten bytes come."""

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
        silent.pouring_port(
            80, b"HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n", b"ten bytes!", times=1, pause=0.0
        ),
        silent.pouring_port(8080, b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n", b"negative", times=1),
    ),
)

"""Chunks that never end, and one that claims to be enormous."""

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
            80, b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\nA\r\n" * 1000, times=50_000
        ),
        silent.pouring_port(
            8080, b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFFFFFF\r\n", b"x" * 65_536, times=500
        ),
    ),
)

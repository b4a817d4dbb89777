"""Sends its reply one byte a second."""

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
        silent.pouring_port(80, b"", b"HTTP/1.1 200 OK\r\nServer: App-webs/\r\n\r\n" * 4, times=3600, pause=1.0),
        silent.pouring_port(554, b"", b"RTSP/1.0 200 OK\r\nCSeq: 1\r\n" * 4, times=3600, pause=1.0, protocol="rtsp"),
    ),
)

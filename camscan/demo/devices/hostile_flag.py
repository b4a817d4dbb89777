"""TLS port that answers the greeting with plain text."""

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
        silent.pouring_port(443, b"HTTP/1.0 400 Bad Request\r\n\r\n", b"speak plainly", times=1, protocol="other"),
        silent.pouring_port(8443, b"\x16\x03\x01\xff\xff", b"\x00" * 65_536, times=200, protocol="other"),
    ),
)

"""Sends TLS records with nothing in them, for ever."""

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
        silent.flooding_port(443, b"\x16\x03\x03\x00\x00" * 3000),
        silent.flooding_port(8443, b"\x16\x03\x01\x00\x00" * 3000),
    ),
)

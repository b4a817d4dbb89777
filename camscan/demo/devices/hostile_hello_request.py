"""TLS that asks for a new handshake for ever and never begins one (HelloRequest, RFC 5246, 7.4.1.1)."""

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
        silent.flooding_port(443, b"\x16\x03\x03\x00\x04\x00\x00\x00\x00" * 1820),
        silent.flooding_port(8443, b"\x16\x03\x03\x00\x40" + bytes(64)),
    ),
)

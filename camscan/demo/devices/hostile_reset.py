"""Resets every connection."""

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
        silent.resetting_port(80),
        silent.resetting_port(443),
        silent.resetting_port(554),
        silent.resetting_port(8000),
        silent.resetting_port(37777),
    ),
)

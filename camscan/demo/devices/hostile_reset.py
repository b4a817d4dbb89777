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
    services=(silent.resets(80), silent.resets(443), silent.resets(554), silent.resets(8000), silent.resets(37777)),
)

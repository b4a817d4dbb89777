"""Telephone: its web server, nothing else."""

from __future__ import annotations

from camscan.demo.device import Device
from camscan.demo.wire import http

DEVICE = Device(
    maker=None,
    brand="Grandstream",
    model="GXP2020",
    kind="phone",
    is_camera_system=False,
    oui="00:0b:82",
    services=(http.service(http.simple_site("Grandstream GXP2020 1.2.5.3", "Grandstream Device Configuration")),),
)

"""Storage box with port 37777 open for something of its own."""

from __future__ import annotations

from camscan.demo.device import Device
from camscan.demo.wire import http, silent

DEVICE = Device(
    maker=None,
    brand="Synology",
    kind="nas",
    is_camera_system=False,
    oui="00:11:32",
    services=(
        http.service(http.simple_site("nginx", "DiskStation - Synology DiskStation")),
        silent.mute_port(37777, "dvrip"),
        silent.mute_port(8000, "other"),
    ),
)

"""Takes every connection and never speaks."""

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
        silent.mute_port(80),
        silent.mute_port(554, "rtsp"),
        silent.mute_port(443, "other"),
        silent.mute_port(37777, "dvrip"),
    ),
)

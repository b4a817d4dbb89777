"""WS-Discovery answer whose XAddrs lie outside the estate."""

from __future__ import annotations

from camscan.demo.device import Device
from camscan.demo.wire import wsd

DEVICE = Device(
    maker=None,
    kind=None,
    is_camera_system=None,
    oui="02:00:5e",
    once=True,
    hostile=True,
    first=90,
    services=(
        wsd.service(
            wsd.gsoap_envelope(
                "name/Camera hardware/X1 Profile/Streaming",
                xaddrs="http://192.0.2.81/onvif/device_service http://[2001:db8::81]/onvif/device_service",
            )
        ),
    ),
)

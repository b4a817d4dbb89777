"""Mobotix camera: the page that leads to its image must not be followed."""

from __future__ import annotations

from camscan.demo.device import Device
from camscan.demo.wire import http

DEVICE = Device(
    about="Mobotix camera: the page that leads to its image must not be followed.",
    maker="mobotix",
    brand="Mobotix",
    model="M16",
    firmware=None,
    kind="camera",
    is_camera_system=True,
    oui="00:03:c5",
    services=(
        http.service(http.simple("", "Redirect to userimage: /control/userimage.html"), gives=("maker", "brand")),
    ),
)

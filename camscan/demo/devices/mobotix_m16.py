"""Mobotix camera: the link from its page to its image must not be followed."""

from __future__ import annotations

from camscan.demo.device import Device
from camscan.demo.wire import http

DEVICE = Device(
    maker="mobotix",
    brand="Mobotix",
    model="M16",
    oui="00:03:c5",
    services=(
        http.service(http.simple_site("", "Redirect to userimage: /control/userimage.html"), gives=("maker", "brand")),
    ),
)

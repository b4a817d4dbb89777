"""Honeywell Performance: the mask scope gives the Dahua port away."""

from __future__ import annotations

from camscan.demo.device import Device
from camscan.demo.wire import http, http_dahua, silent, wsd

DEVICE = Device(
    maker="dahua",
    brand="Honeywell",
    model="H4W2PER3",
    oui="00:40:84",
    services=(
        wsd.service(
            wsd.dahua_envelope(
                brand="Honeywell", more=("extension/Honeywell_mask/37777", "MAC/{mac}", "Profile/Q/Operational")
            ),
            gives=("maker", "brand", "model", "mac"),
        ),
        http.service(http_dahua.newer_site(), gives=("maker",)),
        silent.connect_only_port(37777, "dvrip"),
    ),
)

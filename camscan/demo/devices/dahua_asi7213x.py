"""Dahua face terminal for doors."""

from __future__ import annotations

from camscan.demo import grammar
from camscan.demo.device import Device
from camscan.demo.wire import dahua5050, dhip, http, http_dahua

DEVICE = Device(
    maker="dahua",
    brand="Dahua",
    model="ASI7213X",
    firmware="1.000.0000008.1.R",
    kind="access_control",
    oui="14:a7:8b",
    serial=grammar.dahua_serial("6L", "AJ"),
    extra={"class": "BSC", "vendor": "General"},
    services=(
        dhip.service(),
        http.service(http_dahua.newer_site(), gives=("maker",)),
        dahua5050.dvrip_service(hashed=True),
    ),
)

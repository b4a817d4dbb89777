"""Hikvision camera with a restored configuration: its SADP answer names another unit's address."""

from __future__ import annotations

from camscan.demo import grammar
from camscan.demo.device import Device
from camscan.demo.wire import http, http_hikvision, sadp

DEVICE = Device(
    maker="hikvision",
    brand="Hikvision",
    model="DS-2CD2143G0-I",
    firmware="V5.6.3 build 190923",
    oui="18:68:cb",
    serial=grammar.hikvision_serial("AAWR", "D", (2019, 2019)),
    extra={"claims": "neighbour"},
    services=(
        sadp.service(more=sadp.CLOUD),
        http.service(http_hikvision.camera_site(), gives=("maker",)),
    ),
)

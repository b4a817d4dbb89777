"""Hikvision camera of which only HTTPS can be reached: the certificate of every such unit."""

from __future__ import annotations

from camscan.demo import grammar
from camscan.demo.device import Device
from camscan.demo.wire import http, http_hikvision, tls

DEVICE = Device(
    maker="hikvision",
    brand="Hikvision",
    model="DS-2CD2347G2-LU",
    firmware="V5.7.3 build 220112",
    oui="24:0f:9b",
    serial=grammar.hikvision("AAWR", "G", (2021, 2022)),
    services=(
        http.service(
            http_hikvision.terminal(), port=443, certificate=tls.HIKVISION_BAKED, certificate_gives=("maker",)
        ),
    ),
)

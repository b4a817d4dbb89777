"""Hikvision camera that can be reached by HTTPS only, with the certificate that every such unit has."""

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
    serial=grammar.hikvision_serial("AAWR", "G", (2021, 2022)),
    services=(
        http.service(
            http_hikvision.terminal_site(), port=443, certificate=tls.HIKVISION_BAKED, certificate_gives=("maker",)
        ),
    ),
)

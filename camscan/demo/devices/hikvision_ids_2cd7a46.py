"""Hikvision number-plate camera with every datagram filtered: web and RTSP only."""

from __future__ import annotations

from camscan.demo import grammar
from camscan.demo.device import Device
from camscan.demo.wire import http, http_hikvision, rtsp, silent

DEVICE = Device(
    maker="hikvision",
    brand="Hikvision",
    model="iDS-2CD7A46G0/P-IZHS",
    firmware="V5.6.32 build 210520",
    oui="e0:ba:ad",
    serial=grammar.hikvision_serial("AAWR", "F", (2020, 2021)),
    services=(
        http.service(http_hikvision.camera_site(), gives=("maker",)),
        rtsp.service(rtsp.hikvision_answer(), gives=("maker",)),
        silent.connect_only_port(8000),
    ),
)

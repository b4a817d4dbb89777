"""Hikvision camera that answers a unicast WS-Discovery probe with a fault, SADP filtered."""

from __future__ import annotations

from camscan.demo import grammar
from camscan.demo.device import Device
from camscan.demo.wire import http, http_hikvision, rtsp, wsd

DEVICE = Device(
    maker="hikvision",
    brand="Hikvision",
    model="DS-2CD2042WD-I",
    firmware="V5.4.5 build 170124",
    oui="bc:ad:28",
    serial=grammar.hikvision_serial("AAWR", "", (2016, 2017)),
    services=(
        wsd.service(wsd.hikvision_envelope(profiles="Streaming", mac=False), unicast_fault=True, group=False),
        http.service(http_hikvision.camera_site(onvif_on=True), gives=("maker",)),
        rtsp.service(rtsp.hikvision_answer(), gives=("maker",)),
    ),
)

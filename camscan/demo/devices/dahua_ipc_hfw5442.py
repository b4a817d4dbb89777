"""Dahua bullet: ONVIF on another port, unicast DHDiscover filtered."""

from __future__ import annotations

from camscan.demo import grammar
from camscan.demo.device import Device
from camscan.demo.wire import dhip, http, http_dahua, rtsp, wsd

DEVICE = Device(
    maker="dahua",
    brand="Dahua",
    model="IPC-HFW5442E-ZE",
    firmware="2.840.0000000.2.R",
    oui="24:52:6a",
    serial=grammar.dahua_serial("8C", "AG"),
    extra={"onvif_port": "8088"},
    services=(
        dhip.service(unicast=False),
        wsd.service(wsd.dahua_envelope(), gives=("maker", "brand", "model")),
        http.service(http_dahua.newer_site(onvif_on=False), gives=("maker",)),
        http.service(http_dahua.newer_site(), port=8088, gives=("maker",)),
        rtsp.service(rtsp.dahua_answer(hashed=True), gives=("maker",)),
    ),
)

"""Dahua thermal camera for body temperature; WS-Discovery only by multicast."""

from __future__ import annotations

from camscan.demo import grammar
from camscan.demo.device import Device
from camscan.demo.wire import dhip, http, http_dahua, rtsp, wsd

DEVICE = Device(
    maker="dahua",
    brand="Dahua",
    model="TPC-BF5421-T",
    firmware="2.630.0000000.9.R",
    oui="e0:50:8b",
    serial=grammar.dahua_serial("6B", "AZ"),
    services=(
        dhip.service(end="\0"),
        wsd.service(wsd.dahua_envelope(), gives=("maker", "brand", "model"), unicast=False),
        http.service(http_dahua.newer_site(), gives=("maker",)),
        rtsp.service(rtsp.dahua_answer(hashed=True), gives=("maker",)),
    ),
)

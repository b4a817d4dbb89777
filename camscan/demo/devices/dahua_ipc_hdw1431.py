"""Dahua turret of 2021: compact DHDiscover answer, hashed realms, greets the ONVIF group."""

from __future__ import annotations

from camscan.demo import grammar
from camscan.demo.device import Device
from camscan.demo.wire import dahua5050, dhip, http, http_dahua, rtsp, wsd

DEVICE = Device(
    maker="dahua",
    brand="Dahua",
    model="IPC-HDW1431T1-S4",
    firmware="2.800.0000000.13.R",
    oui="08:ed:ed",
    serial=grammar.dahua_serial("6C"),
    first=2,
    services=(
        dhip.service(end="\n"),
        wsd.service(wsd.dahua_envelope(), gives=("maker", "brand", "model"), announce=wsd.dahua_hello),
        http.service(http_dahua.newer_site(), gives=("maker",)),
        rtsp.service(rtsp.dahua_answer(hashed=True), gives=("maker",)),
        dahua5050.dvrip_service(hashed=True),
    ),
)

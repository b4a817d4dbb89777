"""Dahua hybrid recorder that reports the address 0.0.0.0."""

from __future__ import annotations

from camscan.demo import grammar
from camscan.demo.device import Device
from camscan.demo.wire import dahua5050, dhip, http, http_dahua, rtsp

DEVICE = Device(
    maker="dahua",
    brand="Dahua",
    model="DH-XVR5108HE-I3",
    firmware="4.001.0000003.1.R",
    kind="dvr",
    oui="b4:4c:3b",
    serial=grammar.dahua_serial("7G", "BP"),
    extra={"class": "HCVR", "inputs": "8", "remote": "4", "claims": "0.0.0.0"},
    services=(
        dhip.service(),
        http.service(http_dahua.newer_site(), gives=("maker",)),
        rtsp.service(rtsp.dahua_answer(hashed=True), gives=("maker",)),
        dahua5050.dvrip_service(hashed=True),
    ),
)

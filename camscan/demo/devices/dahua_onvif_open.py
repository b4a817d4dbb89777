"""Dahua camera that tells its device information without a password; discovery filtered."""

from __future__ import annotations

from camscan.demo import grammar
from camscan.demo.device import Device
from camscan.demo.wire import http, http_dahua, rtsp, wsd

DEVICE = Device(
    maker="dahua",
    brand="Dahua",
    model="DH-2H3400-ADP",
    firmware="2.811.0000013.0.R",
    oui="f4:b1:c2",
    serial=grammar.dahua_serial("BA", "HA"),
    extra={"onvif_firmware": "2.811.0000013.0.R, Build Date 2023-12-20"},
    services=(
        wsd.service(wsd.dahua_envelope(), gives=("maker", "brand", "model"), group=False),
        http.service(http_dahua.newer_site(open_=True), gives=("maker",)),
        rtsp.service(rtsp.dahua_answer(hashed=True), gives=("maker",)),
    ),
)

"""Dahua pan-tilt-zoom camera."""

from __future__ import annotations

from camscan.demo import grammar
from camscan.demo.device import Device
from camscan.demo.wire import dhip, http, http_dahua, rtsp, wsd

DEVICE = Device(
    maker="dahua",
    brand="Dahua",
    model="SD49225XA-HNR",
    firmware="2.800.0000013.0.R",
    oui="38:af:29",
    serial=grammar.dahua_serial("7A", "AP"),
    extra={"class": "SD"},
    services=(
        dhip.service(),
        wsd.service(wsd.dahua_envelope(more=("MAC/{mac}", "Profile/T")), gives=("maker", "brand", "model", "mac")),
        http.service(http_dahua.newer_site(), gives=("maker",)),
        rtsp.service(rtsp.dahua_answer(hashed=True), gives=("maker",)),
    ),
)

"""Dahua turret of 2016: spaced JSON, the serial in every realm."""

from __future__ import annotations

from camscan.demo import grammar
from camscan.demo.device import Device
from camscan.demo.wire import dahua5050, dhip, http, http_dahua, rtsp, wsd

DEVICE = Device(
    maker="dahua",
    brand="Dahua",
    model="IPC-HDW5421S",
    firmware="2.400.0.8",
    oui="4c:11:bf",
    serial=grammar.dahua_serial("1F", "AX"),
    first=6,
    extra={"outputs": "16"},
    services=(
        dhip.service(any_byte=True, spaced=True, modern=False),
        wsd.service(wsd.dahua_envelope(), gives=("maker", "brand", "model")),
        http.service(http_dahua.older_site(), gives=("maker", "serial")),
        rtsp.service(rtsp.dahua_answer(), gives=("maker", "serial")),
        dahua5050.dvrip_service(),
    ),
)

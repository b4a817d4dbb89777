"""Dahua camera at its connection limit: a second connection gets a 401 that says so."""

from __future__ import annotations

from camscan.demo import grammar
from camscan.demo.device import Device
from camscan.demo.wire import dhip, http, http_dahua, rtsp

DEVICE = Device(
    maker="dahua",
    brand="Dahua",
    model="IPC-HDW4433C-A",
    firmware="2.622.0000000.7.R",
    oui="4c:11:bf",
    serial=grammar.dahua_serial("4A", "AG"),
    services=(
        dhip.service(),
        http.service(http_dahua.older_site(), gives=("maker", "serial"), limit=1),
        rtsp.service(rtsp.dahua_answer(), gives=("maker", "serial")),
    ),
)

"""Dahua camera at its connection limit: whoever comes second is told so with a 401."""

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
    serial=grammar.dahua("4A", "AG"),
    services=(
        dhip.service(),
        http.service(http_dahua.web(), gives=("maker", "serial"), limit=1),
        rtsp.service(rtsp.dahua(), gives=("maker", "serial")),
    ),
)

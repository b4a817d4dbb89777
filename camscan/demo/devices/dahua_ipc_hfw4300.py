"""Dahua bullet of 2014: Basic realm Device_CGI; datagrams filtered."""

from __future__ import annotations

from camscan.demo import grammar
from camscan.demo.device import Device
from camscan.demo.wire import dahua5050, http, http_dahua, rtsp

DEVICE = Device(
    maker="dahua",
    brand="Dahua",
    model="IPC-HFW4300S-V2",
    firmware="2.420.0000.0.R",
    oui="90:02:a9",
    serial=grammar.dahua_serial("1B", "AN"),
    services=(
        http.service(http_dahua.older_site(basic="Device_CGI", onvif_on=False), gives=("maker",)),
        rtsp.service(rtsp.dahua_answer(basic="device")),
        dahua5050.dvrip_service(),
    ),
)

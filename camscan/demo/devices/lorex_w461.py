"""Lorex: private port 35000, vendor Lorex, no Dahua in any text."""

from __future__ import annotations

from camscan.demo import grammar
from camscan.demo.device import Device
from camscan.demo.wire import dahua5050, dhip, http, http_dahua, rtsp

DEVICE = Device(
    maker="dahua",
    brand="Lorex",
    model="W461ASC",
    firmware="2.800.030000000.3.R",
    oui="00:1f:54",
    serial=grammar.pattern_serial("ND0118########"),
    extra={"vendor": "Lorex", "port": "35000"},
    services=(
        dhip.service(without=("IPv6Address",), gives=("maker", "brand", "model", "firmware", "serial", "mac")),
        http.service(http_dahua.older_site(title="", onvif_on=False), gives=("maker",)),
        rtsp.service(rtsp.dahua_answer(), gives=("maker",)),
        dahua5050.dvrip_service(port=35000, hashed=True),
    ),
)

"""Dahua door station."""

from __future__ import annotations

from camscan.demo import grammar
from camscan.demo.device import Device
from camscan.demo.wire import dahua5050, dhip, http, http_dahua, rtsp

DEVICE = Device(
    maker="dahua",
    brand="Dahua",
    model="VTO2000A",
    firmware="3.120.0000.0.R",
    kind="intercom",
    oui="3c:ef:8c",
    serial=grammar.dahua_serial("3C", "AN"),
    extra={
        "class": "VTO",
        "vendor": "General",
        "manufacturer": "General",
        "alarms": "8",
        "outputs": "16",
        "init": "150",
    },
    services=(
        dhip.service(
            magic=(b"DHIP", b"PIHD"), without=("IPv6Address", "DeviceID", "Port3", "UnLoginFuncMask", "FindVersion")
        ),
        http.service(http_dahua.older_site(onvif_on=False), gives=("maker", "serial")),
        rtsp.service(rtsp.dahua_answer(), gives=("maker", "serial")),
        dahua5050.dvrip_service(),
    ),
)

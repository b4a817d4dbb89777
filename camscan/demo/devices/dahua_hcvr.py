"""Dahua hybrid recorder whose DeviceType is only a class word."""

from __future__ import annotations

from camscan.demo import grammar
from camscan.demo.device import Device
from camscan.demo.wire import dahua5050, dhip, http, http_dahua, rtsp

DEVICE = Device(
    maker="dahua",
    brand="Dahua",
    model="HCVR",
    firmware="3.210.1.4",
    kind="dvr",
    oui="3c:ef:8c",
    serial=grammar.dahua_serial("2K", "AG"),
    extra={
        "class": "HCVR",
        "machine_name": "HCVR",
        "vendor": "Private",
        "inputs": "3",
        "remote": "9",
    },
    services=(
        dhip.service(modern=False, any_byte=True, gives=("maker", "model", "firmware", "serial", "mac")),
        http.service(http_dahua.older_site(), gives=("maker", "serial")),
        rtsp.service(rtsp.dahua_server_answer, gives=("maker",)),
        dahua5050.dvrip_service(),
    ),
)

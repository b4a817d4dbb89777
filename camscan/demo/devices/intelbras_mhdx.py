"""Intelbras recorder: its own serials, vendor and address block."""

from __future__ import annotations

from camscan.demo import grammar
from camscan.demo.device import Device
from camscan.demo.wire import dhip, http, http_dahua, rtsp

DEVICE = Device(
    maker="dahua",
    brand="Intelbras",
    model="MHDX 3116",
    firmware="4.000.00IB002.17",
    kind="dvr",
    oui="24:fd:0d",
    serial=grammar.pattern_serial("EKHH########%"),
    extra={
        "vendor": "Intelbras",
        "manufacturer": "Intelbras",
        "class": "MHDX",
        "machine_name": "MHDX",
        "inputs": "16",
        "remote": "8",
    },
    services=(
        dhip.service(modern=False, gives=("maker", "brand", "model", "firmware", "serial", "mac")),
        http.service(
            http_dahua.older_site(title="Intelbras", body='<div class="interbras_font"></div>'), gives=("maker",)
        ),
        rtsp.service(rtsp.dahua_answer(), gives=("maker",)),
    ),
)

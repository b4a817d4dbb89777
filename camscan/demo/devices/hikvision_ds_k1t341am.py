"""Hikvision face terminal for doors: the realm is its model."""

from __future__ import annotations

from camscan.demo import grammar
from camscan.demo.device import Device
from camscan.demo.wire import http, http_hikvision, sadp, silent

DEVICE = Device(
    maker="hikvision",
    brand="Hikvision",
    model="DS-K1T341AM",
    firmware="V3.2.30 build 210319",
    kind="access_control",
    oui="ac:b9:2f",
    serial=grammar.pattern_serial("DS-K1T341AM20210#1#V0302##ENF########"),
    extra={"device_type": "10503", "dsp": "V3.0 build 210319"},
    services=(
        sadp.service(),
        http.service(http_hikvision.terminal_site(), gives=("maker", "model")),
        silent.connect_only_port(8000),
    ),
)

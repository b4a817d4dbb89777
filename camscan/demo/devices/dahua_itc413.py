"""Dahua number-plate camera: RTSP asks for Basic MediaServer3.0; nothing else open."""

from __future__ import annotations

from camscan.demo import grammar
from camscan.demo.device import Device
from camscan.demo.wire import rtsp

DEVICE = Device(
    maker="dahua",
    brand="Dahua",
    model="ITC413-PW4D-Z1",
    firmware="2.625.0000000.1.R",
    oui="6c:1c:71",
    serial=grammar.dahua_serial("6F", "AK"),
    services=(rtsp.service(rtsp.dahua_answer(basic="MediaServer3.0"), gives=("maker",)),),
)

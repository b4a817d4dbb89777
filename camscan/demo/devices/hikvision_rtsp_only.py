"""Hikvision camera that can be reached by RTSP only."""

from __future__ import annotations

from camscan.demo import grammar
from camscan.demo.device import Device
from camscan.demo.wire import rtsp

DEVICE = Device(
    maker="hikvision",
    brand="Hikvision",
    model="DS-2CD1043G0-I",
    firmware="V5.5.82 build 190909",
    oui="54:c4:15",
    serial=grammar.hikvision_serial("AAWR", "D", (2019, 2019)),
    services=(rtsp.service(rtsp.hikvision_answer(both=True), gives=("maker",)),),
)

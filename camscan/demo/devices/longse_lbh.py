"""Longse camera: a resolution in its RTSP server name."""

from __future__ import annotations

from camscan.demo.device import Device
from camscan.demo.wire import rtsp

DEVICE = Device(
    maker="longse",
    brand="Longse",
    oui="20:f4:1b",
    services=(
        rtsp.service(
            rtsp.other_answer(server="Rtsp Server 1920*1080*20*2048", realm="Surveillance Server"), gives=("maker",)
        ),
    ),
)

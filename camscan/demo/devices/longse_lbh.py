"""Longse camera: a resolution in its RTSP server name."""

from __future__ import annotations

from camscan.demo.device import Device
from camscan.demo.wire import rtsp

DEVICE = Device(
    about="Longse camera: a resolution in its RTSP server name.",
    maker="longse",
    brand="Longse",
    model=None,
    firmware=None,
    kind="camera",
    is_camera_system=True,
    oui="20:f4:1b",
    services=(
        rtsp.service(rtsp.other(server="Rtsp Server 1920*1080*20*2048", realm="Surveillance Server"), gives=("maker",)),
    ),
)

"""OpenIPC firmware: its web server calls itself webserver, as newer Hikvision units do."""

from __future__ import annotations

from camscan.demo.device import Device
from camscan.demo.wire import http, rtsp

DEVICE = Device(
    about="OpenIPC firmware: its web server calls itself webserver, as newer Hikvision units do.",
    maker=None,
    brand="OpenIPC",
    model=None,
    firmware=None,
    kind="camera",
    is_camera_system=True,
    oui="00:12:16",
    services=(http.service(http.simple("webserver", "OpenIPC")), rtsp.service(rtsp.other())),
)

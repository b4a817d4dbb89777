"""OpenIPC firmware: its web server calls itself webserver, as newer Hikvision units do."""

from __future__ import annotations

from camscan.demo.device import Device
from camscan.demo.wire import http, rtsp

DEVICE = Device(
    maker=None,
    brand="OpenIPC",
    oui="00:12:16",
    services=(http.service(http.simple_site("webserver", "OpenIPC")), rtsp.service(rtsp.other_answer())),
)

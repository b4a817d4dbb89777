"""Vstarcam: its UDP 8600 answer starts with the letters DH, and is not Dahua."""

from __future__ import annotations

from camscan.demo import grammar
from camscan.demo.device import Device
from camscan.demo.wire import http, odd

DEVICE = Device(
    maker="vstarcam",
    brand="Vstarcam",
    model="C7824",
    oui="48:02:2a",
    serial=grammar.pattern_serial("VSTA######@@@@@"),
    services=(
        odd.service(8600, b"DH\x01\x01", odd.vstarcam_reply),
        http.service(http.simple_site("GoAhead-Webs", ""), port=81),
    ),
)

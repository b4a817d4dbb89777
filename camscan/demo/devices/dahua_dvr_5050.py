"""Dahua recorder of 2010: only the older discovery on UDP 5050."""

from __future__ import annotations

from camscan.demo import grammar
from camscan.demo.device import Device
from camscan.demo.wire import dahua5050, silent

DEVICE = Device(
    maker="dahua",
    brand="Dahua",
    model="DVR0404LF-AS",
    firmware="2.608.0.0",
    kind="dvr",
    oui="90:02:a9",
    serial=grammar.dahua_serial("YZ", "AB"),
    extra={"class": "DVR"},
    services=(dahua5050.service(), silent.connect_only_port(37777, "dvrip")),
)

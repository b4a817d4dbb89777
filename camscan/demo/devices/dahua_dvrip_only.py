"""Dahua camera that can be reached at its private port only."""

from __future__ import annotations

from camscan.demo import grammar
from camscan.demo.device import Device
from camscan.demo.wire import dahua5050

DEVICE = Device(
    maker="dahua",
    brand="Dahua",
    model="IPC-HFW2831T-ZS",
    firmware="2.800.0000000.16.R",
    oui="a0:bd:1d",
    serial=grammar.dahua_serial("4D", "AG"),
    services=(dahua5050.dvrip_service(),),
)

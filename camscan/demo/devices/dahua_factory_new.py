"""Dahua camera fresh from the box: not initialised, with the factory address of another subnet."""

from __future__ import annotations

from camscan.demo import grammar
from camscan.demo.device import Device
from camscan.demo.wire import dhip

DEVICE = Device(
    maker="dahua",
    brand="Dahua",
    model="IPC-HFW2831S-S-S2",
    firmware="2.820.0000000.18.R",
    oui="fc:b6:9d",
    serial=grammar.dahua_serial("8A", "AG"),
    extra={"init": "1161", "claims": "192.168.1.108"},
    services=(dhip.service(),),
)

"""Dahua camera whose DHDiscover answer fills the largest datagram."""

from __future__ import annotations

from camscan.demo import grammar
from camscan.demo.device import Device
from camscan.demo.wire import dhip, rtsp

DEVICE = Device(
    maker="dahua",
    brand="Dahua",
    model="IPC-HFW5241E-ZE",
    firmware="2.800.0000000.21.R",
    oui="38:af:29",
    once=True,
    first=90,
    serial=grammar.dahua_serial("5K", "AG"),
    services=(dhip.service(padding=55_000), rtsp.service(rtsp.dahua_answer(), gives=("maker", "serial"))),
)

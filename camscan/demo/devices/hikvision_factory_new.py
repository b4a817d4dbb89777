"""Hikvision camera fresh from the box: not activated, with the factory address of another subnet."""

from __future__ import annotations

from camscan.demo import grammar
from camscan.demo.device import Device
from camscan.demo.wire import sadp

DEVICE = Device(
    maker="hikvision",
    brand="Hikvision",
    model="DS-2CD2T47G2-L",
    firmware="V5.7.1 build 211025",
    oui="c0:6d:ed",
    serial=grammar.hikvision_serial("AAWR", "G", (2021, 2021)),
    extra={"activated": "false", "claims": "192.168.1.64", "gateway": "192.168.1.1"},
    services=(sadp.service(more=(*sadp.CLOUD, *sadp.TLS), to="both", unicast=False),),
)

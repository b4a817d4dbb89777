"""Ubiquiti camera known by its certificate."""

from __future__ import annotations

from camscan.demo.device import Certificate, Device
from camscan.demo.wire import tls

UBIQUITI = Certificate("CN=camera.ubnt.dev, OU=devint, O=Ubiquiti Networks Inc., L=Taipei, C=TW")


DEVICE = Device(
    maker="ubiquiti",
    brand="Ubiquiti",
    oui="00:15:6d",
    services=(tls.bare_tls_port(UBIQUITI, gives=("maker", "brand")),),
)

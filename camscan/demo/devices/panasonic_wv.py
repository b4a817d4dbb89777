"""Panasonic camera known by its title."""

from __future__ import annotations

from camscan.demo.device import Device
from camscan.demo.wire import http

DEVICE = Device(
    maker="panasonic",
    brand="Panasonic",
    model="WV-NS202A",
    oui="00:80:f0",
    services=(http.service(http.simple_site("", "WV-NS202A Network Camera"), gives=("maker", "brand", "model")),),
)

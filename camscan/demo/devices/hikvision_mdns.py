"""Hikvision camera known by Bonjour: its host name is its serial; SADP filtered."""

from __future__ import annotations

from camscan.demo import grammar
from camscan.demo.device import Device, Unit
from camscan.demo.wire import http, http_hikvision, mdns, rtsp


def mdns_names(unit: Unit) -> tuple[str, str, tuple[str, ...]]:
    """Instance "MODEL - end of serial"; the host name is the whole serial."""
    return f"{unit.model} - {unit.serial[-9:]}", unit.serial, ()


DEVICE = Device(
    maker="hikvision",
    brand="Hikvision",
    model="DS-2CD2083G0-I",
    firmware="V5.5.84 build 191028",
    oui="a4:14:37",
    serial=grammar.hikvision_serial("AAWR", "D", (2019, 2019)),
    services=(
        mdns.service(("_CGI._tcp", "_psia._tcp", "_http._tcp"), mdns_names, gives=("maker", "model", "serial")),
        http.service(http_hikvision.camera_site(), gives=("maker",)),
        rtsp.service(rtsp.hikvision_answer(), gives=("maker",)),
    ),
)

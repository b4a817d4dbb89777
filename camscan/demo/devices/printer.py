"""Printer: mDNS, and a web page."""

from __future__ import annotations

from camscan.demo.device import Device, Unit
from camscan.demo.wire import http, mdns


def mdns_names(unit: Unit) -> tuple[str, str, tuple[str, ...]]:
    """Instance and text, as printers have them."""
    return "Xerox Color 570", f"xrx{unit.mac_tail}", ("txtvers=1", "ty=Xerox Color 570", "rp=ipp/print")


DEVICE = Device(
    maker=None,
    brand="Xerox",
    kind="printer",
    is_camera_system=False,
    oui="00:00:aa",
    services=(
        mdns.service(("_ipp._tcp", "_printer._tcp", "_http._tcp"), mdns_names),
        http.service(http.simple_site("", "Xerox Color 570 - {ip}")),
    ),
)

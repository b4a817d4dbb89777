"""Weighing terminal of the Shanghai Dahua Scale Factory: it has Dahua in its name and is not a camera."""

from __future__ import annotations

from camscan.demo.device import Device, Unit
from camscan.demo.wire import http, mdns


def mdns_names(_unit: Unit) -> tuple[str, str, tuple[str, ...]]:
    """The factory's name as the instance."""
    return "Dahua scale 3", "dahua-scale-3", ()


DEVICE = Device(
    maker=None,
    brand="Shanghai Dahua Scale Factory",
    kind=None,
    is_camera_system=False,
    oui="00:1d:72",
    services=(
        http.service(http.simple_site("", "Shanghai Dahua Scale Factory - weighing terminal")),
        mdns.service(("_http._tcp",), mdns_names),
    ),
)

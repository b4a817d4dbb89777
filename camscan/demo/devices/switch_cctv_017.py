"""Network switch that somebody named CCTV-017."""

from __future__ import annotations

from camscan.demo.device import Device, Unit
from camscan.demo.wire import http, mdns, silent


def mdns_names(_unit: Unit) -> tuple[str, str, tuple[str, ...]]:
    """The name that the electrician chose."""
    return "CCTV-017", "cctv-017", ()


DEVICE = Device(
    maker=None,
    brand="Dell",
    kind="switch",
    is_camera_system=False,
    oui="00:06:5b",
    services=(
        http.service(http.simple_site("", "Dell OpenManage Switch Administrator")),
        mdns.service(("_http._tcp",), mdns_names),
        silent.greeting_port(23, b"CCTV-017 login: ", "telnet"),
    ),
)

"""Redirects to itself for ever."""

from __future__ import annotations

from camscan.demo.device import Device, Unit
from camscan.demo.wire import http


def redirect_on(unit: Unit, asked: http.HttpRequest) -> bytes:
    """Redirect to the next page, one number further each time."""
    step = len(asked.path)
    target = f"http://{unit.ip}:{unit.port(80)}/{'a' * step}"
    return http.make_reply("302 Found", (("Location", target), ("Connection", "close")))


DEVICE = Device(
    maker=None,
    kind=None,
    is_camera_system=None,
    oui="02:00:5e",
    once=True,
    hostile=True,
    first=90,
    services=(http.service(redirect_on),),
)

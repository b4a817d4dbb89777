"""Redirects to an address outside the estate."""

from __future__ import annotations

from camscan.demo.device import Device, Unit
from camscan.demo.wire import http


def redirect_away(_unit: Unit, asked: http.HttpRequest) -> bytes:
    """Redirect to a documentation address (RFC 5737), which must never be asked."""
    return http.make_reply("302 Found", (("Location", f"http://192.0.2.80{asked.path}"), ("Connection", "close")))


DEVICE = Device(
    maker=None,
    kind=None,
    is_camera_system=None,
    oui="02:00:5e",
    once=True,
    hostile=True,
    first=90,
    services=(http.service(redirect_away),),
)

"""Router with the GoAhead web server."""

from __future__ import annotations

from camscan.demo.device import Device
from camscan.demo.wire import http

DEVICE = Device(
    maker=None,
    kind="router",
    is_camera_system=False,
    oui="00:14:78",
    services=(
        http.service(
            http.simple_site(
                "GoAhead-Webs", "", status="401 Unauthorized", extra=(("WWW-Authenticate", 'Basic realm="GoAhead"'),)
            ),
        ),
    ),
)

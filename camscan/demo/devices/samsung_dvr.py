"""Samsung recorder known by the title of its page."""

from __future__ import annotations

from camscan.demo.device import Device
from camscan.demo.wire import http

DEVICE = Device(
    maker="hanwha",
    brand="Samsung",
    kind="dvr",
    oui="00:09:18",
    services=(http.service(http.simple_site("", "Web Viewer for Samsung DVR"), gives=("brand",)),),
)

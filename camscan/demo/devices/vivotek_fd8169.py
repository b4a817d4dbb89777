"""Vivotek dome that insists on exact WS-Discovery types."""

from __future__ import annotations

from camscan.demo.device import Device
from camscan.demo.wire import http, onvif, wsd

DEVICE = Device(
    maker="vivotek",
    brand="Vivotek",
    model="FD8169A",
    oui="00:02:d1",
    services=(
        wsd.service(
            wsd.gsoap_envelope(
                "type/video_encoder Profile/Streaming hardware/{model} name/VIVOTEK%20{model} location/"
            ),
            gives=("maker", "brand", "model"),
        ),
        http.service(onvif.with_onvif(http.simple_site("Boa/0.94.14rc21", "Network Camera"))),
    ),
)

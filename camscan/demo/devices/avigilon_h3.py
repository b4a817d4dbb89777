"""Avigilon camera: RTSP server and certificate name it."""

from __future__ import annotations

from camscan.demo.device import Certificate, Device
from camscan.demo.wire import rtsp, tls

AVIGILON = Certificate(
    "CN=AVIGILON-CAMERA-5.0-H3-DP1-1242900, OU=Certification Manager, O=Avigilon Corporation, L=Vancouver,"
    " ST=British Columbia, C=CA"
)


DEVICE = Device(
    maker="avigilon",
    brand="Avigilon",
    model="5.0-H3-DP1",
    oui="00:18:85",
    services=(
        rtsp.service(rtsp.other_answer(server="AvigilonOnvifNvt/2.6.0.130"), gives=("maker", "brand")),
        tls.bare_tls_port(AVIGILON, gives=("maker", "brand", "model")),
    ),
)

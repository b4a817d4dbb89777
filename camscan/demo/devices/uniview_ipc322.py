"""Uniview camera: ONVIF names it."""

from __future__ import annotations

from camscan.demo.device import Device
from camscan.demo.wire import http, onvif, rtsp, wsd

DEVICE = Device(
    maker="uniview",
    brand="Uniview",
    model="IPC322ER3-DUVPF28-C",
    oui="48:ea:63",
    services=(
        wsd.service(
            wsd.gsoap_envelope(
                "Profile/Streaming type/NetworkVideoTransmitter name/UNIVIEW hardware/{model} location/"
            ),
            gives=("maker", "brand", "model"),
        ),
        http.service(onvif.with_onvif(http.simple_site("", "UNIVIEW"))),
        rtsp.service(rtsp.other_answer(realm="UniviewRTSP")),
    ),
)

"""Hanwha camera: its own broadcast protocol and ONVIF."""

from __future__ import annotations

from camscan.demo.device import Device
from camscan.demo.wire import http, odd, onvif, rtsp, wsd

DEVICE = Device(
    maker="hanwha",
    brand="Hanwha",
    model="XND-6080",
    oui="00:09:18",
    services=(
        odd.service(7701, b"\x01", odd.hanwha_reply),
        wsd.service(
            wsd.gsoap_envelope(
                "Profile/Streaming type/ptz type/video_encoder hardware/{model} name/HANWHA%20{model} location/"
            ),
            gives=("maker", "brand", "model"),
        ),
        http.service(onvif.onvif_only_site()),
        rtsp.service(rtsp.other_answer(realm="iPolis_{mac}")),
    ),
)

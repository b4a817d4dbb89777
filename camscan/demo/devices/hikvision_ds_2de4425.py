"""Hikvision pan-tilt-zoom camera with ONVIF on."""

from __future__ import annotations

from camscan.demo import grammar
from camscan.demo.device import Device
from camscan.demo.wire import http, http_hikvision, rtsp, sadp, silent, wsd

DEVICE = Device(
    maker="hikvision",
    brand="Hikvision",
    model="DS-2DE4425IW-DE",
    firmware="V5.5.22 build 190314",
    oui="4c:bd:8f",
    serial=grammar.hikvision_serial("CCWR", "D", (2019, 2019)),
    extra={"device_type": "33538", "dsp": "V7.3 build 190128"},
    services=(
        sadp.service(more=sadp.CLOUD),
        wsd.service(
            wsd.hikvision_envelope(profiles="Streaming G", types="video_encoder audio_encoder ptz"),
            gives=("maker", "brand", "model", "mac"),
        ),
        http.service(http_hikvision.camera_site(onvif_on=True), gives=("maker",)),
        rtsp.service(rtsp.hikvision_answer(), gives=("maker",)),
        silent.connect_only_port(8000),
    ),
)

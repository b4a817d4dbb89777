"""Hikvision thermal camera that measures body temperature; a slash in its model."""

from __future__ import annotations

from camscan.demo import grammar
from camscan.demo.device import Device
from camscan.demo.wire import http, http_hikvision, rtsp, sadp, silent, wsd

DEVICE = Device(
    maker="hikvision",
    brand="Hikvision",
    model="DS-2TD2617-10/PA",
    firmware="V5.5.33 build 200915",
    oui="98:df:82",
    serial=grammar.hikvision_serial("AAWR", "E", (2020, 2020)),
    extra={"device_type": "35336", "dsp": "V5.0 build 200908"},
    services=(
        sadp.service(more=sadp.CLOUD, end="\0"),
        wsd.service(
            wsd.hikvision_envelope(types="video_encoder audio_encoder"), gives=("maker", "brand", "model", "mac")
        ),
        http.service(http_hikvision.camera_site(onvif_on=True), gives=("maker",)),
        rtsp.service(rtsp.hikvision_answer(), gives=("maker",)),
        silent.connect_only_port(8000),
    ),
)

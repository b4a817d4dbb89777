"""Hikvision turret of 2020: SADP, ONVIF, web, RTSP and SDK over TLS all on."""

from __future__ import annotations

from camscan.demo import grammar
from camscan.demo.device import Device
from camscan.demo.wire import http, http_hikvision, rtsp, sadp, silent, tls, wsd

DEVICE = Device(
    maker="hikvision",
    brand="Hikvision",
    model="DS-2CD2385G1-I",
    firmware="V5.6.2 build 190701",
    oui="58:50:ed",
    serial=grammar.hikvision_serial("AAWR", "E", (2020, 2020)),
    first=1,
    services=(
        sadp.service(more=(*sadp.CLOUD, *sadp.TLS), greets=True),
        wsd.service(
            wsd.hikvision_envelope(profiles="Streaming G T", types="video_encoder"),
            gives=("maker", "brand", "model", "mac"),
        ),
        http.service(http_hikvision.camera_site(onvif_on=True), gives=("maker",)),
        rtsp.service(rtsp.hikvision_answer(), gives=("maker",)),
        silent.connect_only_port(8000),
        tls.bare_tls_port(tls.HIKVISION_BAKED, port=8443, gives=("maker",)),
    ),
)

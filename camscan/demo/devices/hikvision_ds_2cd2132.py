"""Hikvision dome of 2014: basic authentication only, ONVIF on, SADP without IPv6."""

from __future__ import annotations

from camscan.demo import grammar
from camscan.demo.device import Device
from camscan.demo.wire import http, http_hikvision, rtsp, sadp, silent, wsd

DEVICE = Device(
    maker="hikvision",
    brand="Hikvision",
    model="DS-2CD2132-I",
    firmware="V5.2.0 build 140721",
    oui="28:57:be",
    serial=grammar.hikvision_serial("CCWR", "", (2014, 2014)),
    extra={"device_type": "30722", "dsp": "V5.0, build 140714"},
    services=(
        sadp.service(ipv6=False),
        wsd.service(
            wsd.hikvision_envelope(profiles="Streaming", types="video_encoder", mac=False),
            gives=("maker", "brand", "model", "mac"),
        ),
        http.service(http_hikvision.oldest_site(onvif_on=True), gives=("maker",)),
        rtsp.service(rtsp.hikvision_answer(), gives=("maker",)),
        silent.connect_only_port(8000),
    ),
)

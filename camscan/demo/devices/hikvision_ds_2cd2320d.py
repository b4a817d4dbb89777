"""Hikvision camera of 2018: ONVIF off, an empty Server header, CRLF between SADP elements."""

from __future__ import annotations

from camscan.demo import grammar
from camscan.demo.device import Device
from camscan.demo.wire import http, http_hikvision, rtsp, sadp, silent

DEVICE = Device(
    maker="hikvision",
    brand="Hikvision",
    model="DS-2CD2320D-I",
    firmware="V5.5.6 build 180326",
    oui="44:47:cc",
    serial=grammar.hikvision_serial("AACH", "C", (2018, 2018)),
    first=5,
    extra={"device_type": "142378", "dsp": "V7.3 build 180326", "dhcp": "true", "boot": "2024-09-18 09:21:28"},
    services=(
        sadp.service(more=(*sadp.CLOUD, ("DeviceLock", "true")), newline="\r\n"),
        http.service(http_hikvision.camera_site(server=""), gives=("maker",)),
        rtsp.service(rtsp.hikvision_answer(), gives=("maker",)),
        silent.connect_only_port(8000),
    ),
)

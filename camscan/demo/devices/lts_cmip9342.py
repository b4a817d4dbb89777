"""LTS: the maker is hidden everywhere except in the SADP answer."""

from __future__ import annotations

from camscan.demo import grammar
from camscan.demo.device import Device
from camscan.demo.wire import http, rtsp, sadp

DEVICE = Device(
    maker="hikvision",
    brand="LTS",
    model="CMIP9342W-28M",
    firmware="V5.5.53 build 180730",
    oui="14:2f:fd",
    serial=grammar.hikvision_serial("AAWR", "C", (2018, 2018)),
    extra={"wsd_name": "LTS CMIP9342W-28M"},
    services=(
        sadp.service(more=sadp.CLOUD),
        http.service(http.simple_site("webserver", "Login")),
        rtsp.service(rtsp.other_answer()),
    ),
)

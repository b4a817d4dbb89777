"""Hikvision camera of 2017 that answers SADP only to the multicast group."""

from __future__ import annotations

from camscan.demo import grammar
from camscan.demo.device import Device
from camscan.demo.wire import http, http_hikvision, rtsp, sadp, silent

DEVICE = Device(
    maker="hikvision",
    brand="Hikvision",
    model="DS-2CD5026EFWD-A",
    firmware="V5.5.0 build 170914",
    oui="64:db:8b",
    serial=grammar.hikvision_serial("AACH", "", (2017, 2017)),
    extra={"device_type": "140071", "dsp": "V7.3 build 170818", "boot": "1970-02-10 05:19:22"},
    services=(
        sadp.service(more=sadp.CLOUD, to="group", unicast=False),
        http.service(http_hikvision.camera_site(server=""), gives=("maker",)),
        rtsp.service(rtsp.hikvision_answer(), gives=("maker",)),
        silent.connect_only_port(8000),
    ),
)

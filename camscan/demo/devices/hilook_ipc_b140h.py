"""HiLook: a house brand whose model does not say Hikvision."""

from __future__ import annotations

from camscan.demo import grammar
from camscan.demo.device import Device
from camscan.demo.wire import http, http_hikvision, rtsp, sadp, silent

DEVICE = Device(
    maker="hikvision",
    brand="HiLook",
    model="IPC-B140H",
    firmware="V5.5.82 build 190909",
    oui="94:e1:ac",
    serial=grammar.hikvision_serial("AAWR", "D", (2019, 2019)),
    services=(
        sadp.service(more=sadp.CLOUD),
        http.service(http_hikvision.camera_site(server="webserver", owner="HiLook"), gives=("maker",)),
        rtsp.service(rtsp.hikvision_answer(), gives=("maker",)),
        silent.connect_only_port(8000),
    ),
)

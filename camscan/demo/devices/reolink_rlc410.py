"""Reolink camera: port 8000 open like Hikvision, its own protocol on 9000."""

from __future__ import annotations

from camscan.demo.device import Device
from camscan.demo.wire import http, onvif, rtsp, silent, wsd

DEVICE = Device(
    maker="reolink",
    brand="Reolink",
    model="RLC-410",
    oui="ec:71:db",
    extra={"onvif_port": "8000"},
    services=(
        wsd.service(
            wsd.gsoap_envelope("Profile/Streaming name/IPC-BO hardware/IPC-BO location/china type/video_encoder"),
        ),
        http.service(http.simple_site("nginx", "Reolink"), gives=("brand",)),
        rtsp.service(rtsp.other_answer(realm="BC Streaming Media")),
        http.service(onvif.onvif_only_site(), port=8000),
        silent.connect_only_port(9000),
    ),
)

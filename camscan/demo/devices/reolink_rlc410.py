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
            wsd.soap_env("Profile/Streaming name/IPC-BO hardware/IPC-BO location/china type/video_encoder"),
        ),
        http.service(http.simple("nginx", "Reolink"), gives=("brand",)),
        rtsp.service(rtsp.other(realm="BC Streaming Media")),
        http.service(onvif.only(), port=8000),
        silent.port(9000),
    ),
)

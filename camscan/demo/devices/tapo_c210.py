"""TP-Link Tapo camera whose RTSP date is nearly that of Hikvision (one space, not two)."""

from __future__ import annotations

from camscan.demo.device import Device
from camscan.demo.wire import http, onvif, rtsp, wsd

DEVICE = Device(
    maker="tplink",
    brand="TP-Link Tapo",
    model="C210",
    oui="00:0a:eb",
    extra={"onvif_port": "2020"},
    services=(
        wsd.service(
            wsd.gsoap_envelope("name/TAPO hardware/{model} Profile/Streaming location/ type/NetworkVideoTransmitter")
        ),
        rtsp.service(
            rtsp.other_answer(
                date="Tue, May 14 2024 09:30:01 GMT",
                public="OPTIONS, DESCRIBE, SETUP, TEARDOWN, PLAY, GET_PARAMETER, SET_PARAMETER",
                realm="TP-Link IP-Camera",
            ),
        ),
        http.service(onvif.onvif_only_site(server="gSOAP/2.8"), port=2020),
    ),
)

"""Hikvision AcuSense camera of 2024: web server without a name, digest and basic offered together."""

from __future__ import annotations

from camscan.demo import grammar
from camscan.demo.device import Device
from camscan.demo.wire import http, http_hikvision, rtsp, sadp, silent

DEVICE = Device(
    maker="hikvision",
    brand="Hikvision",
    model="DS-2CD2146G2-ISU",
    firmware="V5.7.17 build 240606",
    oui="e0:ca:3c",
    serial=grammar.hikvision_serial("AAWR", "G", (2021, 2022)),
    extra={"device_type": "141953", "dsp": "V7.3 build 240516"},
    services=(
        sadp.service(more=(*sadp.CLOUD, ("DetailOEMCode", "1"), *sadp.TLS)),
        http.service(
            http_hikvision.camera_site(server="webserver", gate="/doc/index.html", basic=True), gives=("maker",)
        ),
        rtsp.service(rtsp.hikvision_answer(both=True), gives=("maker",)),
        silent.connect_only_port(8000),
    ),
)

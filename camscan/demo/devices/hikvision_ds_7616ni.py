"""Hikvision network recorder of 2023: opaque realm, SADP answered to the asker and to the group."""

from __future__ import annotations

from camscan.demo import grammar
from camscan.demo.device import Device
from camscan.demo.wire import http, http_hikvision, rtsp, sadp, silent

DEVICE = Device(
    maker="hikvision",
    brand="Hikvision",
    model="DS-7616NI-K2",
    firmware="V4.61.030 build 230821",
    kind="nvr",
    oui="bc:5e:33",
    serial=grammar.hikvision_serial("CCRR", "J", (2022, 2022), channels="16", tail="WCVU"),
    extra={"device_type": "76041", "dsp": "V5.0, build 230815", "analog": "0", "digital": "16"},
    services=(
        sadp.service(recorder=True, to="both"),
        http.service(http_hikvision.recorder_site(onvif_on=True), gives=("maker",)),
        rtsp.service(rtsp.hikvision_answer(), gives=("maker",)),
        silent.connect_only_port(8000),
    ),
)

"""Hikvision recorder of 2015: realm DVRNVRDVS, TLS 1.0 only, Telnet open."""

from __future__ import annotations

from camscan.demo import grammar
from camscan.demo.device import Device
from camscan.demo.wire import http, http_hikvision, rtsp, silent, tls

DEVICE = Device(
    maker="hikvision",
    brand="Hikvision",
    model="DS-7208HGHI-SH",
    firmware="V3.1.13 build 150701",
    kind="dvr",
    oui="c0:56:e3",
    serial=grammar.hikvision_serial("CCWR", "", (2015, 2015), channels="08", tail="WCVU"),
    extra={"device_type": "42017", "dsp": "V5.0, build 150608", "analog": "8", "digital": "2"},
    services=(
        http.service(http_hikvision.recorder_site(realm="DVRNVRDVS"), gives=("maker",)),
        http.service(
            http_hikvision.recorder_site(realm="DVRNVRDVS"),
            port=443,
            gives=("maker",),
            certificate=tls.HIKVISION_RECORDER,
            certificate_gives=("maker",),
        ),
        rtsp.service(rtsp.old_hikvision_answer, gives=("maker",)),
        silent.greeting_port(23, b"192.0.0.64 login: ", "telnet"),
        silent.connect_only_port(8000),
    ),
)

"""Hikvision door station: a certificate that every unit shares."""

from __future__ import annotations

from camscan.demo import grammar
from camscan.demo.device import Device
from camscan.demo.wire import http, http_hikvision, rtsp, sadp, silent, tls

DEVICE = Device(
    maker="hikvision",
    brand="Hikvision",
    model="DS-KV6113-WPE1",
    firmware="V2.2.45 build 211028",
    kind="intercom",
    oui="bc:ad:28",
    serial=grammar.hikvision_serial("WR", "F", (2020, 2021), channels="01"),
    extra={"device_type": "10510", "dsp": "V1.0 build 211020"},
    services=(
        sadp.service(),
        http.service(http_hikvision.terminal_site()),
        http.service(
            http_hikvision.terminal_site(), port=443, certificate=tls.HIKVISION_BAKED, certificate_gives=("maker",)
        ),
        rtsp.service(rtsp.hikvision_answer(), gives=("maker",)),
        silent.connect_only_port(8000),
    ),
)

"""ANNKE recorder: a web server name of its own, the maker seen by SADP alone."""

from __future__ import annotations

from camscan.demo import grammar
from camscan.demo.device import Device
from camscan.demo.wire import http, rtsp, sadp, silent

DEVICE = Device(
    maker="hikvision",
    brand="Annke",
    model="N46PCK",
    firmware="V4.1.60 build 190712",
    kind="nvr",
    oui="c0:51:7e",
    serial=grammar.hikvision_serial("CCRR", "D", (2019, 2019), channels="16", tail="WCVU"),
    extra={"digital": "16"},
    services=(
        sadp.service(recorder=True),
        http.service(http.simple_site("MWS 0.01", "Login"), gives=("brand",)),
        rtsp.service(rtsp.hikvision_answer(), gives=("maker",)),
        silent.connect_only_port(8000),
    ),
)

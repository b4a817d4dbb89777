"""CP Plus: the brand in the ONVIF name."""

from __future__ import annotations

from camscan.demo import grammar
from camscan.demo.device import Device
from camscan.demo.wire import http, http_dahua, rtsp, wsd

DEVICE = Device(
    maker="dahua",
    brand="CP Plus",
    model="CP-UNC-DA21PL3-Y",
    firmware="2.800.0000000.7.R",
    oui="38:af:29",
    serial=grammar.pattern_serial("CP6A%%%%%PAZ%%%%%"),
    services=(
        wsd.service(wsd.dahua_envelope(brand="CPPLUS"), gives=("maker", "brand", "model")),
        http.service(
            http_dahua.older_site(title="", body='<div class="cpplus_bottom"></div>', realm=http_dahua.hashed_realm),
            gives=("maker", "brand"),
        ),
        rtsp.service(rtsp.dahua_answer(hashed=True), gives=("maker",)),
    ),
)

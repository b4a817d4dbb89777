"""Amcrest: named by ONVIF on port 8088; DHDiscover filtered."""

from __future__ import annotations

from camscan.demo import grammar
from camscan.demo.device import Device
from camscan.demo.wire import http, http_dahua, rtsp, wsd

DEVICE = Device(
    maker="dahua",
    brand="Amcrest",
    model="IP2M-841B",
    firmware="2.400.AC02.15.R",
    oui="9c:8e:cd",
    serial=grammar.pattern_serial("AMC0##%%%%%%%"),
    extra={"onvif_port": "8088"},
    services=(
        wsd.service(
            wsd.dahua_envelope(brand="Amcrest", more=("Profile/Q/Operational",)), gives=("maker", "brand", "model")
        ),
        http.service(
            http_dahua.older_site(title="", body='<a href="http://www.amcrest.com">Amcrest</a>'),
            gives=("maker", "brand"),
        ),
        http.service(http_dahua.older_site(), port=8088, gives=("maker",)),
        rtsp.service(rtsp.dahua_answer(), gives=("maker",)),
    ),
)

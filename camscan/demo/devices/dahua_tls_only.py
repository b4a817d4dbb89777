"""Dahua camera that can be reached by HTTPS only: the issuer names the maker."""

from __future__ import annotations

from camscan.demo import grammar
from camscan.demo.device import Device
from camscan.demo.wire import http, http_dahua, tls

DEVICE = Device(
    maker="dahua",
    brand="Dahua",
    model="IPC-HDBW3441E-AS",
    firmware="2.800.0000000.29.R",
    oui="c0:39:5a",
    serial=grammar.dahua_serial("7D", "AG"),
    services=(
        http.service(
            http_dahua.newer_site(),
            port=443,
            gives=("maker",),
            certificate=tls.DAHUA_PRODUCT,
            certificate_gives=("maker",),
        ),
    ),
)

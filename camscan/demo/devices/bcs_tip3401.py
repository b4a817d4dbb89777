"""BCS: vendor General, the brand only in the model."""

from __future__ import annotations

from camscan.demo import grammar
from camscan.demo.device import Device
from camscan.demo.wire import dhip, rtsp

DEVICE = Device(
    maker="dahua",
    brand="BCS",
    model="BCS-TIP3401IR-E-V",
    firmware="2.800.106F004.0.R",
    oui="38:c4:e8",
    serial=grammar.dahua_serial("6J", "AG"),
    extra={"vendor": "General", "manufacturer": "General"},
    services=(
        dhip.service(gives=("maker", "brand", "model", "firmware", "serial", "mac")),
        rtsp.service(rtsp.dahua_answer(hashed=True), gives=("maker",)),
    ),
)

"""EZVIZ consumer camera: SADP of the older form with OEMInfo, cloud ports only."""

from __future__ import annotations

from camscan.demo import grammar
from camscan.demo.device import Device
from camscan.demo.wire import sadp, silent

DEVICE = Device(
    maker="hikvision",
    brand="EZVIZ",
    model="CS-C6N",
    firmware="V5.2.8 build 200906",
    oui="f4:70:18",
    serial=grammar.hikvision_serial("CCRR", "D", (2019, 2020)),
    extra={"device_type": "11501", "dsp": "V5.0, build 200822"},
    services=(
        sadp.service(recorder=True, ipv6=False, gives=("maker", "brand", "model", "firmware", "serial", "mac")),
        silent.connect_only_port(8000),
    ),
)

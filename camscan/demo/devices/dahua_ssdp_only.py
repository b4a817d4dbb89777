"""Dahua recorder known by SSDP alone: the serial is in the header."""

from __future__ import annotations

from camscan.demo import grammar
from camscan.demo.device import Device
from camscan.demo.wire import ssdp

DEVICE = Device(
    maker="dahua",
    brand="Dahua",
    model="DHI-NVR4108HS-P-4KS2",
    firmware="3.216.0000000.0.R",
    kind="nvr",
    oui="9c:14:63",
    serial=grammar.dahua_serial("1L", "AW"),
    services=(
        ssdp.service(
            server="Linux/3.8.8, UPnP/1.0, ZheJiang Dahua Technology CO.,LTD. Upnp SDK",
            location="http://{ip}:49152/upnp_device_desc.xml",
            st="urn:schemas-upnp-org:device:3.0-{serial}",
            usn="uuid:www.dahuatech.com.device_3_0-{serial}",
            more=("X-User-Agent: redsonic",),
            gives=("maker", "serial"),
        ),
    ),
)

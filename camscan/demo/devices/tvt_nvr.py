"""TVT recorder: UPnP type EmbeddedNetDevice, as Hikvision has."""

from __future__ import annotations

from camscan.demo.device import Device
from camscan.demo.wire import http, silent, ssdp

DEVICE = Device(
    maker="tvt",
    kind="nvr",
    oui="00:18:ae",
    services=(
        ssdp.service(
            server="Linux/3.0.8, UPnP/1.0, Portable SDK for UPnP devices/1.6.6",
            location="http://{ip}:49152/upnpdevicedesc.xml",
            st="urn:schemas-upnp-org:device:EmbeddedNetDevice:1",
            usn="uuid:{uuid}::urn:schemas-upnp-org:device:EmbeddedNetDevice:1",
        ),
        http.service(http.simple_site("", "WEB CLIENT")),
        silent.connect_only_port(8000),
    ),
)

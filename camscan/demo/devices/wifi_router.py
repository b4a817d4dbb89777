"""Home router that answers SSDP as an internet gateway."""

from __future__ import annotations

from camscan.demo.device import Device
from camscan.demo.wire import http, ssdp

DEVICE = Device(
    maker=None,
    kind="router",
    is_camera_system=False,
    oui="00:14:78",
    services=(
        ssdp.service(
            server="Netgear/1.0 UPnP/1.0 miniupnpd/1.0",
            location="http://{ip}:5000/rootDesc.xml",
            st="urn:schemas-upnp-org:device:InternetGatewayDevice:1",
            usn="uuid:{uuid}::urn:schemas-upnp-org:device:InternetGatewayDevice:1",
        ),
        http.service(
            http.simple_site(
                "Router Webserver",
                "",
                status="401 Unauthorized",
                extra=(("WWW-Authenticate", 'Basic realm="TP-LINK Wireless N Access Point WA801N"'),),
            )
        ),
    ),
)

"""Television that answers SSDP."""

from __future__ import annotations

from camscan.demo.device import Device
from camscan.demo.wire import ssdp

DEVICE = Device(
    maker=None,
    brand="Sony",
    kind="media",
    is_camera_system=False,
    oui="cc:98:8b",
    services=(
        ssdp.service(
            server="Android/1.6 UPnP/1.0 Huey Sample DMR/0.1",
            location="http://{ip}:52323/MediaRenderer.xml",
            st="urn:schemas-upnp-org:service:AVTransport:1",
            usn="uuid:{uuid}::urn:schemas-upnp-org:service:AVTransport:1",
            more=('X-AV-Server-Info: av=5.0; hn=""; cn="Sony Corporation"; mn="Huey Sample DMR"; mv="0.1";',),
            notify=True,
        ),
    ),
)

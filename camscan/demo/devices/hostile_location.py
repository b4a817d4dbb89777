"""SSDP answer whose LOCATION lies outside the estate."""

from __future__ import annotations

from camscan.demo.device import Device
from camscan.demo.wire import ssdp

DEVICE = Device(
    maker=None,
    kind=None,
    is_camera_system=None,
    oui="02:00:5e",
    once=True,
    hostile=True,
    first=90,
    services=(
        ssdp.service(
            server="Linux UPnP/1.0 IpCamera/1.0",
            location="http://192.0.2.82:49152/upnp_device_desc.xml",
            st="upnp:rootdevice",
            usn="uuid:{uuid}::upnp:rootdevice",
        ),
    ),
)

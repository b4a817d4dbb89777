"""No-name camera that copies the scope unique_identifier so that Dahua recorders take it."""

from __future__ import annotations

from camscan.demo.device import Device
from camscan.demo.wire import rtsp, wsd

DEVICE = Device(
    about="No-name camera that copies the scope unique_identifier so that Dahua recorders take it.",
    maker=None,
    brand=None,
    model="T5-IPC",
    firmware=None,
    kind="camera",
    is_camera_system=True,
    oui="20:f4:1b",
    services=(
        wsd.service(
            wsd.soap_env(
                "location/country/china name/IPC hardware/{model} Profile/Streaming type/Network_Video_Transmitter"
                " extension/unique_identifier",
            ),
        ),
        rtsp.service(rtsp.other(server="GStreamer RTSP server")),
    ),
)

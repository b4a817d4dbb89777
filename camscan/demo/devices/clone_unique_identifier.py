"""No-name camera that copies the scope unique_identifier so that Dahua recorders take it."""

from __future__ import annotations

from camscan.demo.device import Device
from camscan.demo.wire import http, onvif, rtsp, wsd

DEVICE = Device(
    maker=None,
    model="T5-IPC",
    oui="20:f4:1b",
    services=(
        wsd.service(
            wsd.gsoap_envelope(
                "location/country/china name/IPC hardware/{model} Profile/Streaming type/Network_Video_Transmitter"
                " extension/unique_identifier",
            ),
        ),
        http.service(onvif.onvif_only_site()),
        rtsp.service(rtsp.other_answer(server="GStreamer RTSP server")),
    ),
)

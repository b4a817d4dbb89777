"""No-name camera whose WS-Discovery copies the onvifext namespaces of Hikvision."""

from __future__ import annotations

from camscan.demo.device import Device
from camscan.demo.wire import http, onvif, rtsp, wsd

DEVICE = Device(
    maker=None,
    brand="IPCAM",
    model="631GA",
    oui="20:f4:1b",
    services=(
        wsd.service(
            wsd.gsoap_envelope(
                "Profile/Streaming Model/{model} Name/IPCAM location/country/china",
                namespaces=' xmlns:hikwsd="http://www.onvifext.com/onvif/ext/ver10/wsdl"'
                ' xmlns:hikxsd="http://www.onvifext.com/onvif/ext/ver10/schema"',
            ),
        ),
        http.service(onvif.with_onvif(http.simple_site("Hipcam RealServer/V1.0", "IPCAM"), prefix="s")),
        rtsp.service(rtsp.other_answer(server="Hipcam RealServer/V1.0")),
    ),
)

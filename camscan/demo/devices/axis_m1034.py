"""Axis camera: mDNS, ONVIF and RTSP all say so."""

from __future__ import annotations

from camscan.demo.device import Device, Unit
from camscan.demo.wire import http, mdns, onvif, rtsp, silent, wsd


def mdns_names(unit: Unit) -> tuple[str, str, tuple[str, ...]]:
    """Instance "AXIS MODEL - MAC", and the MAC again in the text record."""
    mac = unit.mac_tail.upper()
    return f"AXIS {unit.model} - {mac}", f"axis-{mac.lower()}", (f"macaddress={mac}",)


DEVICE = Device(
    maker="axis",
    brand="Axis",
    model="M1034-W",
    oui="00:40:8c",
    services=(
        mdns.service(("_axis-video._tcp", "_rtsp._tcp"), mdns_names, gives=("maker", "brand", "model", "mac")),
        wsd.service(
            wsd.gsoap_envelope(
                "type/video_encoder Profile/Streaming type/audio_encoder hardware/{model} name/AXIS%20{model}"
                " location/",
                xaddrs="http://169.254.180.212/onvif/device_service {own}",
            ),
            gives=("maker", "brand", "model"),
        ),
        http.service(onvif.with_onvif(http.simple_site("", "AXIS")), gives=("maker", "brand")),
        rtsp.service(rtsp.other_answer(realm="AXIS_{mac}"), gives=("maker", "mac")),
        silent.greeting_port(21, b"220 AXIS M1034-W Network Camera 5.50.4 (2014) ready.\r\n", "ftp"),
    ),
)

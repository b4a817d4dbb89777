"""Axis camera: mDNS, ONVIF and RTSP all say so."""

from __future__ import annotations

from camscan.demo.device import Device, Unit
from camscan.demo.wire import http, mdns, onvif, rtsp, silent, wsd


def names(unit: Unit) -> tuple[str, str, tuple[str, ...]]:
    """Instance "AXIS MODEL - MAC", and the MAC again in the text record."""
    mac = unit.mac_tail.upper()
    return f"AXIS {unit.model} - {mac}", f"axis-{mac.lower()}", (f"macaddress={mac}",)


DEVICE = Device(
    maker="axis",
    brand="Axis",
    model="M1034-W",
    oui="00:40:8c",
    services=(
        mdns.service(("_axis-video._tcp", "_rtsp._tcp"), names, gives=("maker", "brand", "model", "mac")),
        wsd.service(
            wsd.soap_env(
                "type/video_encoder Profile/Streaming type/audio_encoder hardware/{model} name/AXIS%20{model}"
                " location/",
                xaddrs="http://169.254.180.212/onvif/device_service {own}",
            ),
            gives=("maker", "brand", "model"),
        ),
        http.service(onvif.beside(http.simple("", "AXIS")), gives=("maker", "brand")),
        rtsp.service(rtsp.other(realm="AXIS_{mac}"), gives=("maker", "mac")),
        silent.says(21, b"220 AXIS M1034-W Network Camera 5.50.4 (2014) ready.\r\n", "ftp"),
    ),
)

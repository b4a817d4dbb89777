"""Foscam camera: country/china in its scopes, the MAC at the end of its UUID."""

from __future__ import annotations

from camscan.demo.device import Device
from camscan.demo.wire import http, onvif, wsd

DEVICE = Device(
    maker="foscam",
    brand="Foscam",
    model="C1",
    oui="c4:d6:55",
    extra={"onvif_port": "888"},
    services=(
        wsd.service(
            wsd.gsoap_envelope(
                "type/manufacturer/FOSCAM type/video_encoder type/network_video_transmitter"
                " name/{model} hardware/{model} Profile/Streaming location/country/china location/city/Shenzhen",
                sequence=False,
                newline="\n",
                mac_tail=True,
                version=0,
                prolog='<?xml version="1.0" encoding="utf-8" ?>',
                message_id="urn:uuid:",
            ),
            gives=("maker", "brand", "model", "mac"),
        ),
        http.service(http.simple_site("lighttpd/1.4.35", "IPCam Client"), port=88),
        http.service(onvif.onvif_only_site(), port=888),
    ),
)

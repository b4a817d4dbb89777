"""Dahua network recorder: certificate issued by "NVR", serial in its SSDP answer."""

from __future__ import annotations

from camscan.demo import grammar
from camscan.demo.device import Device
from camscan.demo.wire import dahua5050, dhip, http, http_dahua, rtsp, ssdp, tls

DEVICE = Device(
    maker="dahua",
    brand="Dahua",
    model="DHI-NVR5216-16P-4KS2E",
    firmware="4.001.0000000.2.R",
    kind="nvr",
    oui="e0:50:8b",
    serial=grammar.dahua_serial("5G", "AZ"),
    first=11,
    extra={"class": "NVR", "inputs": "0", "remote": "16", "init": "2714"},
    services=(
        dhip.service(),
        ssdp.service(
            server="Linux/3.8.8, UPnP/1.0, ZheJiang Dahua Technology CO.,LTD. Upnp SDK",
            location="http://{ip}:49152/upnp_device_desc.xml",
            st="uuid:www.dahuatech.com.device_3_0-{serial}",
            usn="uuid:www.dahuatech.com.device_3_0-{serial}",
            more=("X-User-Agent: redsonic",),
            gives=("maker", "serial"),
            notify=True,
        ),
        http.service(http_dahua.newer_site(), gives=("maker",)),
        http.service(
            http_dahua.newer_site(),
            port=443,
            gives=("maker",),
            certificate=tls.DAHUA_RECORDER,
            certificate_gives=("maker",),
        ),
        rtsp.service(rtsp.dahua_answer(hashed=True), gives=("maker",)),
        dahua5050.dvrip_service(hashed=True),
    ),
)

"""Xiongmai recorder: uc-httpd, H264DVR, private port 34567."""

from __future__ import annotations

from camscan.demo import grammar
from camscan.demo.device import Device
from camscan.demo.wire import http, odd, rtsp, silent

DEVICE = Device(
    maker="xiongmai",
    kind="dvr",
    oui="00:12:31",
    serial=grammar.pattern_serial("%%%%%%%%%%%%%%%%"),
    services=(
        odd.service(34569, b"\xff\x00", odd.xiongmai_reply),
        http.service(http.simple_site("uc-httpd 1.0.0", "NETSurveillance WEB"), gives=("maker",)),
        rtsp.service(rtsp.other_answer(server="H264DVR 1.0"), gives=("maker",)),
        silent.connect_only_port(34567),
    ),
)

"""Hikvision hybrid recorder: SADP in the order of recorders, after a spaced prolog."""

from __future__ import annotations

from camscan.demo import grammar
from camscan.demo.device import Device
from camscan.demo.wire import http, http_hikvision, rtsp, sadp, silent

DEVICE = Device(
    maker="hikvision",
    brand="Hikvision",
    model="DS-7804HQH-K1",
    firmware="V3.5.38 build 191215",
    kind="dvr",
    oui="68:6d:bc",
    serial=grammar.hikvision_serial("CCCH", "D", (2019, 2019), channels="04", tail="WCVU"),
    first=10,
    extra={
        "device_type": "44322",
        "dsp": "V5.0, build 191213",
        "analog": "4",
        "digital": "5",
        "boot": "2021-05-19 14:31:12",
    },
    services=(
        sadp.service(recorder=True, prolog='<?xml version="1.0" encoding="UTF-8" ?>'),
        http.service(http_hikvision.recorder_site(), gives=("maker",)),
        rtsp.service(rtsp.old_hikvision_answer, gives=("maker",)),
        silent.connect_only_port(8000),
    ),
)

"""Hikvision camera whose SADP answer holds a lone surrogate in two of its fields: all other fields still count."""

from __future__ import annotations

from camscan.demo import grammar
from camscan.demo.device import Device
from camscan.demo.wire import sadp, silent

DEVICE = Device(
    maker="hikvision",
    brand="Hikvision",
    model="DS-2CD2143G0-I",
    firmware="V5.5.82 build 190220",
    oui="98:df:82",
    serial=grammar.hikvision_serial("AAWR", "", (2018, 2019)),
    once=True,
    first=91,
    services=(
        sadp.service(more=(("DeviceName", "&#xD83D;&#xDE00; &#0;"), ("Note", "&#55296;"))),
        silent.connect_only_port(8000),
    ),
)

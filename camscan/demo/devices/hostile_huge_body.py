"""A body of 300 MB."""

from __future__ import annotations

from camscan.demo.device import Device
from camscan.demo.wire import silent

HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: 314572800\r\n\r\n"

DEVICE = Device(
    maker=None,
    kind=None,
    is_camera_system=None,
    oui="02:00:5e",
    once=True,
    hostile=True,
    first=90,
    services=(silent.pouring_port(80, HEAD, b"<p>" * 21_845 + b"!", times=4_800),),
)

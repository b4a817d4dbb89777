"""Sony camera known by its title and FTP greeting."""

from __future__ import annotations

from camscan.demo.device import Device
from camscan.demo.wire import http, silent

DEVICE = Device(
    maker="sony",
    brand="Sony",
    model="SNC-CH140",
    oui="00:01:4a",
    services=(
        http.service(http.simple_site("", "Sony Network Camera SNC-CH140"), gives=("brand",)),
        silent.greeting_port(21, b"220-Sony Network Camera SNC-CH140\r\n220 \r\n", "ftp"),
    ),
)

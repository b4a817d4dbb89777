"""Bosch dome: a 401 page whose realm speaks of live, a Telnet greeting."""

from __future__ import annotations

from camscan.demo.device import Device
from camscan.demo.wire import http, silent

DEVICE = Device(
    maker="bosch",
    brand="Bosch",
    model="AutoDome 800",
    oui="00:04:63",
    services=(
        http.service(
            http.simple_site(
                "",
                "",
                status="401 Unauthorized",
                extra=(("WWW-Authenticate", 'Digest realm="Use \'live\' as User Name",nonce="18e62d24",stale=FALSE'),),
            ),
            gives=("maker",),
        ),
        silent.greeting_port(23, b"Welcome to AutoDome 800 HD 1.2.3.4 from 5.6.7.8\r\n", "telnet"),
    ),
)

"""Finds the web server of a device from what the register knows about it."""

from __future__ import annotations

from camscan.enrich import Box, Known
from camscan.net.paths import port_numbers

_WEB = frozenset({"http", "isapi", "onvif", "rpc2", "dahua_cgi"})
_TOLD_HTTP = ("sadp.http_port", "dhip.http_port", "dahua5050.http_port")
_TOLD_HTTPS = ("sadp.https_port",)
_WAYS = 2
"""Maximum ports of each kind that are tried, so that a login is not sent to every port."""


def make_box(known: Known) -> Box:
    """The device's first address, and the ports on which it spoke HTTP or TLS, or said that it does.

    Otherwise port 80.
    """
    ip = known.ip_addresses[0]
    here = [seen for seen in known.observations if seen.ip == ip]
    tls = {seen.port for seen in here if seen.probe == "tls" and seen.port}
    tls |= {443} if "tcp/443" in known.open_ports else set()
    tls |= set(port_numbers(tuple(seen.value for seen in here if seen.key in _TOLD_HTTPS)))
    http = dict.fromkeys(seen.port for seen in here if seen.probe in _WEB and seen.port and seen.port not in tls)
    http |= dict.fromkeys(port_numbers(tuple(seen.value for seen in here if seen.key in _TOLD_HTTP)))
    if not http and not tls:
        http = {80: None}
    return Box(
        ip=ip,
        maker=known.identification.maker,
        kind=known.identification.kind,
        http_ports=tuple(http)[:_WAYS],
        https_ports=tuple(sorted(tls))[:_WAYS],
    )

"""Answers all protocols of both makers halfway, so that a scanner comes as far as it dares."""

from __future__ import annotations

from collections.abc import Iterator

from camscan.demo.device import Device, Question, Reply, Udp, Unit
from camscan.demo.wire import http, rtsp, silent, tls


def nothing(_unit: Unit, _question: Question) -> Iterator[Reply]:
    """Questions are judged and not answered."""
    yield from ()


DEVICE = Device(
    maker=None,
    kind=None,
    is_camera_system=None,
    oui="02:00:5e",
    once=True,
    hostile=True,
    first=3,
    services=(
        http.service(
            http.simple("", "Login", body='<img src="/snap.jpg"><a href="/Streaming/channels/1/picture">live</a>')
        ),
        http.service(http.simple("", "Login"), port=443, certificate=tls.PLAIN),
        rtsp.service(rtsp.other(realm="Login to continue")),
        silent.port(8000),
        silent.port(37777, "dvrip"),
        Udp(37020, "sadp", nothing),
        Udp(37810, "dhip", nothing),
        Udp(3702, "wsd", nothing),
        Udp(5050, "dahua5050", nothing),
        Udp(1900, "ssdp", nothing),
        Udp(5353, "mdns", nothing),
    ),
)

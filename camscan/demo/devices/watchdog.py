"""Answers all protocols of both makers halfway, so that a scanner goes as far as it dares."""

from __future__ import annotations

from collections.abc import Iterator

from camscan.demo.device import Device, Question, Reply, Udp, Unit
from camscan.demo.wire import http, rtsp, silent, tls


def no_answer(_unit: Unit, _question: Question) -> Iterator[Reply]:
    """Answer nothing; the estate inspects the question."""
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
            http.simple_site("", "Login", body='<img src="/snap.jpg"><a href="/Streaming/channels/1/picture">live</a>')
        ),
        http.service(http.simple_site("", "Login"), port=443, certificate=tls.PLAIN),
        rtsp.service(rtsp.other_answer(realm="Login to continue")),
        silent.connect_only_port(8000),
        silent.connect_only_port(37777, "dvrip"),
        Udp(37020, "sadp", no_answer),
        Udp(37810, "dhip", no_answer),
        Udp(3702, "wsd", no_answer),
        Udp(5050, "dahua5050", no_answer),
        Udp(1900, "ssdp", no_answer),
        Udp(5353, "mdns", no_answer),
    ),
)

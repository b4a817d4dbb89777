"""Five hundred answers to every question."""

from __future__ import annotations

from collections.abc import Iterator

from camscan.demo.device import Device, Question, Reply, Udp, Unit
from camscan.demo.wire import dhip

COUNT = 500


def sadp_answer(unit: Unit, question: Question) -> Iterator[Reply]:
    """Five hundred answers, each with another MAC and serial: five hundred devices at one address."""
    if b"inquiry" not in question.payload:
        return
    for number in range(COUNT):
        text = (
            f"<DeviceDescription>FLOOD</DeviceDescription><MAC>02-00-5e-00-{number >> 8:02x}-{number & 255:02x}</MAC>"
        )
        yield Reply(
            f"<ProbeMatch><Types>inquiry</Types>{text}<IPv4Address>{unit.ip}</IPv4Address></ProbeMatch>".encode()
        )


def dhip_answer(_unit: Unit, question: Question) -> Iterator[Reply]:
    """Five hundred halves of an answer."""
    if b"DHDiscover.search" in question.payload:
        yield from [Reply(dhip.frame_body(b'{"mac":"02:00:5e:00:00:01","method":"client.not'))] * COUNT


DEVICE = Device(
    maker=None,
    kind=None,
    is_camera_system=None,
    oui="02:00:5e",
    once=True,
    hostile=True,
    first=90,
    services=(Udp(37020, "sadp", sadp_answer), Udp(37810, "dhip", dhip_answer)),
)

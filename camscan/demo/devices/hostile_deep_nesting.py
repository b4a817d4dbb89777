"""XML and JSON nested ten thousand deep."""

from __future__ import annotations

from collections.abc import Iterator

from camscan.demo.device import Device, Question, Reply, Udp, Unit
from camscan.demo.wire import dhip


def sadp_answer(_unit: Unit, question: Question) -> Iterator[Reply]:
    """An XML answer with ten thousand elements within one another."""
    if b"inquiry" in question.payload:
        yield Reply(b"<ProbeMatch>" + b"<a>" * 10_000 + b"</a>" * 6_000)


def wsd_answer(_unit: Unit, question: Question) -> Iterator[Reply]:
    """A WS-Discovery answer with ten thousand elements within one another."""
    if b"discovery/Probe<" in question.payload:
        yield Reply(b"<e:E>" * 12_000)


def dhip_answer(_unit: Unit, question: Question) -> Iterator[Reply]:
    """A JSON answer with ten thousand lists within one another."""
    if b"DHDiscover.search" in question.payload:
        yield Reply(
            dhip.frame_body(b'{"method":"client.notifyDevInfo","params":' + b"[" * 30_000 + b"]" * 30_000 + b"}")
        )


DEVICE = Device(
    maker=None,
    kind=None,
    is_camera_system=None,
    oui="02:00:5e",
    once=True,
    hostile=True,
    first=90,
    services=(Udp(37020, "sadp", sadp_answer), Udp(3702, "wsd", wsd_answer), Udp(37810, "dhip", dhip_answer)),
)

"""SADP and WS-Discovery answers with an entity bomb."""

from __future__ import annotations

from collections.abc import Iterator

from camscan.demo.device import Device, Question, Reply, Udp, Unit

BOMB = (
    b'<?xml version="1.0"?><!DOCTYPE lolz [<!ENTITY a "aaaaaaaaaa">'
    + b"".join(b'<!ENTITY %c "%s">' % (98 + n, b"&%c;" % (97 + n) * 10) for n in range(9))
    + b"]>"
)


def sadp_answer(_unit: Unit, question: Question) -> Iterator[Reply]:
    """A SADP answer with thousands of millions of letters when its entities are expanded."""
    if b"inquiry" in question.payload:
        yield Reply(BOMB + b"<ProbeMatch><DeviceDescription>&j;</DeviceDescription></ProbeMatch>")


def wsd_answer(_unit: Unit, question: Question) -> Iterator[Reply]:
    """A WS-Discovery answer with the same bomb in an envelope."""
    if b"discovery/Probe<" in question.payload:
        yield Reply(
            BOMB + b'<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"><s:Body>&j;</s:Body></s:Envelope>'
        )


DEVICE = Device(
    maker=None,
    kind=None,
    is_camera_system=None,
    oui="02:00:5e",
    once=True,
    hostile=True,
    first=90,
    services=(Udp(37020, "sadp", sadp_answer), Udp(3702, "wsd", wsd_answer)),
)

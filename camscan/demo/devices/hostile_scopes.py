"""Answers a search with ever new scopes: nine thousand in a datagram, sixty-four datagrams."""

from __future__ import annotations

import re
from collections.abc import Iterator

from camscan.demo.device import Device, Question, Reply, Udp, Unit

COUNT = 64
SIZE = 65000
_MESSAGE_ID = re.compile(rb"MessageID[^>]*>([^<]{1,128})<")
_AROUND = (
    b"<Envelope><Header><RelatesTo>%s</RelatesTo></Header><Body><ProbeMatches><ProbeMatch><Scopes>",
    b"</Scopes></ProbeMatch></ProbeMatches></Body></Envelope>",
)


def scopes_answer(_unit: Unit, question: Question) -> Iterator[Reply]:
    """Answer with new scopes only, so that a program that compares all of them with one another never ends."""
    asked = _MESSAGE_ID.search(question.payload)
    if asked is None or question.to_group:
        return
    number = 0
    for _ in range(COUNT):
        scopes = bytearray()
        while len(scopes) < SIZE - 300:
            scopes += b"a:%x " % number
            number += 1
        yield Reply(_AROUND[0] % asked[1] + bytes(scopes) + _AROUND[1])


DEVICE = Device(
    maker=None,
    kind=None,
    is_camera_system=None,
    oui="02:00:5e",
    once=True,
    hostile=True,
    first=90,
    services=(Udp(3702, "wsd", scopes_answer),),
)

"""SSDP, UDP 1900 (UPnP Device Architecture 1.1): answers to M-SEARCH, and the description behind LOCATION."""

from __future__ import annotations

import re
from collections.abc import Iterator

from camscan.demo.device import Question, Reply, Udp, Unit

PORT = 1900
_TARGET = re.compile(rb"^ST:\s*(\S+)", re.IGNORECASE | re.MULTILINE)
_ROOT, _FOUND = "upnp:rootdevice", "HTTP/1.1 200 OK"
_MX = re.compile(rb"^MX:\s*(\d)", re.IGNORECASE | re.MULTILINE)


def service(
    *,
    server: str,
    location: str,
    st: str,
    usn: str,
    more: tuple[str, ...] = (),
    gives: tuple[str, ...] = (),
    unicast: bool = True,
    notify: bool = False,
) -> Udp:
    """A responder. Texts may hold ``{ip}``, ``{serial}``, ``{mac}`` and ``{uuid}``.

    Its answer names the target that was asked for (1.3.3 there): who asks for root devices does not learn ``st``.
    """

    def fill(unit: Unit, text: str) -> str:
        uuid = f"{unit.hex('ssdp', 8)}-0000-1000-8000-{unit.mac_tail}"
        return text.format(ip=unit.ip, serial=unit.serial, mac=unit.mac_tail.upper(), uuid=uuid, model=unit.model)

    def lines(unit: Unit, first: str, kind: str, target: str = "") -> bytes:
        own = fill(unit, usn).partition("::")[0]
        named = (f"{kind}: {target}", f"USN: {own if own == target else f'{own}::{target}'}")
        stated = (f"{kind}: {fill(unit, st)}", f"USN: {fill(unit, usn)}")
        text = [
            first,
            "CACHE-CONTROL: max-age=1800",
            "DATE: Tue, 14 May 2024 09:30:01 GMT",
            "EXT: ",
            f"LOCATION: {fill(unit, location)}",
            f"SERVER: {fill(unit, server)}",
            *(fill(unit, line) for line in more),
            *(named if target else stated),
        ]
        return ("\r\n".join(text) + "\r\n\r\n").encode()

    def answer(unit: Unit, question: Question) -> Iterator[Reply]:
        target = _TARGET.search(question.payload)
        if not question.payload.startswith(b"M-SEARCH ") or target is None:
            return
        asked = target[1].decode("latin-1")
        if asked not in {"ssdp:all", _ROOT, fill(unit, st), fill(unit, usn).partition("::")[0]}:
            return
        found = _MX.search(question.payload)
        latest = min(int(found[1]) if found else 1, 2)
        pause = unit.rng("ssdp-delay").uniform(0.0, latest)
        if asked in {"ssdp:all", fill(unit, st)}:
            yield Reply(lines(unit, _FOUND, "ST"), pause)
        if asked != fill(unit, st) and not (asked == "ssdp:all" and fill(unit, st) == _ROOT):
            yield Reply(lines(unit, _FOUND, "ST", _ROOT if asked == "ssdp:all" else asked), pause)

    def announce(unit: Unit) -> bytes:
        head = "NOTIFY * HTTP/1.1\r\nHOST: 239.255.255.250:1900\r\nNTS: ssdp:alive"
        return lines(unit, head, "NT")

    return Udp(PORT, "ssdp", answer, gives, True, unicast, announce if notify else None)

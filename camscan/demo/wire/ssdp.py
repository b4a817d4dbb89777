"""SSDP, UDP 1900 (UPnP Device Architecture 1.1): answers to M-SEARCH, and the description behind LOCATION."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from camscan.demo.device import Question, Reply, Udp, Unit

PORT = 1900
_TARGET = re.compile(rb"^ST:\s*(\S+)", re.IGNORECASE | re.MULTILINE)
_ROOT, _FOUND = "upnp:rootdevice", "HTTP/1.1 200 OK"
_MX = re.compile(rb"^MX:\s*(\d)", re.IGNORECASE | re.MULTILINE)


@dataclass(frozen=True, slots=True)
class _Responder:
    """The answers of one kind of unit. Texts may contain ``{ip}``, ``{serial}``, ``{mac}`` and ``{uuid}``."""

    server: str
    location: str
    st: str
    usn: str
    more: tuple[str, ...]

    def answer(self, unit: Unit, question: Question) -> Iterator[Reply]:
        """The answer to M-SEARCH, for each of its targets that was asked for, within the time that MX gives."""
        target = _TARGET.search(question.payload)
        if not question.payload.startswith(b"M-SEARCH ") or target is None:
            return
        asked, own = target[1].decode("latin-1"), _fill_placeholders(unit, self.st)
        if asked not in {"ssdp:all", _ROOT, own, _fill_placeholders(unit, self.usn).partition("::")[0]}:
            return
        found = _MX.search(question.payload)
        latest = min(int(found[1]) if found else 1, 2)
        pause = unit.rng("ssdp-delay").uniform(0.0, latest)
        if asked in {"ssdp:all", own}:
            yield Reply(self._message(unit, _FOUND, "ST"), pause)
        if asked != own and not (asked == "ssdp:all" and own == _ROOT):
            yield Reply(self._message(unit, _FOUND, "ST", _ROOT if asked == "ssdp:all" else asked), pause)

    def announce(self, unit: Unit) -> bytes:
        """The message that it sends without a question."""
        head = "NOTIFY * HTTP/1.1\r\nHOST: 239.255.255.250:1900\r\nNTS: ssdp:alive"
        return self._message(unit, head, "NT")

    def _message(self, unit: Unit, first: str, kind: str, target: str = "") -> bytes:
        own = _fill_placeholders(unit, self.usn).partition("::")[0]
        named = (f"{kind}: {target}", f"USN: {own if own == target else f'{own}::{target}'}")
        stated = (f"{kind}: {_fill_placeholders(unit, self.st)}", f"USN: {_fill_placeholders(unit, self.usn)}")
        lines = [
            first,
            "CACHE-CONTROL: max-age=1800",
            "DATE: Tue, 14 May 2024 09:30:01 GMT",
            "EXT: ",
            f"LOCATION: {_fill_placeholders(unit, self.location)}",
            f"SERVER: {_fill_placeholders(unit, self.server)}",
            *(_fill_placeholders(unit, line) for line in self.more),
            *(named if target else stated),
        ]
        return ("\r\n".join(lines) + "\r\n\r\n").encode()


def _fill_placeholders(unit: Unit, text: str) -> str:
    uuid = f"{unit.hex_text('ssdp', 8)}-0000-1000-8000-{unit.mac_tail}"
    return text.format(ip=unit.ip, serial=unit.serial, mac=unit.mac_tail.upper(), uuid=uuid, model=unit.model)


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
    """A responder. Texts may contain ``{ip}``, ``{serial}``, ``{mac}`` and ``{uuid}``.

    Its answer names the target that was asked for (1.3.3 of the architecture): a search for root devices does not learn
    ``st``.
    """
    own = _Responder(server, location, st, usn, more)
    return Udp(PORT, "ssdp", own.answer, gives, True, unicast, own.announce if notify else None)

"""Captures of traffic: pcap and pcapng files, as tcpdump, dumpcap and Wireshark write them.

The separate program camscan-link reads them (docs/camscan-link.md). Its replies go through the parsers of a scan. A
capture is a sighting: the devices sent something, at the times of the packets.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

from camscan import probes
from camscan.ingest.source import Document, Form, Head, Item, LeftOut, Problem, Source
from camscan.model import Attempt, Reply
from camscan.net import link
from camscan.words import count_text

_MAGIC = (b"\xa1\xb2\xc3\xd4", b"\xd4\xc3\xb2\xa1", b"\xa1\xb2\x3c\x4d", b"\x4d\x3c\xb2\xa1", b"\x0a\x0d\x0d\x0a")
"""The first bytes of such files: pcap of both byte orders, in microseconds and nanoseconds; pcapng."""
_CROWD = 1024
"""The most addresses that count although they sent no answer: as many as in a passive scan."""
_CLOCKS = timedelta(hours=1)
_REASONS = {
    "cut": "packets captured too short to be read whole",
    "damaged": "packets too short for what their headers say",
    "tunnel": "packets within a tunnel (GRE, ERSPAN, VXLAN), which are not read: capture at its end",
    "DHCP": "messages of DHCP, which need scapy: make install EXTRAS=link, on Linux",
    "fragments": "packets in pieces that contradict each other, or are too many",
    "conversations": "conversations beyond the number that can be followed",
}


def is_capture(head: Head) -> bool:
    """Whether the file begins as a capture does."""
    return head.raw.startswith(_MAGIC)


def read_capture(document: Document) -> Iterator[Item]:
    """Yield what was heard, as attempts of a scan; then what was left out, and where the file is broken."""
    if not is_capture(document.head):
        yield Problem("byte 0", "it does not begin like a capture (pcap or pcapng)")
        return
    waiting: dict[str, list[Attempt]] = {}
    proven: set[str] = set()
    try:
        for heard in link.read(document.read, document.as_of, also=document.networks):
            if isinstance(heard, link.CaptureSummary):
                yield from _closing_items(heard)
            elif not heard.ip:
                yield LeftOut(f"reply {heard.id}", "replies of a device that has no address yet")
            else:
                yield from _yield_or_wait(_make_attempt(heard, document), waiting, proven)
    except link.Unavailable as error:
        yield Problem("", str(error).removeprefix("standard input is not a capture file (pcap or pcapng): "))
    for attempts in waiting.values():
        yield from attempts


def _make_attempt(reply: Reply, document: Document) -> Attempt:
    """The attempt for a reply. A packet that is later than its file has the time of a wrong clock."""
    is_wrong = reply.seen_at > document.as_of + _CLOCKS
    reply = replace(reply, seen_at=document.as_of) if is_wrong else reply
    return probes.read_reply(probes.load_probe(reply.probe), reply)


def _yield_or_wait(attempt: Attempt, waiting: dict[str, list[Attempt]], proven: set[str]) -> Iterator[Item]:
    """Hold back an address's packets until something shows that it is there.

    Addresses that never show it are bounded.
    """
    if attempt.ip in proven:
        yield attempt
    elif attempt.is_solicited:
        proven.add(attempt.ip)
        yield from waiting.pop(attempt.ip, ())
        yield attempt
    elif attempt.ip in waiting or len(waiting) < _CROWD:
        waiting.setdefault(attempt.ip, []).append(attempt)
    else:
        yield LeftOut(attempt.ip, f"replies of a crowd: more than {_CROWD:,} addresses spoke without being asked")


def _closing_items(captured: link.CaptureSummary) -> Iterator[Item]:
    for reason, number in captured.unread.items():
        what = _REASONS.get(reason, f"packets of {reason}, which is not read")
        yield LeftOut("", what, number)
    if captured.left_out:
        yield LeftOut("", "replies beyond what is read of one address", captured.left_out)
    if captured.cut:
        yield Problem(captured.cut, f"what came before it was read: {count_text(captured.packets, 'packet')}")


SOURCE = Source(
    name="pcap",
    title="captures of traffic",
    noun="capture",
    otherwise="; save it in Wireshark as pcap or pcapng, and import that",
    forms=(Form("capture", "pcap or pcapng", is_capture, read_capture),),
    is_listing=False,
)

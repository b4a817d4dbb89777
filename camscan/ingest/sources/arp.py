"""ARP tables and neighbour caches: which MAC address answers at which IP address, as a router or firewall knows it.

Sources: ip-neighbour(8) of iproute2 6.1.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator

from camscan.ingest.source import Document, Entry, Form, Head, Item, Passed, Problem, Source
from camscan.model import Fact
from camscan.net.text import mac_address

_IP_NEIGH = re.compile(r"(?P<ip>[0-9a-fA-F.:]+) dev (?P<dev>\S+)(?: (?P<rest>.*))?")
_STATES = ("REACHABLE", "STALE", "DELAY", "PROBE", "PERMANENT", "NOARP", "INCOMPLETE", "FAILED", "NONE")


def _fits_ip_neigh(head: Head) -> bool:
    return any(_IP_NEIGH.fullmatch(line) and line.rstrip().endswith(_STATES) for line in head.lines)


def _read_ip_neigh(document: Document) -> Iterator[Item]:
    for line in document.lines():
        text = line.text.strip()
        if not text:
            continue
        match = _IP_NEIGH.fullmatch(text)
        ip = _address(match["ip"]) if match else ""
        if match is None or not ip:
            yield Problem(f"line {line.number}", f"not a line of ip neigh: {text[:60]}")
            continue
        words = (match["rest"] or "").split()
        mac = mac_address(words[words.index("lladdr") + 1]) if "lladdr" in words[:-1] else None
        if mac is None:
            yield Passed(f"line {line.number}", "incomplete: nothing answered at the address")
            continue
        yield Entry(f"line {line.number}", ip, mac, (Fact("listed.interface", match["dev"]),), text=text)


def _address(text: str) -> str:
    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        return ""


SOURCE = Source(
    name="arp",
    title="ARP tables and neighbour caches of routers, firewalls and servers",
    noun="ARP table",
    forms=(Form("linux", "Linux: ip neigh", _fits_ip_neigh, _read_ip_neigh),),
)

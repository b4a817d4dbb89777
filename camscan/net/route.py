"""The kernel's IPv4 routes: through which router a packet to an address leaves."""

from __future__ import annotations

import ipaddress
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from camscan.net.span import Span, merge

ROUTES = Path("/proc/net/route")
_UP, _REJECT = 0x1, 0x200  # RTF_UP, RTF_REJECT of linux/route.h
_COLUMNS = 8


@dataclass(frozen=True, slots=True)
class Route:
    """One way out; ``gateway`` is empty where the destination is attached."""

    interface: str
    gateway: str
    span: Span
    """Destination."""
    prefix: int
    metric: int


def routes(table: Path = ROUTES) -> list[Route]:
    """Every usable route of the main table, that which the kernel prefers first; empty without a table."""
    try:
        lines = table.read_text(encoding="ascii").splitlines()[1:]
    except OSError:
        return []
    found = []
    for line in lines:
        fields = line.split()
        if len(fields) < _COLUMNS or not int(fields[3], 16) & _UP or int(fields[3], 16) & _REJECT:
            continue
        first, gateway, mask = (_number(fields[column]) for column in (1, 2, 7))
        prefix = mask.bit_count()
        span = Span(4, first, first | (0xFFFFFFFF ^ mask))
        via = str(ipaddress.IPv4Address(gateway)) if gateway else ""
        found.append(Route(fields[0], via, span, prefix, int(fields[6])))
    return sorted(found, key=lambda route: (-route.prefix, route.metric))


def diverted(subnet: ipaddress.IPv4Network, interface: str, table: Iterable[Route], *, only: bool) -> list[Span]:
    """What of an attached subnet leaves by another way, because a longer prefix says so: a tunnel to a part of it, say.

    ``only`` where packets leave through that interface alone, whatever the table says of others.
    """
    whole = Span(4, int(subnet.network_address), int(subnet.broadcast_address))
    return merge(
        route.span
        for route in table
        if route.prefix > subnet.prefixlen
        and whole.first <= route.span.first <= whole.last
        and (bool(route.gateway) if route.interface == interface else not only)
    )


def _number(text: str) -> int:
    """An address as the table writes it: hexadecimal, in the byte order of the machine."""
    return int.from_bytes(int(text, 16).to_bytes(4, sys.byteorder), "big")
